package server

import (
	"io/fs"
	"net/http"

	"drydock/internal/server/page"
	"drydock/web"
)

// apiPaths are what belongs to the API; everything else is the page's.
func apiPaths() []string {
	return []string{"/api/", "/answer/", "/openapi.json", "/openapi.yaml", "/openapi-3.0.json", "/openapi-3.0.yaml", "/healthz", "/readyz", "/metrics", "/debug/"}
}

// withPage serves the page beside the API.
func withPage(api http.Handler) (http.Handler, error) {
	built, err := fs.Sub(web.Built, "dist")
	if err != nil {
		return nil, err
	}
	pages, err := page.Handler(built)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	for _, path := range apiPaths() {
		mux.Handle(path, api)
	}
	mux.Handle("/", pages)
	return mux, nil
}
