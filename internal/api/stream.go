package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// recheckEvery is how long a stream may outlive the end of a session or token,
// or a change of what its user may.
const recheckEvery = 15 * time.Second

// isStream says whether an operation's answer goes on for as long as somebody
// listens.
func isStream(op *huma.Operation) bool {
	ok := op.Responses[strconv.Itoa(http.StatusOK)]
	return ok != nil && ok.Content["text/event-stream"] != nil
}

// watched ends a stream when whoever listens may not any more what they might
// when it began. They come again, and get what they may now.
func (s *server) watched(ctx huma.Context, r request, next func(huma.Context)) {
	listening, end := context.WithCancel(ctx.Context())
	var watcher sync.WaitGroup
	watcher.Go(func() { // ends with the stream
		defer end()
		again := time.NewTicker(s.recheck)
		defer again.Stop()
		for s.same(ctx, r) {
			select {
			case <-again.C:
			case <-listening.Done():
				return
			}
		}
	})
	next(huma.WithContext(ctx, listening))
	end()
	watcher.Wait()
}

// same says whether a request would be let in as it was.
func (s *server) same(ctx huma.Context, before request) bool {
	now := request{id: before.id, route: before.route, address: before.address, secure: before.secure, quiet: true}
	err := s.identify(ctx, &now, time.Now())
	return err == nil && now.who.Name == before.who.Name && slices.Equal(now.who.Grants, before.who.Grants)
}
