package local

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// stories are ways of a run through the procedure. Each ends by itself when
// its questions are answered with repeat.
var stories = []struct {
	name string
	op   procedure.Op
	how  trouble
}{
	{"all goes well", "", none},
	{"backup is refused", procedure.OpBackup, fails},
	{"keep is done, the outcome lost", procedure.OpKeep, loseOutcome},
	{"update is done, the answer lost", procedure.OpUpdate, failUnclear},
	{"update is not done, the answer lost", procedure.OpUpdate, lostUnclear},
	{"update is refused, the old files put back", procedure.OpUpdate, fails},
	{"recover hangs", procedure.OpRecover, loseCommand},
	{"modify panics", procedure.OpModify, panics},
	{"verify comes too late", procedure.OpVerify, late},
	{"recover is told, and its action lingers", procedure.OpRecover, lingers},
	{"modify is told twice", procedure.OpModify, twice},
}

// TestKillAnywhere stops the runtime at every commit of every story, in both
// ways in which a write can fail, and shows that a restart converges: the run
// ends as it would have, and nothing is done twice unseen (I2, I5, F22, L1).
// The devices check each effect; see there.
func TestKillAnywhere(t *testing.T) {
	for _, story := range stories {
		for _, how := range []failure{undone, unreported} {
			t.Run(fmt.Sprintf("%s/%d", story.name, how), func(t *testing.T) {
				at := 1
				for killed := true; killed; at++ {
					synctest.Test(t, func(t *testing.T) {
						killed = killAt(t, newDevices(newMemory()).troubled(story.op, story.how, 1), at, how)
					})
					if t.Failed() {
						t.Fatalf("when commit %d failed", at)
					}
				}
				if at < 10 {
					t.Errorf("the story has only %d commits", at)
				}
			})
		}
	}
}

// killAt plays a story whose commit number at fails; false if it has fewer.
func killAt(t *testing.T, d *devices, at int, how failure) (killed bool) {
	d.journal.fail = func(n int) failure {
		if n == at {
			return how
		}
		return well
	}
	b := start(t, d)
	id, over := tell(t, b)
	if killed = d.journal.count() >= at; killed {
		if err := <-b.done; !errors.Is(err, errDisk) {
			t.Errorf("the runtime must stop with the journal's error: %v", err)
		}
		d.journal.fail = nil
		b = start(t, d)
		id, over = tell(t, b)
	}
	if !over {
		t.Fatal("the run was not told to its end")
	}
	if r := b.result(t, id); r.Outcome != procedure.Updated || r.Left != procedure.NewProven {
		t.Errorf("ended as %+v", r)
	}
	b.end(t)
	return killed
}

// tell starts a run, answers what it asks with repeat and waits for its end;
// false if the runtime stopped before.
func tell(t *testing.T, b *bench) (id fleet.RunID, over bool) {
	id, err := b.Start(t.Context(), plan(1), "key")
	if err != nil {
		return id, false
	}
	for range 20 {
		if !b.settle(t, id) {
			return id, false
		}
		q := b.journal.state(id).Question
		if q == nil {
			return id, true
		}
		if _, err := b.Answer(t.Context(), id, procedure.Reply{Question: q.ID, Choice: procedure.Repeat, By: "anna"}); err != nil {
			return id, false
		}
	}
	t.Fatal("the run asks without end")
	return id, false
}

// TestNoRoom: a full disk stops nothing for good. Callers are told, outcomes
// are kept, and nothing is let out before its entry is written (F19).
func TestNoRoom(t *testing.T) {
	for at := 2; at < 12; at++ {
		synctest.Test(t, func(t *testing.T) {
			d := newDevices(newMemory())
			d.journal.fail = func(n int) failure {
				if n >= at && n < at+5 {
					return full
				}
				return well
			}
			b := start(t, d)
			id := b.begin(t, plan(1))
			began := time.Now()
			synctest.Wait()
			if _, err := b.Start(t.Context(), plan(2), ""); !fault.Is(err, fault.Full) {
				t.Errorf("a caller must be told that there is no room: %v", err)
			}
			if r := b.result(t, id); r.Outcome != procedure.Updated {
				t.Errorf("ended as %+v", r)
			}
			if waited := time.Since(began); waited < 3*roomPause || waited > 10*roomPause {
				t.Errorf("went on after %s", waited)
			}
			b.end(t)
		})
	}
}

// TestForeignJournal: where somebody else writes a run's journal, this process
// must not go on.
func TestForeignJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory()).troubled(procedure.OpKeep, fails, 1)
		b := start(t, d)
		id := b.begin(t, plan(1))
		q := b.question(t, id)
		d.journal.mu.Lock()
		d.journal.runs[id].Seq++
		d.journal.mu.Unlock()
		if _, err := b.Answer(t.Context(), id, procedure.Reply{Question: q.ID, Choice: procedure.Repeat, By: "anna"}); !fault.Is(err, fault.Conflict) {
			t.Errorf("answer: %v", err)
		}
		if err := <-b.done; !fault.Is(err, fault.Conflict) {
			t.Errorf("run: %v", err)
		}
	})
}

// TestRefusedEntry: where the journal does not take one entry, its run is not
// lost: the deadline comes, and comes again.
func TestRefusedEntry(t *testing.T) {
	for kind, late := range map[procedure.EventKind]time.Duration{procedure.Finished: 0, procedure.Restarted: 0, procedure.Overdue: alarmAgain} {
		synctest.Test(t, func(t *testing.T) {
			d := newDevices(newMemory())
			if kind != procedure.Finished {
				d.troubled(procedure.OpKeep, loseOutcome, 1)
			}
			refused := 0
			d.journal.refuse = func(ev procedure.Event) bool {
				if ev.Kind == kind && refused == 0 {
					refused++
					return true
				}
				return false
			}
			b := start(t, d)
			began := time.Now()
			id := b.begin(t, plan(1))
			synctest.Wait()
			if kind == procedure.Restarted {
				b.end(t)
				b = start(t, d)
			}
			if q := b.question(t, id); q.Cause != procedure.Timeout || refused != 1 {
				t.Errorf("question %+v after %d refusals", q, refused)
			}
			if waited := time.Since(began); waited != procedure.DefaultTimeout+late {
				t.Errorf("%s was refused: asked after %s", kind, waited)
			}
			b.end(t)
		})
	}
}

// TestRandomTroubles runs fleets through random faults, delays, notices, full
// disks and restarts, in simulated time. Every run must end or ask, and the
// devices check every effect (I5, I9, F30, F35, L1, L2).
func TestRandomTroubles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		troubles := rapid.IntRange(0, 60).Draw(rt, "troubles in a hundred")
		restarts := rapid.IntRange(0, 4).Draw(rt, "restarts")
		bound := rapid.IntRange(1, 5).Draw(rt, "in flight")
		failed := !t.Run("", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { simulate(t, seed, troubles, restarts, bound) })
		})
		if failed {
			rt.Fatalf("seed %d", seed)
		}
	})
}

func simulate(t *testing.T, seed uint64, troubles, restarts, bound int) {
	random := rand.New(rand.NewPCG(seed, 0)) // guarded by the devices' lock
	d := newDevices(newMemory())
	d.trouble = func(procedure.Action) trouble {
		if random.IntN(100) < troubles {
			return trouble(1 + random.IntN(int(panics)))
		}
		return none
	}
	d.delay = func(procedure.Action) time.Duration {
		d.mu.Lock()
		defer d.mu.Unlock()
		if random.IntN(20) == 0 {
			return time.Duration(random.Int64N(int64(2 * procedure.DefaultTimeout)))
		}
		return time.Duration(random.Int64N(int64(time.Minute)))
	}
	draw := rand.New(rand.NewPCG(seed, 1))
	var runs []fleet.RunID
	for life := range restarts + 1 {
		shift := time.Duration(draw.Int64N(int64(48*time.Hour))) - 24*time.Hour
		b := start(t, d, func(o *Options) {
			o.MaxInFlight, o.MaxBatch = bound, 1+draw.IntN(3)
			o.Now = func() time.Time { return time.Now().Add(shift) }
		})
		if life == 0 {
			for n := range 4 {
				runs = append(runs, b.begin(t, plan(n)))
			}
		}
		alive(t, b, draw, runs, life == restarts)
		b.end(t)
	}
	for _, id := range runs {
		if st := d.journal.state(id); st.Phase != procedure.Ended {
			t.Errorf("run %s is still %s at %s", id, st.Phase, st.Op)
		}
	}
}

// alive answers what the runs ask, for a while, or to their end.
func alive(t *testing.T, b *bench, draw *rand.Rand, runs []fleet.RunID, last bool) {
	for round := 0; last && round < 60 || !last && round < 1+draw.IntN(30); round++ {
		pause(context.Background(), time.Duration(draw.Int64N(int64(4*time.Minute))))
		if last {
			b.settle(t, runs...)
		}
		for _, id := range runs {
			b.Notice(id)
			q := b.journal.state(id).Question
			if q == nil || draw.IntN(2) == 0 {
				continue
			}
			choice := q.Choices[draw.IntN(len(q.Choices))]
			if last && round > 40 {
				choice = procedure.Stop
			}
			if _, err := b.Answer(t.Context(), id, procedure.Reply{Question: q.ID, Choice: choice, By: "anna"}); err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("answer: %v", err)
			}
		}
	}
}
