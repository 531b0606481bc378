package api

import (
	"context"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"drydock/client"
	"drydock/internal/fault"
)

// readyFor is how long an answer of /readyz is given again: whoever asks needs
// no token, and must not keep the disk busy.
const readyFor = time.Second

// readyWithin bounds the checks of all parts.
const readyWithin = 5 * time.Second

// readiness is the newest answer of /readyz.
type readiness struct {
	mu    sync.Mutex // owns what follows, and is held while the parts are asked
	asked time.Time
	found map[string]error
}

func (s *server) parts(ctx context.Context) map[string]error {
	s.readiness.mu.Lock()
	defer s.readiness.mu.Unlock()
	if s.Ready == nil || time.Since(s.readiness.asked) < readyFor {
		return s.readiness.found
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
	defer cancel()
	found := s.Ready(ctx)
	for name, err := range found {
		if before, known := s.readiness.found[name]; err != nil && (!known || before == nil) {
			s.Log.Error("a part is not ready", "part", name, "err", err)
		}
	}
	s.readiness.asked, s.readiness.found = time.Now(), found
	return found
}

// observability are the operations for whoever runs drydock.
func (s *server) observability() {
	type none struct{}
	type ready struct {
		Status int
		Body   client.Readiness
	}
	register(s, get("readyz", "/readyz", "Every part can do its work; 503 if one cannot"), func(ctx context.Context, _ *none) (*ready, error) {
		out := &ready{Status: http.StatusOK, Body: client.Readiness{Version: s.Version, Parts: map[string]string{}}}
		for name, err := range s.parts(ctx) {
			out.Body.Parts[name] = "ready"
			if err != nil { // the text may name paths: it is in the log
				out.Body.Parts[name] = string(fault.CodeOf(err))
				out.Status = http.StatusServiceUnavailable
			}
		}
		return out, nil
	})
	if s.Metrics != nil {
		raw(s, get("metrics", "/metrics", "Metrics for Prometheus"), "text/plain", func(*struct{}) http.Handler { return s.Metrics })
	}
	type profile struct {
		Name string `path:"name" doc:"profile (CPU), trace, heap, goroutine, allocs, block, mutex, threadcreate, or cmdline"`
	}
	raw(s, get("profile", "/debug/pprof/{name}", "A profile of the running process, for go tool pprof"), "application/octet-stream", func(in *profile) http.Handler {
		switch in.Name {
		case "profile":
			return http.HandlerFunc(pprof.Profile)
		case "trace":
			return http.HandlerFunc(pprof.Trace)
		case "symbol":
			return http.HandlerFunc(pprof.Symbol)
		}
		return pprof.Handler(in.Name) // 404 for a name that there is not
	})
}

// raw adds an operation that an http.Handler answers.
func raw[I any](s *server, op huma.Operation, contentType string, handler func(*I) http.Handler) {
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{contentType: {}}}}
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		if err := s.ordered(ctx, in); err != nil {
			return nil, problemOf(err)
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			r, w := humago.Unwrap(ctx)
			handler(in).ServeHTTP(w, r)
		}}, nil
	})
}
