package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/access"
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
