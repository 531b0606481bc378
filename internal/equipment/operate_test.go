package equipment

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drydock/internal/snmp"
)

// TestAnUpdateByHand goes the method's way over the interface unit: back up,
// keep, load, recover, modify, and back again by restoreFiles.
func TestAnUpdateByHand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.Timings, o.Pack = brisk, iadPack(t) })
		img, file := image("2.0", 2, 200<<10)
		b.files.files["image"] = file
		b.do(Backup, "backup", NoFailure)
		if b.files.file("backup") != initial() {
			t.Fatal("the backup is not the configuration")
		}
		b.do(Keep, "", NoFailure)
		begun := time.Now()
		b.do(Update, "image", NoFailure)
		if took := time.Since(begun); took < 21*time.Second {
			t.Errorf("loading and restarting took %v", took)
		}
		if b.text(deSoftwareVersion) != "2.0" || b.text(deKeptVersion) != "1.4" || b.text(deImageDigest) != hexDigest(img.Digest) {
			t.Error("the new image does not run")
		}
		if b.text(deConfigVersion) != "2.0" || b.number(deIdentity.Append(dePortsUp, 0)) != 0 || b.number(deIdentity.Append(deBootCount, 0)) != 2 {
			t.Error("a new generation runs with factory defaults")
		}
		b.do(Recover, "backup", NoFailure)
		c := b.Configuration()
		if c.Version() != "1.4" || c.PortsUp() == 0 || stripSaved(c.Text()) != stripSaved(initial()) || c.Text() == initial() {
			t.Errorf("recovered is\n%s", c.Text())
		}
		b.do(Modify, "", NoFailure)
		want, err := iadPack(t).Migrate(initial(), "2.0")
		if err != nil || stripSaved(b.Configuration().Text()) != stripSaved(want) {
			t.Errorf("%v: modified is\n%s", err, b.Configuration().Text())
		}
		b.do(Modify, "", NoFailure)
		b.do(RestoreFiles, "", NoFailure)
		if b.text(deSoftwareVersion) != "1.4" || b.Configuration().Text() != initial() {
			t.Error("what was kept is not back, octet for octet")
		}
		if n := b.notified(deOperationFinished); n != 7 || b.notified(coldStart) != 2 {
			t.Errorf("%d finished, %d coldStart", n, b.notified(coldStart))
		}
	})
}

func stripSaved(text string) string {
	head, rest, _ := strings.Cut(text, "last-saved ")
	_, rest, _ = strings.Cut(rest, "\n")
	return head + rest
}

func TestWhatFails(t *testing.T) {
	_, good := image("2.0", 2, 100<<10)
	_, foreign := image("2.0", 2, 100<<10, "IAD-24")
	_, huge := image("2.0", 2, 900<<10)
	b := newBench(t, func(o *Options) { o.Capacity = 800 << 10 })
	for name, data := range map[string][]byte{
		"good": good, "foreign": foreign, "huge": huge, "cut": good[:50000], "boot": make([]byte, 1000),
		"half": []byte(initial()[:500]), "new": []byte(Generate(ConfigSpec{Generation: 2, Device: 1, Ports: 4})),
		"strange": []byte(strings.Replace(initial(), "config-version 1.4", "config-version 7.1", 1)),
	} {
		b.files.files[name] = data
	}
	before := *b.Flash()
	for _, c := range []struct {
		o     Type
		names string
		want  Cause
	}{
		{Update, "absent", FileNotFound}, {Update, "foreign", WrongModel}, {Update, "huge", NoRoom}, {Update, "cut", BadImage},
		{Update, "boot", BadImage}, {Update, "good absent", FileNotFound}, {Recover, "absent", FileNotFound},
		{Recover, "half", ConfigurationRejected}, {Recover, "new", ConfigurationRejected}, {Recover, "strange", ConfigurationRejected},
		{RestoreFiles, "", NothingKept}, {Modify, "", InternalError},
	} {
		t.Run(fmt.Sprint(c.o, " ", c.names), func(t *testing.T) {
			b.t = t
			b.do(c.o, c.names, c.want)
			if after := *b.Flash(); fmt.Sprint(after.Running().Image, after.Other(), after.Kept()) != fmt.Sprint(before.Running().Image, before.Other(), before.Kept()) {
				t.Error("a failed operation changed the flash")
			}
		})
	}
	b.t = t
	index := b.begin(Update, "good", strings.Repeat("0", 64))
	b.work.Wait()
	b.expect(index, TransferFailed)
	if n := b.notified(deOperationFailed); n != 13 {
		t.Errorf("%d notifications of 13 failures", n)
	}
	b.do(Update, "good boot", NoFailure)
	if b.Flash().Running().Extra != 1000 {
		t.Error("the second file was not loaded")
	}
}

func TestStrictSoftwareRefusesTheOldForm(t *testing.T) {
	b := newBench(t, func(o *Options) { o.Strict = true })
	_, b.files.files["image"] = image("2.0", 2, 1000)
	b.files.files["old"] = []byte(initial())
	b.files.files["new"] = []byte(Generate(ConfigSpec{Generation: 2, Device: 42, Ports: 4, Seed: 7}))
	b.do(Update, "image", NoFailure)
	b.do(Recover, "old", ConfigurationRejected)
	b.do(Recover, "new", NoFailure)
}

func TestSameGenerationKeepsTheConfiguration(t *testing.T) {
	b := newBench(t)
	_, b.files.files["image"] = image("1.5", 1, 1000)
	b.do(Update, "image", NoFailure)
	if b.Configuration().Text() != initial() {
		t.Error("the configuration was lost")
	}
}

// TestPowerCutAtAnyMoment cuts the power at many moments of an update: either
// the old image runs or the new one, never part of one (F1).
func TestPowerCutAtAnyMoment(t *testing.T) {
	_, file := image("2.0", 2, 400<<10)
	for at := time.Duration(0); at < 30*time.Second; at += 700 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			b := newBench(t, func(o *Options) { o.Timings = brisk })
			b.files.files["image"] = file
			index := b.begin(Update, "image", "")
			time.Sleep(at)
			b.PowerCycle()
			b.work.Wait()
			version := b.text(deSoftwareVersion)
			state := State(b.number(deOperationEntry.Append(deOperState, index)))
			if !b.Up() || (version == "2.0") != (state == Succeeded) || state == Running {
				t.Errorf("cut at %v: version %s, state %d", at, version, state)
			}
			b.do(Backup, "after", NoFailure)
		})
	}
}

func TestRestartIsSilentAndResetsUptime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) { o.Timings = brisk })
		time.Sleep(100 * time.Second)
		if up := b.number(system.Append(3, 0)); up != 10000 {
			t.Errorf("sysUpTime is %d", up)
		}
		b.begin(Reboot, "", "")
		synctest.Wait()
		if b.Up() {
			t.Error("it answers while it restarts")
		}
		if s, _ := b.Interface().Set(order(9, Keep, "", "")); s == snmp.NoError {
			t.Error("it takes commands while it restarts")
		}
		b.PowerCycle() // is one already
		b.work.Wait()
		if up := b.number(system.Append(3, 0)); up != 0 || b.number(snmpEngine.Append(2, 0)) != 2 {
			t.Errorf("sysUpTime is %d after one restart", up)
		}
	})
}

func TestDeviations(t *testing.T) {
	_, file := image("2.0", 2, 400<<10)
	other := Identity{Serial: "DD6666", Model: "IAD-4", Ports: 4}
	version := func(want string) func(*testing.T, *bench) {
		return func(t *testing.T, b *bench) {
			if got := b.text(deSoftwareVersion); got != want {
				t.Errorf("version is %s, want %s", got, want)
			}
		}
	}
	for name, c := range map[string]struct {
		o     Type
		names string
		dev   Deviation
		want  Cause
		then  func(*testing.T, *bench)
	}{
		"fail":     {Update, "image", Deviation{Fail: failed(BadImage, "flash defect")}, BadImage, version("1.4")},
		"lie":      {Update, "image", Deviation{Lie: true}, NoFailure, version("1.4")},
		"old bank": {Update, "image", Deviation{OldBank: true}, BadImage, version("1.4")},
		"restart":  {Backup, "backup", Deviation{Restart: true}, InternalError, version("1.4")},
		"other serial": {Update, "image", Deviation{As: &other}, NoFailure, func(t *testing.T, b *bench) {
			if b.text(deSerialNumber) != "DD6666" {
				t.Error("it is still the same")
			}
		}},
		"lose": {Recover, "conf", Deviation{Lose: 5}, NoFailure, func(t *testing.T, b *bench) {
			if a, n := len(b.Configuration().Part(UserData)), len(parsed(t, initial()).Part(UserData)); a != n-5 {
				t.Errorf("%d lines of %d", a, n)
			}
		}},
		"lie at backup": {Backup, "backup", Deviation{Lie: true}, NoFailure, func(t *testing.T, b *bench) {
			if b.files.file("backup") != "" {
				t.Error("it has sent something")
			}
		}},
		"silent": {Backup, "backup", Deviation{Silent: true}, NoFailure, func(t *testing.T, b *bench) {
			if len(b.notes) > 0 {
				t.Error("it has notified")
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, func(o *Options) { o.Timings = brisk })
				b.files.files["image"], b.files.files["conf"] = file, []byte(initial())
				b.dev = c.dev
				b.do(c.o, c.names, c.want)
				c.then(t, b)
				b.dev = Deviation{}
				b.do(Backup, "after", NoFailure)
			})
		})
	}
}

func TestHungOperationDoesNotBlockTheNext(t *testing.T) {
	b := newBench(t)
	b.dev = Deviation{Hang: true}
	index := b.begin(Backup, "backup", "")
	b.work.Wait()
	if s := b.number(deOperationEntry.Append(deOperState, index)); s != int64(Running) {
		t.Errorf("state is %d", s)
	}
	b.dev = Deviation{}
	b.do(Backup, "backup", NoFailure)
	if len(b.notes) != 1 {
		t.Errorf("%d notifications", len(b.notes))
	}
}

// TestPowerCutBeforeTheOperationRuns cuts the power between the command and its
// first step.
func TestPowerCutBeforeTheOperationRuns(t *testing.T) {
	var later []func(context.Context)
	b := newBench(t, func(o *Options) { o.Go = func(work func(context.Context)) { later = append(later, work) } })
	index := b.begin(Keep, "", "")
	b.PowerCycle()
	for len(later) > 0 {
		work := later[0]
		later = later[1:]
		work(context.Background())
	}
	b.expect(index, InternalError)
	if b.text(deKeptVersion) != "" || b.number(snmpEngine.Append(2, 0)) != 2 {
		t.Error("the operation went on through the power cut")
	}
}

// TestNoChangeAfterTheEnd lets an operation come to its change too late.
func TestNoChangeAfterTheEnd(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errRestart)
	if err := b.Control().change(ctx, (*Flash).Keep); err == nil || b.text(deKeptVersion) != "" {
		t.Errorf("%v: kept %q", err, b.text(deKeptVersion))
	}
}

func TestConfigurationHasALimit(t *testing.T) {
	b := newBench(t)
	b.files.files["huge"] = []byte(strings.Repeat("! x\n", maxConfiguration/4) + initial())
	b.do(Recover, "huge", NoRoom)
}
