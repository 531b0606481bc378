package server

import (
	"context"
	"time"

	"drydock/internal/fault"
)

// How it is found that nothing moves any more. A device that was told to come
// a moment ago has this long for its first request; one that comes later asks
// again, and finds the server that starts next.
const (
	drainPoll  = 100 * time.Millisecond
	drainQuiet = time.Second
)

// untilStopped ends what runs in run once the server is asked to stop and no
// file is on its way.
func (s *Server) untilStopped(asked, run context.Context, o Options) error {
	select {
	case <-run.Done(): // a part has failed
		return nil
	case <-asked.Done():
	}
	s.stopping.Store(true)
	if s.grants != nil && o.Drain > 0 {
		s.drain(run, o)
	}
	s.end()
	return nil
}

// drain lets the transfers that are under way go through: a device whose
// transfer breaks off reports a failure, and a person is asked. No effect is
// begun meanwhile, so that no more of them come.
func (s *Server) drain(ctx context.Context, o Options) {
	s.engine.Hold()
	limit, poll := time.NewTimer(o.Drain), time.NewTicker(drainPoll)
	defer limit.Stop()
	defer poll.Stop()
	if n := s.grants.Stats().Living; n > 0 {
		o.Log.Info("the server stops when the transfers under way are through", "transfers", n, "at the latest in", o.Drain)
	}
	for quiet := time.Duration(0); quiet < drainQuiet && s.grants.Stats().Open > 0; {
		select {
		case <-ctx.Done():
			return
		case <-limit.C:
			o.Log.Warn("transfers are broken off: their runs will ask whether to repeat", "transfers", s.grants.Stats().Living)
			return
		case <-poll.C:
		}
		quiet += drainPoll
		if s.grants.Stats().Living > 0 {
			quiet = 0
		}
	}
}

// goesOn is the part of /readyz that says that the server is stopping.
func (s *Server) goesOn(context.Context) error {
	if s.stopping.Load() {
		return fault.New(fault.Unavailable, "", "", "it is stopping")
	}
	return nil
}
