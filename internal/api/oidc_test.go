package api

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	zitadel "github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/oidc"
	"drydock/internal/store"
)

// people are those of the provider, with what it says of their groups.
type people map[string][]string

func (p people) GetUserByID(id string) *storage.User {
	if _, ok := p[id]; !ok {
		return nil
	}
	return &storage.User{ID: id, Username: strings.TrimPrefix(id, "id-"), Password: "secret of " + id}
}
func (p people) GetUserByUsername(name string) *storage.User { return p.GetUserByID("id-" + name) }
func (p people) ExampleClientID() string                     { return storage.ServiceUserID }

// directory is the provider's storage with groups. It puts the claims into ID
// tokens where inToken is set; else one has to ask for them.
type directory struct {
	*storage.Storage
	people  people
	inToken bool
	nobody  bool // ID tokens have no subject
	other   bool // the user info is somebody else's
}

func (d *directory) SetUserinfoFromRequest(ctx context.Context, info *zitadel.UserInfo, r op.IDTokenRequest, scopes []string) error {
	info.Subject = r.GetSubject()
	if d.nobody {
		info.Subject = ""
	}
	if !d.inToken {
		return nil
	}
	info.PreferredUsername = strings.TrimPrefix(r.GetSubject(), "id-")
	info.AppendClaims("groups", d.people[r.GetSubject()])
	return nil
}

func (d *directory) SetUserinfoFromToken(ctx context.Context, info *zitadel.UserInfo, id, subject, origin string) error {
	info.AppendClaims("groups", d.people[subject])
	err := d.Storage.SetUserinfoFromToken(ctx, info, id, subject, origin)
	if d.other {
		info.Subject = "id-otto"
	}
	return err
}

// provider is a real OpenID provider on loopback, with drydock as its client.
func provider(t *testing.T, drydock string, all people) (issuer string, d *directory) {
	t.Helper()
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(server.Close)
	web := storage.WebClient("drydock", "client secret", drydock+"/api/v1/oidc/return")
	d = &directory{storage.NewStorageWithClients(all, map[string]*storage.Client{"drydock": web}), all, false, false, false}
	handler = exampleop.SetupServer(server.URL, d, nil, false, op.WithAllowInsecure())
	return server.URL, d
}

// organisation is a yard whose people log in at a provider.
type organisation struct {
	*yard
	url       string
	directory *directory
}

func newOrganisation(t *testing.T) *organisation {
	y := newYard(t, nil)
	server := httptest.NewServer(y.handler)
	t.Cleanup(server.Close)
	issuer, d := provider(t, server.URL, people{"id-nina": {"staff", "north-noc"}, "id-otto": {"staff"}, "id-viewer": {"north-noc"}})
	settings := client.OIDC{Issuer: issuer, ClientID: "drydock", ClientSecret: "client secret", URL: server.URL, Groups: []access.GroupGrants{
		{Group: "north-noc", Grants: []access.Grant{{Role: access.Operator, Scope: "site=north"}}},
	}}
	y.want(y.ask("operator", http.MethodPut, "/api/v1/settings/oidc", settings), http.StatusForbidden)
	y.want(y.ask("administrator", http.MethodPut, "/api/v1/settings/oidc", settings), http.StatusOK, issuer)
	return &organisation{y, server.URL, d}
}

// browser keeps cookies and follows redirects.
func browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	must(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/" { // the page, which is not there in this test
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

func read(t *testing.T, r *http.Response, err error) (int, string) {
	t.Helper()
	must(t, err)
	defer r.Body.Close()
	raw, err := io.ReadAll(r.Body)
	must(t, err)
	return r.StatusCode, string(raw)
}

// login goes to the provider and back, as the person.
func (o *organisation) login(b *http.Client, name string) (int, string) {
	return o.loginAt(b, o.url+"/api/v1/oidc/start", name)
}

func (o *organisation) loginAt(b *http.Client, start, name string) (int, string) {
	t := o.t
	t.Helper()
	resp, err := b.Get(start)
	must(t, err)
	form := resp.Request.URL
	_, page := read(t, resp, nil)
	id := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(page)
	if id == nil {
		t.Fatalf("the provider shows no form: %s", page)
	}
	target := form.ResolveReference(&url.URL{Path: "/login/username"})
	resp, err = b.PostForm(target.String(), url.Values{"id": {id[1]}, "username": {name}, "password": {"secret of id-" + name}})
	return read(t, resp, err)
}

// TestOIDCLogin: by code, PKCE, state and nonce at a real provider, with the
// groups in the ID token and without.
func TestOIDCLogin(t *testing.T) {
	o := newOrganisation(t)
	for _, inToken := range []bool{false, true} {
		o.directory.inToken = inToken
		b := browser(t)
		if status, text := o.login(b, "nina"); status != http.StatusSeeOther {
			t.Fatalf("claims in the token %t: %d %s", inToken, status, text)
		}
		resp, err := b.Get(o.url + "/api/v1/me")
		if status, text := read(t, resp, err); status != http.StatusOK || !strings.Contains(text, `"name":"nina"`) || !strings.Contains(text, `[{"role":"operator","scope":"site=north"}]`) {
			t.Errorf("me: %d %s", status, text)
		}
		resp, err = b.Get(o.url + "/api/v1/devices/south")
		if status, _ := read(t, resp, err); status != http.StatusNotFound {
			t.Errorf("the south: %d", status)
		}
	}
	o.want(o.ask("", http.MethodGet, "/api/v1/setup", nil), http.StatusOK, `"oidc":"/api/v1/oidc/start"`)
}

// TestOIDCRefusals: who is in no group, who is somebody else here, and who was
// disabled do not come in; a group that was taken away takes its role with it.
func TestOIDCRefusals(t *testing.T) {
	o := newOrganisation(t)
	for name, why := range map[string]string{"otto": "is in no group", "viewer": "somebody else"} {
		if status, text := o.login(browser(t), name); status != http.StatusForbidden || !strings.Contains(text, why) {
			t.Errorf("%s: %d %s", name, status, text)
		}
	}
	if status, text := o.login(browser(t), "nina"); status != http.StatusSeeOther {
		t.Fatalf("nina: %d %s", status, text)
	}
	must(t, o.Store.ChangeUser(t.Context(), "nina", func(u *access.User, _ *string) error { u.Disabled = true; return nil }))
	if status, text := o.login(browser(t), "nina"); status != http.StatusForbidden || !strings.Contains(text, "disabled") {
		t.Errorf("disabled: %d %s", status, text)
	}
	o.directory.other = true
	if status, text := o.login(browser(t), "nina"); status != http.StatusForbidden || !strings.Contains(text, "speaks of another user") {
		t.Errorf("another's user info: %d %s", status, text)
	}
	o.directory.nobody = true
	if status, text := o.login(browser(t), "otto"); status != http.StatusForbidden || !strings.Contains(text, "names nobody") {
		t.Errorf("no subject: %d %s", status, text)
	}
	entries, err := o.Store.Audit(t.Context(), store.AuditFilter{Action: "oidc-return", Actor: "nina"})
	must(t, err)
	if len(entries) != 2 || entries[0].Outcome != access.Refused || entries[1].Outcome != access.Ordered {
		t.Errorf("audit: %+v", entries)
	}
	o.want(o.ask("", http.MethodPost, "/api/v1/login", client.Login{Name: "nina", Password: ""}), http.StatusUnauthorized)
}

// TestOIDCNonce: an ID token that was made for another login is refused, with
// a good code and the right state.
func TestOIDCNonce(t *testing.T) {
	o := newOrganisation(t)
	p, _, err := o.oidcProvider(t.Context())
	must(t, err)
	for nonce, want := range map[string]string{"good": "", "other": "another login"} {
		l := oidc.Login{State: "state", Nonce: "good", Verifier: access.SecretText(newSecret())}
		var back *url.URL
		b := browser(t)
		b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
			if strings.HasPrefix(r.URL.String(), o.url) {
				back = r.URL
				return http.ErrUseLastResponse
			}
			return nil
		}
		o.loginAt(b, p.Begin(l), "nina")
		l.Nonce = nonce
		_, err := p.Finish(t.Context(), l, "state", back.Query().Get("code"))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("nonce %s: %v", nonce, err)
		}
	}
}

// TestOIDCForgery: an answer that this browser's login did not ask for is
// refused, whatever of it is wrong.
func TestOIDCForgery(t *testing.T) {
	o := newOrganisation(t)
	start := func() (cookie *http.Cookie, at url.Values) {
		w := o.ask("", http.MethodGet, "/api/v1/oidc/start", nil)
		o.want(w, http.StatusFound)
		to, err := url.Parse(w.Header().Get("Location"))
		must(t, err)
		return w.Result().Cookies()[0], to.Query()
	}
	cookie, at := start()
	if at.Get("code_challenge_method") != "S256" || at.Get("code_challenge") == "" || at.Get("nonce") == "" || len(at.Get("state")) < 40 || at.Get("response_type") != "code" {
		t.Errorf("sent to the provider with %v", at)
	}
	if !cookie.HttpOnly || cookie.SameSite != http.SameSiteLaxMode || strings.Contains(cookie.Value, at.Get("state")) {
		t.Errorf("cookie %v", cookie)
	}
	other, _ := start()
	for name, c := range map[string]struct {
		cookie *http.Cookie
		state  string
	}{
		"no cookie":       {nil, at.Get("state")},
		"other login":     {other, at.Get("state")},
		"no state":        {cookie, ""},
		"forged cookie":   {&http.Cookie{Name: cookie.Name, Value: "AAAA" + cookie.Value[4:]}, at.Get("state")},
		"nothing matches": {&http.Cookie{Name: cookie.Name, Value: ""}, ""},
	} {
		got := o.asked(http.MethodGet, "/api/v1/oidc/return?code=x&state="+c.state, nil, func(r *http.Request) {
			if c.cookie != nil {
				r.AddCookie(c.cookie)
			}
		})
		if got.Code != http.StatusForbidden || !strings.Contains(got.Body.String(), "begun elsewhere") {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
	got := o.asked(http.MethodGet, "/api/v1/oidc/return?code=x&state="+at.Get("state"), nil, func(r *http.Request) { r.AddCookie(cookie) })
	o.want(got, http.StatusForbidden, "the provider does not take the code")
	got = o.asked(http.MethodGet, "/api/v1/oidc/return?error=access_denied", nil, nil)
	o.want(got, http.StatusForbidden, `"code":"denied"`, "access_denied")
	hostile := "/api/v1/oidc/return?error=access_denied&error_description=" + url.QueryEscape("<script>alert(1)</script>")
	got = o.asked(http.MethodGet, hostile, nil, func(r *http.Request) { r.Header.Set("Accept", "text/html,*/*") })
	o.want(got, http.StatusForbidden, "The login did not succeed", "&lt;script&gt;", `<a href="/">`)
	if strings.Contains(got.Body.String(), "<script") || !strings.Contains(got.Header().Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v %s", got.Header(), got.Body)
	}
}

func TestOIDCSettings(t *testing.T) {
	y := newYard(t, nil)
	y.want(y.ask("", http.MethodGet, "/api/v1/oidc/start", nil), http.StatusNotFound, "OIDC is not set up")
	groups := []access.GroupGrants{{Group: "g", Grants: []access.Grant{{Role: access.Viewer}}}}
	for why, settings := range map[string]client.OIDC{
		"https is needed": {Issuer: "http://provider.example", ClientID: "x", URL: "https://d.example", Groups: groups},
		"is not a URL":    {Issuer: "provider", ClientID: "x", URL: "https://d.example", Groups: groups},
		"root":            {Issuer: "https://p.example", ClientID: "x", URL: "https://d.example", Groups: []access.GroupGrants{{Group: "g", Grants: []access.Grant{{Role: "root"}}}}},
		"no certificate":  {Issuer: "https://p.example", ClientID: "x", URL: "https://d.example", CA: "x", Groups: groups},
	} {
		y.want(y.ask("administrator", http.MethodPut, "/api/v1/settings/oidc", settings), http.StatusUnprocessableEntity, why)
	}
	silent := client.OIDC{Issuer: "http://127.0.0.1:1", ClientID: "x", URL: "http://localhost", Groups: groups}
	y.want(y.ask("administrator", http.MethodPut, "/api/v1/settings/oidc", silent), http.StatusServiceUnavailable, "hint")

	o := newOrganisation(t)
	got := o.ask("administrator", http.MethodGet, "/api/v1/settings/oidc", nil)
	o.want(got, http.StatusOK, `"clientID":"drydock"`, `"nameClaim":"preferred_username"`)
	if strings.Contains(got.Body.String(), "client secret") {
		t.Error("the secret is sent back")
	}
	again := client.OIDC{Issuer: o.directoryIssuer(), ClientID: "drydock", URL: o.url, Groups: groups}
	o.want(o.ask("administrator", http.MethodPut, "/api/v1/settings/oidc", again), http.StatusOK)
	kept, err := o.oidcSettings(t.Context())
	must(t, err)
	if kept.ClientSecret != "client secret" || kept.Groups[0].Group != "g" {
		t.Errorf("kept: %+v", kept)
	}
	o.want(o.ask("administrator", http.MethodDelete, "/api/v1/settings/oidc", nil), http.StatusNoContent)
	o.want(o.ask("", http.MethodGet, "/api/v1/oidc/start", nil), http.StatusNotFound)
}

func (o *organisation) directoryIssuer() string {
	settings, err := o.oidcSettings(o.t.Context())
	must(o.t, err)
	return settings.Issuer
}
