package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestObjectsOfPaths: what the audit log says that a path is about.
func TestObjectsOfPaths(t *testing.T) {
	var got []string
	y := newYard(t, func(s *server) {
		s.api.UseMiddleware(func(ctx huma.Context, _ func(huma.Context)) {
			if object := requestOf(ctx.Context()).object; object != "" {
				got = append(got, object)
			}
		})
	})
	y.Rate = 1e6
	for _, op := range operations(y.server) {
		y.ask("bootstrap", op.Method, strings.NewReplacer("{token}", "secret", "{id}", "ID", "{name}", "ID", "{channel}", "ID").Replace(op.Path), nil)
	}
	slices.Sort(got)
	for _, object := range slices.Compact(got) {
		kind, rest, _ := strings.Cut(object, " ")
		if rest != "ID" || !slices.Contains([]string{"backup", "campaign", "channel", "device", "driver", "enrolment", "filter", "migration", "pprof", "question", "release", "run", "token", "user"}, kind) {
			t.Errorf("object %q", object)
		}
	}
	y.want(y.ask("", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized)
}
