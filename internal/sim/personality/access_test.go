package personality

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"drydock/internal/snmp"
)

func startAccess(t *testing.T, change func(*Options)) *Access {
	t.Helper()
	o := Options{Address: netip.MustParseAddr("127.93.1.1"), Serial: "S1", Config: accessConfig, Version: "MA5600V800R008C00", Restart: 20 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	d, err := StartAccess(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// loadAt and backupAt are columns of the control board's rows.
func loadAt(col uint32) snmp.OID {
	return snmp.MustOID("1.3.6.1.4.1.2011.6.6.1.1.1").Append(col, 0, controlSlot)
}

func backupAt(col uint32) snmp.OID {
	return snmp.MustOID("1.3.6.1.4.1.2011.6.6.1.2.1").Append(col, 0, controlSlot)
}

// TestAccessRequests holds the requests to the clauses of HUAWEI-LOAD-BACKUP-MIB.
func TestAccessRequests(t *testing.T) {
	d := startAccess(t, nil)
	n, txt := snmp.IntegerValue, snmp.TextValue
	nowhere := snmp.Value{Kind: snmp.IPAddress, Bytes: []byte{0, 0, 0, 0}}
	for i, c := range []struct {
		what  string
		vars  []snmp.Varbind
		want  snmp.Status
		index int
	}{
		{"the ID on its own", []snmp.Varbind{vb(backupAt(9), n(7))}, snmp.InconsistentValue, 1},
		{"the ID of no operation", []snmp.Varbind{vb(backupAt(4), n(14)), vb(backupAt(9), n(-1))}, snmp.WrongValue, 2},
		{"no file name", []snmp.Varbind{vb(backupAt(4), n(14)), vb(backupAt(9), n(7))}, snmp.InconsistentValue, 2},
		{"no such mode", []snmp.Varbind{vb(backupAt(2), n(4))}, snmp.WrongValue, 1},
		{"a mode of the other table", []snmp.Varbind{vb(loadAt(2), n(4))}, snmp.NoError, 0},
		{"a long name", []snmp.Varbind{vb(loadAt(3), snmp.OctetsValue(make([]byte, 129)))}, snmp.WrongLength, 1},
		{"the obsolete RowStatus", []snmp.Varbind{vb(loadAt(10), n(4))}, snmp.NoCreation, 1},
		{"a reset of no kind", []snmp.Varbind{vb(snmp.MustOID("1.3.6.1.4.1.2011.6.3.3.1.1.6.0"), n(77))}, snmp.WrongValue, 1},
		{"to nowhere", []snmp.Varbind{vb(backupAt(1), nowhere), vb(backupAt(3), txt("f")), vb(backupAt(4), n(14)), vb(backupAt(9), n(7))}, snmp.NoError, 0},
		{"the same ID again", []snmp.Varbind{vb(backupAt(3), txt("g")), vb(backupAt(9), n(7))}, snmp.InconsistentValue, 2},
	} {
		if status, index := d.Set(t.Context(), c.vars); status != c.want || index != c.index {
			t.Errorf("%d, %s: %s at %d, want %s at %d", i, c.what, status, index, c.want, c.index)
		}
	}
	row := snmp.MustOID("1.3.6.1.4.1.2011.6.6.4.1.1")
	for col, want := range map[uint32]int64{1: 7, 2: operationBackup, 3: operationFail, 5: codeServer} {
		if got := d.Get(row.Append(col, 7)); got.Int != want {
			t.Errorf("column %d of the request is %v, want %d", col, got, want)
		}
	}
}

// TestAccessReset: what was loaded runs after a reset, and a configuration only
// if it is whole and the reset is not one without loaded data.
func TestAccessReset(t *testing.T) {
	for _, c := range []struct {
		what     string
		next     string
		reset    int64
		replaced int64
		taken    bool
	}{
		{"whole", "[MA5600V800R008C00: 2051]\n#\n sysname new\nreturn\n", resetFrame, replaceSuccess, true},
		{"cut", "#\n sysname new\n", resetFrame, replaceFailure, false},
		{"without data", "#\n sysname new\nreturn\n", resetWithoutData, replaceInvalid, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			d := startAccess(t, nil)
			d.mu.Lock()
			if !d.take(loadPacket, AccessPacket("MA5600V800R013C00", 100)) || d.take(loadPacket, []byte("other")) || !d.take(loadConfiguration, []byte(c.next)) {
				t.Error("it takes the wrong files")
			}
			d.mu.Unlock()
			if d.Version() != "MA5600V800R008C00" {
				t.Errorf("it runs %s before the reset", d.Version())
			}
			if status, _ := d.Set(t.Context(), []snmp.Varbind{vb(snmp.MustOID("1.3.6.1.4.1.2011.6.3.3.1.1.6.0"), snmp.IntegerValue(c.reset))}); status != snmp.NoError {
				t.Fatal(status)
			}
			waitUp(t, d.Box)
			if d.Version() != "MA5600V800R013C00" || (sysname(d.Configuration()) == "new") != c.taken || d.Get(snmp.MustOID("1.3.6.1.4.1.2011.6.6.6.3.0")).Int != c.replaced {
				t.Errorf("it runs %s, replaced %d, with\n%s", d.Version(), d.replaced, d.Configuration())
			}
		})
	}
}
