package local

import (
	"context"

	"drydock/internal/engine"
)

// watcher is somebody who follows changes. The writer never waits for one: a
// watcher that falls behind loses changes, and the next it gets says so.
type watcher struct {
	changes chan engine.Change
	gap     bool
}

const watchBuffer = 1024

// Watch gives the changes of all runs until ctx ends or the runtime stops;
// then the channel is closed.
func (r *Runtime) Watch(ctx context.Context) <-chan engine.Change {
	w := &watcher{changes: make(chan engine.Change, watchBuffer)}
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.stopped:
		close(w.changes)
		return w.changes
	default:
	}
	r.watchers[w] = struct{}{}
	context.AfterFunc(ctx, func() { r.unwatch(w) })
	return w.changes
}

func (r *Runtime) unwatch(w *watcher) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.watchers[w]; ok {
		delete(r.watchers, w)
		close(w.changes)
	}
}

func (r *Runtime) closeWatchers() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.watchers {
		delete(r.watchers, w)
		close(w.changes)
	}
}

// publish is called with the lock held.
func (r *Runtime) publish(c engine.Change) {
	for w := range r.watchers {
		c.Gap = w.gap
		select {
		case w.changes <- c:
			w.gap = false
		default:
			w.gap = true
		}
	}
}
