package local

import (
	"testing"
	"testing/synctest"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// TestWatchAfter: who comes again gets every change since, once and in order.
func TestWatchAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, newDevices(newMemory()))
		changes := b.Watch(t.Context())
		first, second := b.begin(t, plan(1)), b.begin(t, plan(2))
		b.settle(t, first, second)
		var all []engine.Change
		for ended := 0; ended < 2; {
			c := <-changes
			all = append(all, c)
			if c.State.Phase == procedure.Ended {
				ended++
			}
		}
		for seen := range all {
			again := b.WatchAfter(t.Context(), all[seen].No)
			for _, want := range all[seen+1:] {
				if got := <-again; got.No != want.No || got.Run != want.Run || got.Seq != want.Seq || got.Gap {
					t.Fatalf("after %d: entry %d of %s, want %d of %s", seen, got.Seq, got.Run, want.Seq, want.Run)
				}
			}
			synctest.Wait()
			select {
			case c := <-again:
				t.Fatalf("after %d, at the end: %+v", seen, c)
			default:
			}
		}
		b.end(t)
	})
}

// TestHistoryEnds: what is not kept, or was another process's, is a gap.
func TestHistoryEnds(t *testing.T) {
	h := newHistory(time.UnixMicro(1_000_000))
	for range historyKept + 10 {
		h.add(engine.Change{Run: "r"})
	}
	for no, want := range map[uint64]int{h.last: 0, h.last - 1: 1, h.last - historyKept: historyKept} {
		if got := h.after(no); len(got) != want || want > 0 && (got[0].No != no+1 || got[want-1].No != h.last) {
			t.Errorf("after %d: %d changes, want %d", no, len(got), want)
		}
	}
	for _, no := range []uint64{0, 999_999, h.first, h.last - historyKept - 1, h.last + 1} {
		if got := h.after(no); len(got) != 1 || !got[0].Gap || got[0].Run != "" || got[0].No != h.last {
			t.Errorf("after %d: %d changes, the first %+v", no, len(got), got[0])
		}
	}
}

// TestBehindInOrder: the numbers that a slow watcher gets only grow, so the
// last one that it has seen says what it misses.
func TestBehindInOrder(t *testing.T) {
	h, w := newHistory(time.UnixMicro(1)), &watcher{wake: make(chan struct{}, 1)}
	for range watchBuffer {
		w.add(h.add(engine.Change{Run: "full"}))
	}
	for _, run := range []fleet.RunID{"a", "b", "a"} {
		w.add(h.add(engine.Change{Run: run}))
	}
	last := uint64(0)
	for _, c := range w.take() {
		if c.No <= last {
			t.Fatalf("number %d after %d", c.No, last)
		}
		last = c.No
	}
}
