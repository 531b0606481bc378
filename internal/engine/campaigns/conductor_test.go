package campaigns

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// TestLaunched: what becomes of a device after its run was, or could not be, started.
func TestLaunched(t *testing.T) {
	clash := func(kind store.ClashKind) error {
		return fault.New(fault.Conflict, "", "", "%w", &store.Clash{Kind: kind})
	}
	for name, c := range map[string]struct {
		err   error
		state campaign.State
		probe time.Duration // from now
		cause procedure.Cause
	}{
		"started":            {nil, campaign.Running, 0, ""},
		"does not answer":    {fault.New(fault.Unavailable, "", "d1", "no answer"), campaign.Offline, 30 * time.Second, procedure.NoAnswer},
		"is silent":          {fault.New(fault.Timeout, "", "d1", "no answer in 6s"), campaign.Offline, 30 * time.Second, procedure.NoAnswer},
		"another run":        {clash(store.ClashDevice), campaign.Waiting, blockedAgain, ""},
		"its pair":           {clash(store.ClashPair), campaign.Waiting, blockedAgain, ""},
		"is another machine": {fault.New(fault.Conflict, "", "", "wrong model"), campaign.Failed, 0, procedure.DoesNotFit},
		"disk full":          {fault.New(fault.Internal, "", "", "no space"), campaign.Failed, 0, procedure.ServerFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			l := y.begun(spec())
			l.member("d1").State = campaign.Starting
			y.launched(t.Context(), memberKey{l.ID, "d1"}, "run", c.err)
			m := *l.member("d1")
			if m.State != c.state || m.Cause != c.cause || c.probe > 0 && !m.Probe.Equal(y.now.Add(c.probe)) {
				t.Errorf("%+v; want %s, %q, asked again after %s", m, c.state, c.cause, c.probe)
			}
			if c.err == nil && y.runs["run"] != (memberKey{l.ID, "d1"}) {
				t.Error("its run is not followed")
			}
		})
	}
}

// TestEnded: the way goes on after the first of two releases; a run that a
// pause called back starts anew; a failure is one.
func TestEnded(t *testing.T) {
	result := func(o procedure.Outcome, c procedure.Cause, by string) procedure.State {
		return procedure.State{Phase: procedure.Ended, Result: &procedure.Result{Outcome: o, Cause: c, By: by}}
	}
	for name, c := range map[string]struct {
		state procedure.State
		want  campaign.Member
	}{
		"first of two": {result(procedure.Updated, "", ""), campaign.Member{State: campaign.Waiting, Hop: 1}},
		"called back":  {result(procedure.Stopped, "", recalled), campaign.Member{State: campaign.Waiting, Tries: 1}},
		"stopped":      {result(procedure.Stopped, "", "bob"), campaign.Member{State: campaign.Cancelled}},
		"given up":     {result(procedure.Stopped, procedure.Timeout, "bob"), campaign.Member{State: campaign.Failed, Cause: procedure.Timeout}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			l := y.begun(spec())
			y.launched(t.Context(), memberKey{l.ID, "d1"}, "run", nil)
			if !y.ended("run", c.state) || y.ended("run", c.state) {
				t.Error("an end counts once")
			}
			if m := *l.member("d1"); m.State != c.want.State || m.Hop != c.want.Hop || m.Tries != c.want.Tries || m.Cause != c.want.Cause {
				t.Errorf("%+v; want %+v", m, c.want)
			}
		})
	}
}

// TestHeard: a device that does not answer is asked at once when something is
// heard that can be of it, by address or by an engine that has proven itself.
func TestHeard(t *testing.T) {
	from := func(text string) netip.AddrPort { return netip.MustParseAddrPort(text) }
	engine, other := []byte{0x80, 0, 0x1f, 0x88, 0x10}, []byte{0x80, 0, 0x1f, 0x88, 0x20}
	for name, c := range map[string]struct {
		n    snmp.Notification
		asks bool
	}{
		"its address":           {snmp.Notification{From: from("127.0.0.9:5000")}, true},
		"as IPv6":               {snmp.Notification{From: from("[::ffff:127.0.0.9]:5000")}, true},
		"another's address":     {snmp.Notification{From: from("127.0.0.8:5000")}, false},
		"its engine, proven":    {snmp.Notification{From: from("127.0.0.8:5000"), EngineID: engine, Authenticated: true}, true},
		"its engine, only said": {snmp.Notification{From: from("127.0.0.8:5000"), EngineID: engine}, false},
		"another's engine":      {snmp.Notification{From: from("127.0.0.8:5000"), EngineID: other, Authenticated: true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			l := y.begun(spec())
			key := memberKey{l.ID, "d1"}
			y.launched(t.Context(), key, "", fault.New(fault.Unavailable, "", "d1", "no answer"))
			y.listen(t.Context(), key)
			y.now = y.now.Add(time.Second)
			y.Heard(c.n)
			if asks := l.member("d1").Probe.Equal(y.now); asks != c.asks {
				t.Errorf("asked at once: %v, want %v", asks, c.asks)
			}
			names := []string{}
			for _, u := range y.UsersOf(c.n.From.Addr(), c.n.EngineID) {
				names = append(names, u.Name)
			}
			wanted := c.asks || slices.Equal(c.n.EngineID, engine)
			if wanted != slices.Contains(names, "u-d1") {
				t.Errorf("users that are believed: %v", names)
			}
			y.launched(t.Context(), key, "run", nil)
			if len(y.away) > 0 || len(y.UsersOf(c.n.From.Addr(), engine)) > 0 {
				t.Error("it has answered and is still listened to")
			}
		})
	}
}

// TestPacesFromTheFirstOctet: after a restart the images of a campaign's runs
// are paced before the conductor runs, and those of nobody else.
func TestPacesFromTheFirstOctet(t *testing.T) {
	y := newYard(t)
	s := spec()
	s.Caps.Bandwidth = map[string]int64{"": 1000, "site": 100, "rack": 10}
	labels := map[string]string{"site": "a"}
	starting := campaign.Member{Device: "d2", State: campaign.Starting, Labels: labels}
	start := storetest.NewPlayer("r2", "d2").Start(t)
	start.RequestKey = requestKey("c1", starting) + "/d2"
	_, err := y.Store.Commit(t.Context(), []store.Commit{start})
	must(t, err)
	y.loaded(s, campaign.Member{Device: "d1", State: campaign.Running, Run: "r1", Labels: labels}, starting)
	one, two := y.Paces("r1"), y.Paces("r2")
	if len(one) != 2 || len(two) != 2 || !slices.Contains(two, one[0]) || !slices.Contains(two, one[1]) {
		t.Errorf("%d and %d lines; both devices are behind the same two", len(one), len(two))
	}
	if foreign := y.Paces("r9"); foreign != nil {
		t.Errorf("a run of no campaign has %d", len(foreign))
	}
}

// TestPauseCallsBack: runs of a paused campaign are called back, and nobody is
// asked to begin.
func TestPauseCallsBack(t *testing.T) {
	y := newYard(t)
	ctx, cancel := context.WithCancel(t.Context())
	l := y.loaded(spec(), campaign.Member{Device: "d1", State: campaign.Running, Run: "r1"}, campaign.Member{Device: "d2", State: campaign.Waiting})
	y.goOn(ctx)
	_, err := y.Pause(ctx, l.ID, "ann")
	must(t, err)
	y.works.Wait()
	cancel()
	if run := <-y.runtime.recalled; run != "r1" {
		t.Errorf("called back: %s", run)
	}
	must(t, y.advance(t.Context(), l))
	if m := l.member("d2"); m.State != campaign.Waiting {
		t.Errorf("d2 is %s in a paused campaign", m.State)
	}
}

// TestRetry: failed devices get another chance, the others do not.
func TestRetry(t *testing.T) {
	y := newYard(t)
	l := y.loaded(spec(), campaign.Member{Device: "d1", State: campaign.Failed, Cause: procedure.Timeout}, campaign.Member{Device: "d2", State: campaign.Failed},
		campaign.Member{Device: "d3", State: campaign.Succeeded})
	if n, err := y.Retry(t.Context(), l.ID, []fleet.DeviceID{"d3"}); !fault.Is(err, fault.Conflict) || n != 0 {
		t.Errorf("one that succeeded: %d, %v", n, err)
	}
	if n, err := y.Retry(t.Context(), l.ID, []fleet.DeviceID{"d1"}); err != nil || n != 1 || l.member("d2").State != campaign.Failed {
		t.Errorf("one of two: %d, %v; the other is %s", n, err, l.member("d2").State)
	}
	if m := l.member("d1"); m.State != campaign.Waiting || m.Tries != 1 || m.Cause != "" {
		t.Errorf("d1 is %+v", m)
	}
}

// TestGiveUp: a device that has not answered for as long as the campaign waits
// has failed, and was not touched.
func TestGiveUp(t *testing.T) {
	y := newYard(t)
	l := y.loaded(spec(), campaign.Member{Device: "d1", State: campaign.Offline, At: night(), Probes: 1, Probe: night().AddDate(1, 0, 0)})
	l.giveUp(night().Add(24*time.Hour - time.Second))
	if m := l.member("d1"); m.State != campaign.Offline {
		t.Errorf("a second too early it is %s", m.State)
	}
	l.giveUp(night().Add(24 * time.Hour))
	if m := l.member("d1"); m.State != campaign.Failed || m.Left != procedure.Untouched {
		t.Errorf("after 24 h it is %+v", m)
	}
}
