package mib

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// tree is the modules while their names are being resolved.
type tree struct {
	modules map[string]*module
	nodes   map[string][]place // where a name is defined
	types   map[string][]string
	done    map[*node]string // resolved, "" while it is being done and where it cannot be
}

// place is a node and its module.
type place struct {
	m *module
	n *node
}

func (t *tree) add(m *module) {
	if m != nil && t.modules[m.name] == nil {
		t.modules[m.name] = m
	}
}

// library resolves all names; those whose place is not known are left out.
func (t *tree) library() *Library {
	t.nodes, t.types, t.done = map[string][]place{}, map[string][]string{}, map[*node]string{}
	names := slices.Sorted(maps.Keys(t.modules))
	for _, name := range names {
		m := t.modules[name]
		for _, n := range m.nodes {
			t.nodes[n.name] = append(t.nodes[n.name], place{m, n})
		}
		for kind := range m.types {
			t.types[kind] = append(t.types[kind], name)
		}
	}
	l := &Library{byName: map[string][]Object{}, byOID: map[string]Object{}, missing: map[string]string{}}
	for _, name := range names {
		for _, n := range t.modules[name].nodes {
			oid, ok := t.oid(t.modules[name], n)
			if !ok {
				l.missing[n.name] = t.why(t.modules[name], n)
				continue
			}
			o := Object{Module: name, Name: n.name, OID: oid, Macro: n.macro, Access: n.access, Syntax: t.base(t.modules[name], n.syntax, 0)}
			l.byName[n.name] = append(l.byName[n.name], o)
			if _, there := l.byOID[oid]; !there || o.Macro == "OBJECT-TYPE" {
				l.byOID[oid] = o
			}
		}
	}
	l.markColumns()
	return l
}

// markColumns finds the objects two levels below a SEQUENCE OF.
func (l *Library) markColumns() {
	inTable := func(oid string) bool {
		entry := oid[:max(0, strings.LastIndexByte(oid, '.'))]
		table, ok := l.byOID[entry[:max(0, strings.LastIndexByte(entry, '.'))]]
		return ok && table.Syntax.Type == "SEQUENCE OF"
	}
	for name, all := range l.byName {
		for i := range all {
			l.byName[name][i].Column = inTable(all[i].OID)
		}
	}
	for oid, o := range l.byOID {
		o.Column = inTable(oid)
		l.byOID[oid] = o
	}
}

// oid resolves a node's place. A node below itself has none.
func (t *tree) oid(m *module, n *node) (string, bool) {
	if oid, known := t.done[n]; known {
		return oid, oid != ""
	}
	t.done[n] = ""
	if len(n.place) == 0 {
		return "", false
	}
	base, ok := t.parent(m, n.place[0])
	if !ok {
		return "", false
	}
	for _, arc := range n.place[1:] {
		if _, err := strconv.ParseUint(arc, 10, 32); err != nil {
			return "", false
		}
		base += "." + arc
	}
	t.done[n] = base
	return base, true
}

func (t *tree) parent(m *module, head string) (string, bool) {
	if _, err := strconv.ParseUint(head, 10, 32); err == nil {
		return head, true
	}
	for _, p := range t.candidates(m, head) {
		if oid, ok := t.oid(p.m, p.n); ok {
			return oid, true
		}
	}
	oid, ok := standardNodes()[head]
	return oid, ok
}

// candidates gives the definitions of a name: of the module itself, then of the
// one that it imports the name from, then any other.
func (t *tree) candidates(m *module, name string) []place {
	rank := func(p place) int {
		switch p.m.name {
		case m.name:
			return 0
		case m.imports[name]:
			return 1
		}
		return 2
	}
	all := slices.Clone(t.nodes[name])
	slices.SortStableFunc(all, func(a, b place) int { return rank(a) - rank(b) })
	return all
}

// applicationTypes are INTEGERs and OCTET STRINGs with tags of their own (RFC
// 2578 section 7.1), so that nothing below them counts.
func applicationTypes() []string {
	return []string{"IpAddress", "NetworkAddress", "Counter", "Counter32", "Counter64", "Gauge", "Gauge32", "Unsigned32",
		"UInteger32", "TimeTicks", "Opaque", "Integer32"}
}

// deepest is how many types may name one another.
const deepest = 16

// base follows a type to what it comes down to.
func (t *tree) base(m *module, s Syntax, depth int) Syntax {
	s.Base = s.Type
	if depth > deepest || slices.Contains(applicationTypes(), s.Type) {
		return s
	}
	from := []string{m.name, m.imports[s.Type]}
	for _, name := range append(from, t.types[s.Type]...) {
		home := t.modules[name]
		if home == nil {
			continue
		}
		named, ok := home.types[s.Type]
		if !ok || named.Type == s.Type {
			continue
		}
		deeper := t.base(home, named, depth+1)
		s.Base = deeper.Base
		if s.Values == nil {
			s.Values = deeper.Values
		}
		return s
	}
	if standard, ok := standardTypes()[s.Type]; ok {
		s.Base = standard.Base
	}
	return s
}
