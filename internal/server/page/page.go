// Package page serves the page: what Vite built (package web), with a strict
// Content-Security-Policy. It knows nothing of the API beside which it stands.
//
// Every path that is no file gives index.html, so that the page's own
// addresses can be shared. A binary without the page says how to build it.
package page

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"drydock/internal/fault"
)

// noncePlaceholder is what vite.config.ts puts where each answer's nonce goes.
const noncePlaceholder = "drydock-nonce"

// worthPacking is the size in octets below which gzip gains nothing.
const worthPacking = 1024

// Handler serves the files of built, which are those of web/dist.
func Handler(built fs.FS) (http.Handler, error) {
	index, err := fs.ReadFile(built, "index.html")
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return http.HandlerFunc(notBuilt), nil
	case err != nil:
		return nil, fault.New(fault.Internal, "", "page", "%w", err)
	}
	return &site{files: built, index: index}, nil
}

type site struct {
	files  fs.FS
	index  []byte
	packed sync.Map // name -> []byte, packed when first asked for
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if content, err := fs.ReadFile(s.files, name); err == nil && name != "index.html" {
		s.file(w, r, name, content)
		return
	}
	if strings.HasPrefix(name, "assets/") {
		http.NotFound(w, r) // of another build: never index.html in the place of a script
		return
	}
	s.page(w)
}

// page sends index.html with a nonce of its own: the styles that the page
// makes as it runs carry it, and scripts come from files only.
func (s *site) page(w http.ResponseWriter) {
	nonce := newNonce()
	headers(w, "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-"+nonce+"'; img-src 'self' data:; font-src 'self'; "+
		"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(bytes.ReplaceAll(s.index, []byte(noncePlaceholder), []byte(nonce)))
}

func (s *site) file(w http.ResponseWriter, r *http.Request, name string, content []byte) {
	headers(w, "default-src 'none'; frame-ancestors 'none'")
	h := w.Header()
	h.Set("Content-Type", contentType(name))
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") { // its name changes with its content
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if len(content) >= worthPacking && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		content = s.pack(name, content)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	if r.Method == http.MethodGet {
		_, _ = w.Write(content)
	}
}

func (s *site) pack(name string, content []byte) []byte {
	if known, ok := s.packed.Load(name); ok {
		return known.([]byte)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(content) // into memory: cannot fail
	_ = z.Close()
	s.packed.Store(name, b.Bytes())
	return b.Bytes()
}

func headers(w http.ResponseWriter, policy string) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
}

func contentType(name string) string {
	if known := mime.TypeByExtension(path.Ext(name)); known != "" {
		return known
	}
	return "application/octet-stream"
}

func newNonce() string {
	var random [16]byte
	rand.Read(random[:]) // never fails (crypto/rand)
	return base64.RawStdEncoding.EncodeToString(random[:])
}

// notBuilt is the page of a binary that was built without Node.js.
func notBuilt(w http.ResponseWriter, _ *http.Request) {
	headers(w, "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(withoutPage))
}

const withoutPage = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>drydock</title></head>
<body>
<h1>drydock is running, without its page</h1>
<p>This binary was built without the page. With Node.js 20.19 or newer:</p>
<pre>make page build</pre>
<p>The command line and the <a href="/openapi.json">API</a> work as they are: <code>drydock --help</code>.</p>
</body>
</html>
`
