// Package confset is the configuration of equipment that has it in files: a set
// of files, each of one category (claim 6 of the method) and one format. The
// set is backed up as one archive (archive.go) and recovered from one, all
// files or none (recover.go).
//
// It does not know what the files say. Invariant: after a power cut at any
// moment, and Finish, the files are the old ones or the new ones, never a
// mixture.
package confset

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"drydock/internal/equipment/disk"
)

// File is one file of the set.
type File struct {
	Name     string // in the archive; without blanks
	Path     string // absolute
	Category string // user, port, protocol or default
	Format   string // such as uci; binary for what is no text
	Optional bool   // it need not be there
}

// Set is the configuration. Its methods are not to be called at once.
type Set struct {
	FS      disk.FS
	Files   []File
	State   string // directory for what is under way; it must exist
	Version string // of the configuration's form, such as 2.0
}

// Categories are the words that a file's category can be.
func Categories() []string { return []string{"user", "port", "protocol", "default"} }

// Check says what is wrong with the list of files.
func (s *Set) Check() error {
	seen := map[string]string{}
	for _, f := range s.Files {
		switch {
		case f.Name == "" || strings.ContainsAny(f.Name, " \t\n\"'"):
			return fmt.Errorf("configuration file %q: a name has no blanks and no quotes", f.Name)
		case !filepath.IsAbs(f.Path):
			return fmt.Errorf("configuration file %s: path %q is not absolute", f.Name, f.Path)
		case !slices.Contains(Categories(), f.Category):
			return fmt.Errorf("configuration file %s: category %q; it can be %s", f.Name, f.Category, strings.Join(Categories(), ", "))
		case f.Format == "" || strings.ContainsAny(f.Format, " \t\n"):
			return fmt.Errorf("configuration file %s: format %q is no word", f.Name, f.Format)
		case seen[f.Name] != "":
			return fmt.Errorf("configuration file %s is named twice", f.Name)
		case seen[f.Path] != "":
			return fmt.Errorf("configuration files %s and %s are the same file", seen[f.Path], f.Name)
		}
		seen[f.Name], seen[f.Path] = f.Name, f.Name
	}
	return nil
}

// Entry is one file with its content.
type Entry struct {
	File
	Mode fs.FileMode
	Data []byte
}

// Read gives the files as they are.
func (s *Set) Read() ([]Entry, error) {
	var all []Entry
	for _, f := range s.Files {
		data, err := s.FS.ReadFile(f.Path)
		if errors.Is(err, fs.ErrNotExist) && f.Optional {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("configuration file %s: %w", f.Name, err)
		}
		info, err := s.FS.Stat(f.Path)
		if err != nil {
			return nil, fmt.Errorf("configuration file %s: %w", f.Name, err)
		}
		all = append(all, Entry{f, info.Mode().Perm(), data})
	}
	return all, nil
}

// Archive is the whole configuration as one text; the same configuration gives
// the same octets.
func (s *Set) Archive() ([]byte, error) {
	entries, err := s.Read()
	if err != nil {
		return nil, err
	}
	return Format(s.Version, entries), nil
}
