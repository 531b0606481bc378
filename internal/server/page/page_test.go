package page

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func built() fstest.MapFS {
	return fstest.MapFS{
		"index.html":        {Data: []byte(`<meta property="csp-nonce" nonce="drydock-nonce"><script src="/assets/a-1.js"></script>`)},
		"assets/a-1.js":     {Data: []byte(strings.Repeat("let harbour = 1;\n", 200))},
		"icon.svg":          {Data: []byte("<svg/>")},
		"assets/small-1.js": {Data: []byte("1")},
	}
}

func ask(t *testing.T, h http.Handler, method, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	r.Header.Set("Accept-Encoding", "gzip")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func handler(t *testing.T, files fstest.MapFS) http.Handler {
	t.Helper()
	h, err := Handler(files)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestPolicyAllowsNoInlineScript: scripts come from files of this server only,
// styles from files or with this answer's nonce (T14).
func TestPolicyAllowsNoInlineScript(t *testing.T) {
	h := handler(t, built())
	seen := map[string]bool{}
	for range 3 {
		w := ask(t, h, http.MethodGet, "/runs/run-7")
		policy := w.Header().Get("Content-Security-Policy")
		if !strings.Contains(policy, "script-src 'self';") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") {
			t.Errorf("policy lets in more than this server's files: %s", policy)
		}
		nonce := regexp.MustCompile(`'nonce-([A-Za-z0-9+/]{22})'`).FindStringSubmatch(policy)
		if nonce == nil || !strings.Contains(w.Body.String(), `nonce="`+nonce[1]+`"`) {
			t.Fatalf("policy and page do not share a nonce: %s, %s", policy, w.Body)
		}
		seen[nonce[1]] = true
	}
	if len(seen) != 3 {
		t.Errorf("3 answers have %d nonces, each needs its own", len(seen))
	}
}

func TestSharedAddressesGiveThePage(t *testing.T) {
	h := handler(t, built())
	for path, want := range map[string]int{"/": 200, "/devices/iad-1": 200, "/devices/10.0.0.1": 200, "/icon.svg": 200, "/assets/gone-2.js": 404} {
		w := ask(t, h, http.MethodGet, path)
		if w.Code != want {
			t.Errorf("%s: %d, want %d", path, w.Code, want)
		}
		if path != "/icon.svg" && want == 200 && !strings.Contains(w.Body.String(), "csp-nonce") {
			t.Errorf("%s does not give index.html: %s", path, w.Body)
		}
	}
	if w := ask(t, h, http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST: %d, want 405", w.Code)
	}
}

func TestAssetsArePackedAndKept(t *testing.T) {
	h := handler(t, built())
	for range 2 { // the second time from what was packed before
		w := ask(t, h, http.MethodGet, "/assets/a-1.js")
		z, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(z)
		if err != nil || string(text) != string(built()["assets/a-1.js"].Data) {
			t.Errorf("unpacked it is not the file: %v, %d octets", err, len(text))
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("Cache-Control: %q", got)
		}
	}
	if w := ask(t, h, http.MethodGet, "/"); w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("index.html is kept by browsers, with a nonce that is not theirs")
	}
}

func TestWithoutThePageItSaysHowToBuildIt(t *testing.T) {
	w := ask(t, handler(t, fstest.MapFS{".keep": {}}), http.MethodGet, "/")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "make page build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
