package scenario

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// F4, F6, I6: a device that comes back as another one is touched no more.
func TestAnotherSerialIsNotTouched(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=update fault=other-serial"})
	run := y.update()
	q := y.mustAsk(run, procedure.Load, procedure.IdentityChanged, procedure.Repeat, procedure.Stop)
	for _, c := range q.Choices {
		if c == procedure.Restore || c == procedure.Proceed {
			t.Errorf("%s would touch another device", c)
		}
	}
	y.answer(q, procedure.Repeat)
	q = y.asks(run)
	y.answer(q, procedure.Stop)
	st := y.ends(run, procedure.Stopped)
	if st.Result.Left != procedure.LoadUnproven {
		t.Errorf("left %s", st.Result.Left)
	}
	y.mustHaveDone("backup", "keep", "update")
}

// F6, F7: the serial number that the user gave is not the one that answers.
func TestWrongSerialFromTheStart(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[0], Address: y.fleet.Agent(1).String(), Driver: "drydock-iad", Serial: "XX000001"}}))
	run := y.update()
	y.mustAsk(run, procedure.Preflight, procedure.IdentityChanged, procedure.Repeat, procedure.Stop)
	y.mustHaveDone()
}

// F9: the answer to a SET is lost after it took effect: no second SET.
func TestLostAnswerIsReadBack(t *testing.T) {
	t.Parallel()
	for _, op := range []string{"backup", "keep", "update", "recover"} {
		t.Run(op, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{faults: "dev=1 op=" + op + " fault=drop-set-response"})
			y.ends(y.update(), procedure.Updated)
			y.mustHaveDone("backup", "keep", "update", "recover", "recover", "backup")
		})
	}
}

// F10: SNMP requests are lost.
func TestLossySNMP(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 fault=drop=0.2"})
	y.ends(y.update(), procedure.Updated)
	y.mustHaveDone("backup", "keep", "update", "recover", "recover", "backup")
}

// F30, I7: no notification at all: the end is the same.
func TestWithoutNotifications(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 fault=no-traps count=0"})
	y.ends(y.update(), procedure.Updated)
}

// F2: the device restarts by itself in the middle of loading.
func TestSpontaneousRestart(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=update fault=reboot"})
	run := y.update()
	y.answer(y.mustAsk(run, procedure.Load, procedure.DeviceFailed), procedure.Repeat)
	y.ends(run, procedure.Updated)
}

func TestEverySNMPVersion(t *testing.T) {
	t.Parallel()
	v3 := func(auth, priv string) client.Credentials {
		return client.Credentials{Version: "v3", User: "operator", AuthProtocol: auth, AuthPassword: "auth-passphrase", PrivProtocol: priv, PrivPassword: "priv-passphrase"}
	}
	for name, c := range map[string]client.Credentials{
		"v1":                  {Version: "v1", Community: "public"},
		"v2c two communities": {Version: "v2c", Community: "reads", WriteCommunity: "writes"},
		"v3 SHA-256 AES-128":  v3("SHA-256", "AES-128"),
		"v3 SHA-512 AES-256":  v3("SHA-512", "AES-256"),
		"v3 SHA authNoPriv":   {Version: "v3", User: "operator", AuthProtocol: "SHA", AuthPassword: "auth-passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{credentials: &c, spec: func(s *sim.Spec) { s.Credentials = []fleet.Credentials{inFleet(c)} }})
			y.ends(y.update(), procedure.Updated)
		})
	}
}

// T19: wrong credentials are told as such, and nothing else is tried.
func TestWrongCredentials(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		creds client.Credentials
		cause procedure.Cause
		says  string
	}{
		"community": {client.Credentials{Version: "v2c", Community: "wrong"}, procedure.NoAnswer, "community"},
		"user": {client.Credentials{Version: "v3", User: "nobody", AuthProtocol: "SHA-256", AuthPassword: "auth-passphrase", PrivProtocol: "AES-128", PrivPassword: "priv-passphrase"},
			procedure.Refused, "does not know the SNMPv3 user"},
		"passphrase": {client.Credentials{Version: "v3", User: "operator", AuthProtocol: "SHA-256", AuthPassword: "wrong-passphrase", PrivProtocol: "AES-128", PrivPassword: "priv-passphrase"},
			procedure.Refused, "authentication passphrase"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			right := client.Credentials{Version: "v3", User: "operator", AuthProtocol: "SHA-256", AuthPassword: "auth-passphrase", PrivProtocol: "AES-128", PrivPassword: "priv-passphrase"}
			y := open(t, setup{credentials: &c.creds, spec: func(s *sim.Spec) {
				s.Credentials = []fleet.Credentials{inFleet(right), inFleet(client.Credentials{Version: "v2c", Community: "public"})}
			}})
			q := y.mustAsk(y.update(within(procedure.OpPreflight, "45s")), procedure.Preflight, c.cause)
			if !strings.Contains(q.Detail, c.says) {
				t.Errorf("the question says %q", q.Detail)
			}
		})
	}
}

func TestReleaseDoesNotFit(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*fleet.Release){
		"model":   func(r *fleet.Release) { r.Models = []string{"GW-*"} },
		"version": func(r *fleet.Release) { r.From = []string{"1.9*"} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{release: change})
			y.mustAsk(y.update(), procedure.Preflight, procedure.DoesNotFit, procedure.Stop)
			y.mustHaveDone()
		})
	}
}

// A device that runs the wanted version already is not touched.
func TestUnneeded(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	y.ends(y.update(), procedure.Updated)
	before := len(y.done(1))
	st := y.ends(y.update(), procedure.Unneeded)
	if st.Result.Left != procedure.Untouched || len(y.done(1)) != before {
		t.Errorf("left %s after %v", st.Result.Left, y.done(1))
	}
}

// A finding of severity manual becomes a question before anything is changed
// by it.
func TestManualFinding(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.EchoCancelOff = 1 }})
	run := y.update()
	q := y.mustAsk(run, procedure.Assess, procedure.ManualFindings, procedure.Proceed, procedure.Restore, procedure.Stop)
	y.answer(q, procedure.Proceed)
	y.ends(run, procedure.Updated)
}

// What a rule leaves to a person can be answered with the configuration that
// the person wants: the device gets it, the second backup is held against it,
// and the report says who changed what.
func TestManualFindingIsAnsweredWithAConfiguration(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.EchoCancelOff = 1 }})
	run := y.update()
	q := y.mustAsk(run, procedure.Assess, procedure.ManualFindings, procedure.Proceed)
	st := y.until(run, "its question", func(s procedure.State) bool { return s.Question != nil })
	if !strings.Contains(q.Detail, string(st.Assessment.Expected.ID)) {
		t.Errorf("%q does not say where the result so far is", q.Detail)
	}
	made, err := y.api.BackupContent(y.ctx, st.Assessment.Expected.ID)
	y.must(err)
	edited := bytes.ReplaceAll(made, []byte("echo-cancel off\n"), []byte("fax passthrough\n"))
	if bytes.Equal(made, edited) {
		t.Fatalf("nothing to edit in\n%s", made)
	}
	for what, r := range map[string]client.Reply{
		"cut":              {Choice: procedure.Proceed, Configuration: edited[:len(edited)/2]},
		"with other words": {Choice: procedure.Stop, Configuration: edited},
	} {
		if _, err := y.api.Reply(y.ctx, q.ID, r); err == nil {
			t.Fatalf("a configuration %s was taken as an answer", what)
		}
	}
	_, err = y.api.Reply(y.ctx, q.ID, client.Reply{Choice: procedure.Proceed, By: "anna", Configuration: edited})
	y.must(err)
	st = y.ends(run, procedure.Updated)
	y.proven(1, st)
	if got := y.fleet.Device(1).Configuration().Text(); !strings.Contains(got, "fax passthrough") || strings.Contains(got, "echo-cancel off") {
		t.Error("the device did not get the edited configuration")
	}
	report, err := y.api.Report(y.ctx, run)
	y.must(err)
	if report.EditedBy != "anna (bootstrap)" || len(report.Edited) == 0 {
		t.Errorf("the report says edited by %q: %+v", report.EditedBy, report.Edited)
	}
}

// Cancel stops before the next effect, never in the middle of one.
func TestCancel(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=keep fault=slow=2s"})
	run := y.update()
	y.until(run, "keep", func(s procedure.State) bool { return s.Step == procedure.Keep && s.Phase == procedure.Awaiting })
	_, err := y.api.Cancel(y.ctx, run, "anna")
	y.must(err)
	st := y.ends(run, procedure.Stopped)
	if st.Result.By != "anna (bootstrap)" || st.Result.Left != procedure.Untouched {
		t.Errorf("ended as %+v", st.Result)
	}
	y.mustHaveDone("backup", "keep")
	if y.fleet.Device(1).Ended(1) == 0 && y.fleet.Device(1).KeptVersion() != "1.4" {
		t.Error("keep was broken off")
	}
}

// I5, I12: one active run a device; the same key gives the same run.
func TestOneRunADeviceAndKeys(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=backup fault=fail count=0"})
	run := y.update(func(o *client.RunOrder) { o.Key = "night 1" })
	if again := y.update(func(o *client.RunOrder) { o.Key = "night 1" }); again != run {
		t.Errorf("the same key started %s and %s", run, again)
	}
	rows, err := y.api.Start(y.ctx, client.RunOrder{Devices: y.ids[:1], Release: release})
	y.must(err)
	if !strings.Contains(rows[0].Error, string(run)) {
		t.Errorf("the second order must be told of %s: %+v", run, rows[0])
	}
}

// I2, I9, F22: the server stops in the middle and starts again; nothing is
// repeated blindly, answers stay.
func TestServerRestart(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 2, faults: "dev=1 op=update fault=slow=3s; dev=2 op=recover fault=fail", drain: time.Minute})
	runs := y.order(func(o *client.RunOrder) { o.Release, o.Devices = release, y.ids })
	y.until(runs[0], "load", func(s procedure.State) bool { return s.Step == procedure.Load && s.Phase == procedure.Awaiting })
	q := y.mustAsk(runs[1], procedure.Recover, procedure.DeviceFailed)
	y.must(y.server.Stop())
	y.serve()
	again := y.asks(runs[1])
	if again.ID != q.ID {
		t.Errorf("the question was %s and is %s", q.ID, again.ID)
	}
	y.answer(again, procedure.Repeat)
	y.ends(runs[0], procedure.Updated)
	y.ends(runs[1], procedure.Updated)
	y.mustHaveDone("backup", "keep", "update", "recover", "recover", "backup")
}

// A server that is told to stop lets the transfers under way go through, and
// begins no effect meanwhile: nobody is asked because of it.
func TestStopWaitsForTransfers(t *testing.T) {
	t.Parallel()
	y := open(t, setup{devices: 3, image: 3 << 20, drain: time.Minute})
	runs := y.order(func(o *client.RunOrder) { o.Release, o.Devices = release, y.ids })
	y.until(runs[0], "load", func(s procedure.State) bool { return s.Step == procedure.Load && s.Phase == procedure.Awaiting })
	y.must(y.server.Stop())
	y.serve()
	for _, run := range runs {
		y.ends(run, procedure.Updated)
	}
	questions, err := y.api.Questions(y.ctx, true)
	y.must(err)
	if len(questions) > 0 {
		t.Errorf("somebody was asked: %+v", questions)
	}
	want := []string{"backup", "keep", "update", "recover", "recover", "backup"} // as ever
	for n := range runs {
		if got := y.done(n + 1); !slices.Equal(got, want) {
			t.Errorf("device %d was made to do %v; wanted %v", n+1, got, want)
		}
	}
}

// One process has a store at a time; the second is told which.
func TestSecondServerIsTold(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	if _, err := startSecond(y); err == nil || !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "process") {
		t.Errorf("the second server: %v", err)
	}
}

// Backups by hand: taken, compared, restored.
func TestBackupByHand(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	take := func() fleet.BackupID {
		run := y.order(func(o *client.RunOrder) { o.Goal = procedure.GoalBackup })[0]
		return y.ends(run, procedure.BackedUp).Backup.ID
	}
	first, second := take(), take()
	d, err := y.api.Diff(y.ctx, first, second)
	y.must(err)
	if !d.Same {
		t.Errorf("nothing was changed in between: %+v", d.Differences)
	}
	run := y.order(func(o *client.RunOrder) { o.Goal, o.Backup = procedure.GoalRestore, first })[0]
	st := y.ends(run, procedure.Restored)
	if st.Result.Left != procedure.ConfigProven {
		t.Errorf("left %s", st.Result.Left)
	}
	list, err := y.api.Backups(y.ctx, y.ids[0], "", 0)
	y.must(err)
	if len(list) < 4 { // two by hand, one before restoring, one after
		t.Errorf("%d backups", len(list))
	}
}

// T5, F5: the file of a release is not what was added: nothing is loaded.
func TestPlanSaysWhatWouldHappen(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	plans, err := y.api.Plan(y.ctx, client.RunOrder{Devices: y.ids, Release: release})
	y.must(err)
	if plans[0].Modify != "unknown" || len(plans[0].Concerns) == 0 {
		t.Errorf("nothing is known of the device yet: %+v", plans[0])
	}
	y.ends(y.order(func(o *client.RunOrder) { o.Goal = procedure.GoalBackup })[0], procedure.BackedUp)
	plans, err = y.api.Plan(y.ctx, client.RunOrder{Devices: y.ids, Release: release})
	y.must(err)
	if plans[0].Modify != "yes" || len(plans[0].Rules) == 0 || plans[0].From != "1.4" {
		t.Errorf("plan %+v", plans[0])
	}
}
