package procedure

import (
	"testing"
	"time"

	"drydock/internal/fleet"
)

func testPlan() Plan {
	return Plan{Run: "r1", Device: "iad-1", Release: "iad-2.0", Target: "2.0", Recover: fleet.RecoverOriginal, CanKeep: true,
		Identity: fleet.Identity{Serial: "S1"}}
}

// play applies events, filling in format, time and the current token.
func play(t *testing.T, s State, events ...Event) (State, []Action) {
	t.Helper()
	var actions []Action
	for i, ev := range events {
		ev.Format = Format
		if ev.At.IsZero() {
			ev.At = time.Unix(1000, 0)
		}
		if ev.Token == 0 {
			ev.Token = s.Token
		}
		next, acts, err := Next(s, ev)
		if err != nil {
			t.Fatalf("event %d %s: %v", i, ev.Kind, err)
		}
		s, actions = next, acts
	}
	return s, actions
}

func seen(version string) *Observation {
	return &Observation{Identity: fleet.Identity{Serial: "S1"}, Version: version}
}

func TestStraightWayThrough(t *testing.T) {
	plan := testPlan()
	s, _ := play(t, State{},
		Event{Kind: Started, Plan: &plan},
		Event{Kind: Finished, Observed: seen("1.4")},
		Event{Kind: Accepted},
		Event{Kind: Finished, Backup: &BackupRef{ID: "b1", Run: "r1", Device: "iad-1"}},
		Event{Kind: Finished}, // keep
		Event{Kind: Finished}, // update
		Event{Kind: Finished, Observed: seen("2.0")},
		Event{Kind: Finished}, // recover
		Event{Kind: Finished, Assessment: &Assessment{Needed: true}},
		Event{Kind: Finished}, // modify
		Event{Kind: Finished, Observed: seen("2.0")},
		Event{Kind: Finished, Comparison: &Comparison{Carried: 100}},
	)
	if s.Phase != Ended || s.Result.Outcome != Updated || s.Result.Left != NewProven {
		t.Errorf("ended as %+v", s.Result)
	}
}
