package procedure

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
	"unique"

	"drydock/internal/fleet"
)

// explorer walks every (state, world) that can be reached, breadth first, so
// that the first broken invariant is found on a shortest way.
type explorer struct {
	m       *machine
	nodes   []node
	ids     map[place]int32
	edges   int
	calm    [][2]int32 // steps without fault and without a person
	letters []signal
	offered int
	checked int // states whose alphabet was offered
	quick   bool
}

type place struct {
	state int32
	world world
}

type node struct {
	place
	parent int32
	move   string
	signal unique.Handle[signal]
}

type breach struct {
	what  string
	trace []string
}

func explore(r rules, plan Plan, quick bool) (*explorer, *breach) {
	x := &explorer{m: newMachine(r, plan), ids: map[place]int32{}, letters: alphabet(), quick: quick}
	started, actions, err := r.next(State{}, Event{Format: Format, Kind: Started, At: epoch, Plan: &plan})
	if err != nil {
		return x, &breach{what: err.Error()}
	}
	id, _ := x.m.intern(started)
	for _, alreadyNew := range []bool{false, true} {
		if !alreadyNew || plan.isUpdate() {
			x.add(place{id, world{Work: workOf(actions[0].Kind), New: alreadyNew}}, -1, move{name: "start"})
		}
	}
	for i := 0; i < len(x.nodes); i++ {
		if b := x.visit(int32(i)); b != nil {
			return x, b
		}
	}
	return x, x.livelock()
}

func (x *explorer) add(p place, parent int32, mv move) int32 {
	if id, ok := x.ids[p]; ok {
		return id
	}
	id := int32(len(x.nodes))
	x.ids[p] = id
	x.nodes = append(x.nodes, node{p, parent, mv.name, mv.signal})
	return id
}

func (x *explorer) visit(i int32) *breach {
	n := x.nodes[i]
	if !x.quick && int(n.state) >= x.checked {
		for ; x.checked <= int(n.state); x.checked++ {
			offered, wrong := x.m.offerAll(int32(x.checked), x.letters)
			x.offered += offered
			if wrong != "" {
				return x.found(i, "offered", wrong)
			}
		}
	}
	s := x.m.states[n.state]
	for _, mv := range n.world.moves(s) {
		next := place{n.state, mv.w}
		if mv.signal != noSignal {
			t := x.m.take(n.state, mv.signal)
			if t.refused && s.Phase == Ended {
				continue
			}
			w, wrong := mv.w, t.wrong
			if t.refused {
				wrong = "an event that is due is refused"
			}
			if wrong == "" {
				w, wrong = mv.w.follow(s, mv.signal.Value(), t, x.m.states[t.to])
			}
			if wrong != "" {
				return x.found(i, mv.told(), wrong)
			}
			next = place{t.to, w}
		}
		x.edges++
		to := x.add(next, i, mv)
		if !mv.fault && !mv.person {
			x.calm = append(x.calm, [2]int32{i, to})
		}
	}
	return nil
}

func (m move) told() string {
	if m.signal == noSignal {
		return m.name
	}
	return m.name + " > " + m.signal.Value().String()
}

func (x *explorer) found(i int32, name, wrong string) *breach {
	trace := []string{name}
	for ; i >= 0; i = x.nodes[i].parent {
		n := x.nodes[i]
		s := x.m.states[n.state]
		trace = append(trace, fmt.Sprintf("%-60s %s/%s %s", move{name: n.move, signal: n.signal}.told(), s.Step, s.Op, s.Phase))
	}
	for l, r := 0, len(trace)-1; l < r; l, r = l+1, r-1 {
		trace[l], trace[r] = trace[r], trace[l]
	}
	return &breach{wrong, trace}
}

func (b *breach) String() string { return b.what + "\n\t" + strings.Join(b.trace, "\n\t") }

// livelock checks L1: once faults have ended, and if no person does anything,
// every way leads to the end or to a question. The calm steps from anywhere
// else form no circle, and there is always one.
func (x *explorer) livelock() *breach {
	rests := func(i int32) bool {
		p := x.m.states[x.nodes[i].state].Phase
		return p == Asking || p == Ended
	}
	open := make([]int32, len(x.nodes)) // calm steps that lead on from here and are not known to end
	back := make([][]int32, len(x.nodes))
	for _, e := range x.calm {
		if !rests(e[0]) && e[0] != e[1] {
			open[e[0]]++
			back[e[1]] = append(back[e[1]], e[0])
		}
	}
	var ends []int32
	for i := range x.nodes {
		if rests(int32(i)) {
			ends = append(ends, int32(i))
		}
	}
	reached := len(ends)
	for len(ends) > 0 {
		i := ends[len(ends)-1]
		ends = ends[:len(ends)-1]
		for _, j := range back[i] {
			if open[j]--; open[j] == 0 {
				ends = append(ends, j)
				reached++
			}
		}
	}
	if reached == len(x.nodes) {
		return nil
	}
	for i := range x.nodes {
		if !rests(int32(i)) && open[i] != 0 || open[i] == 0 && !rests(int32(i)) && !x.hasCalm(int32(i)) {
			return x.found(int32(i), "", "L1: from here it may go on for ever without a person")
		}
	}
	return nil
}

func (x *explorer) hasCalm(i int32) bool {
	for _, e := range x.calm {
		if e[0] == i && e[1] != i {
			return true
		}
	}
	return false
}

// explored is a plan with its name; offer says whether the whole alphabet is
// offered in each of its states, which tells little new where another plan's
// states have been.
type explored struct {
	name  string
	plan  Plan
	offer bool
}

// explorations are the plans that are explored: each choice with each other
// one, and all combinations with DRYDOCK_EXPLORE=all (some minutes).
func explorations() []explored {
	all := []explored{
		{"goal backup", goalPlan(GoalBackup), true},
		{"goal restore", goalPlan(GoalRestore), !raceDetector},
		{"goal revert, window closed", revertPlan(), !raceDetector},
		{"no keep, modified", planOf(false, false, fleet.RecoverModified, "ask"), !raceDetector},
	}
	if raceDetector {
		return all
	}
	all = append(all,
		explored{"keep, original", planOf(true, false, fleet.RecoverOriginal, "ask"), true},
		explored{"keep, reboot, modified", planOf(true, true, fleet.RecoverModified, "ask"), false},
		explored{"keep, original, then restore", planOf(true, false, fleet.RecoverOriginal, "then restore"), false},
		explored{"no keep, reboot, original, repeat once", planOf(false, true, fleet.RecoverOriginal, "repeat once"), false},
	)
	if os.Getenv("DRYDOCK_EXPLORE") == "all" {
		all = append(all, combinations()...)
	}
	return all
}

func combinations() (all []explored) {
	for _, keep := range []bool{true, false} {
		for _, reboot := range []bool{false, true} {
			for _, recover := range []fleet.Recovery{fleet.RecoverOriginal, fleet.RecoverModified} {
				for _, answers := range []string{"ask", "repeat once", "then restore"} {
					name := fmt.Sprintf("keep %t, reboot %t, recover %s, %s", keep, reboot, recover, answers)
					all = append(all, explored{name, planOf(keep, reboot, recover, answers), false})
				}
			}
		}
	}
	return all
}

func planOf(keep, reboot bool, recover fleet.Recovery, answers string) Plan {
	plan := testPlan()
	plan.CanKeep, plan.Recover = keep, recover
	if reboot {
		plan.RebootAfter = []Op{OpUpdate}
	}
	switch answers {
	case "repeat once":
		plan.Standing = []Standing{{Step: Load, Repeat: 1}}
	case "then restore":
		plan.Standing = []Standing{{Step: Load, Repeat: 1, Then: Restore}}
	}
	return plan
}

func goalPlan(goal Goal) Plan {
	plan := testPlan()
	plan.Goal, plan.Target, plan.Source = goal, "", &BackupRef{ID: "b0", Run: "r0", Device: "iad-1"}
	return plan
}

// revertPlan goes back to an older version while no window is open.
func revertPlan() Plan {
	plan := goalPlan(GoalRevert)
	plan.Target, plan.Windows = testPlan().Target, &Windows{Takes: time.Minute}
	return plan
}

// TestExplorer walks every state that the run can reach with a device, a
// process and a journal that may fail at any point, any number of times.
func TestExplorer(t *testing.T) {
	var states, placed, steps, offered int
	outcomes, all := map[Outcome]bool{}, !raceDetector
	for _, e := range explorations() {
		ran := false
		t.Run(e.name, func(t *testing.T) {
			ran = true
			began := time.Now()
			x, b := explore(rules{}, e.plan, !e.offer)
			if b != nil {
				t.Error(b)
			}
			t.Logf("%d run states, %d with the world around them, %d transitions; %d more events offered; %s",
				len(x.m.states), len(x.nodes), x.edges, x.offered, time.Since(began).Round(time.Millisecond))
			states, placed, steps, offered = states+len(x.m.states), placed+len(x.nodes), steps+x.edges, offered+x.offered
			for _, s := range x.m.states {
				if s.Result != nil {
					outcomes[s.Result.Outcome] = true
				}
			}
		})
		all = all && ran
	}
	if !all {
		return
	}
	t.Logf("in all %d run states, %d with the world around them, %d transitions; %d more events offered", states, placed, steps, offered)
	for _, o := range []Outcome{Updated, Unneeded, RolledBack, Stopped, Expired, BackedUp, Restored} {
		if !outcomes[o] {
			t.Errorf("no way ends %s: the explorer does not see everything", o)
		}
	}
}

// TestSeededBugs leaves out one rule at a time: the explorer must find each
// (RELIABILITY.md section 6). The trace it prints is a shortest one.
func TestSeededBugs(t *testing.T) {
	for _, bug := range []struct {
		name      string
		rules     rules
		invariant string
	}{
		{"B1 repeats SET after lost response", rules{repeatLost: true}, "I5"},
		{"B3 trusts the device's done", rules{trustDone: true}, "I4"}, // restore-files would show it as I10
		{"B4 ignores identity after reboot", rules{ignoreIdentity: true}, "I6"},
		{"B7 treats silence as yes", rules{silenceIsYes: true}, "I9"},
		{"B8 forgets a cancel at failover", rules{forgetStop: true}, "I9"},
		{"B8 forgets an answered stop at failover", rules{reopenStopped: true}, "I9"},
		{"B12 resumes intent without probe", rules{resumeUnprobed: true}, "I5"},
		{"B14 trap moves state", rules{trapMovesState: true}, "I7"},
	} {
		t.Run(bug.name, func(t *testing.T) {
			keep := bug.invariant != "I4"
			x, b := explore(bug.rules, planOf(keep, false, fleet.RecoverOriginal, "ask"), true)
			if b == nil {
				t.Fatalf("not found in %d states with the world", len(x.nodes))
			}
			if !strings.Contains(b.what, bug.invariant+":") {
				t.Errorf("found, but not as a breach of %s", bug.invariant)
			}
			t.Logf("found after %d states with the world: %s", len(x.nodes), b)
		})
	}
}
