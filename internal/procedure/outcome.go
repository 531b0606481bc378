package procedure

import (
	"fmt"
	"slices"
	"time"
)

// outcomeOf says whether the event is the outcome of what is going on now.
func (t *turn) outcomeOf(phases ...Phase) error {
	if !slices.Contains(phases, t.Phase) {
		return t.unfit("nothing waits for it")
	}
	if t.ev.Token != t.Token {
		return t.unfit("it is the outcome of %d, the run is at %d", t.ev.Token, t.Token)
	}
	return nil
}

func (t *turn) accepted() error {
	if err := t.outcomeOf(Commanding); err != nil {
		return err
	}
	t.Phase, t.Taken = Awaiting, true
	return nil
}

func (t *turn) finished() error {
	if err := t.outcomeOf(Reading, Commanding, Awaiting); err != nil {
		return err
	}
	if missing := t.missing(); missing != "" {
		return t.unfit("the outcome of %s must bring %s", t.Op, missing)
	}
	return t.succeed()
}

// succeed takes over what the operation found and goes on, or fails where the
// facts do not bear the success out (I4).
func (t *turn) succeed() error {
	t.Unproven = false
	if t.Pending == Repeat {
		t.Pending = "" // it has succeeded after all
	}
	if cause, detail := t.absorb(); cause != "" {
		return t.fail(cause, detail)
	}
	switch {
	case t.StopBy != "" && !t.atEnd():
		t.Failure = nil
		return t.end(Stopped)
	case t.StopBy == "" && t.Pending == Restore:
		return t.follow()
	}
	t.Failure, t.Pending = nil, ""
	return t.advance()
}

// faulted follows an operation that ended badly, or a probe that brought
// nothing. An effect whose answer was lost is looked into before anybody is
// asked (I5); once its time has passed, the person decides.
func (t *turn) faulted() error {
	if err := t.outcomeOf(Reading, Commanding, Awaiting, Probing); err != nil {
		return err
	}
	cause, detail := t.ev.Cause, t.ev.Detail
	if !slices.Contains(Causes(), cause) {
		return t.unfit("there is no cause %q", cause)
	}
	if t.Phase == Probing {
		t.Unproven = true
		return t.fail(cause, detail)
	}
	t.Unproven = t.ev.Unclear && !t.Op.IsRead()
	if t.Unproven && t.repeatLost {
		t.run(t.Op)
		return nil
	}
	if t.Unproven && cause != IdentityChanged && t.ev.At.Before(t.Deadline) {
		t.Failure = t.failed(cause, detail)
		t.probe()
		return nil
	}
	if t.Op == OpUpdate && cause == Refused && t.Phase == Commanding && !t.Unproven {
		t.Touched = t.TouchedBefore // the device said itself that nothing happened
	}
	if t.ev.Comparison != nil && t.isProof() {
		if lost, what := t.absorb(); lost != "" {
			return t.fail(lost, what+"; "+detail)
		}
	}
	return t.fail(cause, detail)
}

// isProof says whether the operation compares the device's configuration with
// what is expected.
func (t *turn) isProof() bool { return t.Op == OpVerify || t.Op == OpProveRestore }

func (t *turn) overdue() error {
	if t.ev.At.Before(t.Deadline) {
		return t.unfit("the deadline is not before %s", t.Deadline.Format(time.RFC3339))
	}
	if t.ev.Token != t.Token {
		return t.unfit("it is about %d, the run is at %d", t.ev.Token, t.Token)
	}
	if t.Phase == Asking {
		if t.silenceIsYes {
			t.withdraw()
			return t.choose(Repeat)
		}
		return t.end(Expired)
	}
	if t.Phase == Holding {
		return t.resume()
	}
	t.act(Action{Kind: Abandon, Op: t.Op, Token: t.Token})
	t.Unproven = !t.Op.IsRead()
	detail := fmt.Sprintf("%s did not end before its deadline", t.Op)
	if t.Phase == Probing {
		detail = fmt.Sprintf("what became of %s could not be found out before the deadline", t.Op)
	}
	return t.fail(Timeout, detail)
}

// probe asks what became of the newest effect. Its deadline is the effect's
// own while that lasts, since the device may be away as long.
func (t *turn) probe() {
	t.Phase = Probing
	t.Token++
	t.refresh(OpIdentify)
	t.act(t.working(Probe))
}

// await goes on waiting for the newest effect, under a new token.
func (t *turn) await() {
	t.Phase, t.Taken = Awaiting, true
	t.Token++
	t.refresh(t.Op)
	t.act(t.working(Await))
}

// refresh gives a deadline that has passed the predetermined time of op.
func (t *turn) refresh(op Op) {
	if !t.Deadline.After(t.ev.At) {
		t.Deadline = t.ev.At.Add(t.Plan.timeout(op))
	}
}

func (t *turn) probed() error {
	if err := t.outcomeOf(Probing); err != nil {
		return err
	}
	switch t.ev.Verdict {
	case Running:
		return t.stillRunning()
	case Succeeded:
		if missing := t.missing(); missing != "" {
			t.Unproven = false
			return t.fail(TransferFailed, fmt.Sprintf("the device says that %s is done, but %s did not arrive", t.Op, missing))
		}
		return t.succeed()
	case NotStarted:
		return t.unbegun()
	case Failed:
		t.Unproven = false
		return t.fail(orElse(t.ev.Cause, DeviceFailed), t.ev.Detail)
	case Inscrutable:
		t.Unproven = false // it was probed, and the person is told
		return t.fail(OutcomeUnknown, t.ev.Detail)
	}
	return t.unfit("there is no verdict %q", t.ev.Verdict)
}

// stillRunning goes on waiting. A person's repeat lets the effect have its time
// once more; the next one, given in the knowledge that the device still claims
// to be at it, is followed: a device that hangs would otherwise never be told
// again.
func (t *turn) stillRunning() error {
	if t.Pending != "" && t.Insisted && t.StopBy == "" {
		t.Unproven = false
		return t.follow()
	}
	if t.Pending != "" {
		t.Waited = true
		t.Deadline = t.ev.At
	}
	t.await()
	return nil
}

// unbegun follows a verdict that the effect never began. Nothing is repeated
// unasked but an intent that a restart cut off. The device counts as touched
// all the same: one that restarted may have forgotten what it began.
func (t *turn) unbegun() error {
	t.Unproven = false
	if t.Taken {
		return t.fail(DeviceFailed, fmt.Sprintf("the device took the command for %s and knows nothing of it now", t.Op))
	}
	switch {
	case t.StopBy != "":
		return t.end(Stopped)
	case t.Pending == Restore:
		return t.follow()
	case t.Pending == Repeat:
		t.again()
		return nil
	case t.Failure != nil:
		return t.fail(t.Failure.Cause, t.Failure.Detail)
	}
	t.run(t.Op)
	return nil
}

// restarted takes up what the process before was doing, whose outcomes that
// are not in the journal are lost. A deadline that passed meanwhile is not held
// against the device.
func (t *turn) restarted() error {
	if t.forgetStop {
		t.StopBy = ""
	}
	passed := !t.Deadline.After(t.ev.At)
	switch t.Phase {
	case Reading:
		t.Token++
		t.refresh(t.Op)
		t.act(t.working(Read))
	case Commanding:
		if t.resumeUnprobed {
			t.run(t.Op)
			return nil
		}
		t.probe()
	case Awaiting:
		if passed {
			t.probe()
			return nil
		}
		t.await()
	case Probing:
		t.probe()
	case Holding:
		if passed {
			return t.resume()
		}
	case Asking:
		if passed {
			return t.end(Expired)
		}
		t.act(Action{Kind: Ask, Question: t.Question, Token: t.Token, Deadline: t.Deadline})
	}
	return nil
}

func (t *turn) noticed() error {
	if t.trapMovesState && t.Phase == Awaiting {
		return t.advance()
	}
	if t.Phase == Awaiting || t.Phase == Commanding {
		t.act(Action{Kind: Wake, Op: t.Op, Token: t.Token})
	}
	return nil
}

func orElse(c, otherwise Cause) Cause {
	if c == "" {
		return otherwise
	}
	return c
}
