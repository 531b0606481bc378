package server

import (
	"cmp"
	"context"

	"drydock/internal/api"
	"drydock/internal/notify"
	"drydock/internal/secret"
)

// tell makes the notifier. It comes before the runtime: what becomes durable
// before it knows the channels is told to nobody.
func (s *Server) tell(ctx context.Context, o Options, keys *secret.Keyring) (err error) {
	s.notifier, err = notify.New(ctx, notify.Config{Store: s.store, Outbox: s.outbox, Linker: notify.NewLinker(keys.Derive("answer links")),
		URL: func() string { return cmp.Or(o.URL, s.URL) }, Log: o.Log, Delivered: s.metrics.Delivery})
	return err
}

// waysIn starts what people meet: the API with the page, and the notifier that
// tells them where to look.
func (s *Server) waysIn(ctx context.Context, o Options, parts api.Parts) error {
	parts.Notifier = s.notifier
	notifying := s.later("notifications")
	handler, err := withPage(s.tracer.Requests(s.metrics.Requests(api.New(parts))))
	if err != nil {
		return err
	}
	if err := s.serveHTTP(ctx, o, handler); err != nil {
		return err
	}
	s.group.Go(notifying.during(func() error { return s.notifier.Run(ctx) })) // it needs the URL
	return nil
}
