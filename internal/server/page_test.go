package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"drydock/internal/api"
)

// TestPageLeavesTheAPI: every path of the API reaches it, also where the page
// takes all the rest.
func TestPageLeavesTheAPI(t *testing.T) {
	handler := api.New(api.Parts{Metrics: http.NotFoundHandler()})
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequestWithContext(context.Background(), http.MethodGet, "/openapi.json", nil))
	var document struct {
		Paths map[string]any `json:"paths"`
	}
	must(t, json.Unmarshal(w.Body.Bytes(), &document))
	if len(document.Paths) < 20 {
		t.Fatalf("%d paths", len(document.Paths))
	}
	for path := range document.Paths {
		if !slices.ContainsFunc(apiPaths(), func(prefix string) bool {
			return path == prefix || strings.HasSuffix(prefix, "/") && strings.HasPrefix(path, prefix)
		}) {
			t.Errorf("%s lies under none of apiPaths: the page would answer there", path)
		}
	}
}
