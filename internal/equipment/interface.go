package equipment

import (
	"context"
	"slices"
	"sort"

	"drydock/internal/snmp"
)

// InterfaceUnit is the interface unit (claims 17 and 18 of the method): through
// it the management system sees and commands the equipment. Its methods may be
// called at once.
type InterfaceUnit struct {
	e *Equipment
}

// Get reads an object instance. What is not there is noSuchObject or
// noSuchInstance (RFC 3416 section 4.2.1).
func (u InterfaceUnit) Get(oid snmp.OID) snmp.Value {
	o := objectOf(oid)
	if o == nil {
		return snmp.Value{Kind: snmp.NoSuchObject}
	}
	e := u.e
	e.mu.Lock()
	defer e.mu.Unlock()
	rest := oid[len(o.oid):]
	if len(rest) != 1 || !slices.Contains(o.instances(e), rest[0]) {
		return snmp.Value{Kind: snmp.NoSuchInstance}
	}
	return o.read(e, rest[0])
}

// objectOf finds the object that oid is an instance of, or gives nil.
func objectOf(oid snmp.OID) *object {
	after := sort.Search(len(objects), func(i int) bool { return slices.Compare(objects[i].oid, oid) > 0 })
	if after == 0 || !within(oid, objects[after-1].oid) {
		return nil
	}
	return &objects[after-1]
}

// Next reads the instance that follows oid; ok is false at the end.
func (u InterfaceUnit) Next(oid snmp.OID) (b snmp.Varbind, ok bool) {
	e := u.e
	e.mu.Lock()
	defer e.mu.Unlock()
	first := sort.Search(len(objects), func(i int) bool { return slices.Compare(objects[i].oid, oid) > 0 })
	if first > 0 && within(oid, objects[first-1].oid) {
		first--
	}
	for _, o := range objects[first:] {
		from := uint32(0)
		rest := oid[min(len(oid), len(o.oid)):]
		switch {
		case !within(oid, o.oid) || len(rest) == 0:
		case rest[0] == 1<<32-1:
			continue
		default: // what is longer than an instance comes behind it
			from = rest[0] + 1
		}
		instances := o.instances(e)
		if i, _ := slices.BinarySearch(instances, from); i < len(instances) {
			return snmp.Varbind{OID: o.oid.Append(instances[i]), Value: o.read(e, instances[i])}, true
		}
	}
	return snmp.Varbind{}, false
}

func within(oid, of snmp.OID) bool { return len(oid) >= len(of) && slices.Equal(oid[:len(of)], of) }

// Set writes all bindings or none: it first tests every one of them, alone and
// together, and then commits (RFC 3416 section 4.2.5). at is the index of the
// binding at fault, from 1, where the status is not noError.
func (u InterfaceUnit) Set(bindings []snmp.Varbind) (status snmp.Status, at int) {
	e := u.e
	e.mu.Lock()
	defer e.mu.Unlock()
	p := proposal{e: e}
	if s, at := p.test(bindings); s != snmp.NoError {
		return s, at
	}
	if err := p.commit(); err != nil {
		e.opts.Log.Error("operation table was not saved", "err", err)
		return snmp.CommitFailed, 0
	}
	return snmp.NoError, 0
}

// Test is the first phase of a Set alone: it changes nothing, and a Set of the
// same bindings just afterwards is likely to be taken.
func (u InterfaceUnit) Test(bindings []snmp.Varbind) (status snmp.Status, at int) {
	u.e.mu.Lock()
	defer u.e.mu.Unlock()
	p := proposal{e: u.e}
	return p.test(bindings)
}

// MIB shows the interface unit to an agent of package snmp.
func (u InterfaceUnit) MIB() snmp.MIB { return mib{u} }

type mib struct{ InterfaceUnit }

// Next gives the first instance after an OID.
func (m mib) Next(oid snmp.OID) (snmp.OID, snmp.Value, bool) {
	b, ok := m.InterfaceUnit.Next(oid)
	return b.OID, b.Value, ok
}

// Set takes all varbinds or none.
func (m mib) Set(_ context.Context, vars []snmp.Varbind) (snmp.Status, int) {
	return m.InterfaceUnit.Set(vars)
}
