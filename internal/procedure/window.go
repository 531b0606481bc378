package procedure

import (
	"fmt"
	"time"
)

// Opening is a time in which loading may begin: from From on, before Until.
type Opening struct {
	From  time.Time `json:"from"`
	Until time.Time `json:"until"`
}

// Windows say when a run may begin to load. A run that comes too late, or that
// would not end in time, has changed nothing on the device yet.
type Windows struct {
	Openings []Opening     `json:"openings"`      // in order of time, none reaching into the next
	Takes    time.Duration `json:"takes"`         // how long the run needs from loading on
	Ask      bool          `json:"ask,omitempty"` // ask a person instead of waiting for the next opening
}

// open says whether loading may begin.
func (w *Windows) open(now time.Time) bool {
	if w == nil {
		return true
	}
	for _, o := range w.Openings {
		if !now.Before(o.From) && !now.Add(w.Takes).After(o.Until) {
			return true
		}
	}
	return false
}

// next is when loading may begin again; zero where it never may.
func (w *Windows) next(now time.Time) time.Time {
	for _, o := range w.Openings {
		if o.From.After(now) && o.Until.Sub(o.From) >= w.Takes {
			return o.From
		}
	}
	return time.Time{}
}

// enterLoad begins loading, if it may begin now: the windows are looked at
// right before the device is changed, however long backup and keep took. What
// has begun is not interrupted by them.
func (t *turn) enterLoad() error {
	if t.AnyTime || t.Touched || t.Plan.Windows.open(t.ev.At) {
		t.begin(Load)
		return nil
	}
	opens := t.Plan.Windows.next(t.ev.At)
	if opens.IsZero() {
		return t.fail(WindowClosed, fmt.Sprintf("loading takes %s and there is no window left for it", t.Plan.Windows.Takes))
	}
	if t.Plan.Windows.Ask {
		return t.fail(WindowClosed, fmt.Sprintf("loading takes %s and the window is closed; the next opens at %s",
			t.Plan.Windows.Takes, opens.UTC().Format(time.RFC3339)))
	}
	t.Phase, t.Deadline = Holding, opens
	t.Token++
	return nil
}

// resume starts anew once the window has opened: who is at the address, and
// what its configuration is, may have changed meanwhile.
func (t *turn) resume() error {
	t.Kept, t.Backup = false, nil
	t.begin(Preflight)
	return nil
}
