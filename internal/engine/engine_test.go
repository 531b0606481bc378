package engine

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"drydock/drivers"
	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
)

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]string{
		"10.1.0.42":       "10.1.0.42:161",
		"10.1.0.42:1161":  "10.1.0.42:1161",
		"gateway.example": "gateway.example:161",
		"2001:db8::1":     "[2001:db8::1]:161",
		"[2001:db8::1]:7": "[2001:db8::1]:7",
		"":                "",
		":161":            "",
		"host:0":          "",
		"host:65536":      "",
		"host:port":       "",
		"999.1.1.1":       "",
		"two words":       "",
		"10.1.0.42/24":    "",
	} {
		got, err := ParseAddress(text)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("ParseAddress(%q) = %q, %v; want %q", text, got, err, want)
		}
		if err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("ParseAddress(%q): code %s", text, fault.CodeOf(err))
		}
	}
}

// TestServerAddressRoutes shows that a device on loopback is told an address
// that it can reach.
func TestServerAddressRoutes(t *testing.T) {
	e := New(Config{})
	got, err := e.serverAddress(netip.MustParseAddrPort("127.9.9.9:161"))
	if err != nil || !got.IsLoopback() {
		t.Errorf("server address %v, %v", got, err)
	}
	e.ServerAddress = netip.MustParseAddr("192.0.2.1")
	if got, _ := e.serverAddress(netip.MustParseAddrPort("127.9.9.9:161")); got != e.ServerAddress {
		t.Errorf("the configured address must win, not %v", got)
	}
}

func iad(t *testing.T) *driver.Driver {
	t.Helper()
	set, err := driver.LoadAll(drivers.FS)
	if err != nil {
		t.Fatal(err)
	}
	d, ok := set.Get("drydock-iad")
	if !ok {
		t.Fatal("there is no driver drydock-iad")
	}
	return d
}

// TestWholeConfiguration is what stands between an upload and a backup (I1,
// F15; seeded bug B2 seals a truncated one).
func TestWholeConfiguration(t *testing.T) {
	d := iad(t)
	whole := "config-version 1.4\nhostname x\n!\ninterface wan 0\n vlan 100\nend\n"
	if err := wholeConfiguration(d, []byte(whole)); err != nil {
		t.Errorf("a whole one: %v", err)
	}
	for n := range len(whole) - len("\n") {
		if err := wholeConfiguration(d, []byte(whole[:n])); err == nil {
			t.Errorf("cut after %d octets and taken for whole: %q", n, whole[:n])
		}
	}
}

func TestMessagesDoNotQuoteConfigurations(t *testing.T) {
	err := wholeConfiguration(iad(t), []byte("config-version 1.4\nuser-data\n auth-password canary-77"))
	if err == nil || strings.Contains(err.Error(), "canary-77") {
		t.Errorf("error %v", err)
	}
}

func TestVarbindsThereAndBack(t *testing.T) {
	for _, v := range []driver.Varbind{
		{OID: "1.3.6.1.2.1.1.4.0", Type: driver.TypeInteger, Int: -5},
		{OID: "1.3.6.1.2.1.1.4.0", Type: driver.TypeGauge, Int: 4294967295},
		{OID: "1.3.6.1.2.1.1.4.0", Type: driver.TypeTimeTicks, Int: 17},
		{OID: "1.3.6.1.2.1.1.4.0", Type: driver.TypeIPAddress, Text: "192.0.2.7"},
		{OID: "1.3.6.1.2.1.1.4.0", Type: driver.TypeOID, Text: "1.3.6.1.4.1.9"},
	} {
		wire, err := toSNMP(v)
		if err != nil {
			t.Errorf("%v: %v", v, err)
			continue
		}
		back := fromSNMP(wire)
		if back.OID != v.OID || back.Type != v.Type || back.Int != v.Int || back.Text != v.Text {
			t.Errorf("%v came back as %v", v, back)
		}
	}
	text, err := toSNMP(driver.Varbind{OID: "1.3", Type: driver.TypeText, Text: "abc"})
	if err != nil || text.Value.Kind != snmp.OctetString || string(text.Value.Bytes) != "abc" {
		t.Errorf("text %v, %v", text, err)
	}
	if _, err := toSNMP(driver.Varbind{OID: "1.3", Type: driver.TypeIPAddress, Text: "2001:db8::1"}); err == nil {
		t.Error("an IPv6 address is no IpAddress")
	}
}

func TestOrdersAreChecked(t *testing.T) {
	e := New(Config{})
	for name, o := range map[string]Order{
		"no release":       {Goal: procedure.GoalUpdate},
		"goal":             {Goal: "polish"},
		"short time":       {Goal: procedure.GoalBackup, Timeouts: map[procedure.Op]time.Duration{procedure.OpBackup: time.Millisecond}},
		"unknown op":       {Goal: procedure.GoalBackup, Timeouts: map[procedure.Op]time.Duration{"dance": time.Minute}},
		"negative":         {Goal: procedure.GoalBackup, QuestionTimeout: -1},
		"standing step":    {Goal: procedure.GoalBackup, Standing: []procedure.Standing{{Step: "dance"}}},
		"standing cause":   {Goal: procedure.GoalBackup, Standing: []procedure.Standing{{Step: procedure.Backup, Cause: "rain"}}},
		"standing answer":  {Goal: procedure.GoalBackup, Standing: []procedure.Standing{{Step: procedure.Backup, Then: "maybe"}}},
		"standing repeats": {Goal: procedure.GoalBackup, Standing: []procedure.Standing{{Step: procedure.Backup, Repeat: -1}}},
	} {
		if _, err := e.checkOrder(t.Context(), o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProtocolIsOneThatBothHave(t *testing.T) {
	d := iad(t)
	e := New(Config{FTPPort: 2121})
	if p, err := e.protocol(d, ""); p != "ftp" || err != nil {
		t.Errorf("only FTP is served: %q, %v", p, err)
	}
	if _, err := e.protocol(d, "tftp"); !fault.Is(err, fault.Conflict) {
		t.Errorf("TFTP is not served: %v", err)
	}
	if _, err := e.protocol(d, "scp"); !fault.Is(err, fault.Invalid) {
		t.Errorf("the family has no SCP: %v", err)
	}
	if _, err := New(Config{}).protocol(d, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("nothing is served: %v", err)
	}
}

// TestDeliveredConfiguration: which configuration the device is given, for
// each way through the method.
func TestDeliveredConfiguration(t *testing.T) {
	backup, expected, source := &procedure.BackupRef{ID: "b"}, &procedure.BackupRef{ID: "e"}, &procedure.BackupRef{ID: "s"}
	assessed := &procedure.Assessment{Needed: true, Expected: expected}
	for name, c := range map[string]struct {
		st   procedure.State
		op   procedure.Op
		want fleet.BackupID
	}{
		"recover original": {procedure.State{Backup: backup, Plan: procedure.Plan{Recover: fleet.RecoverOriginal}}, procedure.OpRecover, "b"},
		"modify":           {procedure.State{Backup: backup, Assessment: assessed}, procedure.OpModify, "e"},
		"recover modified": {procedure.State{Backup: backup, Assessment: assessed, Plan: procedure.Plan{Recover: fleet.RecoverModified}}, procedure.OpRecover, "e"},
		"restore":          {procedure.State{Backup: backup, Plan: procedure.Plan{Goal: procedure.GoalRestore, Source: source}}, procedure.OpRecover, "s"},
	} {
		task := &task{state: c.st, action: procedure.Action{Op: c.op}}
		if got := task.delivered(); got.ID != c.want {
			t.Errorf("%s: %s, want %s", name, got.ID, c.want)
		}
	}
}
