package local

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

var _ engine.Runtime = (*Runtime)(nil)
var _ Performer = (*engine.Engine)(nil)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("rapid.checks").Value.String() == "100" { // the default is too long for every build; make soak gives more
		if err := flag.Set("rapid.checks", "25"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

func plan(n int) procedure.Plan {
	return procedure.Plan{Run: fleet.RunID(fmt.Sprintf("r%d", n)), Device: fleet.DeviceID(fmt.Sprintf("d%d", n)), Release: "rel", Target: "2.0",
		Recover: fleet.RecoverOriginal, CanKeep: true}
}

// bench is a runtime under test that can be stopped and started again.
type bench struct {
	*Runtime
	journal *memory
	devices *devices
	stop    context.CancelFunc
	done    chan error
}

func start(t testing.TB, journal *memory, d *devices) *bench {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b := &bench{New(Options{Journal: journal, Performer: d}), journal, d, cancel, make(chan error, 1)}
	go func() { b.done <- b.Run(ctx) }()
	return b
}

func (b *bench) end(t testing.TB) error {
	t.Helper()
	b.stop()
	return <-b.done
}

// settle waits until every run has ended or asks.
func (b *bench) settle(t testing.TB, runs ...fleet.RunID) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	changes := b.Watch(ctx)
	for {
		waiting := 0
		for _, id := range runs {
			if p := b.journal.state(id).Phase; p != procedure.Ended && p != procedure.Asking {
				waiting++
			}
		}
		if waiting == 0 {
			return
		}
		if _, ok := <-changes; !ok {
			t.Fatalf("%d runs did not settle", waiting)
		}
	}
}

func TestRunGoesThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newMemory(), newDevices())
		id, err := b.Start(t.Context(), plan(1), "")
		if err != nil {
			t.Fatal(err)
		}
		b.settle(t, id)
		if r := b.journal.state(id).Result; r == nil || r.Outcome != procedure.Updated {
			t.Errorf("ended as %+v", r)
		}
		for op, n := range b.devices.known["d1"].done {
			if n != 1 {
				t.Errorf("%s was done %d times", op, n)
			}
		}
		if err := b.end(t); err != nil {
			t.Error(err)
		}
	})
}

func TestDeadlineAsksAndRepeatProbesFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices()
		lost := 0
		d.trouble = func(a procedure.Action) trouble {
			if a.Op == procedure.OpKeep && a.Kind == procedure.Perform && lost == 0 {
				lost++
				return loseOutcome
			}
			return none
		}
		b := start(t, newMemory(), d)
		id, err := b.Start(t.Context(), plan(1), "")
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		b.settle(t, id)
		q := b.journal.state(id).Question
		if q == nil || q.Cause != procedure.Timeout {
			t.Fatalf("question %+v", q)
		}
		if waited := time.Since(began); waited != procedure.DefaultTimeout {
			t.Errorf("asked after %s, the predetermined time is %s", waited, procedure.DefaultTimeout)
		}
		if _, err := b.Answer(t.Context(), id, q.ID, procedure.Repeat, "anna"); err != nil {
			t.Fatal(err)
		}
		b.settle(t, id)
		if n := d.known["d1"].done[procedure.OpKeep]; n != 1 {
			t.Errorf("keep was done %d times: the probe would have said that it was done", n)
		}
		if err := b.end(t); err != nil {
			t.Error(err)
		}
	})
}

func TestFirstAnswerWins(t *testing.T) {
	d := newDevices()
	d.trouble = func(a procedure.Action) trouble {
		if a.Op == procedure.OpBackup {
			return fails
		}
		return none
	}
	b := start(t, newMemory(), d)
	id, err := b.Start(t.Context(), plan(1), "")
	if err != nil {
		t.Fatal(err)
	}
	b.settle(t, id)
	question := b.journal.state(id).Question.ID
	var wg sync.WaitGroup
	won := make(chan string, 50)
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			by := fmt.Sprint("user", i)
			_, err := b.Answer(t.Context(), id, question, procedure.Stop, by)
			switch {
			case err == nil:
				won <- by
			case !fault.Is(err, fault.Conflict):
				t.Errorf("the second must be told of a conflict: %v", err)
			}
		}()
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d answers won", len(won))
	}
	if r := b.journal.state(id).Result; r.Outcome != procedure.Stopped || r.By != <-won {
		t.Errorf("ended as %+v", r)
	}
	if err := b.end(t); err != nil {
		t.Error(err)
	}
}

func TestSameKeySameRun(t *testing.T) {
	b := start(t, newMemory(), newDevices())
	var wg sync.WaitGroup
	ids := make(chan fleet.RunID, 50)
	for i := range 50 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			p := plan(1)
			p.Run = fleet.RunID(fmt.Sprint("r", i))
			id, err := b.Start(t.Context(), p, "key")
			if err != nil {
				t.Errorf("start: %v", err)
			}
			ids <- id
		}()
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("one key started %s and %s", first, id)
		}
	}
	b.settle(t, first)
	if err := b.end(t); err != nil {
		t.Error(err)
	}
}

func TestOneActiveRunADevice(t *testing.T) {
	d := newDevices()
	d.trouble = func(a procedure.Action) trouble { return fails }
	b := start(t, newMemory(), d)
	id, err := b.Start(t.Context(), plan(1), "")
	if err != nil {
		t.Fatal(err)
	}
	second := plan(1)
	second.Run = "r2"
	if _, err := b.Start(t.Context(), second, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second run on the device: %v", err)
	}
	b.settle(t, id)
	if err := b.end(t); err != nil {
		t.Error(err)
	}
}

func TestNoSurvivesRestart(t *testing.T) {
	d := newDevices()
	d.trouble = func(a procedure.Action) trouble {
		if a.Op == procedure.OpUpdate {
			return fails
		}
		return none
	}
	journal := newMemory()
	b := start(t, journal, d)
	id, err := b.Start(t.Context(), plan(1), "")
	if err != nil {
		t.Fatal(err)
	}
	b.settle(t, id)
	if _, err := b.Answer(t.Context(), id, journal.state(id).Question.ID, procedure.Stop, "anna"); err != nil {
		t.Fatal(err)
	}
	if err := b.end(t); err != nil {
		t.Fatal(err)
	}
	before := d.known["d1"].done[procedure.OpUpdate]
	b = start(t, journal, d)
	if _, err := b.Cancel(t.Context(), id, "bert"); !fault.Is(err, fault.Conflict) {
		t.Errorf("the run has ended: %v", err)
	}
	if err := b.end(t); err != nil {
		t.Fatal(err)
	}
	if after := d.known["d1"].done[procedure.OpUpdate]; after != before {
		t.Error("something was done to the device after the user's no")
	}
}

// TestJournalFailureStopsEverything shows that nothing is let out that is not
// on record, for both ways a write can fail, at every write; and that a
// restart then converges with each effect done once.
func TestJournalFailureStopsEverything(t *testing.T) {
	for _, how := range []int{1, 2} {
		for at := 1; at <= 20; at++ {
			t.Run(fmt.Sprintf("how=%d/commit=%d", how, at), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					journal, d := newMemory(), newDevices()
					journal.fail = func(n int) int {
						if n == at {
							return how
						}
						return 0
					}
					b := start(t, journal, d)
					_, startErr := b.Start(t.Context(), plan(1), "key")
					synctest.Wait()
					if journal.commits >= at {
						if err := <-b.done; !errors.Is(err, errDisk) {
							t.Fatalf("the runtime must stop with the journal's error: %v", err)
						}
					}
					b.stop()
					journal.fail = nil
					b = start(t, journal, d)
					if startErr != nil {
						if _, err := b.Start(t.Context(), plan(1), "key"); err != nil {
							t.Fatal(err)
						}
					}
					b.settle(t, "r1")
					if r := journal.state("r1").Result; r == nil || r.Outcome != procedure.Updated {
						t.Errorf("ended as %+v", r)
					}
					for op, n := range d.known["d1"].done {
						if n != 1 {
							t.Errorf("%s was done %d times", op, n)
						}
					}
					if err := b.end(t); err != nil {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestPanicIsTheActionsFailure(t *testing.T) {
	d := newDevices()
	d.trouble = func(a procedure.Action) trouble {
		if a.Op == procedure.OpKeep {
			return panics
		}
		return none
	}
	b := start(t, newMemory(), d)
	id, err := b.Start(t.Context(), plan(1), "")
	if err != nil {
		t.Fatal(err)
	}
	b.settle(t, id)
	if q := b.journal.state(id).Question; q == nil || q.Cause != procedure.ServerFailed {
		t.Errorf("question %+v", q)
	}
	if err := b.end(t); err != nil {
		t.Error(err)
	}
}

func TestSlowWatcherNeverBlocks(t *testing.T) {
	b := start(t, newMemory(), newDevices())
	slow := b.Watch(t.Context()) // read by nobody
	var runs []fleet.RunID
	for n := range 200 {
		id, err := b.Start(t.Context(), plan(n), "")
		if err != nil {
			t.Fatal(err)
		}
		runs = append(runs, id)
	}
	b.settle(t, runs...)
	if err := b.end(t); err != nil {
		t.Error(err)
	}
	n, gap := 0, false
	for c := range slow {
		n++
		gap = gap || c.Gap
	}
	if n != watchBuffer || gap {
		t.Errorf("%d changes, gap %t: the buffer holds %d, and the gap is told with the next one", n, gap, watchBuffer)
	}
}

// TestRandomTroubles runs fleets through random faults and restarts and checks
// that every run ends or asks, and that no effect is repeated without a probe.
func TestRandomTroubles(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		troubles := rapid.SliceOfN(rapid.SampledFrom([]trouble{none, none, none, none, fails, failUnclear, panics}), 1, 60).Draw(rt, "troubles")
		restarts := rapid.IntRange(0, 3).Draw(rt, "restarts")
		journal, d := newMemory(), newDevices()
		at := 0
		d.trouble = func(procedure.Action) trouble {
			at++
			return troubles[at%len(troubles)]
		}
		var runs []fleet.RunID
		b := start(t, journal, d)
		for n := range 3 {
			id, err := b.Start(context.Background(), plan(n), "")
			if err != nil {
				rt.Fatal(err)
			}
			runs = append(runs, id)
		}
		for range restarts {
			if err := b.end(t); err != nil {
				rt.Fatal(err)
			}
			b = start(t, journal, d)
		}
		for range 6 {
			b.settle(t, runs...)
			for _, id := range runs {
				if q := journal.state(id).Question; q != nil {
					if _, err := b.Answer(context.Background(), id, q.ID, q.Choices[0], "anna"); err != nil {
						rt.Fatal(err)
					}
				}
			}
		}
		b.settle(t, runs...)
		if err := b.end(t); err != nil {
			rt.Fatal(err)
		}
		for _, id := range runs {
			st := journal.state(id)
			for op, n := range d.device(st.Plan.Device).done {
				if limit := max(st.Attempts[stepOf(op)], 1) + 2; n > limit {
					rt.Errorf("%s was done %d times in %d attempts", op, n, st.Attempts[stepOf(op)])
				}
			}
		}
	})
}

func stepOf(op procedure.Op) procedure.Step {
	if op == procedure.OpUpdate {
		return procedure.Load
	}
	return procedure.Step(op)
}
