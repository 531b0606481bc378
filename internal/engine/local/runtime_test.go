package local

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

var (
	_ engine.Runtime = (*Runtime)(nil)
	_ Performer      = (*engine.Engine)(nil)
)

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("rapid.checks").Value.String() == "100" { // the default; -rapid.checks=10000 for a soak
		if err := flag.Set("rapid.checks", "200"); err != nil {
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

func start(t testing.TB, d *devices, change ...func(*Options)) *bench {
	t.Helper()
	o := Options{Journal: d.journal, Performer: d}
	for _, c := range change {
		c(&o)
	}
	ctx, cancel := context.WithCancel(context.Background())
	b := &bench{New(o), d.journal, d, cancel, make(chan error, 1)}
	go func() { b.done <- b.Run(ctx) }()
	return b
}

// end stops the runtime, which must end without an error.
func (b *bench) end(t testing.TB) {
	t.Helper()
	b.stop()
	if err := <-b.done; err != nil {
		t.Errorf("run: %v", err)
	}
	b.devices.check(t)
}

func (b *bench) begin(t testing.TB, p procedure.Plan) fleet.RunID {
	t.Helper()
	id, err := b.Start(t.Context(), p, "key-"+string(p.Run))
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return id
}

// settle waits until every run has ended or asks; false if the runtime stopped
// before.
func (b *bench) settle(t testing.TB, runs ...fleet.RunID) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
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
			return true
		}
		if _, ok := <-changes; !ok {
			if ctx.Err() != nil {
				t.Fatalf("%d runs did not settle", waiting)
			}
			return false
		}
	}
}

// question waits for the run's question.
func (b *bench) question(t testing.TB, run fleet.RunID) *procedure.Question {
	t.Helper()
	b.settle(t, run)
	q := b.journal.state(run).Question
	if q == nil {
		t.Fatalf("the run asks nothing: %+v", b.journal.state(run).Result)
	}
	return q
}

func (b *bench) answer(t testing.TB, run fleet.RunID, choice procedure.Choice) {
	t.Helper()
	if _, err := b.Answer(t.Context(), run, procedure.Reply{Question: b.question(t, run).ID, Choice: choice, By: "anna"}); err != nil {
		t.Fatalf("answer: %v", err)
	}
}

func (b *bench) result(t testing.TB, run fleet.RunID) procedure.Result {
	t.Helper()
	b.settle(t, run)
	st := b.journal.state(run)
	if st.Result == nil {
		t.Fatalf("the run has not ended: %s, question %+v", st.Phase, st.Question)
	}
	return *st.Result
}

func TestRunGoesThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()))
		id := b.begin(t, plan(1))
		if r := b.result(t, id); r.Outcome != procedure.Updated {
			t.Errorf("ended as %+v", r)
		}
		synctest.Wait()
		for op, n := range b.devices.known["d1"].done {
			if n != 1 {
				t.Errorf("%s was done %d times", op, n)
			}
		}
		if n := b.devices.finished[id]; n != 1 {
			t.Errorf("finished %d times", n)
		}
		s := b.Stats()
		if int(s.Entries) != len(b.journal.entries(id)) || s.Active != 0 || s.UnderWay != 0 || s.Waiting != 0 {
			t.Errorf("%+v, journal has %d entries", s, len(b.journal.entries(id)))
		}
		if len(b.alarms) != 0 {
			t.Errorf("%d alarms are set for nobody", len(b.alarms))
		}
		b.end(t)
	})
}

// TestMemoryIsTheJournal shows that what is in memory is what a replay of the
// journal gives, and what a restart would read.
func TestMemoryIsTheJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory()).troubled(procedure.OpUpdate, failUnclear, 2)
		b := start(t, d)
		id := b.begin(t, plan(1))
		b.settle(t, id)
		var st procedure.State
		for i, ev := range b.journal.entries(id) {
			next, _, err := procedure.Next(st, ev)
			if err != nil {
				t.Fatalf("entry %d: %v", i+1, err)
			}
			st = next
		}
		got, gotErr := json.Marshal(st)
		want, wantErr := json.Marshal(b.journal.state(id))
		if gotErr != nil || wantErr != nil || string(got) != string(want) {
			t.Errorf("replayed %s\nrecorded %s", got, want)
		}
		b.end(t)
	})
}

func TestDeadlineAsksAndRepeatProbesFirst(t *testing.T) {
	for _, how := range []trouble{loseOutcome, late} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, newDevices(newMemory()).troubled(procedure.OpKeep, how, 1))
			id := b.begin(t, plan(1))
			began := time.Now()
			if q := b.question(t, id); q.Cause != procedure.Timeout {
				t.Fatalf("question %+v", q)
			}
			if waited := time.Since(began); waited != procedure.DefaultTimeout {
				t.Errorf("asked after %s, the predetermined time is %s", waited, procedure.DefaultTimeout)
			}
			b.answer(t, id, procedure.Repeat)
			if r := b.result(t, id); r.Outcome != procedure.Updated {
				t.Errorf("ended as %+v", r)
			}
			if n := b.devices.times(1, procedure.OpKeep); n != 1 {
				t.Errorf("keep was done %d times: the probe would have said that it was done", n)
			}
			b.end(t)
		})
	}
}

// TestSilenceIsNeverYes lets a question's deadline come (F27).
func TestSilenceIsNeverYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()).troubled(procedure.OpUpdate, fails, 1))
		id := b.begin(t, plan(1))
		asked := b.question(t, id).AskedAt
		changes := b.Watch(t.Context())
		c := <-changes
		if r := c.State.Result; c.Event.Kind != procedure.Overdue || r == nil || r.Outcome != procedure.Expired {
			t.Errorf("%s led to %+v", c.Event.Kind, r)
		}
		if waited := c.Event.At.Sub(asked); waited != procedure.DefaultQuestionTimeout {
			t.Errorf("waited %s for a person", waited)
		}
		b.end(t)
	})
}

// TestDefectOfAnActionIsItsFailure: a panic, and a return without a word, are
// failures whose effect is looked into.
func TestDefectOfAnActionIsItsFailure(t *testing.T) {
	for _, how := range []trouble{panics, silent} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, newDevices(newMemory()).troubled(procedure.OpKeep, how, 1))
			id := b.begin(t, plan(1))
			if r := b.result(t, id); r.Outcome != procedure.Updated {
				t.Errorf("the probe sees that it was done: %+v", r)
			}
			found := false
			for _, ev := range b.journal.entries(id) {
				if ev.Kind == procedure.Faulted {
					found = ev.Cause == procedure.ServerFailed && ev.Unclear
				}
			}
			if !found {
				t.Error("the journal has no unclear failure of the server")
			}
			if n := b.devices.times(1, procedure.OpKeep); n != 1 {
				t.Errorf("keep was done %d times", n)
			}
			b.end(t)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()).troubled(procedure.OpPreflight, panics, 1))
		id := b.begin(t, plan(1))
		if q := b.question(t, id); q.Cause != procedure.ServerFailed {
			t.Errorf("question %+v", q)
		}
		b.end(t)
	})
}

// TestActionThatLingers: what does not return after its outcome is ended before
// the next action begins, and before the run is finished.
func TestActionThatLingers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory())
		d.trouble = func(procedure.Action) trouble { return lingers }
		b := start(t, d)
		id := b.begin(t, plan(1))
		if r := b.result(t, id); r.Outcome != procedure.Updated {
			t.Errorf("ended as %+v", r)
		}
		synctest.Wait()
		if d.finished[id] != 1 || b.Stats().UnderWay != 0 {
			t.Errorf("finished %d times, %+v", d.finished[id], b.Stats())
		}
		b.end(t)
	})
}

// TestInFlightIsBounded: more actions wait for their turn, and all get it.
func TestInFlightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory())
		d.delay = func(procedure.Action) time.Duration { return time.Second }
		b := start(t, d, func(o *Options) { o.MaxInFlight = 3 })
		var runs []fleet.RunID
		for n := range 20 {
			runs = append(runs, b.begin(t, plan(n)))
		}
		b.settle(t, runs...)
		for _, id := range runs {
			if r := b.result(t, id); r.Outcome != procedure.Updated {
				t.Errorf("ended as %+v", r)
			}
		}
		if d.atOnce != 3 {
			t.Errorf("%d actions at once, the bound is 3", d.atOnce)
		}
		b.end(t)
	})
}

// TestOverdueWhileWaitingForATurn: an action that was overtaken before its turn
// is never begun.
func TestOverdueWhileWaitingForATurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevices(newMemory())
		d.trouble = func(a procedure.Action) trouble {
			if a.Op == procedure.OpPreflight {
				return loseCommand
			}
			return none
		}
		b := start(t, d, func(o *Options) { o.MaxInFlight = 1 })
		first, second := plan(1), plan(2)
		first.Timeouts = map[procedure.Op]time.Duration{procedure.OpPreflight: time.Hour}
		one, two := b.begin(t, first), b.begin(t, second)
		if q := b.question(t, two); q.Cause != procedure.Timeout {
			t.Errorf("question %+v", q)
		}
		b.answer(t, two, procedure.Stop)
		b.question(t, one)
		synctest.Wait()
		if d.begun != 1 || d.finished[two] != 1 {
			t.Errorf("%d actions were begun, the second run was finished %d times", d.begun, d.finished[two])
		}
		b.end(t)
	})
}

// TestStopInTheMiddle leaves nothing running; goleak looks at the rest.
func TestStopInTheMiddle(t *testing.T) {
	d := newDevices(newMemory())
	d.trouble = func(a procedure.Action) trouble {
		if a.Op == procedure.OpKeep {
			return loseOutcome
		}
		return none
	}
	b := start(t, d)
	for n := range 100 {
		b.begin(t, plan(n))
	}
	slow := b.Watch(t.Context()) // read by nobody until the end
	b.end(t)
	for range slow {
	}
	for run, n := range d.busy {
		if n != 0 {
			t.Errorf("run %s: %d actions are under way after the end", run, n)
		}
	}
	if _, err := b.Start(t.Context(), plan(100), ""); err == nil {
		t.Error("a runtime that has stopped took a run")
	}
}
