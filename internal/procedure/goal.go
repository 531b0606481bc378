package procedure

// Goal says what the run is for. Taking a backup by hand and restoring one are
// parts of the same procedure, with the same deadlines, probes and questions.
type Goal string

// The goals. The empty goal is an update.
const (
	GoalUpdate  Goal = "update"
	GoalBackup  Goal = "backup"  // preflight, backup
	GoalRestore Goal = "restore" // preflight, backup, recover of Plan.Source, verify
	GoalRevert  Goal = "revert"  // an update to an older version, with Plan.Source instead of a migration
)

// after gives the step that follows for goals that take a part of the method;
// ok is false for an update.
func (g Goal) after(step Step) (next Step, ok bool) {
	switch g {
	case GoalBackup:
		if step == Preflight {
			return Backup, true
		}
		return Done, true
	case GoalRestore:
		switch step {
		case Preflight:
			return Backup, true
		case Backup:
			return Recover, true
		case Recover:
			return Verify, true
		}
		return Done, true
	case GoalRevert:
		switch step {
		case Load:
			return Recover, true
		case Recover:
			return Verify, true
		}
	}
	return "", false
}

// reached is the outcome of a run that has come to its end.
func (g Goal) reached() Outcome {
	switch g {
	case GoalBackup:
		return BackedUp
	case GoalRestore:
		return Restored
	case GoalRevert:
		return Reverted
	}
	return Updated
}

// isUpdate says whether the run loads software.
func (p Plan) isUpdate() bool { return p.Goal == "" || p.Goal == GoalUpdate || p.Goal == GoalRevert }

// WantsSource says whether the device gets Plan.Source instead of its own
// configuration.
func (g Goal) WantsSource() bool { return g == GoalRestore || g == GoalRevert }
