package local

import (
	"time"

	"drydock/internal/engine"
)

// historyKept is how many changes are kept for watchers who come again.
const historyKept = 4096

// history numbers the changes and keeps the newest. The numbers begin with the
// microseconds since 1970, so those of an earlier process are smaller.
type history struct {
	first uint64 // the number before the first change
	last  uint64
	kept  []engine.Change // a ring: number n stands at n modulo its length
}

func newHistory(now time.Time) history {
	no := uint64(max(now.UnixMicro(), 1))
	return history{first: no, last: no, kept: make([]engine.Change, historyKept)}
}

// add numbers a change.
func (h *history) add(c engine.Change) engine.Change {
	h.last++
	c.No = h.last
	h.kept[c.No%historyKept] = c
	return c
}

// after gives the changes since number no, oldest first, or a bare Gap if they
// are not all there.
func (h *history) after(no uint64) []engine.Change {
	if no < h.first || no > h.last || h.last-no > historyKept {
		return []engine.Change{{No: h.last, Gap: true}}
	}
	changes := make([]engine.Change, 0, h.last-no)
	for no++; no <= h.last; no++ {
		changes = append(changes, h.kept[no%historyKept])
	}
	return changes
}
