package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/store"
)

func field(t *testing.T, w *httptest.ResponseRecorder, name string) string {
	t.Helper()
	var all map[string]any
	must(t, json.Unmarshal(w.Body.Bytes(), &all))
	text, _ := all[name].(string)
	return text
}

// login logs a user in and gives the session's cookie.
func (y *yard) login(user, password string) *http.Cookie {
	y.t.Helper()
	got := y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: user, Password: password})
	y.want(got, http.StatusOK, `"name":"`+user+`"`)
	cookies := got.Result().Cookies()
	if len(cookies) != 1 {
		y.t.Fatalf("cookies: %v", cookies)
	}
	return cookies[0]
}

// asSession asks in a fresh session of the user.
func (y *yard) asSession(user, method, path string, body any) *httptest.ResponseRecorder {
	y.t.Helper()
	c := y.login(user, password)
	return y.asked(method, path, body, func(r *http.Request) { r.AddCookie(c) })
}

func (y *yard) me(c *http.Cookie) *httptest.ResponseRecorder {
	y.t.Helper()
	return y.asked(http.MethodGet, "/api/v1/me", nil, func(r *http.Request) { r.AddCookie(c) })
}

func TestLogin(t *testing.T) {
	y := newYard(t, nil)
	c := y.login("viewer", password)
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Secure {
		t.Errorf("cookie: %v", c)
	}
	y.want(y.me(c), http.StatusOK, `"kind":"user"`)
	wrong := y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: "wrong"})
	nobody := y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "nobody", Password: "wrong"})
	y.want(wrong, http.StatusUnauthorized)
	if wrong.Body.String() != nobody.Body.String() {
		t.Errorf("who is there can be told from who is not:\n%s\n%s", wrong.Body, nobody.Body)
	}
	must(t, y.Store.ChangeUser(t.Context(), "viewer", func(u *access.User, _ *string) error { u.Disabled = true; return nil }))
	y.want(y.me(c), http.StatusUnauthorized)
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized, "disabled")
	y.want(y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: password}), http.StatusUnauthorized)
}

// TestCookieOverTLS: over TLS the cookie is bound to it and to this host.
func TestCookieOverTLS(t *testing.T) {
	if got := cookie("x", true, time.Hour); got != "__Host-drydock=x; Path=/; Max-Age=3600; HttpOnly; Secure; SameSite=Strict" {
		t.Error(got)
	}
}

func testLogout(t *testing.T, y *yard) {
	c := y.login("viewer", password)
	other := y.login("viewer", password)
	got := y.asked(http.MethodPost, "/api/v1/logout", nil, func(r *http.Request) { r.AddCookie(c) })
	y.want(got, http.StatusNoContent)
	if gone := got.Result().Cookies(); len(gone) != 1 || gone[0].Value != "" || gone[0].MaxAge >= 0 {
		t.Errorf("the cookie stays: %v", gone)
	}
	y.want(y.me(c), http.StatusUnauthorized)
	y.want(y.me(other), http.StatusOK)
}

func testChangePassword(t *testing.T, y *yard) {
	path := func(user string) string { return "/api/v1/users/" + user + "/password" }
	change := client.PasswordChange{Old: password, New: "another horse entirely"}
	y.want(y.ask("viewer", http.MethodPut, path("operator"), change), http.StatusForbidden)
	y.want(y.ask("administrator-north", http.MethodPut, path("operator"), change), http.StatusForbidden)
	y.want(y.ask("viewer", http.MethodPut, path("viewer"), client.PasswordChange{Old: "wrong", New: change.New}), http.StatusForbidden)
	y.want(y.ask("administrator", http.MethodPut, path("administrator"), client.PasswordChange{New: change.New}), http.StatusForbidden)
	y.want(y.ask("viewer", http.MethodPut, path("viewer"), client.PasswordChange{Old: password, New: "short"}), http.StatusUnprocessableEntity)
	c := y.login("viewer", password)
	y.want(y.ask("viewer", http.MethodPut, path("viewer"), change), http.StatusNoContent)
	y.want(y.me(c), http.StatusUnauthorized) // its sessions end
	y.login("viewer", change.New)
	y.want(y.ask("administrator", http.MethodPut, path("operator"), client.PasswordChange{New: change.New}), http.StatusNoContent)
	y.login("operator", change.New)
	y.want(y.ask("administrator", http.MethodPut, path("nobody"), client.PasswordChange{New: change.New}), http.StatusNotFound)
}

// TestUsers: an administrator adds, changes and removes users, and what a user
// may follows at once, for their sessions and tokens too.
func TestUsers(t *testing.T) {
	y := newYard(t, nil)
	const path = "/api/v1/users"
	add := client.NewUser{Name: "carol", Password: password, Grants: []access.Grant{{Role: access.Viewer, Scope: "site=north"}}}
	y.want(y.ask("administrator-north", http.MethodPost, path, add), http.StatusForbidden)
	y.want(y.ask("administrator", http.MethodPost, path, add), http.StatusCreated, `"scope":"site=north"`)
	y.want(y.ask("administrator", http.MethodPost, path, add), http.StatusConflict)
	y.want(y.ask("administrator", http.MethodPost, path, client.NewUser{Name: "dave", Grants: []access.Grant{{Role: "root"}}}), http.StatusUnprocessableEntity, "root")
	c := y.login("carol", password)
	devices := func() *httptest.ResponseRecorder {
		return y.asked(http.MethodGet, "/api/v1/devices/south", nil, func(r *http.Request) { r.AddCookie(c) })
	}
	y.want(devices(), http.StatusNotFound)
	y.want(y.ask("administrator", http.MethodPatch, path+"/carol", client.UserChange{Grants: []access.Grant{{Role: access.Viewer}}}), http.StatusOK)
	y.want(devices(), http.StatusOK)
	no := true
	y.want(y.ask("administrator", http.MethodPatch, path+"/carol", client.UserChange{Disabled: &no}), http.StatusOK, `"disabled":true`)
	y.want(devices(), http.StatusUnauthorized)
	y.want(y.ask("administrator", http.MethodGet, path, nil), http.StatusOK, "carol", "viewer-north")
	y.want(y.ask("administrator", http.MethodDelete, path+"/carol", nil), http.StatusNoContent)
	y.want(y.ask("administrator", http.MethodDelete, path+"/carol", nil), http.StatusNotFound)
	if got := y.ask("administrator", http.MethodGet, path, nil); strings.Contains(got.Body.String(), "argon2id") {
		t.Error("a password's hash leaves")
	}
}

// TestOtherSites: a browser that another site has send something is refused,
// with the session or without.
func TestOtherSites(t *testing.T) {
	y := newYard(t, nil)
	c := y.login("operator", password)
	remove := func(header, value string) int {
		return y.asked(http.MethodDelete, "/api/v1/devices/nowhere", nil, func(r *http.Request) {
			r.AddCookie(c)
			r.Header.Set(header, value)
		}).Code
	}
	for header, values := range map[string]map[string]int{
		"Origin":         {"http://evil.example": http.StatusForbidden, "null": http.StatusForbidden, "http://drydock.example": http.StatusNotFound},
		"Sec-Fetch-Site": {"cross-site": http.StatusForbidden, "same-site": http.StatusForbidden, "same-origin": http.StatusNotFound},
	} {
		for value, want := range values {
			if got := remove(header, value); got != want {
				t.Errorf("%s: %s gives %d, want %d", header, value, got, want)
			}
		}
	}
	got := y.asked(http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: password}, func(r *http.Request) { r.Header.Set("Origin", "http://evil.example") })
	y.want(got, http.StatusForbidden)
}

func TestSetup(t *testing.T) {
	y := newYard(t, nil)
	first := client.FirstUser{Token: bootstrap, Name: "ann", Password: password}
	y.want(y.ask("", http.MethodPost, "/api/v1/setup", first), http.StatusConflict)
	users, err := y.Store.Users(t.Context())
	must(t, err)
	for _, u := range users {
		must(t, y.Store.RemoveUser(t.Context(), u.Name))
	}
	y.want(y.ask("", http.MethodGet, "/api/v1/setup", nil), http.StatusOK, `"needed":true`)
	wrong := first
	wrong.Token = "guess"
	y.want(y.ask("", http.MethodPost, "/api/v1/setup", wrong), http.StatusUnauthorized)
	weak := first
	weak.Password = "drydock"
	y.want(y.ask("", http.MethodPost, "/api/v1/setup", weak), http.StatusUnprocessableEntity)
	got := y.ask("", http.MethodPost, "/api/v1/setup", first)
	y.want(got, http.StatusOK, `"name":"ann"`, "administer")
	y.want(y.me(got.Result().Cookies()[0]), http.StatusOK)
	y.want(y.ask("", http.MethodGet, "/api/v1/setup", nil), http.StatusOK, `"needed":false`)
	y.want(y.ask("", http.MethodPost, "/api/v1/setup", first), http.StatusConflict)
}

// TestTokensExpire: neither a token nor a session outlives its time.
func TestTokensExpire(t *testing.T) {
	y := newYard(t, nil)
	old := access.TokenText("old", newSecret())
	_, hash, _ := access.ParseToken(old)
	now := time.Now()
	must(t, y.Store.AddToken(t.Context(), access.Token{ID: "old", Name: "t", Owner: "viewer", Grants: []access.Grant{{Role: access.Viewer}},
		CreatedAt: now.Add(-time.Hour), ExpiresAt: now.Add(-time.Second)}, hash))
	y.tokens["old"] = old
	y.want(y.ask("old", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized, "expired")
	y.tokens["forged"] = access.TokenText("viewer", newSecret())
	y.want(y.ask("forged", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized)
	must(t, y.Store.AddSession(t.Context(), access.Session{Hash: access.HashSecret("s"), User: "viewer", CreatedAt: now.Add(-access.SessionLife), SeenAt: now}))
	y.want(y.me(&http.Cookie{Name: "drydock", Value: "s"}), http.StatusUnauthorized, "ended")
}

// TestAuditTells: every order is in the log with who, where and what, before it
// is carried out; what was refused or failed is there too.
func TestAuditTells(t *testing.T) {
	y := newYard(t, nil)
	y.want(y.ask("operator-north", http.MethodPost, "/api/v1/questions/"+y.question["north"]+"/answer", client.Reply{Choice: "stop", By: "somebody else"}), http.StatusOK)
	if y.runtime.by != "operator-north (token t)" {
		t.Errorf("the answer is %q's", y.runtime.by)
	}
	y.want(y.ask("viewer", http.MethodDelete, "/api/v1/devices/north", nil), http.StatusForbidden)
	y.want(y.ask("operator-north", http.MethodPost, "/api/v1/runs/run-north/cancel", map[string]string{}), http.StatusConflict)
	y.want(y.ask("operator", http.MethodPost, "/api/v1/campaigns/c1/pause", map[string]string{}), http.StatusNotFound)
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/devices", nil), http.StatusOK) // reading is not told
	entries, err := y.Store.Audit(t.Context(), store.AuditFilter{})
	must(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, strings.Join([]string{e.Actor, e.Action, e.Object, string(e.Outcome), e.Detail}, "|"))
		if e.Address != "192.0.2.1" || time.Since(e.At) > time.Minute {
			t.Errorf("entry %+v", e)
		}
	}
	if len(got) < 2 || !strings.HasPrefix(got[0], "operator (token t)|pause-campaign|campaign c1|failed|") {
		t.Fatalf("got %q", got)
	}
	got = got[1:]
	want := []string{
		"operator (token t)|pause-campaign|campaign c1|ordered|",
		"operator-north (token t)|cancel-run|run run-north|failed|it goes on",
		"operator-north (token t)|cancel-run|run run-north|ordered|",
		"viewer (token t)|remove-device|device north|refused|viewer (token t) may not do this",
		"operator-north (token t)|answer-question|question " + y.question["north"] + "|ordered|stop",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	y.want(y.ask("administrator", http.MethodGet, "/api/v1/audit?actor=viewer+(token+t)", nil), http.StatusOK, `"action":"remove-device"`)
	y.want(y.ask("administrator", http.MethodGet, "/api/v1/audit/verify", nil), http.StatusOK, `"entries":6`)
}

// TestTokensAreNoSecondPerson: who approves is the user, whatever token they
// come with.
func TestTokensAreNoSecondPerson(t *testing.T) {
	as := func(p access.Principal) context.Context {
		return context.WithValue(t.Context(), requestKey{}, request{who: p})
	}
	user := access.User{Name: "ann"}
	token := access.Token{Name: "ci"}.Principal(user)
	if a, b := person(as(user.Principal()), "x"), person(as(token), "y"); a != "ann" || b != "ann" {
		t.Errorf("%q and %q", a, b)
	}
	if got := by(as(token), "x"); got != "ann (token ci)" {
		t.Errorf("by %q", got)
	}
	if got := by(as(access.Bootstrap()), "x"); got != "x" {
		t.Errorf("by %q", got)
	}
}

// TestNoSecretInAudit: passwords, tokens and communities are in no entry.
func TestNoSecretInAudit(t *testing.T) {
	y := newYard(t, nil)
	const canary = "canary-7f3a-canary"
	y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: canary})
	y.ask("", http.MethodPost, "/api/v1/setup", client.FirstUser{Token: canary, Name: "x", Password: canary})
	y.ask("administrator", http.MethodPost, "/api/v1/users", client.NewUser{Name: "x", Password: canary, Grants: []access.Grant{{Role: access.Viewer}}})
	y.ask("administrator", http.MethodPut, "/api/v1/users/viewer/password", client.PasswordChange{New: canary})
	y.ask("operator", http.MethodPut, "/api/v1/devices", []client.NewDevice{{ID: "d", Address: "127.0.0.1", Driver: "drydock-iad", Credentials: &client.Credentials{Version: "v2c", Community: canary}}})
	y.ask("operator", http.MethodPost, "/api/v1/questions/"+y.question["north"]+"/answer", client.Reply{Choice: "proceed", Configuration: []byte(canary)})
	got := y.ask("administrator", http.MethodGet, "/api/v1/audit", nil)
	y.want(got, http.StatusOK, "add-user", "put-devices", "configuration of 18 octets")
	if strings.Contains(got.Body.String(), canary) {
		t.Error(got.Body)
	}
}

// TestLockOut: after the free tries each wrong password must wait longer, the
// right one too; then it is forgotten.
func TestLockOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLimits()
		free := access.UserLockout().Free + 1
		for n := range free {
			if err := l.try("alice", "192.0.2.1", time.Now()); err != nil {
				t.Fatalf("try %d: %v", n, err)
			}
		}
		last := time.Duration(0)
		for range 8 {
			err := l.try("ALICE", "192.0.2.2", time.Now())
			wait := waitOf(err)
			if !fault.Is(err, fault.Limited) || wait <= last && wait < access.UserLockout().Most {
				t.Fatalf("wait %s after %s: %v", wait, last, err)
			}
			if err := l.try("bob", "192.0.2.3", time.Now()); err != nil {
				t.Errorf("bob waits for alice: %v", err)
			}
			l.passed("bob", "192.0.2.3")
			last = wait
			time.Sleep(wait)
			if err := l.try("alice", "192.0.2.2", time.Now()); err != nil {
				t.Fatalf("after the wait: %v", err)
			}
		}
		time.Sleep(access.UserLockout().Most)
		if err := l.try("alice", "192.0.2.4", time.Now()); err != nil {
			t.Fatal(err)
		}
		l.passed("alice", "192.0.2.4")
		for range free {
			if err := l.try("alice", "192.0.2.4", time.Now()); err != nil {
				t.Fatalf("after the right password: %v", err)
			}
		}
	})
}

// TestLockOutAtOnce: tries that come together count each.
func TestLockOutAtOnce(t *testing.T) {
	y := newYard(t, nil)
	passed := make(chan int, 50)
	for range cap(passed) {
		go func() {
			w := y.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: "wrong"})
			passed <- w.Code
		}()
	}
	checked := 0
	for range cap(passed) {
		if code := <-passed; code != http.StatusTooManyRequests {
			checked++
		}
	}
	if most := access.UserLockout().Free + 1; checked > most {
		t.Errorf("%d passwords were checked, want at most %d", checked, most)
	}
}

// TestRateLimit: past its rate a token gets 429 with the time to wait, and no
// other does.
func TestRateLimit(t *testing.T) {
	y := newYard(t, nil)
	y.Rate = 0.5 // a burst of five
	for range 5 {
		y.want(y.ask("viewer", http.MethodGet, "/api/v1/me", nil), http.StatusOK)
	}
	got := y.ask("viewer", http.MethodGet, "/api/v1/me", nil)
	y.want(got, http.StatusTooManyRequests, `"code":"limited"`, `"hint":"try again in 2s"`)
	if got.Header().Get("Retry-After") != "2" || got.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("headers %v", got.Header())
	}
	y.want(y.ask("operator", http.MethodGet, "/api/v1/me", nil), http.StatusOK)
}

// TestAddressesOfOneNetwork: who has a network of IPv6 addresses has one try
// more for none of them.
func TestAddressesOfOneNetwork(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.1": "address 192.0.2.1", "::ffff:192.0.2.1": "address ::ffff:192.0.2.1", "2001:db8:1:2:3::4": "address 2001:db8:1:2::/64",
		"fe80::1%eth0": "address fe80::/64", "": "address ",
	} {
		if got := addressKey(address); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}

// TestNothingToStealFromTheDatabase: no password, session, token or client
// secret rests where somebody who has the database could use it.
func TestNothingToStealFromTheDatabase(t *testing.T) {
	o := newOrganisation(t)
	session := o.yard.login("viewer", password)
	secrets := map[string]string{"password": password, "session": session.Value, "token": o.tokens["viewer"], "bootstrap": bootstrap, "OIDC client": "client secret"}
	files, err := filepath.Glob(filepath.Join(o.dir, "*"))
	must(t, err)
	read := 0
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // a directory
		}
		read += len(raw)
		for what, text := range secrets {
			if bytes.Contains(raw, []byte(text)) {
				t.Errorf("the %s stands in %s", what, filepath.Base(name))
			}
		}
		if bytes.Contains(raw, []byte(o.tokens["viewer"][13:])) {
			t.Errorf("the token's secret part stands in %s", filepath.Base(name))
		}
	}
	if read < 10_000 {
		t.Fatalf("only %d octets were searched", read)
	}
}

// TestLimitsStaySmall: whoever has very many addresses fills no memory.
func TestLimitsStaySmall(t *testing.T) {
	l := newLimits()
	now := time.Now()
	for n := range keysMost + 1000 {
		_ = l.take(strings.Repeat("x", n%7)+string(rune(n)), addressRate(), now)
		_ = l.try(string(rune(n)), "a"+string(rune(n)), now)
	}
	if len(l.buckets) > keysMost || len(l.tries) > keysMost+2 {
		t.Errorf("%d buckets, %d tries", len(l.buckets), len(l.tries))
	}
}
