// Command openapi prints the API's OpenAPI document. The page's types are
// generated from it (make types).
package main

import (
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"drydock/internal/api"
)

func main() {
	w := httptest.NewRecorder()
	handler := api.New(api.Parts{Log: slog.New(slog.DiscardHandler), Metrics: http.NotFoundHandler(), Version: "0"})
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	if w.Code != http.StatusOK {
		log.Fatalf("/openapi.json: %d %s", w.Code, w.Body)
	}
	if _, err := os.Stdout.Write(w.Body.Bytes()); err != nil {
		log.Fatal(err)
	}
}
