package procedure

import (
	"testing"
	"time"
)

// windowed brings a run to the end of keep, an hour before the window.
func windowed(t *testing.T, w Windows) (State, func(Event) (State, []Action)) {
	t.Helper()
	plan := testPlan()
	plan.Windows, plan.CanKeep = &w, true
	var s State
	now := epoch
	play := func(ev Event) (State, []Action) {
		t.Helper()
		if ev.At.IsZero() {
			ev.At = now
		}
		now = ev.At
		ev.Format, ev.Token = Format, s.Token
		next, actions, err := Next(s, ev)
		if err != nil {
			t.Fatalf("%s: %v", ev.Kind, err)
		}
		s = next
		return s, actions
	}
	play(Event{Kind: Started, Plan: &plan})
	toKept(play, plan)
	return s, play
}

func toKept(play func(Event) (State, []Action), plan Plan) {
	play(Event{Kind: Finished, Observed: &Observation{Identity: plan.Identity, Version: "1.0"}})
	play(Event{Kind: Finished, Backup: &BackupRef{ID: "b", Run: plan.Run, Device: plan.Device}})
	play(Event{Kind: Finished})
}

func hour(n int) time.Time { return epoch.Add(time.Duration(n) * time.Hour) }

// A run that comes before its window waits, and then begins anew: the backup
// of hours ago is not what would be loaded over.
func TestWindowIsWaitedFor(t *testing.T) {
	t.Parallel()
	s, play := windowed(t, Windows{Openings: []Opening{{hour(1), hour(2)}}, Takes: 30 * time.Minute})
	if s.Phase != Holding || !s.Deadline.Equal(hour(1)) || s.Touched {
		t.Fatalf("it is %s until %s, touched %t", s.Phase, s.Deadline, s.Touched)
	}
	if s, actions := play(Event{Kind: Restarted}); s.Phase != Holding || len(actions) != 0 {
		t.Errorf("after a restart it is %s and does %v", s.Phase, actions)
	}
	s, _ = play(Event{Kind: Overdue, At: hour(1)})
	if s.Step != Preflight || s.Backup != nil {
		t.Errorf("with the window open it is at %s with backup %v", s.Step, s.Backup)
	}
	toKept(play, s.Plan)
	if s, _ = play(Event{Kind: Accepted}); s.Step != Load {
		t.Errorf("then it is at %s", s.Step)
	}
}

// A window that is open, but not for long enough, is as good as closed.
func TestWindowTooShort(t *testing.T) {
	t.Parallel()
	s, play := windowed(t, Windows{Openings: []Opening{{hour(-1), epoch.Add(10 * time.Minute)}, {hour(24), hour(25)}}, Takes: 30 * time.Minute})
	if s.Phase != Holding || !s.Deadline.Equal(hour(24)) {
		t.Fatalf("it is %s until %s", s.Phase, s.Deadline)
	}
	if s, _ = play(Event{Kind: Cancelled, By: "ann"}); s.Result == nil || s.Result.Left != Untouched {
		t.Errorf("stopped while it waits it has result %+v", s.Result)
	}
}

// With Ask, or with no window left, a person decides; proceed loads now.
func TestWindowAsks(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]Windows{
		"ask":            {Openings: []Opening{{hour(1), hour(2)}}, Takes: time.Minute, Ask: true},
		"no window left": {Openings: []Opening{{hour(-2), hour(-1)}}, Takes: time.Minute},
	} {
		s, play := windowed(t, w)
		if s.Question == nil || s.Question.Cause != WindowClosed || s.Question.Step != Keep {
			t.Fatalf("%s: it asks %+v", name, s.Question)
		}
		if s, _ = play(Event{Kind: Answered, Question: s.Question.ID, Choice: Proceed, By: "ann"}); s.Step != Load || s.Op != OpUpdate {
			t.Errorf("%s: after proceed it is at %s", name, s.Step)
		}
	}
}

// Gently stops what has changed nothing, and nothing else.
func TestGentleStop(t *testing.T) {
	t.Parallel()
	s, play := windowed(t, Windows{Openings: []Opening{{hour(-1), hour(5)}}})
	if s.Step != Load {
		t.Fatalf("it is at %s", s.Step)
	}
	_, _, err := Next(s, Event{Format: Format, Kind: Cancelled, At: epoch, By: "ann", Gently: true})
	if err == nil {
		t.Error("a run that has begun loading was stopped gently")
	}
	if s, _ = play(Event{Kind: Accepted}); s.StopBy != "" {
		t.Errorf("it is to be stopped by %s", s.StopBy)
	}
}
