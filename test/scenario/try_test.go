package scenario

import (
	"context"
	"io/fs"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"drydock/client"
	"drydock/drivers"
	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/transfer/tftp"
)

// trial is one of the shipped driver on the yard's device.
func (y *yard) trial(operation string, change func(*client.Trial)) client.Trial {
	y.t.Helper()
	raw, err := fs.ReadFile(drivers.FS, "drydock-iad.yaml")
	y.must(err)
	t := client.Trial{Device: y.ids[0], Driver: string(raw), File: "iad.yaml", Operation: operation}
	if change != nil {
		change(&t)
	}
	return t
}

// try gives the kinds of the steps and the last step.
func (y *yard) try(t client.Trial) (kinds []string, last client.TrialStep, err error) {
	err = y.api.Try(y.ctx, t, func(s client.TrialStep) {
		kinds, last = append(kinds, s.Kind), s
	})
	return kinds, last, err
}

// A dry run shows every varbind and sets none; the backup after it does what
// was shown and no more, and what arrives is kept.
func TestTrial(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	kinds, last, err := y.try(y.trial("backup", func(t *client.Trial) { t.DryRun = true }))
	y.must(err)
	if got := strings.Join(kinds, " "); got != "note note command poll wait result" || last.Verdict != procedure.Succeeded {
		t.Errorf("dry run: %s, %+v", got, last)
	}
	if got := y.done(1); len(got) != 0 {
		t.Errorf("a dry run had effects: %v", got)
	}
	kinds, last, err = y.try(y.trial("backup", nil))
	y.must(err)
	if last.Verdict != procedure.Succeeded || last.Backup == "" || !slices.Contains(kinds, "sent") {
		t.Fatalf("backup: %v, %+v", kinds, last)
	}
	content, err := y.api.BackupContent(y.ctx, last.Backup)
	y.must(err)
	if !strings.HasSuffix(string(content), "end\n") {
		t.Errorf("it has sent %q", content)
	}
	if got := y.done(1); len(got) != 1 {
		t.Errorf("effects: %v, want the backup alone", got)
	}
	if runs, err := y.api.Runs(y.ctx, "", false, 0); err != nil || len(runs) != 0 {
		t.Errorf("a trial made runs: %v, %v", runs, err)
	}
}

// Whoever goes away stops the operation: nothing is offered any longer, and the
// device is free.
func TestTrialInterrupted(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=backup fault=hang"})
	ctx, cancel := context.WithCancel(y.ctx)
	var name string
	err := y.api.Try(ctx, y.trial("backup", nil), func(s client.TrialStep) {
		for _, v := range s.Vars {
			if strings.HasPrefix(v.Name, "deOperFileNames.") {
				name = strings.Trim(v.Value, `"`)
			}
		}
		if s.Kind == "sent" {
			if _, _, err := y.try(y.trial("reboot", nil)); !fault.Is(err, fault.Conflict) {
				t.Errorf("a second trial at the same time: %v", err)
			}
			if rows, err := y.api.Start(y.ctx, client.RunOrder{Release: release, Devices: y.ids}); err != nil || !strings.Contains(rows[0].Error, "being tried") {
				t.Errorf("a run at the same time: %+v, %v", rows, err)
			}
			cancel()
		}
	})
	if err == nil || name == "" {
		t.Fatalf("Try: %v, file %q", err, name)
	}
	for { // the server hears of it a moment later
		if _, _, err := y.try(y.trial("keep", nil)); err == nil {
			break
		} else if !fault.Is(err, fault.Conflict) || y.ctx.Err() != nil {
			t.Fatal(err)
		}
	}
	c := tftp.Client{LocalAddr: netip.AddrPortFrom(y.fleet.Agent(1).Addr(), 0)}
	if _, err := c.Put(y.ctx, y.server.TFTPAddr, name, strings.NewReader("late\nend\n"), 9); err == nil {
		t.Error("the file server still takes what nobody waits for")
	}
}

// What cannot be tried is told before the device is commanded.
func TestTrialRefused(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	for _, c := range []struct {
		what   string
		order  client.Trial
		code   fault.Code
		saying string
	}{
		{"no such device", y.trial("backup", func(t *client.Trial) { t.Device = "nobody" }), fault.NotFound, "nobody"},
		{"a wrong driver", y.trial("backup", func(t *client.Trial) { t.Driver = "driver: x" }), fault.Invalid, `iad.yaml:1:1: a driver has no "match"`},
		{"no release", y.trial("update", nil), fault.Invalid, "names no release"},
		{"an unknown release", y.trial("update", func(t *client.Trial) { t.Release = "r0" }), fault.NotFound, "r0"},
		{"nothing to recover", y.trial("recover", nil), fault.Invalid, "names no configuration"},
		{"no such operation", y.trial("fly", nil), fault.Invalid, "fly"},
		{"another family", y.trial("reboot", func(t *client.Trial) {
			t.Driver = strings.Replace(t.Driver, "1.3.6.1.4.1.8072.9999.9999.3729.3", "1.3.6.1.4.1.99999", 1)
		}), fault.Conflict, "match does not fit"},
	} {
		if _, _, err := y.try(c.order); !fault.Is(err, c.code) || !strings.Contains(err.Error(), c.saying) {
			t.Errorf("%s: %v, want %s: %s", c.what, err, c.code, c.saying)
		}
	}
	if got := y.done(1); len(got) != 0 {
		t.Errorf("effects: %v", got)
	}
}
