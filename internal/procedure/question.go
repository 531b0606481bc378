package procedure

import (
	"fmt"
	"slices"
)

// fail ends an attempt: a stop that was ordered takes effect, a standing
// answer is followed, or the person is asked (claims 4, 9, 14).
func (t *turn) fail(cause Cause, detail string) error {
	t.Failure = &Failure{Step: t.Step, Op: t.Op, Cause: cause, Detail: detail}
	pending := t.Pending
	t.Pending = ""
	if t.StopBy != "" {
		return t.end(Stopped)
	}
	if pending == Restore && !t.Unproven {
		t.Pending = Restore
		return t.follow()
	}
	choices := t.choices(cause)
	if choice := t.standing(cause, choices); choice != "" {
		return t.choose(choice)
	}
	t.ask(cause, detail, choices)
	return nil
}

func (t *turn) ask(cause Cause, detail string, choices []Choice) {
	t.Phase = Asking
	t.Token++
	wait := t.Plan.QuestionTimeout
	if wait <= 0 {
		wait = DefaultQuestionTimeout
	}
	t.Deadline = t.ev.At.Add(wait)
	t.Question = &Question{
		ID:   fmt.Sprintf("%s-q%d", t.Plan.Run, t.Token),
		Step: t.Step, Op: t.Op, Attempt: t.Attempts[t.Step],
		Cause: cause, Detail: detail, Choices: choices,
		AskedAt: t.ev.At, Deadline: t.Deadline,
	}
	t.act(Action{Kind: Ask, Question: t.Question, Token: t.Token, Deadline: t.Deadline})
}

// choices are the answers that the method allows here.
func (t *turn) choices(cause Cause) []Choice {
	var c []Choice
	if cause != CannotKeep {
		c = append(c, Repeat)
	}
	if t.mayProceed(cause) {
		c = append(c, Proceed)
	}
	if t.Kept && t.Touched && t.Step != RestoreFiles && cause != IdentityChanged {
		c = append(c, Restore)
	}
	return append(c, Stop)
}

// mayProceed says whether going on in spite of the failure is a person's right:
// where nothing was changed yet, or where they have seen the differences.
func (t *turn) mayProceed(cause Cause) bool {
	switch t.Step {
	case Preflight:
		return cause == Concerns
	case Keep:
		return !t.Unproven && (cause == CannotKeep || cause == NoRoom || cause == DeviceFailed || cause == Refused)
	case Assess:
		return cause == ManualFindings
	case Verify:
		return cause == ConfigurationLost || cause == HealthFailed
	case RestoreFiles:
		return t.Op == OpProveRestore && cause == ConfigurationLost
	}
	return false
}

// standing finds the answer that the user gave beforehand, if it is one that
// may be given here. Another device at the address, and an effect that nobody
// can tell about, need a standing answer that names them.
func (t *turn) standing(cause Cause, choices []Choice) Choice {
	named := cause == IdentityChanged || cause == OutcomeUnknown
	i := slices.IndexFunc(t.Plan.Standing, func(a Standing) bool {
		return a.Step == t.Step && (a.Cause == cause || a.Cause == "" && !named)
	})
	if i < 0 {
		return ""
	}
	answer := t.Plan.Standing[i]
	key := fmt.Sprintf("%s/%s", answer.Step, answer.Cause)
	choice := answer.Then
	if t.Used[key] < answer.Repeat {
		t.Used[key]++
		choice = Repeat
	}
	if !slices.Contains(choices, choice) {
		return ""
	}
	return choice
}

func (t *turn) answered() error {
	if t.Phase != Asking {
		return t.unfit("no question is open")
	}
	if t.ev.Question != t.Question.ID {
		return t.unfit("question %s is not open, %s is", t.ev.Question, t.Question.ID)
	}
	if !slices.Contains(t.Question.Choices, t.ev.Choice) {
		return t.unfit("the answers to this question are %v", t.Question.Choices)
	}
	return t.choose(t.ev.Choice)
}

// choose follows an answer, given now or beforehand. An effect whose outcome
// is not known is probed before anything else is done (I5).
func (t *turn) choose(choice Choice) error {
	t.Question = nil
	t.Pending = choice
	switch {
	case choice == Stop:
		return t.end(Stopped)
	case choice == Proceed:
		return t.proceed()
	case t.Unproven:
		t.probe(t.ev.At)
		return nil
	}
	return t.follow()
}

// follow carries out the pending repeat or restore-files; the newest effect is
// settled.
func (t *turn) follow() error {
	choice := t.Pending
	t.Pending = ""
	switch {
	case choice == Restore:
		t.ThenLoad = false
		t.begin(RestoreFiles)
	case t.Op.IsRead() && t.Step == t.Failure.Step && t.Failure.Cause != WrongVersion:
		t.Attempts[t.Step]++
		t.run(t.Op)
	case t.Step == Load && t.Kept:
		// claim 10: the old files are recovered before the download is repeated
		t.ThenLoad = true
		t.begin(RestoreFiles)
	case t.Step == Verify && t.Failure.Cause == ConfigurationLost:
		t.begin(t.delivery())
	default:
		t.begin(t.Step)
	}
	return nil
}

// proceed goes on as the person decided.
func (t *turn) proceed() error {
	t.Pending = ""
	t.Accepted = append(slices.Clip(t.Accepted), *t.Failure)
	t.Failure = nil
	ops := t.operations(t.Step)
	t.Op = ops[len(ops)-1]
	return t.advance()
}

func (t *turn) cancelled() error {
	if t.StopBy != "" {
		return t.unfit("%s has stopped it already", t.StopBy)
	}
	t.StopBy = t.ev.By
	if t.StopBy == "" {
		t.StopBy = "unknown"
	}
	switch t.Phase {
	case Reading:
		t.act(Action{Kind: Abandon, Op: t.Op, Token: t.Token})
		return t.end(Stopped)
	case Asking:
		return t.end(Stopped)
	}
	return nil // an effect is under way: it stops before the next one
}

func (t *turn) end(outcome Outcome) error {
	if t.Question != nil || t.Phase == Asking {
		t.act(Action{Kind: Withdraw, Question: t.Question, Token: t.Token})
	}
	by := t.StopBy
	if outcome == Stopped && by == "" {
		by = t.ev.By
	}
	r := &Result{Outcome: outcome, Left: t.left(outcome), Step: t.Step, By: by, Accepted: t.Accepted}
	if t.Failure != nil {
		r.Cause, r.Detail = t.Failure.Cause, t.Failure.Detail
	}
	t.Result, t.Question, t.Pending = r, nil, ""
	t.Phase, t.Deadline = Ended, t.ev.At
	if outcome == Updated || outcome == RolledBack || outcome == BackedUp || outcome == Restored {
		t.Step = Done
	}
	t.act(Action{Kind: Finish, Token: t.Token})
	return nil
}

// left says in what state the device is, from what was proven.
func (t *turn) left(outcome Outcome) Left {
	switch {
	case outcome == Updated:
		return NewProven
	case outcome == RolledBack:
		return OldProven
	case outcome == Restored:
		return ConfigProven
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
