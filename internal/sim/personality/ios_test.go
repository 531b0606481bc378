package personality

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/snmp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const iosConfig = "hostname r1\nsnmp-server system-shutdown\nboot system flash:old.bin\nend\n"

func startIOS(t *testing.T, change func(*Options)) *IOS {
	t.Helper()
	o := Options{Address: netip.MustParseAddr("127.93.0.1"), Serial: "FTX1", Model: "CISCO2901", Flash: 4 << 20, Config: iosConfig,
		Image: "old.bin", Version: "15.1(4)M", Restart: 20 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	d, err := StartIOS(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

func cc(col, index uint32) snmp.OID {
	return snmp.MustOID("1.3.6.1.4.1.9.9.96.1.1.1.1").Append(col, index)
}

func vb(oid snmp.OID, v snmp.Value) snmp.Varbind { return snmp.Varbind{OID: oid, Value: v} }

// TestRowStatus holds the table to RFC 2579 and the MIB's clauses.
func TestRowStatus(t *testing.T) {
	d := startIOS(t, nil)
	n, txt := snmp.IntegerValue, snmp.TextValue
	address := snmp.OctetsValue([]byte{127, 0, 0, 1})
	for i, c := range []struct {
		what  string
		vars  []snmp.Varbind
		want  snmp.Status
		index int
	}{
		{"a column of no row", []snmp.Varbind{vb(cc(ccSource, 1), n(4))}, snmp.InconsistentName, 1},
		{"active without a row", []snmp.Varbind{vb(cc(ccStatus, 1), n(active))}, snmp.InconsistentName, 1},
		{"no such protocol", []snmp.Varbind{vb(cc(ccProtocol, 1), n(9)), vb(cc(ccStatus, 1), n(createAndWait))}, snmp.WrongValue, 1},
		{"a text for a number", []snmp.Varbind{vb(cc(ccStatus, 1), n(createAndWait)), vb(cc(ccSource, 1), txt("4"))}, snmp.WrongType, 2},
		{"the state is the agent's", []snmp.Varbind{vb(cc(ccState, 1), n(3))}, snmp.NotWritable, 1},
		{"no such column", []snmp.Varbind{vb(cc(99, 1), n(3))}, snmp.NoCreation, 1},
		{"at once, but with nothing", []snmp.Varbind{vb(cc(ccStatus, 1), n(createAndGo))}, snmp.InconsistentValue, 1},
		{"both ends the same", []snmp.Varbind{vb(cc(ccSource, 1), n(4)), vb(cc(ccDest, 1), n(4)), vb(cc(ccStatus, 1), n(createAndGo))}, snmp.InconsistentValue, 3},
		{"no end is the agent's", []snmp.Varbind{vb(cc(ccSource, 1), n(1)), vb(cc(ccDest, 1), n(2)), vb(cc(ccStatus, 1), n(createAndGo))}, snmp.InconsistentValue, 3},
		{"the network without a name", []snmp.Varbind{vb(cc(ccSource, 1), n(4)), vb(cc(ccDest, 1), n(1)), vb(cc(ccRev1, 1), address), vb(cc(ccStatus, 1), n(createAndGo))}, snmp.InconsistentValue, 4},
		{"step by step", []snmp.Varbind{vb(cc(ccStatus, 1), n(createAndWait))}, snmp.NoError, 0},
		{"a second time", []snmp.Varbind{vb(cc(ccStatus, 1), n(createAndWait))}, snmp.InconsistentValue, 1},
		{"not ready yet", []snmp.Varbind{vb(cc(ccStatus, 1), n(active))}, snmp.InconsistentValue, 1},
		{"the ends", []snmp.Varbind{vb(cc(ccSource, 1), n(4)), vb(cc(ccDest, 1), n(3))}, snmp.NoError, 0},
		{"now", []snmp.Varbind{vb(cc(ccStatus, 1), n(active))}, snmp.NoError, 0},
		{"too late", []snmp.Varbind{vb(cc(ccDest, 1), n(1))}, snmp.InconsistentValue, 1},
		{"all or nothing", []snmp.Varbind{vb(cc(ccStatus, 2), n(createAndWait)), vb(cc(ccProtocol, 2), n(77))}, snmp.WrongValue, 2},
		{"gone", []snmp.Varbind{vb(cc(ccStatus, 1), n(destroy))}, snmp.NoError, 0},
		{"gone again", []snmp.Varbind{vb(cc(ccStatus, 1), n(destroy))}, snmp.NoError, 0},
	} {
		if status, index := d.Set(t.Context(), c.vars); status != c.want || index != c.index {
			t.Errorf("%d, %s: %s at %d, want %s at %d", i, c.what, status, index, c.want, c.index)
		}
		if c.what == "now" {
			if got := d.Get(cc(ccState, 1)); got.Int != 3 {
				t.Errorf("running to startup is %v", got)
			}
		}
	}
	if got := d.Get(cc(ccStatus, 2)); got.Kind != snmp.NoSuchInstance {
		t.Errorf("a refused SET has left %v", got)
	}
}

func TestPasswordsAreNotRead(t *testing.T) {
	d := startIOS(t, nil)
	d.Set(t.Context(), []snmp.Varbind{vb(cc(ccStatus, 7), snmp.IntegerValue(createAndWait)), vb(cc(ccPassword, 7), snmp.TextValue("geheim"))})
	if got := d.Get(cc(ccPassword, 7)); len(got.Bytes) != 0 {
		t.Errorf("the password reads as %q", got.Bytes)
	}
}

// TestReload: the boot line decides what runs, and rows of requests are gone.
func TestReload(t *testing.T) {
	d := startIOS(t, nil)
	d.mu.Lock()
	d.store("new.bin", IOSImage("15.7(3)M", 2000), false)
	d.apply(runningConfig, "boot system flash:new.bin\nend\n")
	d.mu.Unlock()
	reload := vb(snmp.MustOID("1.3.6.1.4.1.9.2.9.9.0"), snmp.IntegerValue(2))
	if d.Set(t.Context(), []snmp.Varbind{reload}); d.Version() != "15.1(4)M" {
		t.Fatal("what was not saved decided what runs")
	}
	waitUp(t, d.Box)
	d.mu.Lock()
	d.startup = strings.Replace(d.startup, "old.bin", "new.bin", 1)
	d.mu.Unlock()
	d.Set(t.Context(), []snmp.Varbind{reload})
	waitUp(t, d.Box)
	if d.Version() != "15.7(3)M" {
		t.Errorf("it runs %s", d.Version())
	}
	d.mu.Lock()
	d.running = "hostname x\nend\n"
	d.mu.Unlock()
	if status, _ := d.Set(t.Context(), []snmp.Varbind{reload}); status != snmp.NotWritable {
		t.Errorf("without snmp-server system-shutdown a reload is %s", status)
	}
}

// waitUp waits until the device has come back.
func waitUp(t *testing.T, d *Box) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		d.mu.Lock()
		up := d.up
		d.mu.Unlock()
		if up {
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it does not come back")
		}
	}
}

// TestNetSNMP: a foreign manager reads the device and has it copy.
func TestNetSNMP(t *testing.T) {
	if _, err := exec.LookPath("snmpset"); err != nil {
		if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
			t.Fatal("snmpset is not installed")
		}
		t.Skip("snmpset is not installed")
	}
	d := startIOS(t, nil)
	agent := d.Addr().String()
	run := func(name string, args ...string) string {
		out, err := exec.CommandContext(t.Context(), name, append([]string{"-v2c", "-c", "public", "-On", agent}, args...)...).CombinedOutput()
		if err != nil {
			out = fmt.Appendf(out, "%v", err)
		}
		return string(out)
	}
	if out := run("snmpget", "1.3.6.1.2.1.1.1.0"); !strings.Contains(out, "Cisco IOS Software") {
		t.Errorf("sysDescr: %s", out)
	}
	entry := "1.3.6.1.4.1.9.9.96.1.1.1.1."
	if out := run("snmpset", entry+"3.5", "i", "4", entry+"4.5", "i", "4", entry+"14.5", "i", "4"); !strings.Contains(out, "inconsistentValue") {
		t.Errorf("running to running: %s", out)
	}
	run("snmpset", entry+"3.5", "i", "4", entry+"4.5", "i", "3", entry+"14.5", "i", "4")
	if out := run("snmpwalk", "1.3.6.1.4.1.9.9.96"); !strings.Contains(out, ".1.1.1.1.10.5 = INTEGER: 3") {
		t.Errorf("walk: %s", out)
	}
}
