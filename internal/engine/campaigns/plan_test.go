package campaigns

import (
	"slices"
	"strings"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/secret"
)

// TestPlan: what is known before anything is asked.
func TestPlan(t *testing.T) {
	y := newYard(t)
	p, err := y.Plan(t.Context(), spec(), false)
	must(t, err)
	d := p.Devices[0]
	if len(p.Devices) != 3 || d.From != "1.4" || d.To != "2.0" || !slices.Equal(d.Path, []fleet.ReleaseID{"r15", "r2"}) || d.Bytes != 5 || len(d.Blockers) > 0 {
		t.Errorf("the plan has %d devices, the first %+v", len(p.Devices), d)
	}
}

// TestPlanAsksNothingInVain: of a device that no release is for, only that is said.
func TestPlanAsksNothingInVain(t *testing.T) {
	y := newYard(t)
	other := fleet.Device{ID: "sw", Address: "127.0.0.9:161", Driver: "fastpath", Labels: map[string]string{"site": "a"}}
	must(t, y.Store.PutDevice(t.Context(), other, &fleet.Credentials{Version: "v2c", Community: secret.New("public")}))
	s := spec()
	s.Targets = campaign.Targets{Devices: []fleet.DeviceID{"sw"}}
	p, err := y.Plan(t.Context(), s, true)
	must(t, err)
	if got := p.Devices[0].Blockers; !slices.Equal(got, []string{"none of the campaign's releases is for fastpath"}) {
		t.Errorf("it is blocked by %q", got)
	}
}

// TestPlanOfAnotherWorld: a plan is refused for each thing that it was made
// from, and names the device; what has nothing to do with it changes nothing.
func TestPlanOfAnotherWorld(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*yard) error
		names  string // empty: it is still true
	}{
		"nothing": {func(*yard) error { return nil }, ""},
		"seen again": {func(y *yard) error {
			return y.Store.ObserveDevice(y.t.Context(), "d2", fleet.Identity{}, "IAD-4", "1.4", night().AddDate(0, 0, 1))
		}, ""},
		"another release": {func(y *yard) error { y.release("other", "3.0", "9*"); return nil }, ""},
		"version": {func(y *yard) error {
			return y.Store.ObserveDevice(y.t.Context(), "d2", fleet.Identity{}, "IAD-4", "1.5", night())
		}, "d2"},
		"model": {func(y *yard) error {
			return y.Store.ObserveDevice(y.t.Context(), "d2", fleet.Identity{}, "IAD-24", "1.4", night())
		}, "d2"},
		"identity": {func(y *yard) error {
			return y.Store.ObserveDevice(y.t.Context(), "d2", fleet.Identity{Serial: "other"}, "IAD-4", "1.4", night())
		}, "d2"},
		"address": {func(y *yard) error { y.device("d2", "127.0.0.8:161"); return nil }, "d2"},
		"label": {func(y *yard) error {
			d, err := y.Store.Device(y.t.Context(), "d2")
			must(y.t, err)
			d.Labels = map[string]string{"site": "b"}
			return y.Store.PutDevice(y.t.Context(), d, nil)
		}, "d2"},
		"removed":     {func(y *yard) error { return y.Store.RemoveDevice(y.t.Context(), "d2") }, "d2"},
		"added":       {func(y *yard) error { y.device("d4", "127.0.0.9:161"); return nil }, "d4"},
		"another way": {func(y *yard) error { y.release("r-shorter", "1.5.1", "1.4"); return nil }, "d1, d2, d3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			p, err := y.Plan(t.Context(), spec(), false)
			must(t, err)
			must(t, c.change(y))
			_, err = y.Start(t.Context(), Order{Plan: &p, By: "ann"})
			switch {
			case c.names == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.names != "" && (!fault.Is(err, fault.Conflict) || !strings.HasSuffix(err.Error(), "have changed, come or gone: "+c.names)):
				t.Errorf("%v; want it refused for %s", err, c.names)
			}
		})
	}
}

// TestApproveAbove: a large campaign waits for a second person, whatever its
// order or a plan that was edited says; a small one does not.
func TestApproveAbove(t *testing.T) {
	y := newYard(t)
	y.ApproveAbove = 2
	p, err := y.Plan(t.Context(), spec(), false)
	must(t, err)
	if !p.Spec.Approval {
		t.Error("the plan does not say that it needs approval")
	}
	p.Spec.Approval = false
	large, err := y.Start(t.Context(), Order{Plan: &p, By: "ann"})
	must(t, err)
	if _, err := y.Approve(t.Context(), large.ID, "ann"); large.Status != campaign.Approving || !fault.Is(err, fault.Denied) {
		t.Errorf("it is %s; approved by who started it: %v", large.Status, err)
	}
	if _, err := y.Cancel(t.Context(), large.ID, "ann"); err != nil {
		t.Error(err)
	}
	small := spec()
	small.Targets.Devices = []fleet.DeviceID{"d1", "d2"}
	y.step(t.Context()) // lets go of what was cancelled
	if one, err := y.Start(t.Context(), Order{Spec: small, By: "ann"}); err != nil || one.Status != campaign.Active {
		t.Errorf("two devices: %s, %v", one.Status, err)
	}
}

// TestTwice: a device is in one campaign at a time, and the refusal says in
// which.
func TestTwice(t *testing.T) {
	y := newYard(t)
	first := y.begun(spec())
	_, err := y.Start(t.Context(), Order{Spec: spec(), By: "ann"})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), string(first.ID)) {
		t.Errorf("started again: %v", err)
	}
}
