package transfer

import (
	"testing"
	"time"
)

// However the octets are asked for, no more leave than the rate allows, and a
// line that was idle is not paid back.
func TestPace(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	p := NewPace(10_000)
	sent := 0
	for at := now; at.Before(now.Add(10 * time.Second)); {
		if wait := p.take(500, at); wait > 0 {
			at = at.Add(wait)
		}
		sent += 500
	}
	if sent < 100_000 || sent > 102_000 {
		t.Errorf("in 10 s %d octets left at 10,000 a second", sent)
	}
	later := now.Add(time.Hour)
	burst := 0
	for p.take(500, later) == 0 {
		burst += 500
	}
	if burst > 2000 {
		t.Errorf("after an hour of silence %d octets left at once", burst)
	}
}

func TestPacesOfAGrant(t *testing.T) {
	now := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	g := &Grant{Spec: Spec{Paces: []*Pace{NewPace(1_000_000), NewPace(1_000)}}}
	g.Pace(1000, now)
	if wait := g.Pace(1000, now); wait < 900*time.Millisecond {
		t.Errorf("the slower of two paces makes it wait %s", wait)
	}
	if (&Grant{}).Pace(1<<30, now) != 0 {
		t.Error("without a pace something waits")
	}
}
