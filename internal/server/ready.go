package server

import (
	"context"
	"sync/atomic"

	"drydock/internal/fault"
)

// part is one of the server's parts as /readyz sees it.
type part struct {
	name  string
	check func(context.Context) error
}

// running says whether something that was started still runs.
type running struct{ on atomic.Bool }

// during gives a function that runs serve and is known to be running meanwhile.
// It is running from this moment on: its listener hears already.
func (r *running) during(serve func() error) func() error {
	r.on.Store(true)
	return func() error {
		defer r.on.Store(false)
		return serve()
	}
}

func (r *running) check(context.Context) error {
	if !r.on.Load() {
		return fault.New(fault.Unavailable, "", "", "it does not run")
	}
	return nil
}

// add makes a part known to /readyz.
func (s *Server) add(name string, check func(context.Context) error) {
	s.ready = append(s.ready, part{name, check})
}

// later makes a part known to /readyz that is started afterwards.
func (s *Server) later(name string) *running {
	r := &running{}
	s.add(name, r.check)
	return r
}

// serving has group run serve and /readyz say whether it runs.
func (s *Server) serving(name string, serve func() error) {
	r := &running{}
	s.add(name, r.check)
	s.group.Go(r.during(serve))
}

// Ready asks every part whether it can do its work: the errors by name, nil
// for those that can.
func (s *Server) Ready(ctx context.Context) map[string]error {
	found := make(map[string]error, len(s.ready))
	for _, p := range s.ready {
		found[p.name] = p.check(ctx)
	}
	return found
}
