package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fault"
)

// TestEveryErrorIsAProblem: whatever is wrong with a request, the answer is
// problem+json with a code and a hint.
func TestEveryErrorIsAProblem(t *testing.T) {
	y := newYard(t, nil)
	const document = "application/json"
	for _, c := range []struct {
		name, method, path, kind, body string
		status                         int
		code                           fault.Code
	}{
		{"unknown path", "GET", "/api/v1/nowhere", "", "", 404, fault.NotFound},
		{"unknown version", "GET", "/api/v2/devices", "", "", 404, fault.NotFound},
		{"slash at the end", "GET", "/api/v1/devices/", "", "", 404, fault.NotFound},
		{"unknown object", "GET", "/api/v1/devices/nowhere", "", "", 404, fault.NotFound},
		{"method", "DELETE", "/api/v1/devices", "", "", 405, fault.Invalid},
		{"unknown method", "BREW", "/api/v1/version", "", "", 405, fault.Invalid},
		{"broken JSON", "POST", "/api/v1/runs", document, `{"devices": [`, 400, fault.Invalid},
		{"no body", "POST", "/api/v1/runs", document, "", 400, fault.Invalid},
		{"kind of body", "POST", "/api/v1/runs", "text/plain", `{"devices": ["north"]}`, 415, fault.Invalid},
		{"too large", "POST", "/api/v1/runs", document, `{"key": "` + strings.Repeat("x", 2<<20) + `"}`, 413, fault.Invalid},
		{"unknown goal", "POST", "/api/v1/runs", document, `{"devices": ["north"], "goal": "dance"}`, 422, fault.Invalid},
		{"unknown member", "POST", "/api/v1/runs", document, `{"devices": ["north"], "goal": "backup", "rain": 1}`, 422, fault.Invalid},
		{"parameter", "GET", "/api/v1/devices?limit=many", "", "", 422, fault.Invalid},
		{"no form", "POST", "/api/v1/releases", "multipart/form-data; boundary=x", "x", 422, fault.Invalid},
		{"state", "POST", "/api/v1/runs/run-north/cancel", document, `{}`, 409, fault.Conflict},
	} {
		t.Run(c.name, func(t *testing.T) {
			y.t = t
			r := httptest.NewRequestWithContext(t.Context(), c.method, "http://drydock.example"+c.path, strings.NewReader(c.body))
			r.Header.Set("Authorization", "Bearer "+bootstrap)
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			w := httptest.NewRecorder()
			y.handler.ServeHTTP(recorder{w}, r)
			y.problem(w, c.status, c.code)
		})
	}
	y.t = t
	y.problem(y.ask("", http.MethodGet, "/api/v1/devices", nil), http.StatusUnauthorized, fault.Denied)
	y.problem(y.ask("viewer", http.MethodGet, "/api/v1/users", nil), http.StatusForbidden, fault.Denied)
	if got := y.ask("viewer", http.MethodDelete, "/api/v1/devices", nil).Header().Get("Allow"); got != "GET, HEAD, PUT" {
		t.Errorf("Allow: %q", got)
	}
}

// problem checks that an answer is a whole problem of a status and code.
func (y *yard) problem(w *httptest.ResponseRecorder, status int, code fault.Code) {
	y.t.Helper()
	var p client.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		y.t.Fatalf("%v: %d %s", err, w.Code, w.Body)
	}
	if kind := w.Header().Get("Content-Type"); w.Code != status || p.Status != status || p.Code != code || kind != problemJSON {
		y.t.Errorf("status %d (%d in it), code %q, %s; want %d and %q: %s", w.Code, p.Status, p.Code, kind, status, code, w.Body)
	}
	if p.Title == "" || p.Detail == "" || p.Hint == "" && code != fault.Conflict {
		y.t.Errorf("title, detail or hint is missing: %s", w.Body)
	}
}

// TestErrorsRepeatNoSecret: what was sent does not come back with the error.
func TestErrorsRepeatNoSecret(t *testing.T) {
	y := newYard(t, nil)
	for path, in := range map[string]string{
		"/api/v1/login": `{"name": "ann", "password": ["hunter2"]}`, "/api/v1/users": `{"name": "ann", "password": "hunter2"`,
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, strings.NewReader(in))
		r.Header = http.Header{"Authorization": {"Bearer " + bootstrap}, "Content-Type": {"application/json"}}
		w := httptest.NewRecorder()
		y.handler.ServeHTTP(w, r)
		if w.Code < 400 || bytes.Contains(w.Body.Bytes(), []byte("hunter2")) {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}

// TestOpenAPIDescribesProblems: the document has errors as they are sent.
func TestOpenAPIDescribesProblems(t *testing.T) {
	y := newYard(t, nil)
	w := y.ask("", http.MethodGet, "/openapi.json", nil)
	if bytes.Contains(w.Body.Bytes(), []byte("schemas/ErrorModel")) || !bytes.Contains(w.Body.Bytes(), []byte("schemas/Problem")) {
		t.Error("it describes the errors of the framework")
	}
}
