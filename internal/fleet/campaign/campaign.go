package campaign

import (
	"fmt"
	"slices"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// Status is what a campaign is doing.
type Status string

// The statuses.
const (
	Approving Status = "approving" // a second person must approve the next wave
	Active    Status = "active"
	Soaking   Status = "soaking" // the wave is done; waiting before the next
	Paused    Status = "paused"
	Done      Status = "done"
	Stopped   Status = "stopped" // cancelled by a person
)

// Over says whether the campaign starts nothing any more.
func (s Status) Over() bool { return s == Done || s == Stopped }

// Campaign is a campaign at one moment. It is a value.
type Campaign struct {
	ID        ID        `json:"id"`
	Spec      Spec      `json:"spec"`
	Status    Status    `json:"status"`
	Why       string    `json:"why,omitempty"` // it is paused
	Wave      int       `json:"wave"`          // counts from 0
	Sizes     []int     `json:"sizes"`         // devices in each wave
	StartedBy string    `json:"startedBy"`
	StartedAt time.Time `json:"startedAt"`
	EndedAt   time.Time `json:"endedAt,omitzero"`
	Until     time.Time `json:"until,omitzero"`    // Soaking: the end of it
	Resumes   Status    `json:"resumes,omitempty"` // Paused: what it was doing
	// Forgiven are the failures that were there when somebody resumed it.
	Forgiven Tally `json:"forgiven,omitzero"`
	// Short: the present wave is done and was not good enough; Excused: somebody
	// resumed it, so that its threshold counts no more.
	Short   bool   `json:"short,omitempty"`
	Excused bool   `json:"excused,omitempty"`
	Log     []Note `json:"log"`
}

// Note is something that happened to a campaign as a whole.
type Note struct {
	At   time.Time `json:"at"`
	By   string    `json:"by,omitempty"` // a person; empty: by its own rules
	What string    `json:"what"`
}

// Tally counts a campaign's members.
type Tally struct {
	States map[State]int           `json:"states,omitempty"`
	Causes map[procedure.Cause]int `json:"causes,omitempty"` // of the failed ones
}

// Count tallies the members that pick accepts; nil: all.
func Count(members []Member, pick func(Member) bool) Tally {
	t := Tally{States: map[State]int{}, Causes: map[procedure.Cause]int{}}
	for _, m := range members {
		if pick != nil && !pick(m) {
			continue
		}
		t.States[m.State]++
		if m.State == Failed {
			t.Causes[m.Cause]++
		}
	}
	return t
}

// ended is how many devices have come to an end of their own.
func (t Tally) ended() int { return t.States[Succeeded] + t.States[Failed] }

// New is a campaign as it starts.
func New(id ID, s Spec, sizes []int, by string, now time.Time) Campaign {
	c := Campaign{ID: id, Spec: s, Status: Active, Sizes: sizes, StartedBy: by, StartedAt: now}
	c.note(now, by, "started")
	if s.Approval {
		c.Status = Approving
		c.note(now, "", "waits for approval by somebody other than %s", by)
	}
	return c
}

// maxNotes bounds what a campaign keeps of its own history; the audit has all.
const maxNotes = 200

func (c *Campaign) note(now time.Time, by, format string, args ...any) {
	c.Log = append(slices.Clone(c.Log), Note{At: now, By: by, What: fmt.Sprintf(format, args...)})
	if n := len(c.Log); n > maxNotes {
		c.Log = c.Log[n-maxNotes:]
	}
}

func (c Campaign) wrong(format string, args ...any) error {
	return fault.New(fault.Conflict, "", "campaign "+string(c.ID), format, args...)
}

// Pause starts no more devices until somebody resumes it.
func (c Campaign) Pause(by string, now time.Time) (Campaign, error) {
	if c.Status.Over() || c.Status == Paused {
		return c, c.wrong("it is %s", c.Status)
	}
	c.pause(now, by, "paused by "+by)
	return c, nil
}

func (c *Campaign) pause(now time.Time, by, why string) {
	c.Resumes, c.Status, c.Why = c.Status, Paused, why
	c.note(now, by, "%s", why)
}

// Resume lets it go on. Failures up to now are forgiven: the budget counts anew.
func (c Campaign) Resume(by string, now time.Time, all Tally) (Campaign, error) {
	if c.Status != Paused {
		return c, c.wrong("it is %s, not paused", c.Status)
	}
	c.Status, c.Why, c.Forgiven = c.Resumes, "", all
	c.Excused, c.Short = c.Short, false
	c.note(now, by, "resumed by %s", by)
	return c, nil
}

// Approve lets the next wave begin. Who started the campaign cannot.
func (c Campaign) Approve(by string, now time.Time) (Campaign, error) {
	switch {
	case c.Status != Approving:
		return c, c.wrong("it is %s: nothing waits for approval", c.Status)
	case by == "" || by == c.StartedBy:
		return c, fault.New(fault.Denied, "", "campaign "+string(c.ID), "%s started it: somebody else must approve", c.StartedBy)
	}
	c.Status = Active
	c.note(now, by, "wave %d approved by %s", c.Wave+1, by)
	return c, nil
}

// Cancel ends it: nothing more is started.
func (c Campaign) Cancel(by string, now time.Time) (Campaign, error) {
	if c.Status.Over() {
		return c, c.wrong("it is %s", c.Status)
	}
	c.Status, c.Why, c.EndedAt = Stopped, "cancelled by "+by, now
	c.note(now, by, "cancelled by %s", by)
	return c, nil
}

// Advance moves the campaign as far as its rules say: the budget pauses it, a
// wave that has gone well makes way for the next, the last one ends it. all
// counts every member, wave those of the present one.
func (c Campaign) Advance(all, wave Tally, now time.Time) Campaign {
	switch c.Status {
	case Active:
		if why := c.overspent(all); why != "" {
			c.pause(now, "", why)
			return c
		}
		return c.waveDone(wave, now)
	case Soaking:
		if why := c.overspent(all); why != "" {
			c.pause(now, "", why)
			return c
		}
		if !now.Before(c.Until) {
			return c.nextWave(now)
		}
	}
	return c
}

// overspent says which part of the budget is used up, "" if none.
func (c Campaign) overspent(all Tally) string {
	b := c.Spec.Budget
	failures := all.States[Failed] - c.Forgiven.States[Failed]
	ended := all.ended() - c.Forgiven.ended()
	for cause, most := range b.Causes {
		if n := all.Causes[cause] - c.Forgiven.Causes[cause]; n >= most && n > 0 {
			return fmt.Sprintf("%d devices failed with %s", n, cause)
		}
	}
	if failures < b.Failures || failures == 0 {
		return ""
	}
	if 100*failures >= b.Percent*ended {
		return fmt.Sprintf("%d of %d devices failed", failures, ended)
	}
	return ""
}

// waveDone looks whether the present wave is over, and has gone well. Devices
// that are offline do not hold it up: they join a later one, but for the last.
func (c Campaign) waveDone(wave Tally, now time.Time) Campaign {
	last := c.Wave+1 >= len(c.Sizes)
	for state, n := range wave.States {
		if n > 0 && !state.Over() && (state != Offline || last) {
			return c
		}
	}
	if last {
		c.Status, c.EndedAt = Done, now
		c.note(now, "", "done")
		return c
	}
	rules := c.Spec.wave(c.Wave)
	if ended := wave.ended(); ended > 0 && 100*wave.States[Succeeded] < rules.Threshold*ended && !c.Excused {
		c.Short = true
		c.pause(now, "", fmt.Sprintf("wave %d: %d of %d devices succeeded, %d %% are wanted", c.Wave+1, wave.States[Succeeded], ended, rules.Threshold))
		return c
	}
	if rules.Soak > 0 {
		c.Status, c.Until = Soaking, now.Add(time.Duration(rules.Soak))
		c.note(now, "", "wave %d done, waiting %s", c.Wave+1, rules.Soak)
		return c
	}
	return c.nextWave(now)
}

func (c Campaign) nextWave(now time.Time) Campaign {
	approval := c.Spec.wave(c.Wave).Approval
	c.Wave++
	c.Until, c.Excused = time.Time{}, false
	if c.Status = Active; approval {
		c.Status = Approving
		c.note(now, "", "wave %d waits for approval by somebody other than %s", c.Wave+1, c.StartedBy)
		return c
	}
	c.note(now, "", "wave %d begins", c.Wave+1)
	return c
}

// InFlight is how many devices have a run under way.
func (t Tally) InFlight() int { return t.States[Starting] + t.States[Running] }

// Open is how many devices something may still happen to.
func (t Tally) Open() (n int) {
	for state, k := range t.States {
		if !state.Over() {
			n += k
		}
	}
	return n
}

// Plus is the sum of two tallies.
func (t Tally) Plus(o Tally) Tally {
	sum := Tally{States: map[State]int{}, Causes: map[procedure.Cause]int{}}
	for _, part := range []Tally{t, o} {
		for k, n := range part.States {
			sum.States[k] += n
		}
		for k, n := range part.Causes {
			sum.Causes[k] += n
		}
	}
	return sum
}
