package local

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// TestSlowWatcher never blocks the writer, and sees the end of every run.
func TestSlowWatcher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()))
		slow := b.Watch(t.Context()) // read by nobody until all is over
		var runs []fleet.RunID
		for n := range 200 {
			runs = append(runs, b.begin(t, plan(n)))
		}
		b.settle(t, runs...)
		synctest.Wait()
		seen, ended, gaps := map[fleet.RunID]int{}, 0, 0
		for ended < len(runs) {
			c := <-slow
			if c.Seq <= seen[c.Run] || !c.Gap && c.Seq != seen[c.Run]+1 {
				t.Fatalf("run %s: entry %d after %d, gap %t", c.Run, c.Seq, seen[c.Run], c.Gap)
			}
			seen[c.Run] = c.Seq
			if c.Gap {
				gaps++
			}
			if c.State.Phase == procedure.Ended {
				ended++
			}
		}
		if gaps == 0 {
			t.Error("nothing was left out: the test shows nothing")
		}
		b.end(t)
		if _, open := <-slow; open {
			t.Error("the channel is open after the end")
		}
	})
}

// TestHopelessWatcher is told that everything has to be read anew, and costs no
// more memory meanwhile.
func TestHopelessWatcher(t *testing.T) {
	w := &watcher{wake: make(chan struct{}, 1)}
	for n := range watchBuffer + watchRuns + 10 {
		w.add(engine.Change{Run: fleet.RunID(fmt.Sprint(n)), Seq: 1})
	}
	changes := w.take()
	if n := len(changes); n != watchBuffer+1 {
		t.Errorf("%d changes", n)
	}
	if last := changes[len(changes)-1]; !last.Gap || last.Run != "" {
		t.Errorf("the last is %+v", last)
	}
	w.add(engine.Change{Run: "r", Seq: 2})
	if changes = w.take(); len(changes) != 1 || changes[0].Gap {
		t.Errorf("after the gap: %+v", changes)
	}
}

func TestWatcherThatGoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()))
		gone := b.Watch(canceled())
		synctest.Wait()
		if _, open := <-gone; open {
			t.Error("the channel is open")
		}
		if len(b.watchers) != 0 {
			t.Errorf("%d watchers are left", len(b.watchers))
		}
		b.end(t)
	})
}

func canceled() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
