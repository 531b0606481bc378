package campaign

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

var night = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func members(n int) []Member {
	list := make([]Member, n)
	for i := range list {
		list[i] = Member{Device: fleet.DeviceID(fmt.Sprintf("d%04d", i)), State: Waiting, Labels: map[string]string{}}
	}
	return list
}

func TestWavesByCountAndPercent(t *testing.T) {
	t.Parallel()
	list := members(250)
	sizes := AssignWaves(Spec{Waves: []Wave{{Count: 1}, {Percent: 10}, {Percent: 50}}}, list)
	if !slices.Equal(sizes, []int{1, 24, 100, 125}) {
		t.Fatalf("the waves have %v devices", sizes)
	}
	if list[0].Wave != 0 || list[1].Wave != 1 || list[249].Wave != 3 {
		t.Errorf("waves %d, %d, %d", list[0].Wave, list[1].Wave, list[249].Wave)
	}
}

func TestOrderKeepsRanksApart(t *testing.T) {
	t.Parallel()
	list := members(9)
	for i := range list {
		list[i].Labels["tier"] = []string{"core", "access", "aggregation"}[i%3]
	}
	s := Spec{Waves: []Wave{{Count: 1}}, Order: &Ranking{Label: "tier", Values: []string{"access", "aggregation"}}}
	if sizes := AssignWaves(s, list); !slices.Equal(sizes, []int{1, 2, 3, 3}) {
		t.Fatalf("the waves have %v devices", sizes)
	}
	for i, want := range []string{"access", "access", "access", "aggregation", "aggregation", "aggregation", "core"} {
		if got := list[i].Labels["tier"]; got != want {
			t.Errorf("device %d of the order is %s, want %s", i, got, want)
		}
	}
}

func wave(states ...State) Tally {
	var list []Member
	for _, s := range states {
		list = append(list, Member{State: s, Cause: procedure.Timeout})
	}
	return Count(list, nil)
}

func running(s Spec, sizes ...int) Campaign { return New("c", s.WithDefaults(), sizes, "ann", night) }

func TestWaveGoesOn(t *testing.T) {
	t.Parallel()
	c := running(Spec{Waves: []Wave{{Count: 2, Soak: Duration(time.Hour), Approval: true}}}, 2, 2)
	if n := c.Advance(wave(Succeeded, Running), wave(Succeeded, Running), night); n.Status != Active || n.Wave != 0 {
		t.Fatalf("with a device under way it is %s in wave %d", n.Status, n.Wave)
	}
	c = c.Advance(wave(Succeeded, Offline), wave(Succeeded, Offline), night)
	if c.Status != Soaking || !c.Until.Equal(night.Add(time.Hour)) {
		t.Fatalf("after the wave it is %s until %s", c.Status, c.Until)
	}
	if n := c.Advance(wave(Succeeded), wave(), night.Add(time.Minute)); n.Status != Soaking {
		t.Errorf("before the soak has ended it is %s", n.Status)
	}
	c = c.Advance(wave(Succeeded), wave(), night.Add(time.Hour))
	if c.Status != Approving || c.Wave != 1 {
		t.Fatalf("after the soak it is %s in wave %d", c.Status, c.Wave)
	}
	if _, err := c.Approve("ann", night); !fault.Is(err, fault.Denied) {
		t.Errorf("who started it approves: %v", err)
	}
	c, err := c.Approve("bob", night)
	if err != nil || c.Status != Active {
		t.Fatalf("approved it is %s, %v", c.Status, err)
	}
	if n := c.Advance(wave(Succeeded, Offline), wave(Offline), night); n.Status != Active {
		t.Errorf("with a device offline in the last wave it is %s", n.Status)
	}
	if n := c.Advance(wave(Succeeded, Succeeded), wave(Succeeded), night); n.Status != Done {
		t.Errorf("at the end it is %s", n.Status)
	}
}

func TestThresholdStopsTheNextWave(t *testing.T) {
	t.Parallel()
	c := running(Spec{Waves: []Wave{{Count: 2, Threshold: 60}}, Budget: Budget{Failures: 100}}, 2, 2)
	bad := wave(Succeeded, Failed)
	c = c.Advance(bad, bad, night)
	if c.Status != Paused || c.Wave != 0 {
		t.Fatalf("it is %s in wave %d", c.Status, c.Wave)
	}
	c, err := c.Resume("ann", night, bad)
	if err != nil {
		t.Fatal(err)
	}
	if c = c.Advance(bad, bad, night); c.Status != Active || c.Wave != 1 {
		t.Errorf("resumed it is %s in wave %d", c.Status, c.Wave)
	}
	if c.Excused {
		t.Error("the next wave is excused as well")
	}
}

func TestBudgetPauses(t *testing.T) {
	t.Parallel()
	fails := func(failed, succeeded int) Tally {
		return Tally{States: map[State]int{Failed: failed, Succeeded: succeeded, Running: 1}, Causes: map[procedure.Cause]int{procedure.NoRoom: failed}}
	}
	for name, test := range map[string]struct {
		budget Budget
		all    Tally
		paused bool
	}{
		"few":                  {Budget{Failures: 5, Percent: 2}, fails(4, 0), false},
		"many":                 {Budget{Failures: 5, Percent: 2}, fails(5, 0), true},
		"many, but a low rate": {Budget{Failures: 5, Percent: 2}, fails(5, 1000), false},
		"of one cause":         {Budget{Failures: 50, Percent: 2, Causes: map[procedure.Cause]int{procedure.NoRoom: 2}}, fails(2, 1000), true},
	} {
		c := running(Spec{Budget: test.budget}, 2000)
		c = c.Advance(test.all, test.all, night)
		if (c.Status == Paused) != test.paused {
			t.Errorf("%s: it is %s (%s)", name, c.Status, c.Why)
		}
		if c.Status != Paused {
			continue
		}
		c, _ = c.Resume("ann", night, test.all)
		if c = c.Advance(test.all, test.all, night); c.Status == Paused {
			t.Errorf("%s: resumed it is paused again: %s", name, c.Why)
		}
	}
}

// I15: whatever the order of candidates, no cap is passed and no pair is split.
func TestAdmitKeepsCaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := Spec{Caps: Caps{InFlight: rapid.IntRange(1, 20).Draw(t, "cap"), PerLabel: map[string]int{"site": rapid.IntRange(1, 4).Draw(t, "site cap")}},
			Exclusive: []string{"pair"}}.WithDefaults()
		c := New("c", s, []int{40}, "ann", night)
		list := members(40)
		flight := Flight{Labels: map[string]map[string]int{}, OwnBy: map[string]map[string]int{}}
		for i := range list {
			list[i].Labels = map[string]string{"site": rapid.SampledFrom([]string{"a", "b", "c", ""}).Draw(t, "site"), "pair": rapid.SampledFrom([]string{"", "p1", "p2", "p3"}).Draw(t, "pair")}
		}
		for range 4 { // rounds: some end, more start
			chosen := Admit(c, list, flight, rapid.IntRange(0, 30).Draw(t, "most"), night, func(Member) []procedure.Opening { return nil })
			for _, m := range chosen {
				list[slices.IndexFunc(list, func(o Member) bool { return o.Device == m.Device })] = m
			}
			check(t, s, list)
			for i := range list {
				if list[i].State.InFlight() && rapid.Bool().Draw(t, "ends") {
					list[i].State = Succeeded
				}
			}
			flight = check(t, s, list)
		}
	})
}

func check(t *rapid.T, s Spec, list []Member) Flight {
	var f Flight
	for _, m := range list {
		if m.State.InFlight() {
			f.add(s, m)
		}
	}
	if f.Own > s.Caps.InFlight {
		t.Fatalf("%d in flight, the cap is %d", f.Own, s.Caps.InFlight)
	}
	for v, n := range f.OwnBy["site"] {
		if n > s.Caps.PerLabel["site"] {
			t.Fatalf("site %s has %d in flight, the cap is %d", v, n, s.Caps.PerLabel["site"])
		}
	}
	for v, n := range f.Labels["pair"] {
		if n > 1 {
			t.Fatalf("%d devices of pair %s are in flight", n, v)
		}
	}
	return f
}

func TestPath(t *testing.T) {
	t.Parallel()
	release := func(id, version string, from ...string) fleet.Release {
		return fleet.Release{ID: fleet.ReleaseID(id), Driver: "d", Version: version, From: from}
	}
	all := []fleet.Release{release("r2", "2.0", "1.*"), release("r2b", "2.5", "2.0"), release("r3", "3.0", "2.*"), release("r4", "4.0", "3.0")}
	for _, test := range []struct {
		from string
		want []fleet.ReleaseID
	}{
		{"3.0", []fleet.ReleaseID{"r4"}}, {"2.0", []fleet.ReleaseID{"r3", "r4"}}, {"1.4", []fleet.ReleaseID{"r2", "r3", "r4"}}, {"4.0", []fleet.ReleaseID{"r4"}}, {"0.9", nil},
	} {
		got, err := Path(all[3], all, "d", "m", test.from)
		if !slices.Equal(got, test.want) || (err != nil) != (test.want == nil) {
			t.Errorf("from %s: %v, %v; want %v", test.from, got, err, test.want)
		}
	}
	if _, err := Path(all[3], all, "other", "m", "3.0"); err == nil {
		t.Error("a device of another family has a path")
	}
}

func place(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Windows are on the device's own clock, over midnight, and over the nights
// when clocks change (F25).
func TestOpenings(t *testing.T) {
	t.Parallel()
	s := Schedule{Windows: []Window{{Days: []string{"Sat"}, From: "23:00", To: "04:00"}}, BlackOut: []string{"2026-11-28"}}
	berlin := place(t, "Europe/Berlin")
	now := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC) // Sunday 02:30 summer time; at 03:00 it is 02:00 again
	got := s.Openings(now, berlin)
	if len(got) == 0 || !got[0].Until.Equal(time.Date(2026, 10, 25, 3, 0, 0, 0, time.UTC)) || got[0].Until.Sub(got[0].From) != 6*time.Hour {
		t.Fatalf("the night that is an hour longer: %v", got)
	}
	for _, o := range got {
		if o.From.In(berlin).Format(time.DateOnly) == "2026-11-28" {
			t.Errorf("a window opens on a date that is blacked out: %v", o)
		}
	}
	if tokyo := s.Openings(now, place(t, "Asia/Tokyo")); tokyo[0].From.Equal(got[0].From) {
		t.Error("the window is the same in Tokyo")
	}
	if (Schedule{}).Openings(now, berlin) != nil {
		t.Error("without windows there are openings")
	}
	if !startable(nil, DefaultTakes, now) || startable(got, Duration(4*time.Hour), now) || !startable(got, DefaultTakes, now) {
		t.Error("what is left of the window is not what decides")
	}
}

func TestMemberEnds(t *testing.T) {
	t.Parallel()
	m := Member{Path: []fleet.ReleaseID{"r2", "r3"}, State: Running}
	m = m.Ended(procedure.Result{Outcome: procedure.Updated}, night)
	if m.State != Waiting || m.Release() != "r3" {
		t.Fatalf("after the first hop it is %s, next %q", m.State, m.Release())
	}
	if m = m.Ended(procedure.Result{Outcome: procedure.Updated}, night); m.State != Succeeded {
		t.Errorf("after the last hop it is %s", m.State)
	}
	for _, test := range []struct {
		outcome procedure.Outcome
		cause   procedure.Cause
		want    State
	}{
		{procedure.RolledBack, procedure.WrongVersion, Failed}, {procedure.Expired, "", Failed},
		{procedure.Stopped, procedure.Timeout, Failed}, {procedure.Stopped, "", Cancelled},
	} {
		if got := m.Ended(procedure.Result{Outcome: test.outcome, Cause: test.cause}, night).State; got != test.want {
			t.Errorf("%s, %s: %s, want %s", test.outcome, test.cause, got, test.want)
		}
	}
	m = Member{State: Starting}
	var waits []time.Duration
	for range 7 {
		m = m.Unreachable("no answer", night)
		waits = append(waits, m.Probe.Sub(night))
	}
	if m.State != Offline || waits[0] != 30*time.Second || waits[1] != time.Minute || waits[6] != 10*time.Minute {
		t.Errorf("it is %s, asked again after %v", m.State, waits)
	}
}

func TestSpecCheck(t *testing.T) {
	t.Parallel()
	good := Spec{Name: "n", Release: "r"}
	for name, change := range map[string]func(*Spec){
		"no name":        func(s *Spec) { s.Name = "" },
		"no release":     func(s *Spec) { s.Release = "" },
		"empty wave":     func(s *Spec) { s.Waves = []Wave{{}} },
		"both":           func(s *Spec) { s.Waves = []Wave{{Count: 1, Percent: 2}} },
		"falling":        func(s *Spec) { s.Waves = []Wave{{Percent: 20}, {Percent: 10}} },
		"unknown cause":  func(s *Spec) { s.Budget.Causes = map[procedure.Cause]int{"x": 1} },
		"cap of nothing": func(s *Spec) { s.Caps.PerLabel = map[string]int{"site": 0} },
		"day":            func(s *Spec) { s.Schedule.Windows = []Window{{Days: []string{"so"}, From: "01:00", To: "02:00"}} },
		"time":           func(s *Spec) { s.Schedule.Windows = []Window{{From: "25:00", To: "02:00"}} },
		"window too short": func(s *Spec) {
			s.Schedule.Windows, s.Schedule.Takes = []Window{{From: "01:00", To: "01:20"}}, Duration(time.Hour)
		},
		"black-out": func(s *Spec) { s.Schedule.BlackOut = []string{"24.12."} },
		"revert":    func(s *Spec) { s.Goal = procedure.GoalRevert },
	} {
		s := good
		change(&s)
		if s.Check() == nil {
			t.Errorf("%s is not refused", name)
		}
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

// TestNext: what waits for a window knows which one.
func TestNext(t *testing.T) {
	night := Schedule{Windows: []Window{{From: "01:00", To: "05:00"}}, Takes: Duration(30 * time.Minute), Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		s      Schedule
		labels map[string]string
		now    string // UTC
		want   string // on the device's clock; empty: none
	}{
		"any time":         {Schedule{}, nil, "2026-11-23 12:00", "2026-11-23 12:00 UTC"},
		"the next night":   {night, nil, "2026-11-23 12:00", "2026-11-24 01:00 Europe/Berlin"},
		"it is open":       {night, nil, "2026-11-23 02:00", "2026-11-23 03:00 Europe/Berlin"},
		"too little left":  {night, nil, "2026-11-23 03:45", "2026-11-24 01:00 Europe/Berlin"},
		"where the device": {night, map[string]string{"timezone": "America/New_York"}, "2026-11-23 12:00", "2026-11-24 01:00 America/New_York"},
		"never so long":    {Schedule{Windows: night.Windows, Takes: Duration(5 * time.Hour)}, nil, "2026-11-23 12:00", ""},
	} {
		now, err := time.Parse("2006-01-02 15:04", c.now)
		if err != nil {
			t.Fatal(err)
		}
		at, zone, ok := c.s.Next(c.labels, now)
		got := at.Format("2006-01-02 15:04 ") + zone
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s: %q; want %q", name, got, c.want)
		}
	}
}
