package local

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"drydock/internal/engine"
	"drydock/internal/fleet"
)

const (
	watchBuffer = 1024   // changes kept for a watcher that is slow
	watchRuns   = 16_384 // then the newest of so many runs
)

// watcher is somebody who follows changes. The writer never waits for one.
// Who falls behind gets every change that is in the queue, then of each run
// only the newest, marked with Gap where others were left out. Who falls behind
// further gets a bare Gap, without a run: everything has to be read anew.
type watcher struct {
	wake chan struct{} // has room for one

	mu     sync.Mutex // owns what follows
	queue  []engine.Change
	newest map[fleet.RunID]engine.Change
	order  []fleet.RunID // of newest
	lost   bool
}

// Watch gives the changes of all runs until ctx ends or the runtime stops;
// then the channel is closed.
func (r *Runtime) Watch(ctx context.Context) <-chan engine.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watch(ctx, nil)
}

// WatchAfter gives first the changes since the one with number no, or a bare
// Gap where they are not kept any more.
func (r *Runtime) WatchAfter(ctx context.Context, no uint64) <-chan engine.Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.watch(ctx, r.history.after(no))
}

// watch is called with the lock held.
func (r *Runtime) watch(ctx context.Context, first []engine.Change) <-chan engine.Change {
	out := make(chan engine.Change)
	w := &watcher{wake: make(chan struct{}, 1), queue: first}
	select {
	case <-r.stopped:
		close(out)
		return out
	default:
	}
	r.watchers[w] = struct{}{}
	r.watching.Add(1)
	go func() { // ends with ctx, or when the runtime stops
		defer r.watching.Done()
		defer close(out)
		r.pump(ctx, w, out)
		r.mu.Lock()
		delete(r.watchers, w)
		r.mu.Unlock()
	}()
	return out
}

// pump hands a watcher its changes.
func (r *Runtime) pump(ctx context.Context, w *watcher, out chan<- engine.Change) {
	for {
		for _, c := range w.take() {
			select {
			case out <- c:
			case <-ctx.Done():
				return
			case <-r.stopped:
				return
			}
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return
		case <-r.stopped:
			return
		}
	}
}

// publish is called with the lock held.
func (r *Runtime) publish(c engine.Change) {
	c = r.history.add(c)
	if r.Observe != nil {
		r.Observe(c)
	}
	for w := range r.watchers {
		w.add(c)
	}
}

func (w *watcher) add(c engine.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, behind := w.newest[c.Run]
	switch {
	case w.lost:
		return
	case behind:
		c.Gap = true
		w.newest[c.Run] = c
		return
	case len(w.newest) == 0 && len(w.queue) < watchBuffer:
		w.queue = append(w.queue, c)
	case len(w.newest) < watchRuns:
		if w.newest == nil {
			w.newest = map[fleet.RunID]engine.Change{}
		}
		w.newest[c.Run] = c
		w.order = append(w.order, c.Run)
	default:
		w.newest, w.order, w.lost = nil, nil, true
	}
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// take gives what there is for the watcher, oldest first.
func (w *watcher) take() []engine.Change {
	w.mu.Lock()
	defer w.mu.Unlock()
	changes := w.queue
	behind := len(changes)
	for _, run := range w.order {
		changes = append(changes, w.newest[run])
	}
	// whoever comes again after one of them has seen all before it
	slices.SortFunc(changes[behind:], func(a, b engine.Change) int { return cmp.Compare(a.No, b.No) })
	if w.lost {
		changes = append(changes, engine.Change{Gap: true})
	}
	w.queue, w.newest, w.order, w.lost = nil, nil, nil, false
	return changes
}
