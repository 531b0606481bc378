package scenario

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
)

// quirky makes a folder with a driver for the IAD that has these lines among
// its quirks.
func quirky(lines ...string) func(t *testing.T) string {
	return adapted("quirks:\n", "quirks:\n  "+strings.Join(lines, "\n  ")+"\n")
}

// adapted makes a folder with a driver for the IAD in which texts are replaced
// once: old, new, old, new.
func adapted(pairs ...string) func(t *testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		raw, err := os.ReadFile("../../drivers/drydock-iad.yaml")
		if err != nil {
			t.Fatal(err)
		}
		text := string(raw)
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(text, pairs[i]) {
				t.Fatalf("the driver has no %q", pairs[i])
			}
			text = strings.Replace(text, pairs[i], pairs[i+1], 1)
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "drydock-iad.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
}

// updates carries a device through a whole update.
func (y *yard) updates(change ...func(*client.RunOrder)) {
	y.t.Helper()
	y.proven(1, y.ends(y.update(change...), procedure.Updated))
}

// The device's TFTP client knows RFC 1350 only.
func TestQuirkNoTFTPOptions(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.TFTP = tftp.Client{} }})
	y.updates(by("tftp"))
}

// The device asks for blocks larger than come through to it; the driver says
// how large they may be. It asks for no other option.
func TestQuirkBlksizeLimit(t *testing.T) {
	t.Parallel()
	y := open(t, setup{drivers: quirky("max-blksize: 1024"), spec: func(s *sim.Spec) { s.TFTP = tftp.Client{Blksize: 8192, Room: 1024} }})
	y.updates(by("tftp"))
}

// Nobody knew that: the load fails, the user is asked, and each repetition
// tries smaller blocks.
func TestQuirkBlksizeLimitThatNobodyKnew(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) {
		s.TFTP = tftp.Client{Blksize: 8192, Room: 1428, Timeout: 500 * time.Millisecond, Retries: 3}
	}})
	run := y.update(by("tftp"))
	y.answer(y.mustAsk(run, procedure.Load, procedure.TransferFailed, procedure.Repeat), procedure.Repeat)
	y.proven(1, y.ends(run, procedure.Updated))
}

// A block number of 65535 is followed by 1 in some TFTP clients, by 0 in most;
// the driver says which. Blocks of 8 octets make an image go round once.
func TestQuirkRollover(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		drivers func(*testing.T) string
		toOne   bool
	}{"to 0": {nil, false}, "to 1": {quirky("rollover: 1"), true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{drivers: c.drivers, image: 8*65535 + 4000, spec: func(s *sim.Spec) {
				s.TFTP = tftp.Client{Blksize: 8, Windowsize: 64, ToOne: c.toOne}
			}})
			y.updates(by("tftp"), within(procedure.OpUpdate, "60s"))
		})
	}
}

// The device opens FTP's data connections itself, or has the server open them,
// and cannot do the other.
func TestQuirkFTPMode(t *testing.T) {
	t.Parallel()
	for name, active := range map[string]bool{"active only": true, "passive only": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{spec: func(s *sim.Spec) { s.FTP = ftpclient.Client{Active: active} }})
			y.updates(by("ftp"))
		})
	}
}

// The device speaks SNMPv1 only, which has neither GETBULK nor exceptions.
func TestQuirkSNMPv1Only(t *testing.T) {
	t.Parallel()
	v1 := client.Credentials{Version: "v1", Community: "public"}
	y := open(t, setup{drivers: quirky("snmp-versions: [v1]"), credentials: &v1, spec: func(s *sim.Spec) { s.Quirks.SNMP = []string{"v1"} }})
	err := y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[0], Address: y.fleet.Agent(1).String(), Driver: "drydock-iad",
		Credentials: &client.Credentials{Version: "v2c", Community: "public"}}})
	if fault.CodeOf(err) != fault.Invalid || !strings.Contains(err.Error(), "does not speak SNMPv2c, but v1") {
		t.Errorf("credentials that the family cannot understand: %v", err)
	}
	y.updates()
}

// The agent is gone while the device writes its flash: that is no failure.
func TestQuirkSilentWrites(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) {
		s.Quirks.SilentWrites = true
		s.Timings.Keep = 8 * time.Second // longer than a request with its repetitions is waited for
	}})
	y.updates()
}

// Notifications come from another interface: from an address that nobody
// knows, or from that of another device. The end is the same (RELIABILITY.md
// I7), and the other device's run is not disturbed.
func TestQuirkTrapsFromElsewhere(t *testing.T) {
	t.Parallel()
	for name, from := range map[string]func(first netip.Addr) netip.Addr{
		"an unknown address": func(netip.Addr) netip.Addr { return netip.MustParseAddr("127.250.0.9") },
		"another device's":   func(first netip.Addr) netip.Addr { return first.Next() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{devices: 2, spec: func(s *sim.Spec) { s.Quirks.TrapsFrom = from(s.First) }})
			runs := y.order(func(o *client.RunOrder) { o.Devices, o.Release = y.ids, release })
			for i, run := range runs {
				y.proven(i+1, y.ends(run, procedure.Updated))
			}
		})
	}
}

// What a notification says of its sender, SNMPv1's agent-addr or the engine
// that SNMPv3 proves, tells whose it is all the same: it wakes the poll, which
// here would come too late by itself.
func TestQuirkTrapsFromElsewhereWake(t *testing.T) {
	t.Parallel()
	rarely := adapted("poll-interval: 1s", "poll-interval: 1h", "max-interval: 5s", "max-interval: 1h")
	for _, c := range []client.Credentials{{Version: "v1", Community: "public"}, v3User("operator", "SHA-256", "AES-128")} {
		t.Run(c.Version, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{drivers: rarely, credentials: &c, spec: func(s *sim.Spec) {
				s.Credentials, s.Quirks.TrapsFrom = []fleet.Credentials{inFleet(c)}, netip.MustParseAddr("127.250.0.9")
			}})
			y.ends(y.order(func(o *client.RunOrder) { o.Goal = procedure.GoalBackup })[0], procedure.BackedUp)
		})
	}
}

// Answers come from another interface's address than the one that was asked.
// SNMPv3 proves whose they are; for a community the driver has to allow it.
func TestQuirkAnswersFromElsewhere(t *testing.T) {
	t.Parallel()
	elsewhere := netip.MustParseAddr("127.250.0.7")
	v3 := v3User("operator", "SHA-256", "AES-128")
	for name, c := range map[string]struct {
		drivers func(*testing.T) string
		creds   client.Credentials
		taken   bool
	}{
		"v3":                       {nil, v3, true},
		"v2c, the driver knows it": {quirky("any-source: true"), client.Credentials{Version: "v2c", Community: "public"}, true},
		"v2c":                      {adapted("identify: 30s", "identify: 5s"), client.Credentials{Version: "v2c", Community: "public"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{drivers: c.drivers, credentials: &c.creds, spec: func(s *sim.Spec) {
				s.Credentials, s.Quirks.AnswersFrom = []fleet.Credentials{inFleet(c.creds)}, elsewhere
			}})
			if c.taken {
				y.updates()
				return
			}
			q := y.mustAsk(y.update(within(procedure.OpPreflight, "45s")), procedure.Preflight, procedure.NoAnswer)
			if !strings.Contains(q.Detail, "answers, but from 127.250.0.7 and not from") || !strings.Contains(q.Detail, "any-source") {
				t.Errorf("the question does not say what to do: %q", q.Detail)
			}
			y.mustHaveDone()
		})
	}
}

// The new software has another snmpEngineID: SNMPv3 begins anew with it, and
// the device is known by its serial number, or, where it tells none, by what
// the driver says of its family.
func TestQuirkEngineIDChanges(t *testing.T) {
	t.Parallel()
	noSerial := []string{"        serial: deSerialNumber\n", ""}
	for name, c := range map[string]struct {
		drivers func(*testing.T) string
		known   bool
	}{
		"with a serial number":                     {nil, true},
		"without, and the driver knows it":         {adapted(append(noSerial, "quirks:\n", "quirks:\n  engine-id-changes: true\n")...), true},
		"without, and the driver does not know it": {adapted(noSerial...), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v3 := v3User("operator", "SHA-256", "AES-128")
			y := open(t, setup{drivers: c.drivers, credentials: &v3, spec: func(s *sim.Spec) {
				s.Credentials, s.Quirks.EngineOfSoftware = []fleet.Credentials{inFleet(v3)}, true
			}})
			run := y.update()
			if !c.known { // it could be another device
				y.mustAsk(run, procedure.Load, procedure.IdentityChanged)
				return
			}
			y.proven(1, y.ends(run, procedure.Updated))
			if !bytes.HasSuffix(y.fleet.Device(1).EngineID(), []byte("/20")) {
				t.Error("the engine ID has not changed")
			}
			y.ends(y.order(func(o *client.RunOrder) { o.Goal = procedure.GoalBackup })[0], procedure.BackedUp) // and from there on
		})
	}
}

// The agent's answers have 484 octets at most, the least that SNMP allows
// (RFC 3417, section 3.2): what is too much for one is asked for in parts.
func TestQuirkTooBig(t *testing.T) {
	t.Parallel()
	columns, values := "columns:\n", "        version: deSoftwareVersion\n"
	for _, column := range []int{1, 2, 3, 7, 8} { // of ifTable
		columns += fmt.Sprintf("  if%d: 1.3.6.1.2.1.2.2.1.%d\n", column, column)
		for row := 1; row <= 5; row++ {
			values += fmt.Sprintf("        if%dOf%d: if%d.%d\n", column, row, column, row)
		}
	}
	many := adapted("columns:\n", columns, "        version: deSoftwareVersion\n", values)
	for _, version := range []string{"v1", "v2c"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			creds := client.Credentials{Version: version, Community: "public"}
			y := open(t, setup{drivers: many, credentials: &creds, spec: func(s *sim.Spec) { s.Quirks.MaxMessage = 484 }})
			y.updates()
		})
	}
}
