package agent

import (
	"testing"
	"time"

	"drydock/internal/equipment/settings"
	"drydock/internal/procedure"
)

// TestWindowOfTheDay: loading begins within the window in local time, also in
// one that began yesterday.
func TestWindowOfTheDay(t *testing.T) {
	zone := time.FixedZone("here", 3600)
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 5, day, hour, minute, 0, 0, zone) }
	for _, c := range []struct {
		window    string
		now, next time.Time // when loading may begin, at the earliest
	}{
		{"02:00-04:00", at(10, 1, 0), at(10, 2, 0)},
		{"02:00-04:00", at(10, 3, 0), at(10, 3, 0)},
		{"02:00-04:00", at(10, 3, 45), at(11, 2, 0)},
		{"02:00-04:00", at(31, 12, 0), at(32, 2, 0)},
		{"22:00-04:00", at(10, 1, 0), at(10, 1, 0)},
		{"22:00-04:00", at(10, 12, 0), at(10, 22, 0)},
		{"22:00-04:00", at(10, 23, 0), at(10, 23, 0)},
	} {
		w, err := openings(settings.Autonomous{Window: c.window}, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := earliest(w, c.now); !got.Equal(c.next) {
			t.Errorf("%s at %s: loading begins at %s; wanted %s", c.window, c.now, got, c.next)
		}
	}
	if w, err := openings(settings.Autonomous{}, at(10, 1, 0)); w != nil || err != nil {
		t.Errorf("without a window: %+v, %v", w, err)
	}
}

// earliest is when a run that is ready now may load.
func earliest(w *procedure.Windows, now time.Time) time.Time {
	for _, o := range w.Openings {
		if now.Add(w.Takes).After(o.Until) {
			continue
		}
		if o.From.After(now) {
			return o.From
		}
		return now
	}
	return time.Time{}
}
