package procedure

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"drydock/internal/fleet"
)

func TestPlanCheck(t *testing.T) {
	for want, change := range map[string]func(*Plan){
		"":                     func(*Plan) {},
		"no run or no device":  func(p *Plan) { p.Run = "" },
		"unknown goal":         func(p *Plan) { p.Goal = "sink" },
		"no target version":    func(p *Plan) { p.Target = "" },
		"no backup":            func(p *Plan) { p.Goal = GoalRestore },
		"recover is":           func(p *Plan) { p.Recover = "somehow" },
		"no step":              func(p *Plan) { p.Standing = []Standing{{Step: "lode"}} },
		"no cause":             func(p *Plan) { p.Standing = []Standing{{Step: Load, Cause: "moon"}} },
		"-1 times":             func(p *Plan) { p.Standing = []Standing{{Step: Load, Repeat: -1}} },
		"then is \"repeat\"":   func(p *Plan) { p.Standing = []Standing{{Step: Load, Then: Repeat}} },
		"must name the cause":  func(p *Plan) { p.Standing = []Standing{{Step: Verify, Then: Proceed}} },
		"standing answer for ": func(p *Plan) { p.Standing = []Standing{{Step: Done}} },
	} {
		plan := testPlan()
		change(&plan)
		err := plan.Check()
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if _, _, startErr := Next(State{}, Event{Format: Format, Kind: Started, At: epoch, Plan: &plan}); (startErr == nil) != (err == nil) {
			t.Errorf("a plan with %v starts with %v", err, startErr)
		}
	}
}

// TestPlanIsFixed: what the caller does to the plan afterwards changes no run.
func TestPlanIsFixed(t *testing.T) {
	plan := planOf(true, true, fleet.RecoverOriginal, "then restore")
	s, _ := play(t, State{}, Event{Kind: Started, Plan: &plan})
	plan.Standing[0].Then, plan.RebootAfter[0] = Stop, OpRecover
	if s.Plan.Standing[0].Then != Restore || s.Plan.RebootAfter[0] != OpUpdate {
		t.Error("the run's plan changed with the caller's")
	}
}

func TestStatesThatAreNotUnderstoodAreRefused(t *testing.T) {
	plan := testPlan()
	s, _ := play(t, State{}, Event{Kind: Started, Plan: &plan}, Event{Kind: Faulted, Cause: NoAnswer})
	good, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, change := range [][2]string{
		{`"format":1`, `"format":2`},
		{`"phase":"asking"`, `"phase":"wondering"`},
		{`"phase":"asking"`, `"phase":"reading"`},
		{`"phase":"asking"`, `"phase":"ended"`},
		{`"step":"preflight","op"`, `"step":"postflight","op"`},
		{`"op":"preflight","attempts"`, `"op":"sail","attempts"`},
		{`"failure":`, `"failures":`},
		{`"used":{}`, `"used":{},"pending":"guess"`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s is not in %s", change[0], good)
		}
		var back State
		if err := json.Unmarshal([]byte(bad), &back); err == nil {
			t.Errorf("with %s it is read as if nothing were wrong", change[1])
		}
	}
	var back State
	if err := json.Unmarshal(good, &back); err != nil {
		t.Error(err)
	}
}

// TestEventsSurviveJSON: the journal replays to the same state.
func TestEventsSurviveJSON(t *testing.T) {
	plan := planOf(true, true, fleet.RecoverModified, "then restore")
	s, _ := play(t, State{}, Event{Kind: Started, Plan: &plan})
	for _, g := range alphabet() {
		ev := g.event(s, &plan)
		data, err := json.Marshal(ev)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		a, _, errA := Next(s, ev)
		b, _, errB := Next(s, back)
		if (errA == nil) != (errB == nil) || !sameJSON(t, a, b) {
			t.Errorf("%s leads elsewhere when it was written and read: %s", g, data)
		}
	}
}

func sameJSON(t *testing.T, a, b any) bool {
	t.Helper()
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	if errX != nil || errY != nil {
		t.Fatal(errX, errY)
	}
	return string(x) == string(y)
}

func TestUnfitIsTyped(t *testing.T) {
	var unfit *ErrUnfit
	_, _, err := Next(State{}, Event{Format: Format, Kind: Accepted})
	if !errors.As(err, &unfit) || unfit.Event != Accepted {
		t.Errorf("got %v", err)
	}
}

// TestIdentityIsCompleted: what was known before is not forgotten because a
// reading did not bring it, so that it is still compared after loading.
func TestIdentityIsCompleted(t *testing.T) {
	plan := testPlan()
	plan.Identity = fleet.Identity{Serial: "S1", EngineID: "80aa"}
	s, _ := play(t, State{}, Event{Kind: Started, Plan: &plan},
		Event{Kind: Finished, Observed: &Observation{Identity: fleet.Identity{EngineID: "80aa"}, Version: oldVersion}})
	if s.Identity.Serial != "S1" {
		t.Errorf("the run is for %+v, the serial number is forgotten", s.Identity)
	}
}

// TestNobodyIsNotUpdated: a device that cannot be known by anything, or does
// not tell its version, gets no effect.
func TestNobodyIsNotUpdated(t *testing.T) {
	for _, seen := range []Observation{{Version: oldVersion}, {Identity: fleet.Identity{Serial: "S1"}}} {
		plan := testPlan()
		plan.Identity = fleet.Identity{}
		s, _ := play(t, State{}, Event{Kind: Started, Plan: &plan}, Event{Kind: Finished, Observed: &seen})
		if s.Phase != Asking || s.Failure.Cause != DoesNotFit {
			t.Errorf("with %+v it is %s %+v", seen, s.Phase, s.Failure)
		}
	}
}

// TestStandingAnswerForItsCauseComesFirst, whatever the order in the plan.
func TestStandingAnswerForItsCauseComesFirst(t *testing.T) {
	plan := testPlan()
	plan.Standing = []Standing{{Step: Backup, Then: Stop}, {Step: Backup, Cause: TransferFailed, Repeat: 1}}
	s, actions := play(t, State{}, Event{Kind: Started, Plan: &plan}, Event{Kind: Finished, Observed: seen(oldVersion)},
		Event{Kind: Faulted, Cause: TransferFailed})
	if s.Phase != Commanding || actions[0].Kind != Perform {
		t.Errorf("it is %s with %v", s.Phase, actions)
	}
}
