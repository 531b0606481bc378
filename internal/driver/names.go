package driver

import (
	"maps"
	"slices"
	"strings"

	"drydock/internal/driver/mib"
)

// object finds an object by its name: one that the driver describes, or one of
// the MIB modules, where there are some. Where there is none it says so.
func (s *schema) object(r *reader, name string, at place, what string) *mibObject {
	if o := s.objects[name]; o != nil {
		return o
	}
	if s.modules == nil {
		hint := nearest(name, slices.Sorted(maps.Keys(s.objects)))
		if hint == "" {
			hint = `describe it under "scalars" or "columns", or give --mib-dir with the MIB modules that have it`
		}
		r.Wrong(at, hint, "%s: no object is called %q", what, name)
		return nil
	}
	found := s.lookup(r, name, at, what)
	if found == nil {
		return nil
	}
	kind := kindFor(*found)
	if kind == "" {
		r.Wrong(at, `if another module defines it, put that module's file below the folder of --mib-dir; else describe the object under "scalars" or "columns", with a type`,
			"%s: %s of %s has the type %s, which is none of the language", what, name, found.Module, found.Syntax.Type)
		return nil
	}
	o := &mibObject{name: name, oid: found.OID, kind: kind, scalar: !found.Column, at: at, from: found.Module}
	o.take(*found)
	s.objects[name], s.taken[name] = o, *found
	return o
}

// take gives the object the named values of its module.
func (o *mibObject) take(m mib.Object) {
	switch o.kind {
	case kindRowStatus:
		o.values = rowStatusValues()
	case kindTruth:
		o.values = map[string]int64{"true": 1, "false": 2}
	case kindInteger:
		o.values = maps.Clone(m.Syntax.Values)
	}
}

// lookup finds the one object of that name in the modules.
func (s *schema) lookup(r *reader, name string, at place, what string) *mib.Object {
	all := slices.DeleteFunc(s.modules.Lookup(name), func(o mib.Object) bool {
		return o.Macro != "OBJECT-TYPE" || o.Syntax.Type == "SEQUENCE OF" || o.Access == "" || isEntry(o)
	})
	if len(all) == 0 {
		if why := s.modules.Missing(name); why != "" {
			if !s.told[why] { // once is enough: it is one module that is missing
				r.Wrong(at, "put that module's file below the folder of --mib-dir too", "%s: object %q has no place: %s", what, name, why)
			}
			s.told[why] = true
			return nil
		}
		known := slices.Sorted(maps.Keys(s.objects))
		hint := nearest(name, append(known, s.modules.Names()...))
		if hint == "" {
			hint = "is the module's file below the folder of --mib-dir, and are those that it imports from?"
		}
		r.Wrong(at, hint, "%s: neither the driver nor the MIB modules have an object %q", what, name)
		return nil
	}
	for _, o := range all[1:] {
		if o.OID != all[0].OID {
			r.Wrong(at, `describe it under "scalars" or "columns"`, "%s: %s is %s in %s and %s in %s", what, name, all[0].OID, all[0].Module, o.OID, o.Module)
			return nil
		}
	}
	return &all[0]
}

// isEntry tells a conceptual row, whose type is a SEQUENCE, by its name (RFC
// 2578 section 7.1.12: the type of a row begins with a capital letter).
func isEntry(o mib.Object) bool {
	return o.Access == "not-accessible" && strings.EqualFold(o.Syntax.Type, o.Name)
}

// kindFor is the type of the language for an object of a MIB; "" if there is
// none.
func kindFor(m mib.Object) string {
	if m.Syntax.Base == "OCTET STRING" && m.Syntax.Type != "InetAddress" && m.Syntax.Type != "TAddress" {
		return kindText
	}
	for _, kind := range slices.Backward(kinds()) {
		if slices.Contains(mibTypes()[kind], m.Syntax.Type) {
			return kind
		}
	}
	for _, kind := range kinds() {
		if slices.Contains(mibTypes()[kind], m.Syntax.Base) {
			return kind
		}
	}
	return ""
}

// fromModule gives an object that the driver describes without its OID the one
// of the modules, its values, and the type that is meant unless another is said.
func (s *schema) fromModule(r *reader, o *mibObject, at place) (kind string) {
	found := s.lookup(r, o.name, at, "object "+o.name)
	if found == nil {
		return kindText
	}
	s.taken[o.name] = *found
	o.oid, o.kind = found.OID, kindFor(*found)
	o.take(*found)
	return o.kind
}

// node gives the place of a name in the modules' tree, and keeps it.
func (s *schema) node(name string) (oid string, known bool) {
	all := s.modules.Lookup(name)
	for _, o := range all {
		if o.OID != all[0].OID {
			return "", false
		}
	}
	if len(all) == 0 {
		return "", false
	}
	s.taken[name] = all[0]
	return all[0].OID, true
}

// mayRead and mayWrite hold the use of an object to its access in the modules.
func (s *schema) mayRead(r *reader, o *mibObject, at place, what string) {
	if m := s.module(o); m != nil && !m.Readable() {
		r.Wrong(at, "", "%s: %s is read, but it is %s in %s", what, o.name, m.Access, m.Module)
	}
}

func (s *schema) mayWrite(r *reader, o *mibObject, at place) {
	m := s.module(o)
	if m == nil || m.Writable() {
		return
	}
	hint := ""
	if other := nearest(o.name, s.modules.Writable(m.Module)); other != "" {
		hint = other
	}
	r.Wrong(at, hint, "object %s is set, but it is %s in %s", o.name, m.Access, m.Module)
}

// module gives what the modules say of an object that was found there; nil of
// one that the driver describes: CheckMIB looks at those.
func (s *schema) module(o *mibObject) *mib.Object {
	if s.modules == nil || o.from == "" {
		return nil
	}
	for _, m := range s.modules.Lookup(o.name) {
		if m.OID == o.oid {
			return &m
		}
	}
	return nil
}

// MIBObjects lists what the driver takes from MIB modules: with these it can be
// parsed again where the modules are not.
func (d *Driver) MIBObjects() []mib.Object {
	var all []mib.Object
	for _, name := range slices.Sorted(maps.Keys(d.schema.taken)) {
		all = append(all, d.schema.taken[name])
	}
	return all
}

// nearest gives `did you mean "x"?` for a known word that is near, else "".
func nearest(word string, known []string) string {
	if hint := didYouMean(word, known); strings.HasPrefix(hint, "did you mean") {
		return hint
	}
	return ""
}
