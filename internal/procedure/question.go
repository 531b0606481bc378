package procedure

import (
	"fmt"
	"slices"
)

// StandingAnswer is who stopped a run where the user's answer had been given
// beforehand.
const StandingAnswer = "standing answer"

func (t *turn) failed(cause Cause, detail string) *Failure {
	return &Failure{Step: t.Step, Op: t.Op, Cause: cause, Detail: detail}
}

// fail ends an attempt: a stop that was ordered takes effect, an answer that
// waited for this is followed, a standing answer is followed, or the person is
// asked (claims 4, 9, 14).
func (t *turn) fail(cause Cause, detail string) error {
	t.Failure = t.failed(cause, detail)
	if t.StopBy != "" {
		return t.end(Stopped)
	}
	choices := t.choices(cause)
	if t.settles(cause) && slices.Contains(choices, t.Pending) {
		return t.follow()
	}
	t.Pending = ""
	if choice := t.standing(cause, choices); choice != "" {
		t.by = StandingAnswer
		return t.choose(choice)
	}
	t.ask(cause, detail, choices)
	return nil
}

// settles says whether a failure shows what became of the effect for which an
// answer waits. Another device at the address, and an effect that nobody can
// tell about, are news that the person who answered did not have.
func (t *turn) settles(cause Cause) bool {
	return t.Pending != "" && !t.Unproven && cause != IdentityChanged && cause != OutcomeUnknown
}

func (t *turn) ask(cause Cause, detail string, choices []Choice) {
	t.Phase = Asking
	t.Token++
	t.Deadline = t.ev.At.Add(t.Plan.questionTimeout())
	t.Question = &Question{
		ID:   fmt.Sprintf("%s-q%d", t.Plan.Run, t.Token),
		Step: t.Step, Op: t.Op, Attempt: t.Attempts[t.Step],
		Cause: cause, Detail: detail, Choices: choices,
		AskedAt: t.ev.At, Deadline: t.Deadline,
	}
	t.act(Action{Kind: Ask, Question: t.Question, Token: t.Token, Deadline: t.Deadline})
}

// withdraw closes the open question: each Ask is followed by one Withdraw.
func (t *turn) withdraw() {
	t.act(Action{Kind: Withdraw, Question: t.Question, Token: t.Token})
	t.Question = nil
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
	if t.mayRestore(cause) {
		c = append(c, Restore)
	}
	return append(c, Stop)
}

// mayRestore says whether putting the old files back is an answer: they are
// there, loading may have changed something, it is not being done already, and
// it is not another device that answers.
func (t *turn) mayRestore(cause Cause) bool {
	return t.Kept && t.Touched && !t.Foreign && cause != IdentityChanged && (t.Step != RestoreFiles || t.ThenLoad)
}

// mayProceed says whether going on in spite of the failure is a person's right:
// where nothing was changed yet, or where they have seen the differences.
func (t *turn) mayProceed(cause Cause) bool {
	if t.Unproven {
		return false
	}
	switch t.Step {
	case Preflight:
		return cause == Concerns
	case Keep:
		if cause == WindowClosed {
			return true
		}
		return cause == CannotKeep || cause == NoRoom || cause == DeviceFailed || cause == Refused
	case Assess:
		return cause == ManualFindings
	case Verify, RestoreFiles:
		return t.Comparison != nil && t.isProof() && (cause == ConfigurationLost || cause == HealthFailed)
	}
	return false
}

// standing finds the answer that the user gave beforehand, if it is one that
// may be given here. Another device at the address, and an effect that nobody
// can tell about, need a standing answer that names them.
func (t *turn) standing(cause Cause, choices []Choice) Choice {
	i := t.standingFor(cause)
	if i < 0 && cause != IdentityChanged && cause != OutcomeUnknown {
		i = t.standingFor("")
	}
	if i < 0 {
		return ""
	}
	answer := t.Plan.Standing[i]
	key := fmt.Sprintf("%s/%s", answer.Step, answer.Cause)
	if t.Used[key] < answer.Repeat && slices.Contains(choices, Repeat) {
		t.Used[key]++
		return Repeat
	}
	if !slices.Contains(choices, answer.Then) {
		return ""
	}
	if answer.Then == Restore {
		// once: an effect that hangs would be waited for without end
		if t.Used[key] > answer.Repeat {
			return ""
		}
		t.Used[key] = answer.Repeat + 1
	}
	return answer.Then
}

func (t *turn) standingFor(cause Cause) int {
	return slices.IndexFunc(t.Plan.Standing, func(a Standing) bool { return a.Step == t.Step && a.Cause == cause })
}

func (t *turn) answered() error {
	if t.Phase != Asking {
		return t.unfit("no question is open")
	}
	if t.ev.Question != t.Question.ID {
		return t.unfit("question %s is not open, %s is", t.ev.Question, t.Question.ID)
	}
	if !t.ev.At.Before(t.Deadline) {
		return t.unfit("the question's deadline has passed")
	}
	if !slices.Contains(t.Question.Choices, t.ev.Choice) {
		return t.unfit("the answers to this question are %v", t.Question.Choices)
	}
	if t.ev.Edited != nil {
		if err := t.edited(*t.ev.Edited); err != nil {
			return err
		}
	}
	t.withdraw()
	t.by = t.ev.By
	return t.choose(t.ev.Choice)
}

// edited takes the configuration that a person made of the migration's: it is
// what the device gets, and what the second backup is held against.
func (t *turn) edited(by BackupRef) error {
	switch {
	case t.Step != Assess || t.Question.Cause != ManualFindings || t.ev.Choice != Proceed:
		return t.unfit("an edited configuration answers manual findings, with %s", Proceed)
	case by.Device != t.Plan.Device || by.Run != t.Plan.Run:
		return t.unfit("the edited configuration is of run %s of device %s", by.Run, by.Device)
	}
	a := *t.Assessment
	a.Needed, a.Expected, a.EditedBy = true, &by, t.ev.By
	t.Assessment = &a
	return nil
}

// choose follows an answer, given now or beforehand. An effect whose outcome
// is not known is probed before anything else is done (I5).
func (t *turn) choose(choice Choice) error {
	switch choice {
	case Stop:
		return t.end(Stopped)
	case Proceed:
		return t.proceed()
	}
	t.Pending = choice
	t.Insisted = t.Waited && t.ev.Kind == Answered // a standing answer does not know what the device claims
	if t.Unproven {
		t.Deadline = t.ev.At // the answer gives it new time
		t.probe()
		return nil
	}
	return t.follow()
}

// follow carries out the pending repeat or restore-files; the newest effect is
// settled.
func (t *turn) follow() error {
	choice, cause := t.Pending, t.Failure.Cause
	switch {
	case choice == Restore:
		t.putBack(false)
	case cause == WrongVersion && (t.Step == Load || t.Step == Verify), t.Step == Load && !t.Op.IsRead():
		t.reload()
	case t.Op.IsRead() && cause != WrongVersion, t.Op == OpProveRestore && cause != ConfigurationLost:
		t.again() // only what could not be read is read again
	case t.Op == OpVerify && cause == ConfigurationLost:
		t.Pending = ""
		t.begin(t.delivery())
	default:
		t.Pending = ""
		t.begin(t.Step)
	}
	return nil
}

// again is another attempt that begins with the operation that failed.
func (t *turn) again() {
	t.Pending = ""
	t.Attempts[t.Step]++
	t.run(t.Op)
}

// reload is another attempt at giving the device the wanted version. Where the
// old files were kept they are recovered before the download is repeated (claim
// 10). A restoration of a configuration loads nothing, it delivers again.
func (t *turn) reload() {
	switch {
	case !t.Plan.isUpdate():
		t.Pending = ""
		t.begin(t.delivery())
	case t.Kept && t.Touched:
		t.putBack(true)
	default:
		t.Pending = ""
		t.begin(Load)
	}
}

// putBack has the device put its old files back: for good, or for loading
// again.
func (t *turn) putBack(thenLoad bool) {
	t.ThenLoad, t.Undoing, t.Pending = thenLoad, t.Failure, ""
	t.begin(RestoreFiles)
}

// proceed goes on as the person decided.
func (t *turn) proceed() error {
	if !slices.Contains(t.Accepted, *t.Failure) {
		t.Accepted = append(slices.Clip(t.Accepted), *t.Failure)
	}
	t.waived = t.isProof()
	t.AnyTime = t.AnyTime || t.Failure.Cause == WindowClosed
	t.Failure = nil
	ops := t.operations(t.Step)
	t.Op = ops[len(ops)-1]
	return t.advance()
}
