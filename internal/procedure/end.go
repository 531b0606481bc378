package procedure

// cancelled follows a person's order to stop. What is under way on the device
// cannot be taken back: the run ends before the next effect.
func (t *turn) cancelled() error {
	if t.StopBy != "" {
		return t.unfit("%s has stopped it already", t.StopBy)
	}
	if t.ev.Gently && t.Touched {
		return t.unfit("loading has begun: it goes through to its end")
	}
	t.StopBy = t.ev.By
	if t.StopBy == "" {
		t.StopBy = "unknown"
	}
	switch t.Phase {
	case Reading:
		t.act(Action{Kind: Abandon, Op: t.Op, Token: t.Token})
		return t.end(Stopped)
	case Asking, Holding:
		return t.end(Stopped)
	}
	return nil
}

func (t *turn) end(outcome Outcome) error {
	if t.Question != nil {
		t.withdraw()
	}
	r := &Result{Outcome: outcome, Left: t.left(outcome), Step: t.Step, Accepted: t.Accepted}
	if outcome == Stopped {
		if r.By = t.StopBy; r.By == "" {
			r.By = t.by
		}
	}
	if f := t.blame(); f != nil {
		r.Cause, r.Detail = f.Cause, f.Detail
	}
	t.Result, t.Pending = r, ""
	t.Phase, t.Deadline = Ended, t.ev.At
	switch outcome {
	case Updated, RolledBack, BackedUp, Restored, Reverted:
		t.Step = Done
	}
	t.act(Action{Kind: Finish, Token: t.Token})
	return nil
}

// blame is the failure that led to the end: the one that is open, or the one
// for which the old files are put back for good.
func (t *turn) blame() *Failure {
	if t.Failure == nil && t.Step == RestoreFiles {
		return t.Undoing
	}
	return t.Failure
}

// left says in what state the device is, from what was proven.
func (t *turn) left(outcome Outcome) Left {
	switch {
	case outcome == Updated, outcome == Reverted:
		return unlessWaived(t.waived, NewProven, NewAccepted)
	case outcome == RolledBack:
		return unlessWaived(t.waived, OldProven, OldAccepted)
	case outcome == Restored:
		return unlessWaived(t.waived, ConfigProven, ConfigAccepted)
	case t.Restoring:
		return RestoreUnknown
	case t.Delivered && !t.Plan.isUpdate():
		return ConfigUnproven
	case !t.Touched:
		return Untouched
	case t.Loaded:
		return NewUnproven
	}
	return LoadUnproven
}

func unlessWaived(waived bool, proven, accepted Left) Left {
	if waived {
		return accepted
	}
	return proven
}
