package snmp

import (
	"context"
	"slices"
)

// viewed is a MIB of which only some subtrees are there (RFC 3415 section 3).
func viewed(m MIB, subtrees []OID) MIB {
	if len(subtrees) == 0 {
		return m
	}
	subtrees = slices.Clone(subtrees)
	slices.SortFunc(subtrees, OID.Compare)
	return view{m, subtrees}
}

type view struct {
	MIB
	subtrees []OID // in their order
}

func (v view) has(oid OID) bool {
	return slices.ContainsFunc(v.subtrees, func(s OID) bool { return oid.HasPrefix(s) })
}

// Get implements MIB.
func (v view) Get(oid OID) Value {
	if !v.has(oid) {
		return Value{Kind: NoSuchObject}
	}
	return v.MIB.Get(oid)
}

// Next implements MIB: it goes on in the next subtree where one has ended.
func (v view) Next(oid OID) (OID, Value, bool) {
	for _, s := range v.subtrees {
		from := oid
		if from.Compare(s) < 0 {
			from = s
			if value := v.MIB.Get(s); !value.Missing() {
				return s, value, true
			}
		}
		if found, value, ok := v.MIB.Next(from); ok && found.HasPrefix(s) {
			return found, value, true
		}
	}
	return nil, Value{}, false
}

// Set implements MIB.
func (v view) Set(ctx context.Context, vars []Varbind) (Status, int) {
	for i, b := range vars {
		if !v.has(b.OID) {
			return NoAccess, i + 1
		}
	}
	return v.MIB.Set(ctx, vars)
}
