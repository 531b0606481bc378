package scenario

import (
	"slices"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// The claims of the method, by number (DESIGN.md section 1; docs/claims.md).

// Claim 1: back up; download and load; recover; determine whether the
// configuration must be modified; if so modify it.
func TestClaim1WholeMethod(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"tftp", "ftp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{})
			first := y.fleet.Device(1).FirstConfiguration()
			st := y.ends(y.update(by(protocol)), procedure.Updated)
			y.mustHaveDone("backup", "keep", "update", "recover", "recover", "backup")
			y.proven(1, st)
			if st.Result.Left != procedure.NewProven {
				t.Errorf("left %s", st.Result.Left)
			}
			sent, err := y.api.BackupContent(y.ctx, st.Backup.ID)
			y.must(err)
			if !sameLines(string(sent), first, "last-saved") {
				t.Error("the backup is not what the device had")
			}
			now := y.fleet.Device(1).Configuration().Text()
			if !strings.Contains(now, "config-version 2.0") || strings.Contains(now, "registrar ") {
				t.Error("the device's configuration has not the new form")
			}
		})
	}
}

// sameLines compares two texts without lines of a beginning.
func sameLines(a, b, but string) bool {
	lines := func(text string) []string {
		return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.HasPrefix(strings.TrimSpace(l), but) })
	}
	return slices.Equal(lines(a), lines(b))
}

// Claim 1, where nothing must be modified: a release without a migration.
func TestClaim1NothingToModify(t *testing.T) {
	t.Parallel()
	y := open(t, setup{release: func(r *fleet.Release) { r.Pack = "" }})
	st := y.ends(y.update(), procedure.Updated)
	y.mustHaveDone("backup", "keep", "update", "recover", "backup")
	if st.Assessment.Needed {
		t.Error("no modification was needed")
	}
}

// Claims 2 and 3: the backup's failure is known by the equipment's message or
// by the predetermined time; then the transmission is repeated.
func TestClaims2And3BackupFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		cause procedure.Cause
	}{
		"message":   {"fail", procedure.DeviceFailed},
		"silent":    {"fail-silently", procedure.DeviceFailed},
		"time":      {"hang", procedure.Timeout},
		"truncated": {"truncate=700", procedure.BackupInvalid},
		"lie":       {"lie", procedure.TransferFailed}, // it says that it has sent, and nothing comes
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{faults: "dev=1 op=backup fault=" + c.fault})
			run := y.update(untilItHangs(procedure.OpBackup, c.fault))
			q := y.mustAsk(run, procedure.Backup, c.cause, procedure.Repeat, procedure.Stop)
			y.mustHaveDone("backup")
			y.repeatHung(run, q, c.fault)
			y.proven(1, y.ends(run, procedure.Updated))
		})
	}
}

// Claim 4: the user is asked, and it is repeated only on their instruction;
// silence is never yes.
func TestClaim4OnlyOnInstruction(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=backup fault=fail count=0"})
	run := y.update(func(o *client.RunOrder) { o.QuestionTimeout = "2s" })
	y.mustAsk(run, procedure.Backup, procedure.DeviceFailed)
	st := y.until(run, "its end", func(s procedure.State) bool { return s.Phase == procedure.Ended })
	if st.Result.Outcome != procedure.Expired || st.Result.Left != procedure.Untouched {
		t.Errorf("ended as %+v", st.Result)
	}
	y.mustHaveDone("backup")
}

// Claim 4, with an answer that the user gave beforehand.
func TestClaim4StandingAnswer(t *testing.T) {
	t.Parallel()
	y := open(t, setup{faults: "dev=1 op=backup fault=fail count=2"})
	run := y.update(func(o *client.RunOrder) {
		o.Standing = []procedure.Standing{{Step: procedure.Backup, Repeat: 2, Then: procedure.Stop}}
	})
	y.ends(run, procedure.Updated)
	y.mustHaveDone("backup", "backup", "backup", "keep", "update", "recover", "recover", "backup")
}

// Claim 5: an SNMP backup command that specifies the server's address; the
// equipment then transmits its configuration there.
func TestClaim5BackupCommand(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"tftp", "ftp"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{})
			runs := y.order(func(o *client.RunOrder) { o.Goal = procedure.GoalBackup }, by(protocol))
			st := y.ends(runs[0], procedure.BackedUp)
			b, err := y.api.Backup(y.ctx, st.Backup.ID)
			y.must(err)
			if want := protocol + " " + y.fleet.Agent(1).Addr().String(); b.Source != want {
				t.Errorf("it came from %q, not %q", b.Source, want)
			}
			effects, err := sim.ReadEffects(y.effects)
			y.must(err)
			if len(effects[0].Files) != 1 {
				t.Errorf("the command named the files %v", effects[0].Files)
			}
		})
	}
}

// Claim 6: user data, port data, protocol parameter data and default parameter
// data are told apart.
func TestClaim6Categories(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	run := y.update()
	y.ends(run, procedure.Updated)
	report, err := y.api.Report(y.ctx, run)
	y.must(err)
	for _, category := range []string{"user", "port", "protocol", "default"} {
		if c := report.Summary[category]; c.Kept+c.Changed == 0 {
			t.Errorf("no line of category %s: %+v", category, report.Summary)
		}
	}
	if report.Summary["protocol"].Changed == 0 {
		t.Error("the migration changes protocol parameters")
	}
	for _, l := range report.Lines {
		if l.Fate != "kept" && l.Rule == "" {
			t.Errorf("line %d %q is %s by no rule", l.Line, l.Text, l.Fate)
		}
	}
}

// Claims 7, 8 and 9: the loading's failure is known by message or time, and by
// reading back version and identity; the user is asked; downloading and
// loading are repeated.
func TestClaims7To9LoadFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		cause procedure.Cause
	}{
		"message":    {"fail cause=badImage", procedure.DeviceFailed},
		"silent":     {"fail-silently", procedure.DeviceFailed},
		"time":       {"hang", procedure.Timeout},
		"lie":        {"lie", procedure.WrongVersion},
		"falls back": {"old-version", procedure.DeviceFailed},
		"cut":        {"truncate=1000", procedure.DeviceFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{faults: "dev=1 op=update fault=" + c.fault})
			run := y.update(untilItHangs(procedure.OpUpdate, c.fault))
			q := y.asks(run)
			if q.Step != procedure.Load || q.Cause != c.cause && q.Cause != procedure.WrongVersion && q.Cause != procedure.TransferFailed {
				t.Fatalf("asked at %s because of %s: %s", q.Step, q.Cause, q.Detail)
			}
			y.mustHaveDone("backup", "keep", "update")
			y.repeatHung(run, q, c.fault)
			y.proven(1, y.ends(run, procedure.Updated))
		})
	}
}

// Claim 10: the files that loading changes are stored in the equipment before,
// and recovered before the download is repeated.
func TestClaim10KeepAndRestore(t *testing.T) {
	t.Parallel()
	t.Run("before a repeated download", func(t *testing.T) {
		t.Parallel()
		y := open(t, setup{faults: "dev=1 op=update fault=fail"})
		run := y.update()
		y.answer(y.mustAsk(run, procedure.Load, procedure.DeviceFailed, procedure.Repeat, procedure.Restore, procedure.Stop), procedure.Repeat)
		y.ends(run, procedure.Updated)
		y.mustHaveDone("backup", "keep", "update", "restoreFiles", "update", "recover", "recover", "backup")
	})
	t.Run("as the user wishes", func(t *testing.T) {
		t.Parallel()
		y := open(t, setup{faults: "dev=1 op=recover fault=fail"})
		before := y.fleet.Device(1).FirstConfiguration()
		run := y.update()
		y.answer(y.mustAsk(run, procedure.Recover, procedure.DeviceFailed, procedure.Restore), procedure.Restore)
		st := y.ends(run, procedure.RolledBack)
		if st.Result.Left != procedure.OldProven || y.fleet.Device(1).Version() != "1.4" {
			t.Errorf("left %s with version %s", st.Result.Left, y.fleet.Device(1).Version())
		}
		if !sameLines(y.fleet.Device(1).Configuration().Text(), before, "last-saved") {
			t.Error("the old configuration is not back")
		}
	})
	t.Run("no room is asked about before anything is loaded", func(t *testing.T) {
		t.Parallel()
		y := open(t, setup{faults: "dev=1 op=keep fault=no-room"})
		run := y.update()
		q := y.mustAsk(run, procedure.Keep, procedure.NoRoom, procedure.Repeat, procedure.Proceed, procedure.Stop)
		y.mustHaveDone("backup", "keep")
		y.answer(q, procedure.Proceed)
		y.ends(run, procedure.Updated)
	})
}

// Claim 11: the SNMP update command specifies the server's address and the
// names of the updated files.
func TestClaim11UpdateCommand(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	y.ends(y.update(), procedure.Updated)
	effects, err := sim.ReadEffects(y.effects)
	y.must(err)
	for _, e := range effects {
		if e.Op == "update" && e.What == "start" && len(e.Files) != 1 {
			t.Errorf("the update command named %v", e.Files)
		}
	}
}

// Claims 12, 13 and 14: the recovery's failure is known by message or time;
// the user is asked; it is repeated.
func TestClaims12To14RecoveryFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault string
		cause procedure.Cause
	}{
		"message": {"fail", procedure.DeviceFailed},
		"time":    {"hang", procedure.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := open(t, setup{faults: "dev=1 op=recover fault=" + c.fault})
			run := y.update(untilItHangs(procedure.OpRecover, c.fault))
			q := y.mustAsk(run, procedure.Recover, c.cause, procedure.Repeat, procedure.Restore, procedure.Stop)
			y.mustHaveDone("backup", "keep", "update", "recover")
			y.repeatHung(run, q, c.fault)
			y.proven(1, y.ends(run, procedure.Updated))
		})
	}
	t.Run("loses part of it", func(t *testing.T) {
		t.Parallel()
		y := open(t, setup{faults: "dev=1 op=recover fault=lose=3 after=1"})
		run := y.update()
		q := y.mustAsk(run, procedure.Verify, procedure.ConfigurationLost, procedure.Repeat, procedure.Proceed, procedure.Restore)
		y.answer(q, procedure.Repeat)
		y.proven(1, y.ends(run, procedure.Updated))
	})
}

// Claim 15: the SNMP recovery command specifies the server's address and the
// names of the configuration files; the equipment downloads and loads them.
func TestClaim15RecoveryCommand(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	y.ends(y.update(by("ftp")), procedure.Updated)
	effects, err := sim.ReadEffects(y.effects)
	y.must(err)
	n := 0
	for _, e := range effects {
		if e.Op == "recover" && e.What == "start" {
			n++
			if len(e.Files) != 1 {
				t.Errorf("the recovery command named %v", e.Files)
			}
		}
	}
	if n != 2 {
		t.Errorf("%d recovery commands: the original and the modified configuration", n)
	}
}

// Claim 16: the format is modified, also where the new version cannot read the
// old one at all.
func TestClaim16Format(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.Strict = true }, release: func(r *fleet.Release) { r.Recover = fleet.RecoverModified }})
	st := y.ends(y.update(), procedure.Updated)
	y.mustHaveDone("backup", "keep", "update", "recover", "backup")
	y.proven(1, st)
	if now := y.fleet.Device(1).Configuration().Version(); now != "2.0" {
		t.Errorf("the configuration has the form of %s", now)
	}
}

// The old form is refused by strict new software: recovery fails and says so.
func TestStrictSoftwareRefusesTheOldForm(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.Strict = true }})
	run := y.update()
	q := y.mustAsk(run, procedure.Recover, procedure.DeviceFailed)
	if !strings.Contains(q.Detail, "does not accept the configuration") {
		t.Errorf("detail %q", q.Detail)
	}
	y.answer(q, procedure.Restore)
	y.ends(run, procedure.RolledBack)
}
