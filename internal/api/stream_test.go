package api

import (
	"net/http"
	"testing"
	"time"

	"drydock/internal/access"
)

// TestStreamsEnd: a stream ends when its token is revoked, and when its user may
// something else; not before.
func TestStreamsEnd(t *testing.T) {
	for name, change := range map[string]func(*yard) error{
		"revoked": func(y *yard) error { return y.Store.RemoveToken(y.t.Context(), "viewer") },
		"changed": func(y *yard) error {
			return y.Store.ChangeUser(y.t.Context(), "viewer", func(u *access.User, _ *string) error {
				u.Grants = []access.Grant{{Role: access.Viewer, Scope: "site=north"}}
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, func(s *server) { s.recheck = time.Millisecond })
			y.runtime.hold = true
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				y.ask("viewer", http.MethodGet, "/api/v1/events", nil)
			}()
			select {
			case <-ended:
				t.Fatal("it ended by itself")
			case <-time.After(100 * time.Millisecond):
			}
			must(t, change(y))
			select {
			case <-ended:
			case <-time.After(30 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}
