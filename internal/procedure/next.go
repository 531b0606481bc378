package procedure

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
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
	forgetStop     bool // B8: forgets on restart that a stop was ordered
	reopenStopped  bool // B8: resumes on restart a run that was answered "stop"
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
	by      string // whose answer is being followed
	waived  bool   // the answer being followed goes on in spite of what a proof found
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
		if t.reopenStopped && t.ev.Kind == Restarted && t.Result.Outcome == Stopped {
			t.Result = nil
			t.run(t.Op)
			return nil
		}
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
	s.Attempts = cloned(s.Attempts)
	s.Used = cloned(s.Used)
	return s
}

// cloned is a copy that can be written to, also where m is nil.
func cloned[K comparable](m map[K]int) map[K]int {
	c := make(map[K]int, len(m))
	maps.Copy(c, m)
	return c
}

func (t *turn) start() error {
	if t.Phase != "" {
		return t.unfit("it has started already")
	}
	if t.ev.Plan == nil {
		return t.unfit("it carries no plan")
	}
	if err := t.ev.Plan.Check(); err != nil {
		return t.unfit("%v", err)
	}
	t.State = State{
		Format:   Format,
		Plan:     t.ev.Plan.clone(),
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
	t.Failure = nil
	t.Restoring = t.Step == RestoreFiles
	if op.IsRead() {
		t.Phase = Reading
		t.act(t.working(Read))
		return
	}
	t.Phase, t.Effect, t.EffectAt = Commanding, t.Token, t.ev.At
	t.Unproven, t.Taken, t.Waited, t.Insisted = false, false, false, false
	switch op {
	case OpUpdate:
		t.mustHaveBackup()
		t.TouchedBefore = t.Touched
		t.Touched, t.Loaded = true, false
	case OpRecover, OpModify:
		t.Delivered = true
	case OpVerify, OpProveRestore:
		t.Comparison = nil // an older proof proves nothing now
	}
	t.act(t.working(Perform))
}

// mustHaveBackup is I1 as an assertion: no path leads here without it.
func (t *turn) mustHaveBackup() {
	if t.Backup == nil || t.Backup.Run != t.Plan.Run || t.Backup.Device != t.Plan.Device {
		panic("procedure: load without this run's verified backup")
	}
}

func (t *turn) act(a Action) { t.actions = append(t.actions, a) }

// working is an action that brings the outcome of the operation under way.
func (t *turn) working(kind ActionKind) Action {
	a := Action{Kind: kind, Op: t.Op, Token: t.Token, Attempt: t.Attempts[t.Step], Deadline: t.Deadline}
	if !t.Op.IsRead() {
		a.Effect = t.Effect
	}
	return a
}

// advance runs the step's next operation, or the next step.
func (t *turn) advance() error {
	ops := t.operations(t.Step)
	if i := slices.Index(ops, t.Op); i+1 < len(ops) {
		t.run(ops[i+1])
		return nil
	}
	if t.Step == Preflight && t.unneeded(t.From) {
		return t.end(Unneeded)
	}
	switch next := t.following(); next {
	case Load:
		return t.enterLoad()
	case Done:
		if t.Step == RestoreFiles {
			return t.end(RolledBack)
		}
		return t.end(t.Plan.Goal.reached())
	case Keep:
		if !t.Plan.CanKeep {
			t.Step, t.Op = Keep, OpKeep
			t.Attempts[Keep]++
			return t.fail(CannotKeep, cmp.Or(t.Plan.KeepText, "the driver of this family has no way to keep the old files on the device"))
		}
		t.begin(Keep)
	default:
		t.begin(next)
	}
	return nil
}

// unneeded says whether a device that runs this version needs no update.
func (t *turn) unneeded(version string) bool { return t.Plan.isUpdate() && version == t.Plan.Target }

// atEnd says whether nothing is left to be done, so that a stop that was
// ordered while the last operation ran has nothing to prevent.
func (t *turn) atEnd() bool {
	ops := t.operations(t.Step)
	return t.Op == ops[len(ops)-1] && t.following() == Done
}
