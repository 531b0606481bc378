package api

import (
	"encoding/pem"
	"net/http/httptest"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/secret"
)

// TestSessionOverTLS: the published client logs in over TLS, makes a token in
// its session, and the session ends with the logout.
func TestSessionOverTLS(t *testing.T) {
	y := newYard(t, nil)
	server := httptest.NewTLSServer(y.handler)
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	c, err := client.New(server.URL, secret.String{})
	must(t, err)
	if _, err := c.Me(t.Context()); err == nil || !strings.Contains(err.Error(), "unknown authority") {
		t.Errorf("a CA that nobody gave is trusted: %v", err)
	}
	c, err = c.Trusting(ca)
	must(t, err)
	session, err := c.LoggedIn(t.Context(), client.Login{Name: "operator-north", Password: password})
	must(t, err)
	me, err := session.Me(t.Context())
	must(t, err)
	if me.Kind != access.ByPassword || me.Name != "operator-north" {
		t.Errorf("me: %+v", me)
	}
	made, err := session.AddToken(t.Context(), client.NewToken{Name: "x", Days: 1})
	must(t, err)
	must(t, session.LogOut(t.Context()))
	if _, err := session.Me(t.Context()); err == nil {
		t.Error("the session goes on")
	}
	script, err := client.New(server.URL, secret.New(made.Text))
	must(t, err)
	script, err = script.Trusting(ca)
	must(t, err)
	if me, err = script.Me(t.Context()); err != nil || me.Kind != access.ByToken {
		t.Errorf("the token: %+v, %v", me, err)
	}
}
