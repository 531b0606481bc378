package procedure

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"drydock/internal/fleet"
)

// stepOps is the table of the method: what is done in a step, in order. A
// reboot is left out where the device needs no command for it.
func stepOps(step Step) []Op {
	switch step {
	case Preflight:
		return []Op{OpPreflight}
	case Backup:
		return []Op{OpBackup}
	case Keep:
		return []Op{OpKeep}
	case Load:
		return []Op{OpUpdate, OpReboot, OpIdentify}
	case Recover:
		return []Op{OpRecover, OpReboot}
	case Assess:
		return []Op{OpAssess}
	case Modify:
		return []Op{OpModify, OpReboot}
	case Verify:
		// recovering and modifying may restart the device: who it is and what it
		// runs is read once more before its configuration is believed (I4)
		return []Op{OpIdentify, OpVerify}
	case RestoreFiles:
		return []Op{OpRestoreFiles, OpReboot, OpIdentify, OpProveRestore}
	}
	return nil
}

// operations are the step's operations for this run.
func (t *turn) operations(step Step) []Op {
	all := stepOps(step)
	first := all[0]
	return slices.DeleteFunc(all, func(op Op) bool {
		switch op {
		case OpReboot:
			return !slices.Contains(t.Plan.RebootAfter, first)
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
	if t.Plan.Provisioned && t.Step == Load {
		return Verify
	}
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

// delivery is the step that gives the device its final configuration; of one
// that gets it by itself it is only looked at again.
func (t *turn) delivery() Step {
	if t.Plan.Provisioned {
		return Verify
	}
	if !t.Plan.Goal.WantsSource() && t.Plan.Recover == fleet.RecoverOriginal && t.Assessment != nil && t.Assessment.Needed {
		return Modify
	}
	return Recover
}

// missing names what the outcome should bring and does not.
func (t *turn) missing() string {
	ev := t.ev
	switch t.Op {
	case OpPreflight, OpIdentify:
		if ev.Observed == nil {
			return "what was observed"
		}
	case OpBackup:
		if ev.Backup == nil || ev.Backup.Run != t.Plan.Run || ev.Backup.Device != t.Plan.Device {
			return "this run's verified backup"
		}
	case OpAssess:
		if ev.Assessment == nil {
			return "the assessment"
		}
	case OpVerify, OpProveRestore:
		if ev.Comparison == nil {
			return "the comparison"
		}
	}
	return ""
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
			return ManualFindings, fmt.Sprintf("%d findings of the migration need a person%s", n, t.resultSoFar())
		}
	case OpVerify, OpProveRestore:
		t.Comparison = t.ev.Comparison
		if t.ev.Observed != nil {
			if cause, detail := t.absorbIdentity(); cause != "" {
				return cause, detail
			}
		}
		if c := t.Comparison; c.Lost+c.Changed > 0 {
			return ConfigurationLost, fmt.Sprintf("%d lines are missing, %d have another value", c.Lost, c.Changed)
		}
	}
	return "", ""
}

func (t *turn) absorbPreflight() (Cause, string) {
	seen := *t.ev.Observed
	switch {
	case seen.Identity.IsZero():
		return DoesNotFit, "the device tells nothing that it could be known by: no serial number, engine ID or sysObjectID"
	case seen.Version == "":
		return DoesNotFit, "the device does not tell which version it runs"
	case !t.Identity.IsZero() && !t.Identity.Matches(seen.Identity):
		return IdentityChanged, differs(t.Identity, seen.Identity)
	}
	t.Identity, t.Seen, t.From = known(t.Identity, seen.Identity), seen, seen.Version
	t.Health = seen.Health
	if len(t.ev.Concerns) > 0 && !t.unneeded(seen.Version) {
		return Concerns, strings.Join(t.ev.Concerns, "; ")
	}
	return "", ""
}

// known is what is seen, and what was known before where nothing is seen.
func known(before, seen fleet.Identity) fleet.Identity {
	return fleet.Identity{
		Serial:      cmp.Or(seen.Serial, before.Serial),
		EngineID:    cmp.Or(seen.EngineID, before.EngineID),
		SysObjectID: cmp.Or(seen.SysObjectID, before.SysObjectID),
	}
}

// absorbIdentity believes a load, or a restoration, only on two facts that the
// device's own "done" is not one of: who answers and which version it runs (I4).
func (t *turn) absorbIdentity() (Cause, string) {
	seen, wanted := *t.ev.Observed, t.Plan.Target
	t.Foreign = !t.ignoreIdentity && !t.Identity.Matches(seen.Identity)
	if t.Foreign {
		return IdentityChanged, differs(t.Identity, seen.Identity)
	}
	if t.Step == RestoreFiles || !t.Plan.isUpdate() {
		wanted = t.From
	}
	t.Seen = seen
	if !t.trustDone && seen.Version != wanted {
		t.Loaded = false
		return WrongVersion, fmt.Sprintf("the device runs %q, wanted is %q", seen.Version, wanted)
	}
	t.Loaded = t.Step != RestoreFiles && t.Plan.isUpdate()
	return "", ""
}

func differs(planned, seen fleet.Identity) string {
	return fmt.Sprintf("the run is for serial %q engine %q, now serial %q engine %q answers",
		planned.Serial, planned.EngineID, seen.Serial, seen.EngineID)
}

// resultSoFar says where the migration's result is, for a person to look at.
func (t *turn) resultSoFar() string {
	if t.Assessment.Expected == nil {
		return ""
	}
	return fmt.Sprintf("; its result so far is backup %s", t.Assessment.Expected.ID)
}
