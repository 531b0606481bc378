package equipment

import (
	"slices"
	"testing"

	"drydock/internal/snmp"
)

func TestWalkMeetsEveryInstanceInOrder(t *testing.T) {
	b := newBench(t)
	for range 20 {
		b.do(Keep, "", NoFailure)
	}
	seen := 0
	for oid := (snmp.OID{1, 3}); ; seen++ {
		next, ok := b.Interface().Next(oid)
		if !ok {
			break
		}
		if slices.Compare(next.OID, oid) <= 0 {
			t.Fatalf("%v follows %v", next.OID, oid)
		}
		if v := b.Interface().Get(next.OID); v.Kind != next.Value.Kind {
			t.Errorf("%v cannot be read", next.OID)
		}
		oid = next.OID
	}
	if want := 7 + 1 + 5*5 + 4 + 10 + 14*maxRows; seen != want {
		t.Errorf("%d instances, want %d", seen, want)
	}
	if rows := b.rowNumbers(); len(rows) != maxRows || rows[0] != 5 {
		t.Errorf("rows %v: want the last 16", rows)
	}
}

func TestNextFromAnywhere(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct{ from, want snmp.OID }{
		{snmp.OID{}, system.Append(1, 0)},
		{system.Append(1), system.Append(1, 0)},
		{system.Append(1, 0), system.Append(2, 0)},
		{system.Append(1, 0, 5), system.Append(2, 0)},
		{system.Append(1, 9), system.Append(2, 0)},
		{ifEntry.Append(1, 5), ifEntry.Append(2, 1)},
		{ifEntry.Append(1, 1<<32-1), ifEntry.Append(2, 1)},
		{ifEntry.Append(4), ifEntry.Append(7, 1)},
		{deIdentity.Append(10), deIdentity.Append(10, 0)},
	} {
		if got, ok := b.Interface().Next(c.from); !ok || got.OID.String() != c.want.String() {
			t.Errorf("after %v comes %v, want %v", c.from, got.OID, c.want)
		}
	}
	if got, ok := b.Interface().Next(snmpEngine.Append(4, 0)); ok {
		t.Errorf("after the last comes %v", got.OID)
	}
	for oid, want := range map[string]snmp.Kind{
		system.Append(1, 0).String(): snmp.OctetString, system.Append(1, 1).String(): snmp.NoSuchInstance, system.Append(1).String(): snmp.NoSuchInstance,
		system.Append(99, 0).String(): snmp.NoSuchObject, deOperationEntry.Append(2, 7).String(): snmp.NoSuchInstance,
	} {
		if got := b.Interface().Get(snmp.MustOID(oid)); got.Kind != want {
			t.Errorf("%s: %v, want %d", oid, got, want)
		}
	}
}

// TestSetIsAllOrNothing has a Set refused for each reason, and nothing changed.
func TestSetIsAllOrNothing(t *testing.T) {
	b := newBench(t)
	good := order(1, Backup, "f", "")
	with := func(extra ...snmp.Varbind) []snmp.Varbind { return append(slices.Clone(good), extra...) }
	without := func(column uint32) []snmp.Varbind {
		return slices.DeleteFunc(slices.Clone(good), func(b snmp.Varbind) bool { return b.OID[len(deOperationEntry)] == column })
	}
	for name, c := range map[string]struct {
		set  []snmp.Varbind
		want snmp.Status
		at   int
	}{
		"read-only column":  {with(col(deOperState, 1, integer(3))), snmp.NotWritable, 9},
		"read-only scalar":  {with(snmp.Varbind{OID: deIdentity.Append(1, 0), Value: octets("x")}), snmp.NotWritable, 9},
		"no such object":    {with(snmp.Varbind{OID: snmp.OID{1, 3, 6, 1, 9}, Value: octets("x")}), snmp.NoCreation, 9},
		"index 0":           {with(col(deOperType, 0, integer(1))), snmp.NoCreation, 9},
		"not accessible":    {with(col(1, 1, gauge(1))), snmp.NotWritable, 9},
		"wrong type":        {with(col(deOperType, 1, octets("backup"))), snmp.WrongType, 9},
		"wrong value":       {with(col(deOperType, 1, integer(8))), snmp.WrongValue, 9},
		"wrong port":        {with(col(deOperServerPort, 1, gauge(65536))), snmp.WrongValue, 9},
		"too long":          {with(col(deOperFileNames, 1, octets(string(make([]byte, 256))))), snmp.WrongLength, 9},
		"rowStatus 3":       {with(col(deOperRowStatus, 1, integer(3))), snmp.WrongValue, 9},
		"rowStatus a text":  {with(col(deOperRowStatus, 1, octets("4"))), snmp.WrongType, 9},
		"no type":           {without(deOperType), snmp.InconsistentValue, 7},
		"no name":           {without(deOperFileNames), snmp.InconsistentValue, 7},
		"no address":        {without(deOperServerAddress), snmp.InconsistentValue, 7},
		"two names":         {with(col(deOperFileNames, 1, octets("a b"))), snmp.InconsistentValue, 8},
		"no digests enough": {with(col(deOperDigests, 1, octets("a b"))), snmp.InconsistentValue, 8},
		"no such row":       {without(deOperRowStatus), snmp.InconsistentName, 1},
		"no row to start":   {append(without(deOperRowStatus), col(deOperRowStatus, 1, integer(rowActive))), snmp.InconsistentValue, 8},
		"two starts":        {with(order(2, Keep, "", "")...), snmp.InconsistentValue, 10},
	} {
		t.Run(name, func(t *testing.T) {
			if s, at := b.Interface().Set(c.set); s != c.want || at != c.at {
				t.Errorf("status %d at %d, want %d at %d", s, at, c.want, c.at)
			}
			if len(b.rows) != 0 || len(b.effects) != 0 {
				t.Error("a refused Set had an effect")
			}
		})
	}
	b.dev.Refuse = true
	if s, at := b.Interface().Set(good); s != snmp.ResourceUnavailable || at != 8 || len(b.rows) != 0 {
		t.Errorf("status %d at %d", s, at)
	}
}

func TestRowLifeCycle(t *testing.T) {
	b := newBench(t)
	b.files.hold = make(chan struct{})
	set := func(want snmp.Status, bindings ...snmp.Varbind) {
		t.Helper()
		if s, at := b.Interface().Set(bindings); s != want {
			t.Fatalf("status %d at %d, want %d", s, at, want)
		}
	}
	status := func(index uint32, want int64) {
		t.Helper()
		if got := b.number(deOperationEntry.Append(deOperRowStatus, index)); got != want {
			t.Fatalf("row %d has status %d, want %d", index, got, want)
		}
	}
	rowStatus := func(index uint32, v int) snmp.Varbind { return col(deOperRowStatus, index, integer(v)) }
	set(snmp.NoError, rowStatus(7, rowCreateAndWait))
	status(7, rowNotReady)
	set(snmp.InconsistentValue, rowStatus(7, rowActive))
	complete := order(7, Backup, "f", "")
	set(snmp.NoError, complete[:len(complete)-1]...)
	status(7, rowNotInService)
	set(snmp.NoError, col(deOperPassword, 7, octets("secret")))
	set(snmp.NoError, rowStatus(7, rowActive))
	status(7, rowActive)
	if v := b.get(deOperationEntry.Append(deOperPassword, 7)); len(v.Bytes) > 0 {
		t.Error("the password can be read")
	}
	set(snmp.InconsistentValue, complete...)                             // it is there
	set(snmp.InconsistentValue, order(8, Keep, "", "")...)               // busy
	set(snmp.InconsistentValue, rowStatus(7, rowDestroy))                // running
	set(snmp.InconsistentValue, col(deOperFileNames, 7, octets("else"))) // started
	set(snmp.NoError, rowStatus(9, rowCreateAndWait))                    // no start, so not busy
	close(b.files.hold)
	b.work.Wait()
	b.expect(7, NoFailure)
	if r := b.row(7); !r.Server.Password.IsZero() {
		t.Error("the password is kept after the end")
	}
	set(snmp.InconsistentValue, complete...)
	set(snmp.NoError, rowStatus(7, rowDestroy))
	set(snmp.NoError, rowStatus(7, rowDestroy)) // RFC 2579: of no row succeeds
	if v := b.Interface().Get(deOperationEntry.Append(deOperState, 7)); v.Kind != snmp.NoSuchInstance {
		t.Error("the row is still there")
	}
	set(snmp.NoError, complete...)
	b.work.Wait()
	if len(b.effects) != 4 {
		t.Errorf("%d effects, want two starts and two ends", len(b.effects))
	}
}

func TestFullTableKeepsTheRunningRow(t *testing.T) {
	b := newBench(t)
	b.files.hold = make(chan struct{})
	index := b.begin(Backup, "f", "")
	for i := range uint32(20) {
		if s, _ := b.Interface().Set([]snmp.Varbind{col(deOperRowStatus, 100+i, integer(rowCreateAndWait))}); s != snmp.NoError {
			t.Fatal(s)
		}
	}
	close(b.files.hold)
	b.work.Wait()
	b.expect(index, NoFailure)
	if rows := b.rowNumbers(); len(rows) != maxRows || rows[1] != 105 {
		t.Errorf("rows %v", rows)
	}
}
