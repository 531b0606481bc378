package driver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drydock/internal/driver/mib"
	"drydock/internal/fault"
)

// CheckFormat wants the configuration's format to be one of those known. The
// error is like Parse's.
func (d *Driver) CheckFormat(known []string) error {
	if d.format == "" || slices.Contains(known, d.format) {
		return nil
	}
	return d.mistaken(Mistakes{d.mistake(d.formatAt, didYouMean(d.format, known), "there is no format %q of configurations", d.format)})
}

// CheckPatterns has every pattern of the configuration's paths looked at: what
// parse refuses would otherwise be found when two configurations are compared,
// after an update. The error is like Parse's.
func (d *Driver) CheckPatterns(parse func(pattern string) error) error {
	var all Mistakes
	for _, p := range d.patterns {
		if err := parse(p.text); err != nil {
			all = append(all, d.mistake(p.at, "docs/migration-language.md describes patterns", "pattern %q: %v", p.text, err))
		}
	}
	return d.mistaken(all)
}

// CheckMIB compares the driver's objects with MIB modules: OID, type, values,
// place in a table, and access for what the operations do with it. The error is
// like Parse's.
func (d *Driver) CheckMIB(l *mib.Library) error {
	return d.mistaken(d.disagreements(l, [2]string{}))
}

func (d *Driver) mistake(at place, hint, format string, args ...any) Mistake {
	return Mistake{File: d.file, Line: max(1, at.Line), Column: max(1, at.Column), Message: fmt.Sprintf(format, args...), Hint: hint}
}

func (d *Driver) mistaken(all Mistakes) error {
	if len(all) == 0 {
		return nil
	}
	return &fault.Error{Code: fault.Invalid, Err: all.Sorted(), Hint: "docs/driver-language.md describes the language"}
}

// disagreements compares all objects. moved is a root of the driver and the one
// that the modules have in its place.
func (d *Driver) disagreements(l *mib.Library, moved [2]string) (all Mistakes) {
	sets, reads := d.uses()
	standard := standardObjects()
	for _, name := range slices.Sorted(maps.Keys(d.schema.objects)) {
		o := d.schema.objects[name]
		if standard[name] != nil {
			continue
		}
		wrong := func(hint, format string, args ...any) {
			all = append(all, d.mistake(o.at, hint, format, args...))
		}
		found, hint := o.lookup(l, moved)
		if found == nil {
			wrong(hint, "object %s: the MIB modules have no %s at %s", name, name, o.oid)
			continue
		}
		if problem, hint := o.disagreement(*found); problem != "" {
			wrong(hint, "object %s: %s", name, problem)
		}
		if o.from != "" {
			continue // it was held to its access where it is named
		}
		if sets[name] && !found.Writable() {
			wrong("", "object %s is set, but it is %s in %s", name, found.Access, found.Module)
		}
		if reads[name] && !found.Readable() {
			wrong("", "object %s is read, but it is %s in %s", name, found.Access, found.Module)
		}
	}
	for _, oid := range d.notifications {
		if o, ok := l.At(oid); !ok || o.Macro != "NOTIFICATION-TYPE" && o.Macro != "TRAP-TYPE" {
			all = append(all, d.mistake(place{}, "", "%s is no notification in the MIB modules", oid))
		}
	}
	return all
}

// lookup finds the object of that name and OID; the hint says what is there.
func (o *mibObject) lookup(l *mib.Library, moved [2]string) (found *mib.Object, hint string) {
	oid := o.oid
	if rest, below := strings.CutPrefix(oid, moved[0]+"."); below && moved[0] != "" {
		oid = moved[1] + "." + rest
	}
	named := l.Lookup(o.name)
	for i, candidate := range named {
		if candidate.OID == oid {
			return &named[i], ""
		}
		hint = fmt.Sprintf("%s has it at %s", candidate.Module, candidate.OID)
	}
	if other, there := l.At(oid); there && hint == "" {
		hint = fmt.Sprintf("%s is %s of %s", oid, other.Name, other.Module)
	}
	return nil, hint
}

// disagreement compares type, place in a table and values.
func (o *mibObject) disagreement(m mib.Object) (problem, hint string) {
	types := mibTypes()[o.kind]
	if !slices.Contains(types, m.Syntax.Base) && !slices.Contains(types, m.Syntax.Type) {
		return fmt.Sprintf("it has the type %q, and %s in %s", o.kind, m.Syntax.Type, m.Module), typeFor(m)
	}
	if o.scalar == m.Column {
		if m.Column {
			return "it is a column in " + m.Module, `move it to "columns"`
		}
		return "it is a scalar in " + m.Module, `move it to "scalars"`
	}
	for _, name := range slices.Sorted(maps.Keys(o.values)) {
		v, ok := m.Syntax.Values[name]
		switch {
		case !ok:
			return fmt.Sprintf("%s has no value %q", m.Module, name), didYouMean(name, slices.Sorted(maps.Keys(m.Syntax.Values)))
		case v != o.values[name]:
			return fmt.Sprintf("%s is %d in %s", name, v, m.Module), fmt.Sprintf("write %s: %d", name, v)
		}
	}
	if o.kind == kindInteger && len(o.values) == 0 && len(m.Syntax.Values) > 0 {
		return m.Module + " names its values", `add "values"`
	}
	return "", ""
}

// mibTypes says which types of the SMI a type of the language stands for.
func mibTypes() map[string][]string {
	return map[string][]string{
		kindInteger: {"INTEGER", "Integer32"}, kindGauge: {"Gauge32", "Gauge", "Unsigned32", "UInteger32"},
		kindCounter: {"Counter32", "Counter", "Counter64"}, kindTimeTicks: {"TimeTicks"}, kindText: {"OCTET STRING"},
		kindURI: {"OCTET STRING"}, kindOctets: {"OCTET STRING"}, kindIPAddress: {"IpAddress"}, kindInetAddress: {"InetAddress"},
		kindInetType: {"InetAddressType"}, kindTAddress: {"TAddress"}, kindOID: {"OBJECT IDENTIFIER"},
		kindRowStatus: {"RowStatus"}, kindTruth: {"TruthValue"},
	}
}

// typeFor proposes the type of an object.
func typeFor(m mib.Object) string {
	for _, kind := range slices.Backward(kinds()) {
		if types := mibTypes()[kind]; slices.Contains(types, m.Syntax.Type) || slices.Contains(types, m.Syntax.Base) {
			return "write type: " + kind
		}
	}
	return ""
}

// uses says which objects the operations set, and which they read.
func (d *Driver) uses() (sets, reads map[string]bool) {
	sets, reads = map[string]bool{}, map[string]bool{}
	for _, p := range d.programs {
		for _, a := range slices.Concat(p.actions, p.cleanup) {
			switch step := a.do.(type) {
			case *getStep:
				for _, item := range step.items {
					reads[item.ref.object.name] = true
				}
			case *findStep:
				reads[step.column.name] = true
			case *setStep:
				for _, g := range step.groups {
					for _, v := range g.vars {
						sets[v.ref.object.name] = true
					}
				}
			case *pollStep:
				for _, r := range []*ref{&step.status, step.reason, step.text, step.progress} {
					if r != nil {
						reads[r.object.name] = true
					}
				}
			}
		}
	}
	return sets, reads
}
