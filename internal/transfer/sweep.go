package transfer

import (
	"container/heap"
	"crypto/subtle"
	"time"

	"drydock/internal/fault"
)

// deadlines is a heap of grants, the earliest first. A grant that is over
// stays in it until its deadline or until a tenth of the heap is such.
type deadlines []*Grant

func (d deadlines) Len() int           { return len(d) }
func (d deadlines) Less(i, j int) bool { return d[i].Spec.Deadline.Before(d[j].Spec.Deadline) }
func (d deadlines) Swap(i, j int)      { d[i], d[j] = d[j], d[i] }

// Push and Pop serve container/heap.
func (d *deadlines) Push(x any) { *d = append(*d, x.(*Grant)) }
func (d *deadlines) Pop() any {
	old := *d
	g := old[len(old)-1]
	old[len(old)-1] = nil
	*d = old[:len(old)-1]
	return g
}

// arm sets the timer to the earliest deadline. The caller holds r.mu.
func (r *Registry) arm() {
	r.compact()
	if r.closed || len(r.due) == 0 {
		return
	}
	wait := time.Until(r.due[0].Spec.Deadline)
	if r.timer == nil {
		r.timer = time.AfterFunc(wait, r.sweep)
		return
	}
	r.timer.Reset(wait)
}

// compact drops grants that are over once they outnumber the open ones, so
// that memory follows the open grants and not those ever opened.
func (r *Registry) compact() {
	if len(r.due) < 64 || len(r.due) < 2*len(r.byName) {
		return
	}
	kept := r.due[:0]
	for _, g := range r.due {
		if !g.Over() {
			kept = append(kept, g)
		}
	}
	clear(r.due[len(kept):])
	r.due = kept
	heap.Init(&r.due)
}

// sweep ends every grant whose deadline has passed.
func (r *Registry) sweep() {
	var expired []*Grant
	r.mu.Lock()
	now := time.Now()
	for len(r.due) > 0 && !now.Before(r.due[0].Spec.Deadline) {
		if g := heap.Pop(&r.due).(*Grant); !g.Over() {
			expired = append(expired, g)
		}
	}
	r.arm()
	r.mu.Unlock()
	for _, g := range expired {
		r.expire(g)
	}
}

func (r *Registry) expire(g *Grant) {
	r.stats.expired.Add(1)
	g.mu.Lock()
	last, tries := g.last, g.tries
	g.mu.Unlock()
	switch {
	case tries == 0:
		r.drop(g, fault.New(fault.Timeout, "grant", g.Spec.File, "%w and %v never asked for it", ErrDeadline, g.Spec.Peer))
	case last != nil:
		r.drop(g, fault.New(fault.Timeout, "grant", g.Spec.File, "%w after %d attempts; the last one: %v", ErrDeadline, tries, last))
	default:
		r.drop(g, fault.New(fault.Timeout, "grant", g.Spec.File, "%w in the middle of a transfer", ErrDeadline))
	}
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
