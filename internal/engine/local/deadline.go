package local

import (
	"container/heap"
	"time"

	"drydock/internal/fleet"
)

// deadlines is a heap of the runs' deadlines. An entry whose token is no
// longer the run's is dropped when its time comes.
type deadlines struct{ entries entries }

type deadline struct {
	at    time.Time
	run   fleet.RunID
	token uint64
}

type entries []deadline

func (e entries) Len() int           { return len(e) }
func (e entries) Less(i, j int) bool { return e[i].at.Before(e[j].at) }
func (e entries) Swap(i, j int)      { e[i], e[j] = e[j], e[i] }
func (e *entries) Push(x any)        { *e = append(*e, x.(deadline)) }
func (e *entries) Pop() any {
	last := len(*e) - 1
	d := (*e)[last]
	*e = (*e)[:last]
	return d
}

func (d *deadlines) push(run fleet.RunID, token uint64, at time.Time) {
	if !at.IsZero() {
		heap.Push(&d.entries, deadline{at, run, token})
	}
}

// pop gives a deadline that has passed.
func (d *deadlines) pop(now time.Time) (deadline, bool) {
	if len(d.entries) == 0 || d.entries[0].at.After(now) {
		return deadline{}, false
	}
	return heap.Pop(&d.entries).(deadline), true
}

// longestWait bounds a wait, so that a wall clock that was set forward is
// noticed within it.
const longestWait = time.Minute

// wait is how long nothing is due.
func (d *deadlines) wait(now time.Time) time.Duration {
	if len(d.entries) == 0 {
		return longestWait
	}
	return max(0, min(longestWait, d.entries[0].at.Sub(now)))
}
