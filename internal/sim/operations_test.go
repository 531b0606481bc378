package sim

import (
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment"
)

// TestClaims17And18 has the equipment itself transmit its configuration,
// download and load the updated files, recover the configuration, determine
// that it must be modified, and modify it (claims 17 and 18 of the method), over
// both protocols.
func TestClaims17And18(t *testing.T) {
	for name, protocol := range map[string]equipment.Protocol{"tftp": equipment.TFTP, "ftp": equipment.FTP} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, Spec{})
			y.protocol = protocol
			d := y.Device(2) // an IAD-24 with 8 KiB of configuration
			first := d.FirstConfiguration()
			image := MakeImage("2.0", 2, []string{"IAD-4", "IAD-24"}, 300<<10)

			backup := y.backup(d)
			if backup != first || len(backup) < 7<<10 {
				t.Fatalf("the backup has %d octets and is not the configuration", len(backup))
			}
			y.do(d, equipment.Keep, nil, equipment.NoFailure)
			y.do(d, equipment.Update, y.download(d, image), equipment.NoFailure)
			if d.Version() != "2.0" || d.KeptVersion() != "1.4" || d.Boots() != 2 || d.Configuration().PortsUp() != 0 {
				t.Fatalf("runs %s, keeps %s, started %d times", d.Version(), d.KeptVersion(), d.Boots())
			}
			y.do(d, equipment.Recover, y.download(d, []byte(backup)), equipment.NoFailure)
			if got := y.backup(d); stripSaved(got) != stripSaved(first) {
				t.Fatal("what was recovered is not the backup")
			}
			y.do(d, equipment.Modify, nil, equipment.NoFailure)
			want, err := equipment.PackMigrator{Pack: y.spec.Pack}.Migrate(first, "2.0")
			if err != nil {
				t.Fatal(err)
			}
			second := y.backup(d)
			if stripSaved(second) != stripSaved(want) || !strings.Contains(second, "config-version 2.0") {
				t.Errorf("modified is\n%s", second)
			}
			y.do(d, equipment.RestoreFiles, nil, equipment.NoFailure)
			if y.backup(d) != first || d.Version() != "1.4" {
				t.Error("what was kept is not back")
			}
			if d.Started(equipment.Backup) != 4 || d.Ended(equipment.Update) != 1 || y.Device(1).Started(equipment.Backup) != 0 {
				t.Error("operations are miscounted")
			}
		})
	}
}

func stripSaved(text string) string {
	head, rest, _ := strings.Cut(text, "last-saved ")
	_, rest, _ = strings.Cut(rest, "\n")
	return head + rest
}

// TestTransfersThatFail has each protocol fail in each way.
func TestTransfersThatFail(t *testing.T) {
	for name, protocol := range map[string]equipment.Protocol{"tftp": equipment.TFTP, "ftp": equipment.FTP} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, Spec{})
			y.protocol = protocol
			d := y.Device(1)
			closed := y.upload(d)
			y.reg.Close(closed.Name())
			y.do(d, equipment.Backup, closed.Grant, map[equipment.Protocol]equipment.Cause{
				equipment.TFTP: equipment.ServerUnreachable, // no grant, no answer
				equipment.FTP:  equipment.TransferFailed,    // the login is refused
			}[protocol])
			other := y.upload(y.Device(2))
			if y.do(d, equipment.Backup, other.Grant, map[equipment.Protocol]equipment.Cause{
				equipment.TFTP: equipment.ServerUnreachable, equipment.FTP: equipment.TransferFailed,
			}[protocol]); other.text() != "" {
				t.Error("the grant of another device was used")
			}
			if protocol == equipment.FTP {
				y.servers[protocol] = closedPort(t)
				y.do(d, equipment.Backup, y.upload(d).Grant, equipment.ServerUnreachable)
			}
		})
	}
}

// TestFaults has every fault of an operation once; the next operation is
// healthy again.
func TestFaults(t *testing.T) {
	image := MakeImage("2.0", 2, []string{"IAD-4", "IAD-24"}, 100<<10)
	update := func(y *yard, want equipment.Cause, version string) {
		y.t.Helper()
		y.do(y.Device(1), equipment.Update, y.download(y.Device(1), image), want)
		if got := y.Device(1).Version(); got != version {
			y.t.Errorf("runs %s, want %s", got, version)
		}
	}
	healthy := func(y *yard) {
		y.t.Helper()
		d := y.Device(1)
		if y.backup(d) != d.Configuration().Text() {
			y.t.Error("the device is not healthy after the fault")
		}
	}
	for name, c := range map[string]struct {
		faults string
		test   func(*testing.T, *yard, *Device)
	}{
		"refuse": {"dev=1 op=backup fault=refuse", func(t *testing.T, y *yard, d *Device) {
			if _, vars := y.order(equipment.Backup, y.upload(d).Grant); y.set(d, vars).String() != "resourceUnavailable" || d.Started(equipment.Backup) != 0 {
				t.Error("it was not refused")
			}
		}},
		"fail":          {"dev=1 op=update fault=fail cause=badImage", func(_ *testing.T, y *yard, _ *Device) { update(y, equipment.BadImage, "1.4") }},
		"fail-silently": {"dev=1 op=update fault=fail-silently", func(_ *testing.T, y *yard, _ *Device) { update(y, equipment.InternalError, "1.4") }},
		"no-room":       {"dev=1 op=keep fault=no-room", func(_ *testing.T, y *yard, d *Device) { y.do(d, equipment.Keep, nil, equipment.NoRoom) }},
		"lie":           {"dev=1 op=update fault=lie", func(_ *testing.T, y *yard, _ *Device) { update(y, equipment.NoFailure, "1.4") }},
		"old-version":   {"dev=1 op=update fault=old-version", func(_ *testing.T, y *yard, _ *Device) { update(y, equipment.BadImage, "1.4") }},
		"reboot": {"dev=1 op=update fault=reboot", func(t *testing.T, y *yard, d *Device) {
			update(y, equipment.InternalError, "1.4")
			if d.Boots() != 2 {
				t.Errorf("started %d times", d.Boots())
			}
		}},
		"hang": {"dev=1 op=backup fault=hang", func(t *testing.T, y *yard, d *Device) {
			row, vars := y.order(equipment.Backup, y.upload(d).Grant)
			y.set(d, vars)
			healthy(y)
			if s := d.eq.Interface().Get(entry.Append(10, row)); s.Int != int64(equipment.Running) {
				t.Errorf("the hung row's state is %v", s)
			}
		}},
		"slow": {"dev=1 op=backup fault=slow=200ms", func(t *testing.T, y *yard, d *Device) {
			begun := time.Now()
			if y.backup(d); time.Since(begun) < 200*time.Millisecond {
				t.Error("it was not slow")
			}
		}},
		"truncate a backup": {"dev=1 op=backup fault=truncate=700", func(t *testing.T, y *yard, d *Device) {
			if got := y.backup(d); got != d.FirstConfiguration()[:700] {
				t.Errorf("%d octets came", len(got))
			}
		}},
		"truncate an image": {"dev=1 op=update fault=truncate=5000", func(_ *testing.T, y *yard, _ *Device) { update(y, equipment.BadImage, "1.4") }},
		"wrong file sent": {"dev=1 op=backup fault=wrong-file", func(t *testing.T, y *yard, d *Device) {
			if got := y.backup(d); got == d.FirstConfiguration() || !strings.HasSuffix(got, "end\n") {
				t.Error("it sent its own configuration")
			}
		}},
		"wrong file loaded": {"dev=1 op=recover fault=wrong-file", func(t *testing.T, y *yard, d *Device) {
			y.do(d, equipment.Recover, y.download(d, []byte(d.FirstConfiguration())), equipment.NoFailure)
			if strings.Contains(d.Configuration().Text(), "hostname iad-0001\n") {
				t.Error("it loaded its own configuration")
			}
		}},
		"lose": {"dev=1 op=recover fault=lose=3", func(t *testing.T, y *yard, d *Device) {
			y.do(d, equipment.Recover, y.download(d, []byte(d.FirstConfiguration())), equipment.NoFailure)
			if a, b := strings.Count(d.FirstConfiguration(), "\n"), strings.Count(d.Configuration().Text(), "\n"); b != a-3 {
				t.Errorf("%d lines of %d", b, a)
			}
		}},
		"other-serial": {"dev=1 op=update fault=other-serial", func(t *testing.T, y *yard, d *Device) {
			engine := string(d.EngineID())
			if update(y, equipment.NoFailure, "2.0"); d.Serial() == "DD000001" || string(d.EngineID()) == engine {
				t.Error("it is still the same")
			}
			if string(d.engine.Load().EngineID) != string(d.EngineID()) {
				t.Error("its agent speaks as the old one")
			}
		}},
		"only once more": {"dev=1 op=update fault=fail after=1", func(_ *testing.T, y *yard, _ *Device) {
			update(y, equipment.NoFailure, "2.0")
			update(y, equipment.InternalError, "2.0")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, Spec{Faults: mustFaults(t, c.faults)})
			c.test(t, y, y.Device(1))
			healthy(y)
		})
	}
}
