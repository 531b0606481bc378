package local

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// TestFirstAnswerWins has 50 people answer at once, before and after a restart
// (F26, F28).
func TestFirstAnswerWins(t *testing.T) {
	journal := newMemory()
	d := newDevices(journal).troubled(procedure.OpBackup, fails, 1)
	b := start(t, d)
	id := b.begin(t, plan(1))
	question := b.question(t, id).ID
	var wg sync.WaitGroup
	won := make(chan string, 50)
	for i := range 50 {
		wg.Go(func() {
			by := fmt.Sprint("user", i)
			_, err := b.Answer(t.Context(), id, procedure.Reply{Question: question, Choice: procedure.Stop, By: by})
			switch {
			case err == nil:
				won <- by
			case !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), `has answered it with "stop"`):
				t.Errorf("the second must be told who answered what: %v", err)
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d answers won", len(won))
	}
	winner := <-won
	if r := b.result(t, id); r.Outcome != procedure.Stopped || r.By != winner {
		t.Errorf("%s won, ended as %+v", winner, r)
	}
	b.end(t)

	b = start(t, d)
	_, err := b.Answer(t.Context(), id, procedure.Reply{Question: question, Choice: procedure.Repeat, By: "bert"})
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), winner+` has answered it with "stop"`) {
		t.Errorf("an answer after the end: %v", err)
	}
	_, err = b.Cancel(t.Context(), id, "bert")
	if !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "it has ended: stopped by "+winner) {
		t.Errorf("a cancel after the end: %v", err)
	}
	b.end(t)
}

// TestAnswersOfOneBatch come while the disk is busy: all but the first learn who
// was first once that is durable, and nobody learns anything if it is not.
func TestAnswersOfOneBatch(t *testing.T) {
	for how, code := range map[failure]fault.Code{well: fault.Conflict, undone: fault.Unavailable, full: fault.Full} {
		synctest.Test(t, func(t *testing.T) {
			journal := newMemory()
			b := start(t, newDevices(journal).troubled(procedure.OpBackup, fails, 1))
			id := b.begin(t, plan(1))
			q := b.question(t, id)
			n, slow := journal.count(), make(chan struct{})
			journal.fail = func(commit int) failure {
				if commit == n+1 {
					<-slow
					return well
				}
				return how
			}
			go b.Start(t.Context(), plan(2), "") //nolint:errcheck // it keeps the disk busy
			synctest.Wait()
			errs := make(chan error, 5)
			for i := range cap(errs) {
				go func() {
					_, err := b.Answer(t.Context(), id, procedure.Reply{Question: q.ID, Choice: procedure.Stop, By: fmt.Sprint("user", i)})
					errs <- err
				}()
			}
			synctest.Wait()
			close(slow)
			won := 0
			for range cap(errs) {
				switch err := <-errs; {
				case err == nil:
					won++
				case !fault.Is(err, code) || how == well && !strings.Contains(err.Error(), "has answered it"):
					t.Errorf("failure %d: %v", how, err)
				}
			}
			if how == well && won != 1 || how != well && won != 0 {
				t.Errorf("failure %d: %d answers won", how, won)
			}
			b.stop()
			if err := <-b.done; (how == undone) != (err != nil) {
				t.Errorf("failure %d: run: %v", how, err)
			}
		})
	}
}

func TestAnswersThatDoNotFit(t *testing.T) {
	b := start(t, newDevices(newMemory()).troubled(procedure.OpBackup, fails, 1))
	id := b.begin(t, plan(1))
	q := b.question(t, id)
	for name, c := range map[string]struct {
		run      fleet.RunID
		question string
		choice   procedure.Choice
		code     fault.Code
	}{
		"no such run":      {"r9", q.ID, procedure.Stop, fault.NotFound},
		"no such question": {id, "q9", procedure.Stop, fault.Conflict},
		"no such choice":   {id, q.ID, procedure.Restore, fault.Conflict},
	} {
		if _, err := b.Answer(t.Context(), c.run, procedure.Reply{Question: c.question, Choice: c.choice, By: "anna"}); !fault.Is(err, c.code) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Cancel(t.Context(), "r9", "anna"); !fault.Is(err, fault.NotFound) {
		t.Errorf("cancel of a run that is not there: %v", err)
	}
	if b.Stats().Unfit == 0 {
		t.Error("events that do not fit are not counted")
	}
	st, err := b.Cancel(t.Context(), id, "anna")
	if err != nil || st.Result == nil || st.Result.By != "anna" {
		t.Errorf("cancel: %+v, %v", st.Result, err)
	}
	if _, err := b.Answer(t.Context(), id, procedure.Reply{Question: q.ID, Choice: procedure.Repeat, By: "bert"}); !fault.Is(err, fault.Conflict) || strings.Contains(err.Error(), "answered it") {
		t.Errorf("a question that was withdrawn has no answer: %v", err)
	}
	b.end(t)
}

// TestSameKeySameRun has 50 requests with one key come while the first is being
// written, and one after a restart (I12).
func TestSameKeySameRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := newMemory()
		d := newDevices(journal)
		slow := make(chan struct{})
		journal.fail = func(int) failure { <-slow; return well }
		b := start(t, d)
		ids := make(chan fleet.RunID, 51)
		order := func(i int) {
			p := plan(1)
			p.Run = fleet.RunID(fmt.Sprint("r", i))
			id, err := b.Start(t.Context(), p, "key")
			if err != nil {
				t.Errorf("start: %v", err)
			}
			ids <- id
		}
		for i := range 50 {
			go order(i)
		}
		synctest.Wait()
		close(slow)
		first := <-ids
		b.result(t, first)
		b.end(t)
		b = start(t, d) // the key outlives the process
		order(50)
		for range 50 {
			if id := <-ids; id != first {
				t.Errorf("one key started %s and %s", first, id)
			}
		}
		b.end(t)
		if len(journal.runs) != 1 {
			t.Errorf("%d runs are in the journal", len(journal.runs))
		}
	})
}

func TestOneActiveRunADevice(t *testing.T) {
	b := start(t, newDevices(newMemory()).troubled(procedure.OpBackup, fails, 1))
	id := b.begin(t, plan(1))
	second := plan(1)
	second.Run = "r2"
	if _, err := b.Start(t.Context(), second, ""); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second run on the device: %v", err)
	}
	b.answer(t, id, procedure.Stop)
	if _, err := b.Start(t.Context(), second, ""); err != nil {
		t.Errorf("the first run has ended: %v", err)
	}
	b.end(t)
}

// TestCancelBeforeTheNextEffect: what is under way cannot be taken back, and
// nothing follows it (I9).
func TestCancelBeforeTheNextEffect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		journal := newMemory()
		d := newDevices(journal).troubled(procedure.OpKeep, loseOutcome, 1)
		b := start(t, d)
		id := b.begin(t, plan(1))
		synctest.Wait() // the device keeps its files, and says nothing
		if _, err := b.Cancel(t.Context(), id, "anna"); err != nil {
			t.Fatal(err)
		}
		b.end(t)
		b = start(t, d) // "no" survives the restart
		if r := b.result(t, id); r.Outcome != procedure.Stopped || r.By != "anna" {
			t.Errorf("ended as %+v", r)
		}
		if d.times(1, procedure.OpUpdate) != 0 {
			t.Error("the update was ordered after the stop")
		}
		b.end(t)
	})
}

// TestCallersAreBounded: a caller whose time is up does not wait for the disk.
func TestCallersAreBounded(t *testing.T) {
	journal := newMemory()
	hold, held := make(chan struct{}), make(chan struct{})
	journal.fail = func(int) failure { close(held); <-hold; return well }
	b := start(t, newDevices(journal))
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := b.Start(ctx, plan(1), "")
		failed <- err
	}()
	<-held
	cancel()
	if err := <-failed; err != context.Canceled {
		t.Errorf("start: %v", err)
	}
	journal.fail = nil
	b.stop()
	close(hold)
	b.end(t)
}

func TestCallsWhenNothingRuns(t *testing.T) {
	r := New(Options{Journal: newMemory(), Performer: newDevices(newMemory())})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Cancel(ctx, "r1", "anna"); err != context.Canceled {
		t.Errorf("cancel before Run: %v", err)
	}
	r.Notice("r1")
	if err := r.Run(ctx); err != nil {
		t.Errorf("run: %v", err)
	}
	if _, err := r.Cancel(t.Context(), "r1", "anna"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("cancel after Run: %v", err)
	}
	if _, open := <-r.Watch(t.Context()); open {
		t.Error("a watcher of a runtime that has stopped got a change")
	}
}
