// Package disk is what the agent does with files, as system calls that a test
// can let fail one by one: every change of a file on the equipment goes through
// an FS. It knows nothing of what is in the files.
//
// Durable means: the file is synced, then renamed, then its directory is
// synced. After a power cut at any moment a file that Replace writes has its
// old content or its new one, whole.
package disk

import (
	"io/fs"
	"os"
	"path/filepath"
)

// FS is the file system. Its methods behave as those of package os that have
// the same names. They may be called at once.
type FS interface {
	ReadFile(name string) ([]byte, error)
	Stat(name string) (fs.FileInfo, error)
	Glob(pattern string) ([]string, error)
	// Create makes or empties the file.
	Create(name string, mode fs.FileMode) (File, error)
	// Append opens the file to write behind what it has, and makes it if need be.
	Append(name string, mode fs.FileMode) (File, error)
	Rename(from, to string) error
	Remove(name string) error
	MkdirAll(dir string, mode fs.FileMode) error
	// SyncDir makes durable what Create, Rename and Remove did in the directory.
	SyncDir(dir string) error
}

// File is an open file.
type File interface {
	Write(p []byte) (int, error)
	Sync() error
	Close() error
}

// Host is the file system of the machine.
type Host struct{}

// ReadFile implements FS.
func (Host) ReadFile(name string) ([]byte, error) { return os.ReadFile(name) }

// Stat implements FS.
func (Host) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

// Glob implements FS.
func (Host) Glob(pattern string) ([]string, error) { return filepath.Glob(pattern) }

// Create implements FS. The mode is set also where the file was there before or
// the process has a umask.
func (Host) Create(name string, mode fs.FileMode) (File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return nil, err
	}
	if err := f.Chmod(mode); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// Append implements FS.
func (Host) Append(name string, mode fs.FileMode) (File, error) {
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, mode)
}

// Rename implements FS.
func (Host) Rename(from, to string) error { return os.Rename(from, to) }

// Remove implements FS.
func (Host) Remove(name string) error { return os.Remove(name) }

// MkdirAll implements FS.
func (Host) MkdirAll(dir string, mode fs.FileMode) error { return os.MkdirAll(dir, mode) }

// SyncDir implements FS.
func (Host) SyncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil {
		_ = d.Close()
		return err
	}
	return d.Close()
}

// Suffix is what Replace puts behind a file's name until it is whole.
const Suffix = ".drydock-new"

// Replace makes data the file's content, whole or not at all, and durable.
func Replace(f FS, name string, data []byte, mode fs.FileMode) error {
	if err := Write(f, name+Suffix, data, mode); err != nil {
		return err
	}
	if err := f.Rename(name+Suffix, name); err != nil {
		return err
	}
	return f.SyncDir(filepath.Dir(name))
}

// Write makes a file whose content is durable. Its directory entry is not until
// SyncDir.
func Write(f FS, name string, data []byte, mode fs.FileMode) error {
	w, err := f.Create(name, mode)
	if err != nil {
		return err
	}
	if _, err := w.Write(data); err != nil {
		_ = w.Close()
		return err
	}
	if err := w.Sync(); err != nil {
		_ = w.Close()
		return err
	}
	return w.Close()
}

// Remove makes durable that the file is not there. One that is not there is no
// error.
func Remove(f FS, name string) error {
	if err := f.Remove(name); err != nil && !os.IsNotExist(err) {
		return err
	}
	return f.SyncDir(filepath.Dir(name))
}
