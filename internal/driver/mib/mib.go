// Package mib reads MIB modules (SMIv1, RFC 1155 and 1212; SMIv2, RFC 2578 and
// 2579) for what drivers have to agree with: the OID of a name, its syntax with
// the values of enumerations, and its access.
//
// It is lenient, since vendors' files are: what it does not understand it leaves
// out, and an imported name is looked for in every module that is there. It does
// not validate modules, and it has no opinion on their text.
package mib

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Object is one named node of the tree.
type Object struct {
	Module string // "CISCO-FLASH-MIB"
	Name   string
	OID    string // dotted, no leading dot
	Macro  string // "OBJECT-TYPE", "NOTIFICATION-TYPE", ...; "" = OBJECT IDENTIFIER
	Syntax Syntax // of an OBJECT-TYPE
	Access string // of an OBJECT-TYPE: "read-only", "read-write", "read-create", "write-only", "not-accessible", ...
	Column bool   // it stands in a table
}

// Syntax is the type of an object.
type Syntax struct {
	Type   string           // as the object names it: "RowStatus", "INTEGER", "OCTET STRING"
	Base   string           // what Type comes down to: "INTEGER", "OCTET STRING", "IpAddress", "Gauge32", ...
	Values map[string]int64 // of an enumeration
}

// Writable says whether the object may be set.
func (o Object) Writable() bool {
	return o.Access == "read-write" || o.Access == "read-create" || o.Access == "write-only"
}

// Readable says whether the object may be read.
func (o Object) Readable() bool {
	return o.Access == "read-write" || o.Access == "read-create" || o.Access == "read-only"
}

// Library is the objects of many modules. It is immutable.
type Library struct {
	byName map[string][]Object
	byOID  map[string]Object
	// missing says of names without a place why they have none.
	missing map[string]string
}

// Lookup gives the objects of that name: more than one where several modules
// have it.
func (l *Library) Lookup(name string) []Object { return slices.Clone(l.byName[name]) }

// At gives the object with that OID.
func (l *Library) At(oid string) (Object, bool) {
	o, ok := l.byOID[oid]
	return o, ok
}

// Names lists the names of all objects that can be read or set.
func (l *Library) Names() []string {
	var names []string
	for name, all := range l.byName {
		if slices.ContainsFunc(all, func(o Object) bool { return o.Readable() || o.Writable() }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Writable lists the names of a module's objects that may be set.
func (l *Library) Writable(module string) []string {
	var names []string
	for name, all := range l.byName {
		if slices.ContainsFunc(all, func(o Object) bool { return o.Module == module && o.Writable() }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Of makes a library of objects that were looked up before.
func Of(objects ...Object) *Library {
	l := &Library{byName: map[string][]Object{}, byOID: map[string]Object{}}
	for _, o := range objects {
		l.byName[o.Name] = append(l.byName[o.Name], o)
		l.byOID[o.OID] = o
	}
	return l
}

// largest is the most octets of one file that is read.
const largest = 16 << 20

// Read reads every file below the roots of the file systems whose name ends in
// .mib, .my, .smi or .txt, or in nothing. Of files with the same module the first counts.
func Read(systems ...fs.FS) (*Library, error) {
	t := &tree{modules: map[string]*module{}}
	for _, fsys := range systems {
		if err := t.addAll(fsys); err != nil {
			return nil, fmt.Errorf("mib: read the modules: %w", err)
		}
	}
	if len(t.modules) == 0 {
		return nil, errors.New("mib: there are no MIB modules (files named *.mib, *.my, *.smi, *.txt, or without an ending)")
	}
	return t.library(), nil
}

func (t *tree) addAll(fsys fs.FS) error {
	return fs.WalkDir(fsys, ".", func(file string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() || !slices.Contains([]string{".mib", ".my", ".smi", ".txt", ""}, strings.ToLower(path.Ext(file))) {
			return nil
		}
		if info, err := e.Info(); err != nil {
			return err
		} else if info.Size() > largest && path.Ext(file) == "" {
			return nil // a program, perhaps; no module is that large
		} else if info.Size() > largest {
			return fmt.Errorf("%s has %d octets; %d at most", file, info.Size(), largest)
		}
		data, err := fs.ReadFile(fsys, file)
		if err != nil {
			return err
		}
		t.add(parse(string(data)))
		return nil
	})
}
