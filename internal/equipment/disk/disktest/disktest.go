// Package disktest is a file system in memory that loses power: it counts the
// calls that change something and lets one of them, and all after it, fail.
// What is left then is what a disk may have: everything that was written, or
// only what was synced.
package disktest

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"strings"
	"sync"
	"time"

	"drydock/internal/equipment/disk"
)

// ErrPower is what every call returns once the power is cut.
var ErrPower = errors.New("the power is cut")

// FS is a disk.FS in memory. The zero value has no files and no power cut.
type FS struct {
	mu      sync.Mutex // owns what follows
	files   map[string]*inode
	durable map[string]*inode // directory entries that were synced
	calls   int
	cut     int    // fail the call of this number and all after it; 0: never
	part    int    // octets of a failing Write that reach the disk
	newest  string // directory entry that was made last
}

type inode struct {
	data   []byte
	synced []byte
	mode   fs.FileMode
}

// New makes a file system with these files, all durable.
func New(files map[string]string) *FS {
	f := &FS{files: map[string]*inode{}, durable: map[string]*inode{}}
	for name, text := range files {
		f.files[name] = &inode{data: []byte(text), synced: []byte(text), mode: 0o644}
	}
	maps.Copy(f.durable, f.files)
	return f
}

// CutAt lets the n-th changing call from now on, from 1, and all after it fail.
// Of a Write that fails, part octets are written.
func (f *FS) CutAt(n, part int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.cut, f.part = 0, n, part
}

// Calls is how many changing calls there were since CutAt.
func (f *FS) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// After is the disk as it is found when power comes back. Of what was not
// synced everything is left, or nothing where lose is set.
func (f *FS) After(lose bool) *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := f.files
	if lose {
		entries = f.durable
	}
	return left(entries, lose)
}

// AfterReordered is the disk where, of the directory entries that were not
// synced, only the newest has reached it: file systems may write them in any
// order. Data that was not synced is lost.
func (f *FS) AfterReordered() *FS {
	f.mu.Lock()
	defer f.mu.Unlock()
	entries := maps.Clone(f.durable)
	if n := f.files[f.newest]; n != nil {
		entries[f.newest] = n
	}
	return left(entries, true)
}

// left is a disk with these entries.
func left(entries map[string]*inode, lose bool) *FS {
	next := &FS{files: map[string]*inode{}, durable: map[string]*inode{}}
	for name, n := range entries {
		data := n.data
		if lose {
			data = n.synced
		}
		next.files[name] = &inode{data: append([]byte(nil), data...), synced: append([]byte(nil), data...), mode: n.mode}
	}
	maps.Copy(next.durable, next.files)
	return next
}

// Files are all files with their content.
func (f *FS) Files() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := map[string]string{}
	for name, n := range f.files {
		all[name] = string(n.data)
	}
	return all
}

// change counts a changing call; the lock is held.
func (f *FS) change() error {
	f.calls++
	if f.cut > 0 && f.calls >= f.cut {
		return ErrPower
	}
	return nil
}

// ReadFile implements disk.FS.
func (f *FS) ReadFile(name string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.files[name]
	if n == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return append([]byte(nil), n.data...), nil
}

// Glob implements disk.FS.
func (f *FS) Glob(pattern string) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var found []string
	for name := range f.files {
		if ok, err := path.Match(pattern, name); err != nil {
			return nil, err
		} else if ok {
			found = append(found, name)
		}
	}
	return found, nil
}

// Stat implements disk.FS.
func (f *FS) Stat(name string) (fs.FileInfo, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := f.files[name]
	if n == nil {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	return info{path.Base(name), n.mode, int64(len(n.data))}, nil
}

type info struct {
	name string
	mode fs.FileMode
	size int64
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() any           { return nil }

// Create implements disk.FS. A file that was there is another one afterwards,
// so that its synced content stays until the new one is.
func (f *FS) Create(name string, mode fs.FileMode) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.change(); err != nil {
		return nil, err
	}
	n := &inode{mode: mode}
	f.files[name], f.newest = n, name
	return &file{f, n}, nil
}

// Append implements disk.FS.
func (f *FS) Append(name string, mode fs.FileMode) (disk.File, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.change(); err != nil {
		return nil, err
	}
	n := f.files[name]
	if n == nil {
		n = &inode{mode: mode}
		f.files[name], f.newest = n, name
	}
	return &file{f, n}, nil
}

type file struct {
	f *FS
	n *inode
}

// Write implements disk.File.
func (w *file) Write(p []byte) (int, error) {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if err := w.f.change(); err != nil {
		k := 0
		if w.f.calls == w.f.cut {
			k = min(w.f.part, len(p))
		}
		w.n.data = append(w.n.data, p[:k]...)
		return k, err
	}
	w.n.data = append(w.n.data, p...)
	return len(p), nil
}

// Sync implements disk.File.
func (w *file) Sync() error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	if err := w.f.change(); err != nil {
		return err
	}
	w.n.synced = append([]byte(nil), w.n.data...)
	return nil
}

// Close implements disk.File.
func (w *file) Close() error {
	w.f.mu.Lock()
	defer w.f.mu.Unlock()
	return w.f.change()
}

// Rename implements disk.FS.
func (f *FS) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.change(); err != nil {
		return err
	}
	n := f.files[from]
	if n == nil {
		return &fs.PathError{Op: "rename", Path: from, Err: fs.ErrNotExist}
	}
	delete(f.files, from)
	f.files[to], f.newest = n, to
	return nil
}

// Remove implements disk.FS.
func (f *FS) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.change(); err != nil {
		return err
	}
	if f.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	delete(f.files, name)
	return nil
}

// MkdirAll implements disk.FS: there are no directories.
func (f *FS) MkdirAll(string, fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.change()
}

// SyncDir implements disk.FS.
func (f *FS) SyncDir(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.change(); err != nil {
		return err
	}
	in := func(name string) bool { return path.Dir(name) == strings.TrimSuffix(dir, "/") }
	maps.DeleteFunc(f.durable, func(name string, _ *inode) bool { return in(name) && f.files[name] == nil })
	for name, n := range f.files {
		if in(name) {
			f.durable[name] = n
		}
	}
	return nil
}
