package procedure

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// ErrUnfit is what Next returns, wrapped, for an event that does not fit the
// state: late, duplicated, or about something that was not asked.
type ErrUnfit struct {
	Event EventKind
	Phase Phase
	Why   string
}

func (e *ErrUnfit) Error() string {
	return fmt.Sprintf("event %s does not fit a run that is %s: %s", e.Event, e.Phase, e.Why)
}

// Next gives the state after the event and what is to be done then. The given
// state is not changed. On an error the run stays as it is.
func Next(s State, ev Event) (State, []Action, error) { return rules{}.next(s, ev) }

// rules are the procedure's rules; the zero value is the product. Each field
// leaves one rule out, as a seeded bug that the explorer must find
// (RELIABILITY.md section 6).
type rules struct {
	repeatLost     bool // B1: repeats an effect whose answer was lost
	trustDone      bool // B3: takes the device's "done" for success
	ignoreIdentity bool // B4: does not look at the identity after the reboot
	silenceIsYes   bool // B7: takes a question's deadline for "repeat"
	forgetStop     bool // B8: forgets a stop on restart
	resumeUnprobed bool // B12: repeats an intent after restart without a probe
	trapMovesState bool // B14: takes a trap for the outcome
}

// turn is one application of the rules: the state being made and the actions
// collected.
type turn struct {
	rules
	State
	ev      Event
	actions []Action
}

func (r rules) next(s State, ev Event) (State, []Action, error) {
	if ev.Format != Format {
		return s, nil, &ErrUnfit{ev.Kind, s.Phase, fmt.Sprintf("its format is %d, not %d", ev.Format, Format)}
	}
	t := &turn{rules: r, State: s.clone(), ev: ev}
	if err := t.apply(); err != nil {
		return s, nil, err
	}
	return t.State, t.actions, nil
}

func (t *turn) apply() error {
	if t.ev.Kind == Started {
		return t.start()
	}
	if t.Phase == "" {
		return t.unfit("it has not started")
	}
	if t.Phase == Ended {
		return t.unfit("it has ended")
	}
	switch t.ev.Kind {
	case Accepted:
		return t.accepted()
	case Finished:
		return t.finished()
	case Faulted:
		return t.faulted()
	case Probed:
		return t.probed()
	case Overdue:
		return t.overdue()
	case Answered:
		return t.answered()
	case Cancelled:
		return t.cancelled()
	case Restarted:
		return t.restarted()
	case Noticed:
		return t.noticed()
	}
	return t.unfit("there is no such event")
}

func (t *turn) unfit(format string, args ...any) error {
	return &ErrUnfit{t.ev.Kind, t.Phase, fmt.Sprintf(format, args...)}
}

// clone copies what Next may change.
func (s State) clone() State {
	s.Attempts = maps.Clone(s.Attempts)
	s.Used = maps.Clone(s.Used)
	return s
}

func (t *turn) start() error {
	if t.Phase != "" {
		return t.unfit("it has started already")
	}
	if t.ev.Plan == nil {
		return t.unfit("it carries no plan")
	}
	t.State = State{
		Format:   Format,
		Plan:     *t.ev.Plan,
		Identity: t.ev.Plan.Identity,
		Attempts: map[Step]int{},
		Used:     map[string]int{},
	}
	t.begin(Preflight)
	return nil
}

// begin enters a step for another attempt.
func (t *turn) begin(step Step) {
	t.Step = step
	t.Attempts[step]++
	t.run(t.operations(step)[0])
}

// run lets one operation out. For an effect this is the intent.
func (t *turn) run(op Op) {
	t.Op = op
	t.Token++
	t.Deadline = t.ev.At.Add(t.Plan.timeout(op))
	t.Unproven = false
	t.Question = nil
	kind := Read
	t.Phase = Reading
	if !op.IsRead() {
		kind, t.Phase, t.Effect = Perform, Commanding, t.Token
	}
	if op == OpUpdate {
		t.mustHaveBackup()
		t.Touched, t.Loaded = true, false
	}
	if op == OpRecover || op == OpModify {
		t.Delivered = true
	}
	t.Restoring = t.Step == RestoreFiles
	t.act(Action{Kind: kind, Op: op, Token: t.Token, Effect: t.Effect, Attempt: t.Attempts[t.Step], Deadline: t.Deadline})
}

// mustHaveBackup is I1 as an assertion: no path leads here without it.
func (t *turn) mustHaveBackup() {
	if t.Backup == nil || t.Backup.Run != t.Plan.Run || t.Backup.Device != t.Plan.Device {
		panic("procedure: load without this run's verified backup")
	}
}

func (t *turn) act(a Action) { t.actions = append(t.actions, a) }

// timeout is the operation's predetermined time.
func (p Plan) timeout(op Op) time.Duration {
	if d := p.Timeouts[op]; d > 0 {
		return d
	}
	return DefaultTimeout
}

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
	t.Phase = Awaiting
	return nil
}

func (t *turn) finished() error {
	if err := t.outcomeOf(Reading, Commanding, Awaiting); err != nil {
		return err
	}
	return t.succeed()
}

// succeed takes over what the operation found and goes on, or fails where the
// facts do not bear the success out (I4).
func (t *turn) succeed() error {
	if err := t.complete(); err != nil {
		return err
	}
	t.Unproven = false
	t.Failure = nil
	if cause, detail := t.absorb(); cause != "" {
		return t.fail(cause, detail)
	}
	if t.StopBy != "" && !t.atEnd() {
		return t.end(Stopped)
	}
	if t.Pending == Restore {
		return t.follow()
	}
	t.Pending = ""
	return t.advance()
}

// atEnd says whether nothing is left to be done, so that a stop that was
// ordered while the last operation ran has nothing to prevent.
func (t *turn) atEnd() bool {
	ops := t.operations(t.Step)
	return t.Op == ops[len(ops)-1] && t.following() == Done
}

// advance runs the step's next operation, or the next step.
func (t *turn) advance() error {
	ops := t.operations(t.Step)
	if i := slices.Index(ops, t.Op); i+1 < len(ops) {
		t.run(ops[i+1])
		return nil
	}
	if t.Step == Preflight && t.Plan.isUpdate() && t.From == t.Plan.Target {
		return t.end(Unneeded)
	}
	switch next := t.following(); next {
	case Done:
		if t.Step == RestoreFiles {
			return t.end(RolledBack)
		}
		return t.end(t.Plan.Goal.reached())
	case Keep:
		t.Step = Keep
		if !t.Plan.CanKeep {
			t.Op = OpKeep
			return t.fail(CannotKeep, "the driver of this family has no way to keep the old files on the device")
		}
		t.begin(Keep)
	default:
		t.begin(next)
	}
	return nil
}

func (t *turn) faulted() error {
	if err := t.outcomeOf(Reading, Commanding, Awaiting, Probing); err != nil {
		return err
	}
	if t.ev.Cause == "" {
		return t.unfit("it has no cause")
	}
	if t.Phase == Probing {
		t.Unproven = true
	} else {
		t.Unproven = t.ev.Unclear && !t.Op.IsRead()
	}
	if t.Op == OpUpdate && t.Phase == Commanding && !t.ev.Unclear && t.Attempts[Load] == 1 {
		t.Touched = false // the device was never told
	}
	if t.repeatLost && t.ev.Unclear {
		t.run(t.Op)
		return nil
	}
	return t.fail(t.ev.Cause, t.ev.Detail)
}

func (t *turn) overdue() error {
	if t.ev.At.Before(t.Deadline) {
		return t.unfit("the deadline is not before %s", t.Deadline.Format(time.RFC3339))
	}
	if t.ev.Token != t.Token {
		return t.unfit("it is about %d, the run is at %d", t.ev.Token, t.Token)
	}
	if t.Phase == Asking {
		if t.silenceIsYes {
			return t.choose(Repeat)
		}
		return t.end(Expired)
	}
	t.act(Action{Kind: Abandon, Op: t.Op, Token: t.Token})
	t.Unproven = t.Phase == Probing || !t.Op.IsRead()
	return t.fail(Timeout, fmt.Sprintf("%s did not end within %s", t.Op, t.Plan.timeout(t.Op)))
}

func (t *turn) restarted() error {
	if t.forgetStop {
		t.StopBy = ""
	}
	switch t.Phase {
	case Reading:
		t.act(Action{Kind: Read, Op: t.Op, Token: t.Token, Effect: t.Effect, Attempt: t.Attempts[t.Step], Deadline: t.Deadline})
	case Commanding:
		if t.resumeUnprobed {
			t.run(t.Op)
			return nil
		}
		t.probe(t.Deadline)
	case Awaiting:
		t.await(t.Deadline)
	case Probing:
		t.probe(t.Deadline)
	case Asking:
		t.act(Action{Kind: Ask, Question: t.Question, Token: t.Token, Deadline: t.Deadline})
	}
	return nil
}

// probe asks what became of the newest effect. It has a time of its own if the
// effect's deadline has passed.
func (t *turn) probe(deadline time.Time) {
	t.Phase = Probing
	t.Token++
	t.Question = nil
	t.Deadline = deadline
	if !deadline.After(t.ev.At) {
		t.Deadline = t.ev.At.Add(t.Plan.timeout(OpIdentify))
	}
	t.act(Action{Kind: Probe, Op: t.Op, Token: t.Token, Effect: t.Effect, Attempt: t.Attempts[t.Step], Deadline: t.Deadline})
}

// await goes on waiting for the newest effect, under a new token.
func (t *turn) await(deadline time.Time) {
	t.Phase = Awaiting
	t.Token++
	t.Deadline = deadline
	t.act(Action{Kind: Await, Op: t.Op, Token: t.Token, Effect: t.Effect, Attempt: t.Attempts[t.Step], Deadline: t.Deadline})
}

func (t *turn) probed() error {
	if err := t.outcomeOf(Probing); err != nil {
		return err
	}
	switch t.ev.Verdict {
	case Running:
		t.await(t.extended())
		return nil
	case Succeeded:
		return t.succeed()
	case NotStarted:
		return t.unbegun()
	case Failed:
		t.Unproven = false
		if t.Pending != "" {
			return t.follow()
		}
		return t.fail(orElse(t.ev.Cause, DeviceFailed), t.ev.Detail)
	case Inscrutable:
		t.Unproven = false // it was probed, and the person is told
		return t.fail(OutcomeUnknown, t.ev.Detail)
	}
	return t.unfit("there is no verdict %q", t.ev.Verdict)
}

// extended is the deadline for going on waiting: the one there was, or a new
// predetermined time if a person said repeat.
func (t *turn) extended() time.Time {
	if t.Pending != "" || !t.Deadline.After(t.ev.At) {
		return t.ev.At.Add(t.Plan.timeout(t.Op))
	}
	return t.Deadline
}

// unbegun follows a verdict that the effect never began.
func (t *turn) unbegun() error {
	t.Unproven = false
	switch {
	case t.StopBy != "":
		return t.end(Stopped)
	case t.Pending != "":
		return t.follow()
	}
	t.run(t.Op)
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
