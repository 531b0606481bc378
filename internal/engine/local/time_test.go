package local

import (
	"testing"
	"testing/synctest"
	"time"

	"drydock/internal/procedure"
)

const years = 10 * 365 * 24 * time.Hour

// shifted is a wall clock that is off by *by.
func shifted(by *time.Duration) func(*Options) {
	return func(o *Options) { o.Now = func() time.Time { return time.Now().Add(*by) } }
}

var jumps = []time.Duration{0, time.Hour, -time.Hour, years, -years}

// TestWallClockIsSet moves the wall clock while a device works: the deadline
// comes when it would have come (F25).
func TestWallClockIsSet(t *testing.T) {
	for _, jump := range jumps {
		synctest.Test(t, func(t *testing.T) {
			var off time.Duration
			b := start(t, newDevices(newMemory()).troubled(procedure.OpKeep, loseOutcome, 1), shifted(&off))
			began := time.Now()
			id := b.begin(t, plan(1))
			synctest.Wait()
			off = jump
			b.question(t, id)
			if waited := time.Since(began); waited != procedure.DefaultTimeout {
				t.Errorf("clock set by %s: asked after %s", jump, waited)
			}
			b.end(t)
		})
	}
}

// TestWallClockIsSetBetweenProcesses: after a restart a deadline is never
// further away than its predetermined time, nor does it come early because the
// clock was set back. A clock that was set forward makes it pass, and then the
// device is probed before anything follows.
func TestWallClockIsSetBetweenProcesses(t *testing.T) {
	for _, jump := range jumps {
		synctest.Test(t, func(t *testing.T) {
			var off time.Duration
			d := newDevices(newMemory()).troubled(procedure.OpKeep, loseOutcome, 1)
			d.trouble = func(a procedure.Action) trouble {
				if a.Op == procedure.OpKeep && a.Kind != procedure.Probe {
					return loseOutcome
				}
				return none
			}
			b := start(t, d, shifted(&off))
			id := b.begin(t, plan(1))
			pause(t.Context(), 2*time.Minute)
			b.end(t)
			off = jump
			b = start(t, d, shifted(&off))
			began := time.Now()
			b.settle(t, id)
			waited := time.Since(began)
			st := b.journal.state(id)
			switch {
			case jump > 0:
				if r := st.Result; r == nil || r.Outcome != procedure.Updated {
					t.Errorf("clock set by %s: the probe sees that keep was done: %+v", jump, st)
				}
			case waited < 3*time.Minute || waited > procedure.DefaultTimeout:
				t.Errorf("clock set by %s: asked after %s", jump, waited)
			case st.Phase != procedure.Asking:
				t.Errorf("clock set by %s: the run is %s", jump, st.Phase)
			}
			b.end(t)
		})
	}
}

// TestDeadlineOfAPerformer is on the process's clock, not on the journal's.
func TestDeadlineOfAPerformer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock(time.Now().Add(-time.Hour), time.Now().Add(years))
		pause(t.Context(), time.Minute)
		if left := time.Until(c.local(c.now().Add(time.Second))); left != time.Second {
			t.Errorf("a second from now is in %s", left)
		}
		if !c.local(time.Time{}).IsZero() {
			t.Error("no time became a time")
		}
	})
}

// TestNotices: a storm becomes a few entries, the last notice is not lost, and
// a notice for a run that waits for nobody is none (I13, F30, F31).
func TestNotices(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory()).troubled(procedure.OpKeep, loseOutcome, 1)
		b := start(t, d)
		id := b.begin(t, plan(1))
		synctest.Wait()
		before := len(b.journal.entries(id))
		for range 100 {
			for range 100 {
				b.Notice(id)
			}
			pause(t.Context(), 10*time.Millisecond)
		}
		b.Notice(id)
		heard := time.Now()
		pause(t.Context(), noticeEvery)
		synctest.Wait()
		entries := b.journal.entries(id)[before:]
		if n := len(entries); n < 5 || n > 7 {
			t.Errorf("10,000 notices in a second are %d entries", n)
		}
		if d.wakes[id] != len(entries) {
			t.Errorf("%d notices, %d wakes", len(entries), d.wakes[id])
		}
		if last := entries[len(entries)-1]; last.Kind != procedure.Noticed || last.At.Before(heard) {
			t.Errorf("the last notice was lost: %s at %s, heard at %s", last.Kind, last.At, heard)
		}
		b.question(t, id)
		before = len(b.journal.entries(id))
		b.Notice(id)
		b.Notice("r9")
		b.send(t.Context(), request{run: id, event: procedure.Event{Kind: procedure.Noticed}}) // it was on its way
		synctest.Wait()
		if n := len(b.journal.entries(id)); n != before {
			t.Errorf("a notice while a person is asked made %d entries", n-before)
		}
		b.end(t)
	})
}
