package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/store"
)

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
	if a, b := person(as(user.Principal())), person(as(token)); a != "ann" || b != "ann" {
		t.Errorf("%q and %q", a, b)
	}
	if got := by(as(token), "x"); got != "ann (token ci)" {
		t.Errorf("by %q", got)
	}
	if got := by(as(access.Bootstrap()), "bob"); got != "bob (bootstrap)" {
		t.Errorf("by %q: nobody has shown to be bob", got)
	}
	if got := person(as(access.Bootstrap())); got != "bootstrap" {
		t.Errorf("person %q", got)
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
