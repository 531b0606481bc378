package netbox

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

const token = "0123456789abcdef0123456789abcdef01234567"

// recorded answers as NetBox 4 does: three pages, for one token.
type recorded struct {
	mu       sync.Mutex
	requests []*http.Request
}

func (n *recorded) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.requests = append(n.requests, r)
	w.Header().Set("Content-Type", "application/json")
	switch {
	case r.URL.Path != "/api/dcim/devices/":
		http.NotFound(w, r)
	case r.Header.Get("Authorization") != "Token "+token:
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"detail":"Invalid token"}`)
	case r.URL.Query().Get("site") == "nowhere":
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"site":["Select a valid choice. nowhere is not one of the available choices."]}`)
	default:
		offset := r.URL.Query().Get("offset")
		if offset == "" {
			offset = "0"
		}
		raw, err := os.ReadFile("testdata/devices-" + offset + ".json")
		if err != nil {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = w.Write(raw)
	}
}

// source starts a NetBox and gives a source of it.
func source(t *testing.T, h http.Handler, token string) *Source {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s, err := New(server.URL+"/api/", secret.New(token), server.Client().Transport)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPagesAreFollowed(t *testing.T) {
	n := &recorded{}
	filters, err := Filters([]string{"site=north", "site=south-hall", "role=access"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := source(t, n, token).Devices(t.Context(), filters)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	if !slices.Equal(ids, []int{11, 12, 13, 14, 15, 16, 17, 18, 19}) {
		t.Errorf("devices %v", ids)
	}
	if len(n.requests) != 3 {
		t.Fatalf("%d requests", len(n.requests))
	}
	for i, r := range n.requests { // the links name another host, and none of the filters
		q := r.URL.Query()
		if !slices.Equal(q["site"], []string{"north", "south-hall"}) || q.Get("role") != "access" || q.Get("ordering") != "id" {
			t.Errorf("request %d asks for %s", i, r.URL.RawQuery)
		}
	}
}

func TestFields(t *testing.T) {
	list, err := source(t, &recorded{}, token).Devices(t.Context(), url.Values{})
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{"site": "north", "role": "access", "tenant": "acme", "rack": "R4", "platform": "cisco-ios", "manufacturer": "cisco",
		"model": "WS-C2960X-24TS-L", "status": "active", "custom.update_ring": "1", "location": "", "custom.drydock_driver": "", "custom.none": ""} {
		if got := list[0].field(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if got := list[4].field("custom.update_ring"); got != "3" {
		t.Errorf("a number is %q", got)
	}
	if got := list[4].agent("primary_ip"); got != "2001:db8::15" {
		t.Errorf("address %q", got)
	}
	old := Device{DeviceRole: &object{Name: "Access", Slug: "access"}} // before NetBox 4
	if old.field("role") != "access" {
		t.Error("device_role is not read")
	}
}

func TestTokensOfBothKinds(t *testing.T) {
	for text, want := range map[string]string{token: "Token " + token, "nbt_k3y.s3cret": "Bearer nbt_k3y.s3cret"} {
		if got := authorization(secret.New(text)); got != want {
			t.Errorf("%q", got)
		}
	}
}

func TestNoURLNoToken(t *testing.T) {
	for _, c := range [][2]string{{"netbox.example", token}, {"ftp://netbox.example", token}, {"https://netbox.example", ""}, {"https://netbox.example", "two words"}} {
		if _, err := New(c[0], secret.New(c[1]), nil); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%q: %v", c, err)
		}
	}
}

func answering(status int, kind, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Location", "https://login.example/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// What may come instead of a list is told as what it is, with what to do; no
// error has the token in it.
func TestTroubleIsTold(t *testing.T) {
	one := `{"count": 2, "next": "http://x/?offset=1", "results": [{"id": 1}]}`
	for name, c := range map[string]struct {
		handler http.Handler
		filter  string
		token   string
		code    fault.Code
		says    []string
	}{
		"wrong token":    {&recorded{}, "", "wrong", fault.Denied, []string{"does not take the token", "403", "Invalid token"}},
		"wrong filter":   {&recorded{}, "nowhere", token, fault.Invalid, []string{"filter", "nowhere is not one of"}},
		"login page":     {answering(200, "text/html; charset=utf-8", "<html>"), "", token, fault.Unavailable, []string{"text/html", "not with JSON", "login page"}},
		"redirect":       {answering(302, "text/html", ""), "", token, fault.Invalid, []string{"sends us on", "login.example"}},
		"no API":         {answering(404, "text/html", ""), "", token, fault.Invalid, []string{"there is no NetBox API at", "/api/dcim/devices/"}},
		"down":           {answering(502, "text/html", "<html>"), "", token, fault.Unavailable, []string{"502", "later"}},
		"html for 400":   {answering(400, "text/html", "<html>The plain HTTP request was sent to HTTPS port"), "", token, fault.Unavailable, []string{"400", "not with JSON"}},
		"another JSON":   {answering(200, "application/json", `{"detail":"x"}`), "", token, fault.Unavailable, []string{"no list of devices"}},
		"another schema": {answering(200, "application/json", `{"count":1,"results":[{"id":"x"}]}`), "", token, fault.Unavailable, []string{"not as NetBox documents"}},
		"cut":            {answering(200, "application/json", `{"count":1,"resul`), "", token, fault.Unavailable, []string{"not with JSON"}},
		"no link":        {answering(200, "application/json", `{"count": 2, "next": "/api/dcim/devices/", "results": [{"id": 1}]}`), "", token, fault.Unavailable, []string{"link to the next page"}},
		"a loop":         {answering(200, "application/json", one), "", token, fault.Unavailable, []string{"the same devices"}},
		"too few":        {answering(200, "application/json", `{"count": 2, "next": null, "results": [{"id": 1}]}`), "", token, fault.Unavailable, []string{"announced 2", "gave 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			filters := url.Values{}
			if c.filter != "" {
				filters.Set("site", c.filter)
			}
			_, err := source(t, c.handler, c.token).Devices(t.Context(), filters)
			mustSay(t, err, c.code, c.says...)
		})
	}
}

func mustSay(t *testing.T, err error, code fault.Code, says ...string) {
	t.Helper()
	if fault.CodeOf(err) != code {
		t.Errorf("%v is %s, want %s", err, fault.CodeOf(err), code)
	}
	text := fmt.Sprint(err) + " " + fault.HintOf(err)
	for _, want := range says {
		if !strings.Contains(text, want) {
			t.Errorf("%q does not say %q", text, want)
		}
	}
	if strings.Contains(text, token) {
		t.Errorf("%q tells the token", text)
	}
}

func TestTLSTrouble(t *testing.T) {
	server := httptest.NewTLSServer(&recorded{})
	server.Config.ErrorLog = nil
	t.Cleanup(server.Close)
	plain := httptest.NewServer(&recorded{})
	t.Cleanup(plain.Close)
	try := func(address string, transport http.RoundTripper) error {
		s, err := New(address, secret.New(token), transport)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Devices(t.Context(), nil)
		return err
	}
	mustSay(t, try(server.URL, nil), fault.Unavailable, "authority that is not known", "--netbox-ca")
	if err := try(server.URL, server.Client().Transport); err != nil {
		t.Errorf("with its authority: %v", err)
	}
	trusting := server.Client().Transport.(*http.Transport).Clone()
	trusting.TLSClientConfig.ServerName = "netbox.example.org"
	mustSay(t, try(server.URL, trusting), fault.Unavailable, "for another name")
	mustSay(t, try(strings.Replace(plain.URL, "http:", "https:", 1), nil), fault.Unavailable, "does not speak TLS")
	mustSay(t, try("http://127.0.0.1:1", nil), fault.Unavailable, "does not answer")
	var expired x509.CertificateInvalidError
	s := &Source{base: &url.URL{Host: "h"}}
	expired.Reason = x509.Expired
	mustSay(t, s.unreachable(t.Context(), errors.Join(expired)), fault.Unavailable, "not valid", "expired")
}

func TestFilters(t *testing.T) {
	if _, err := Filters([]string{"site_id=4", "name__ic=sw", "cf_ring=1", "tag=core", "status=active"}); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"sit=north", "site", "=x", "site=", "limit=5", "offset=0", "exclude=x"} {
		if _, err := Filters([]string{bad}); fault.CodeOf(err) != fault.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
}
