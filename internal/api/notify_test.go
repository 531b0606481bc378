package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/notify"
	"drydock/internal/procedure"
)

// channel makes the channel that links are of.
func (y *yard) channel(links notify.Links) {
	y.t.Helper()
	_, _, err := y.Notifier.Put(y.t.Context(), notify.Channel{Name: "ops", Type: notify.Webhook, URL: "https://hooks.test", Links: links})
	must(y.t, err)
}

// link gives the path of an answer link to a site's question.
func (y *yard) link(site string, open bool, life time.Duration) string {
	return "/answer/" + y.Notifier.Linker.Token(notify.Link{Question: y.question[site], Choice: procedure.Stop, Channel: "ops", Open: open, Ends: time.Now().Add(life).Unix()})
}

// testAnswerByLink: a link that needs a login is worth as much as the login.
func testAnswerByLink(t *testing.T, y *yard) {
	y.channel(notify.LoginLinks)
	south := y.link("south", false, time.Hour)
	y.want(y.ask("operator", http.MethodGet, south, nil), http.StatusOK, "Answer stop", `action="`+south+`/confirm"`)
	nobody := y.ask("", http.MethodGet, south, nil)
	y.want(nobody, http.StatusSeeOther)
	if to := nobody.Header().Get("Location"); to != "/questions/"+y.question["south"]+"?answer=stop" {
		t.Errorf("who is not logged in is sent to %q, not to the question on the page", to)
	}
	y.want(y.ask("", http.MethodPost, south, nil), http.StatusForbidden, "needs a login")
	y.want(y.ask("", http.MethodPost, south+"/confirm", nil), http.StatusUnauthorized)
	y.want(y.ask("viewer", http.MethodPost, south+"/confirm", nil), http.StatusForbidden)
	y.want(y.ask("operator-north", http.MethodPost, south+"/confirm", nil), http.StatusNotFound)
	if len(y.runtime.replies) > 0 {
		t.Fatalf("it was answered: %+v", y.runtime.replies)
	}
	y.want(y.ask("operator", http.MethodPost, south+"/confirm", nil), http.StatusOK, "Answered")
	if r := y.runtime.replies; len(r) != 1 || r[0].Choice != procedure.Stop || !strings.Contains(r[0].By, "operator") {
		t.Errorf("replies %+v", r)
	}
}

// TestOpenAnswerLink: it needs no login, but a click, and dies with its time.
func TestOpenAnswerLink(t *testing.T) {
	y := newYard(t, nil)
	link := y.link("north", true, time.Hour)
	y.want(y.ask("", http.MethodPost, link, nil), http.StatusConflict, "no such links")
	y.channel(notify.LoginLinks) // a link that was open before is not now
	y.want(y.ask("", http.MethodPost, link, nil), http.StatusConflict, "no such links")
	y.channel(notify.OpenLinks)
	for range 3 { // as programs do that look at links in mail
		got := y.ask("", http.MethodGet, link, nil)
		y.want(got, http.StatusOK, "north: stop?")
		if policy := got.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "form-action 'self'") {
			t.Errorf("policy %q", policy)
		}
	}
	if len(y.runtime.replies) > 0 {
		t.Fatal("looking at it has answered")
	}
	y.want(y.ask("", http.MethodPost, y.link("north", true, -time.Second), nil), http.StatusConflict, "has ended")
	y.want(y.ask("", http.MethodPost, link+"x", nil), http.StatusNotFound)
	y.want(y.ask("", http.MethodPost, link, nil), http.StatusOK, "Answered")
	if r := y.runtime.replies; len(r) != 1 || r[0].By != "link of channel ops" || r[0].Question != y.question["north"] {
		t.Errorf("replies %+v", r)
	}
	audit := y.ask("bootstrap", http.MethodGet, "/api/v1/audit", nil)
	y.want(audit, http.StatusOK, "answer-by-open-link", "link of channel ops", y.question["north"])
	if n := strings.Count(audit.Body.String(), "answer-by-open-link"); n != 1 {
		t.Errorf("%d entries: whoever makes tokens up fills the audit log", n)
	}
}

// TestChannelsKeepSecrets: what goes in of secrets does not come out, but for
// the one that the server has made, once.
func TestChannelsKeepSecrets(t *testing.T) {
	y := newYard(t, nil)
	const path = "/api/v1/notify/channels/ops"
	settings := client.ChannelSettings{Type: "webhook", URL: "https://hooks.test/canary-path?t=canary", Links: "login", Gather: "3s"}
	got := y.ask("administrator", http.MethodPut, path, settings)
	y.want(got, http.StatusOK, "whsec_", `"address":"https://hooks.test/..."`, `"gather":"3s"`)
	list := y.ask("administrator", http.MethodGet, "/api/v1/notify/channels", nil)
	y.want(list, http.StatusOK, `"hasSecret":true`)
	audit := y.ask("bootstrap", http.MethodGet, "/api/v1/audit", nil)
	y.want(audit, http.StatusOK, "put-channel", "channel ops")
	for _, text := range []string{list.Body.String(), audit.Body.String()} {
		if strings.Contains(text, "canary") || strings.Contains(text, "whsec_") {
			t.Errorf("it tells a secret: %s", text)
		}
	}
	settings.URL = "ftp://x"
	y.want(y.ask("administrator", http.MethodPut, path, settings), http.StatusUnprocessableEntity, "must begin with")
	y.want(y.ask("administrator", http.MethodDelete, path, nil), http.StatusNoContent)
	y.want(y.ask("administrator", http.MethodPost, path+"/test", nil), http.StatusNotFound)
}
