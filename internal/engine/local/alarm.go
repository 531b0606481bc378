package local

import (
	"container/heap"
	"time"

	"drydock/internal/procedure"
)

// alarm is a moment at which an event is due for a run. Each run has two of
// them: its deadline, and a notice that was put off.
type alarm struct {
	run  *live
	kind procedure.EventKind // Overdue or Noticed
	at   time.Time
	pos  int // in the heap, plus one; 0: not set
}

// alarms are those that are set, the earliest first. One timer serves all.
type alarms []*alarm

// set moves an alarm; the zero time takes it out.
func (h *alarms) set(a *alarm, at time.Time) {
	switch {
	case at.IsZero():
		h.unset(a)
	case a.pos == 0:
		a.at = at
		heap.Push(h, a)
	default:
		a.at = at
		heap.Fix(h, a.pos-1)
	}
}

func (h *alarms) unset(a *alarm) {
	if a.pos != 0 {
		heap.Remove(h, a.pos-1)
	}
}

// first is the earliest alarm, nil if none is set.
func (h alarms) first() *alarm {
	if len(h) == 0 {
		return nil
	}
	return h[0]
}

func (h alarms) Len() int           { return len(h) }
func (h alarms) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h alarms) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].pos, h[j].pos = i+1, j+1
}

// Push is heap.Interface's; use set.
func (h *alarms) Push(x any) {
	a := x.(*alarm)
	*h = append(*h, a)
	a.pos = len(*h)
}

// Pop is heap.Interface's; use unset.
func (h *alarms) Pop() any {
	last := len(*h) - 1
	a := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	a.pos = 0
	return a
}
