package procedure

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
	"unique"
)

// machine is the run's side of the explorer: the states that were met, each
// once, and what follows from each signal in each.
//
// States that differ only in what no rule looks at are one: tokens are counted
// from the newest, times from now, and what is only kept to be told is left
// out (untold): attempts, details, what was seen and accepted. That no rule
// looks at it is checked (sameForAnyAttempt); it makes the exploration one of
// any number of attempts, of which two a step are a part.
type machine struct {
	rules  rules
	plan   Plan
	states []State
	ids    map[string]int32
	taken  map[taking]transition
}

type taking struct {
	from   int32
	signal unique.Handle[signal]
}

// transition is what a signal leads to.
type transition struct {
	to      int32
	refused bool
	actions []Action
	wrong   string // the invariant that is broken whatever the world is
}

func newMachine(r rules, plan Plan) *machine {
	return &machine{rules: r, plan: plan, ids: map[string]int32{}, taken: map[taking]transition{}}
}

// intern gives the state's number; fresh is true where it is a new one.
func (m *machine) intern(s State) (id int32, fresh bool) {
	s = canonical(s)
	s.Plan = Plan{}
	key, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	if id, ok := m.ids[string(key)]; ok {
		return id, false
	}
	id = int32(len(m.states))
	m.ids[string(key)] = id
	s.Plan = m.plan
	m.states = append(m.states, s)
	return id, true
}

// untold leaves out what is kept only to be told, and what is not looked at
// any more.
func untold(s State) State {
	s.Attempts = map[Step]int{s.Step: 1}
	s.Seen, s.Undoing, s.EffectAt = Observation{}, nil, time.Time{}
	s.Delivered = s.Delivered && !s.Plan.isUpdate()
	s.ThenLoad = s.ThenLoad && s.Step == RestoreFiles
	s.TouchedBefore = s.TouchedBefore && s.Op == OpUpdate
	s.Taken = s.Taken && !s.Op.IsRead()
	s.Accepted = nil
	if s.Result != nil {
		r := &Result{Outcome: s.Result.Outcome, Left: s.Result.Left}
		for _, f := range s.Result.Accepted {
			if f.Op == OpVerify || f.Op == OpProveRestore {
				r.Accepted = append(r.Accepted, Failure{Step: f.Step, Op: f.Op})
			}
		}
		s.Result, s.Failure = r, nil
	}
	if s.Comparison != nil {
		s.Comparison = &Comparison{}
	}
	if s.Op != OpVerify && s.Op != OpProveRestore {
		s.Comparison = nil
	}
	if s.Assessment != nil {
		s.Assessment = &Assessment{Needed: s.Assessment.Needed}
	}
	if s.Failure != nil {
		s.Failure = &Failure{Step: s.Failure.Step, Op: s.Failure.Op, Cause: s.Failure.Cause}
	}
	return s
}

// canonical counts tokens from the newest and times from now.
func canonical(s State) State {
	switch s.Effect {
	case s.Token:
		s.Effect = 2
	case 0:
	default:
		s.Effect = 1
	}
	s.Token = 2
	s = untold(s)
	if s.Phase == Ended {
		s.Deadline = epoch
	} else {
		s.Deadline = epoch.Add(s.Plan.timeout(s.Op))
	}
	if s.Question != nil {
		q := *s.Question
		q.ID, q.Attempt, q.Detail = "r1-q2", 1, ""
		q.AskedAt, q.Deadline = epoch, epoch.Add(s.Plan.questionTimeout())
		s.Question, s.Deadline = &q, q.Deadline
	}
	return s
}

// take follows a signal from a state, once for each pair.
func (m *machine) take(from int32, g unique.Handle[signal]) transition {
	key := taking{from, g}
	if t, ok := m.taken[key]; ok {
		return t
	}
	s := m.states[from]
	ev := g.Value().event(s, &m.plan)
	next, actions, err := m.rules.next(s, ev)
	t := transition{to: from, refused: err != nil, actions: actions}
	if err == nil {
		t.to, _ = m.intern(next)
		t.wrong = wrongStep(s, ev, next, actions)
	}
	m.taken[key] = t
	return t
}

// wrongStep checks what holds for every step whatever the device does.
func wrongStep(s State, ev Event, next State, actions []Action) string {
	count := map[ActionKind]int{}
	for _, a := range actions {
		count[a.Kind]++
		if a.Kind == Withdraw && (a.Question == nil || s.Question == nil || a.Question.ID != s.Question.ID) {
			return "a question is withdrawn that was not open"
		}
	}
	commands := count[Perform] + count[Read] + count[Await] + count[Probe]
	closes := s.Question != nil && (next.Question == nil || next.Question.ID != s.Question.ID)
	timely := ev.At.Before(s.Deadline) || ev.Kind == Overdue || ev.Kind == Restarted
	switch {
	case next.Phase != Ended && timely && !next.Deadline.After(ev.At):
		return "L2: it waits without a deadline to come"
	case next.Phase != Ended && next.Deadline.IsZero():
		return "L2: it waits without a deadline"
	case next.Phase == Asking && !slices.Contains(next.Question.Choices, Stop):
		return "L1: no answer ends the run"
	case (count[Withdraw] == 1) != closes || count[Withdraw] > 1:
		return "an open question is not withdrawn once"
	case (next.Phase == Ended) != (count[Finish] == 1):
		return "a run that ends must finish, once"
	case commands > 1 || commands == 1 && (next.Phase == Ended || next.Phase == Asking):
		return "more than one thing is under way"
	case ev.Kind == Noticed && !reflect.DeepEqual(s, next), ev.Kind == Noticed && len(actions) > count[Wake]:
		return "I7: a trap moves the state"
	case ev.Kind == Restarted && count[Perform] > 0 && s.Phase != Ended:
		return "I5: an effect is repeated after a restart without a probe"
	case ev.Kind == Overdue && s.Phase == Asking && (next.Phase != Ended || next.Result.Outcome != Expired):
		return "I9: silence is taken for an answer"
	case ev.Kind == Overdue && len(s.Plan.Standing) == 0 && next.Phase != Ended && next.Phase != Asking:
		return "I9: something follows from silence"
	case count[Perform] > 0 && next.StopBy != "":
		return "I9: an effect is ordered after a stop"
	}
	return ""
}

// offerAll offers the whole alphabet in a state and says what is wrong with
// what comes of it.
func (m *machine) offerAll(id int32, letters []signal) (offered int, wrong string) {
	s := m.states[id]
	twin, wrong := reread(s)
	if wrong != "" {
		return 0, wrong
	}
	before := deepCopy(s)
	for _, g := range letters {
		ev := g.event(s, &m.plan)
		next, actions, err := m.rules.next(s, ev)
		switch {
		case err != nil && (!reflect.DeepEqual(next, s) || len(actions) > 0):
			wrong = "is refused and yet changes something"
		case err == nil && g.mustRefuse(s):
			wrong = "is taken, and must not be"
		case err != nil && g.mustTake(s):
			wrong = "is refused, and must not be: " + err.Error()
		case err == nil:
			wrong = wrongStep(s, ev, next, actions)
			if wrong == "" {
				wrong = m.sameForAnyAttempt(twin, ev, next, actions)
			}
		}
		if wrong != "" {
			return offered, fmt.Sprintf("%s %s", g, wrong)
		}
		offered++
	}
	if !reflect.DeepEqual(s, before) {
		return offered, "some event changes the state that it is given"
	}
	return offered, ""
}

// sameForAnyAttempt checks that no rule counts attempts, and that the state
// does as well after it was written and read: twin is s so treated.
func (m *machine) sameForAnyAttempt(twin State, ev Event, next State, actions []Action) string {
	other, acts, err := m.rules.next(twin, ev)
	if err != nil {
		return "is refused at another attempt: " + err.Error()
	}
	same := slices.EqualFunc(acts, actions, func(a, b Action) bool { return a.Kind == b.Kind && a.Op == b.Op && a.Token == b.Token })
	if !same || !reflect.DeepEqual(canonical(other), canonical(next)) {
		return "leads elsewhere at another attempt"
	}
	return ""
}

// reread gives the state as it is after it was written and read, at other
// attempts, and says what it has lost.
func reread(s State) (twin State, wrong string) {
	twin, wrong = rewritten(s)
	for _, step := range Steps() {
		twin.Attempts[step] = 2
	}
	twin.Seen, twin.Undoing = Observation{Version: "seen"}, &Failure{Cause: Timeout}
	twin.Accepted = []Failure{{Step: Preflight, Cause: Concerns}}
	return twin, wrong
}

// rewritten gives the state as it is after it was written and read, and says
// what it has lost.
func rewritten(s State) (back State, wrong string) {
	data, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(data, &back)
	}
	switch {
	case err != nil:
		return s.clone(), err.Error()
	case !reflect.DeepEqual(s, back):
		return s.clone(), fmt.Sprintf("the state is not what was written: %s", data)
	}
	return back, ""
}

// deepCopy copies what a faulty Next could change in place.
func deepCopy(s State) State {
	s.Attempts, s.Used = maps.Clone(s.Attempts), maps.Clone(s.Used)
	s.Accepted = slices.Clone(s.Accepted)
	if s.Question != nil {
		q := *s.Question
		q.Choices = slices.Clone(q.Choices)
		s.Question = &q
	}
	if s.Failure != nil {
		f := *s.Failure
		s.Failure = &f
	}
	return s
}
