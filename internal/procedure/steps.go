package procedure

import (
	"fmt"
	"slices"

	"drydock/internal/fleet"
)

// stepOps is the table of the method: what is done in each step, in order. A
// reboot is left out where the device needs no command for it.
var stepOps = map[Step][]Op{
	Preflight:    {OpPreflight},
	Backup:       {OpBackup},
	Keep:         {OpKeep},
	Load:         {OpUpdate, OpReboot, OpIdentify},
	Recover:      {OpRecover, OpReboot},
	Assess:       {OpAssess},
	Modify:       {OpModify, OpReboot},
	Verify:       {OpVerify},
	RestoreFiles: {OpRestoreFiles, OpReboot, OpIdentify, OpProveRestore},
}

// operations are the step's operations for this run.
func (t *turn) operations(step Step) []Op {
	all := stepOps[step]
	return slices.DeleteFunc(slices.Clone(all), func(op Op) bool {
		switch op {
		case OpReboot:
			return !slices.Contains(t.Plan.RebootAfter, all[0])
		case OpProveRestore:
			return t.ThenLoad // the backup is at hand, and the next load follows
		}
		return false
	})
}

// following is the step after this one.
func (t *turn) following() Step {
	if next, ok := t.Plan.Goal.after(t.Step); ok {
		return next
	}
	modified := t.Plan.Recover == fleet.RecoverModified
	switch t.Step {
	case Preflight:
		return Backup
	case Backup:
		return Keep
	case Keep:
		return Load
	case Load:
		if modified {
			return Assess
		}
		return Recover
	case Recover:
		if modified {
			return Verify
		}
		return Assess
	case Assess:
		switch {
		case modified:
			return Recover
		case t.Assessment.Needed:
			return Modify
		}
		return Verify
	case Modify:
		return Verify
	case RestoreFiles:
		if t.ThenLoad {
			return Load
		}
	}
	return Done
}

// delivery is the step that gives the device its final configuration.
func (t *turn) delivery() Step {
	if t.Plan.Goal != GoalRestore && t.Plan.Recover == fleet.RecoverOriginal && t.Assessment != nil && t.Assessment.Needed {
		return Modify
	}
	return Recover
}

// complete says whether the outcome carries what the operation must bring.
func (t *turn) complete() error {
	ev, missing := t.ev, ""
	switch t.Op {
	case OpPreflight, OpIdentify:
		if ev.Observed == nil {
			missing = "what was observed"
		}
	case OpBackup:
		if ev.Backup == nil || ev.Backup.Run != t.Plan.Run || ev.Backup.Device != t.Plan.Device {
			missing = "this run's verified backup"
		}
	case OpAssess:
		if ev.Assessment == nil {
			missing = "the assessment"
		}
	case OpVerify, OpProveRestore:
		if ev.Comparison == nil {
			missing = "the comparison"
		}
	}
	if missing != "" {
		return t.unfit("the outcome of %s must bring %s", t.Op, missing)
	}
	return nil
}

// absorb takes over the outcome's facts. It returns the cause, and what was
// seen, where they show that the operation has not succeeded.
func (t *turn) absorb() (Cause, string) {
	switch t.Op {
	case OpPreflight:
		return t.absorbPreflight()
	case OpBackup:
		t.Backup = t.ev.Backup
	case OpKeep:
		t.Kept = true
	case OpIdentify:
		return t.absorbIdentity()
	case OpAssess:
		t.Assessment = t.ev.Assessment
		if n := t.Assessment.Manual; n > 0 {
			return ManualFindings, fmt.Sprintf("%d findings of the migration need a person", n)
		}
	case OpVerify, OpProveRestore:
		t.Comparison = t.ev.Comparison
		if c := t.Comparison; c.Lost+c.Changed > 0 {
			return ConfigurationLost, fmt.Sprintf("%d lines are missing, %d have another value", c.Lost, c.Changed)
		}
	}
	return "", ""
}

func (t *turn) absorbPreflight() (Cause, string) {
	seen := *t.ev.Observed
	if !t.Identity.IsZero() && !t.Identity.Matches(seen.Identity) {
		return IdentityChanged, differs(t.Identity, seen.Identity)
	}
	t.Identity, t.Seen, t.From = seen.Identity, seen, seen.Version
	if len(t.ev.Concerns) > 0 {
		return Concerns, fmt.Sprint(t.ev.Concerns)
	}
	return "", ""
}

// absorbIdentity believes a load, or a restoration, only on two facts that the
// device's own "done" is not one of: who answers and which version it runs (I4).
func (t *turn) absorbIdentity() (Cause, string) {
	seen := *t.ev.Observed
	if !t.ignoreIdentity && !t.Identity.Matches(seen.Identity) {
		return IdentityChanged, differs(t.Identity, seen.Identity)
	}
	wanted := t.Plan.Target
	if t.Step == RestoreFiles {
		wanted = t.From
	}
	t.Seen = seen
	if !t.trustDone && seen.Version != wanted {
		return WrongVersion, fmt.Sprintf("the device runs %q, wanted is %q", seen.Version, wanted)
	}
	t.Loaded = t.Step == Load
	return "", ""
}

func differs(planned, seen fleet.Identity) string {
	return fmt.Sprintf("the run is for serial %q engine %q, now serial %q engine %q answers",
		planned.Serial, planned.EngineID, seen.Serial, seen.EngineID)
}
