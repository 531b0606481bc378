package local

import "time"

// clock is the journal's time. It begins at the wall clock's, but never before
// the newest entry of an active run, and advances with the monotonic clock. So
// no deadline is further away than its predetermined time, whatever the wall
// clock was set to meanwhile, and none comes early (RELIABILITY.md F25).
//
// A wall clock that is set while drydock runs shows in the journal only after
// the next restart. The zero value is not usable.
type clock struct {
	epoch time.Time // without a monotonic reading: all of the journal's times are compared as they are written
	began time.Time // with one
}

func newClock(wall, newest time.Time) clock {
	epoch := wall
	if newest.After(wall) {
		epoch = newest
	}
	return clock{epoch: epoch.Round(0), began: time.Now()}
}

func (c clock) now() time.Time { return c.epoch.Add(time.Since(c.began)) }

// local is the moment of the journal's time t on the clock of this process,
// which is what a Performer can wait by.
func (c clock) local(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return time.Now().Add(t.Sub(c.now()))
}
