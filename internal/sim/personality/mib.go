package personality

import (
	"context"
	"slices"
	"time"

	"drydock/internal/snmp"
)

// instance is one object instance and its value.
type instance struct {
	oid   snmp.OID
	value snmp.Value
}

// view lists what the agent has, in order. It is called with the lock held.
func (b *Box) view() []instance {
	b.sweep()
	var all []instance
	for _, s := range b.scalars {
		all = append(all, instance{s.oid, s.read()})
	}
	for _, t := range b.tables {
		t.all(func(o snmp.OID, v snmp.Value) { all = append(all, instance{o, v}) })
	}
	slices.SortFunc(all, func(x, y instance) int { return x.oid.Compare(y.oid) })
	return all
}

// sweep removes the rows of all tables that have aged out.
func (b *Box) sweep() {
	now := time.Now()
	for _, t := range b.tables {
		t.sweep(now)
	}
}

// Get is part of snmp.MIB.
func (b *Box) Get(oid snmp.OID) snmp.Value {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.view()
	i, found := slices.BinarySearchFunc(all, oid, func(x instance, o snmp.OID) int { return x.oid.Compare(o) })
	if found {
		return all[i].value
	}
	return snmp.Value{Kind: snmp.NoSuchInstance}
}

// Next is part of snmp.MIB.
func (b *Box) Next(oid snmp.OID) (snmp.OID, snmp.Value, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, x := range b.view() {
		if x.oid.Compare(oid) > 0 {
			return x.oid, x.value, true
		}
	}
	return nil, snmp.Value{}, false
}

// target is a row that a SET changes.
type target struct {
	t     *table
	index uint32
}

// Set is part of snmp.MIB: all is looked at before anything is changed.
func (b *Box) Set(_ context.Context, vars []snmp.Varbind) (snmp.Status, int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sweep()
	changes, order := map[target]*change{}, []target(nil)
	var writes []func()
	for i, v := range vars {
		if s := b.scalars[v.OID.String()]; s != nil {
			if s.check == nil {
				return snmp.NotWritable, i + 1
			}
			if bad := s.check(v.Value); bad != snmp.NoError {
				return bad, i + 1
			}
			writes = append(writes, func() { s.write(v.Value) })
			continue
		}
		at, bad := b.cell(v, i+1, changes)
		if bad != snmp.NoError {
			return bad, i + 1
		}
		if !slices.Contains(order, at) {
			order = append(order, at)
		}
	}
	rows := make([]*row, len(order))
	for i, at := range order {
		next, bad, index := at.t.judge(at.index, changes[at])
		if bad != snmp.NoError {
			return bad, index
		}
		rows[i] = next
	}
	if b.judge != nil {
		if bad, index := b.judge(vars); bad != snmp.NoError {
			return bad, index
		}
	}
	for i, at := range order {
		at.t.commit(at.index, rows[i])
	}
	for _, w := range writes {
		w()
	}
	if b.settle != nil {
		b.settle(vars)
	}
	return snmp.NoError, 0
}

// cell adds a varbind to the change of its row.
func (b *Box) cell(v snmp.Varbind, number int, changes map[target]*change) (target, snmp.Status) {
	for _, t := range b.tables {
		if !v.OID.HasPrefix(t.entry) || len(v.OID) != len(t.entry)+2 {
			continue
		}
		col, index := v.OID[len(t.entry)], v.OID[len(t.entry)+1]
		at := target{t, index}
		c := changes[at]
		if c == nil {
			c = &change{cells: map[uint32]snmp.Value{}, first: number}
			changes[at] = c
		}
		if col == t.status && t.status != 0 {
			if v.Value.Kind != snmp.Integer {
				return at, snmp.WrongType
			}
			c.status, c.at = v.Value.Int, number
			return at, snmp.NoError
		}
		object := t.columns[col]
		if object == nil {
			return at, snmp.NoCreation
		}
		c.cells[col] = v.Value
		return at, object.check(v.Value)
	}
	return target{}, snmp.NoCreation
}
