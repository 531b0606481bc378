package client

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drydock/internal/access"
)

// Setup says whether the server waits for its first user.
type Setup struct {
	Needed bool   `json:"needed" doc:"there is no user yet: POST the first one here, with the token of the data directory"`
	OIDC   string `json:"oidc,omitempty" doc:"where to send the browser to log in at the organisation's provider; empty: not set up"`
}

// FirstUser makes the first user, an administrator.
type FirstUser struct {
	Token    string `json:"token" doc:"the text of the file token in the server's data directory"`
	Name     string `json:"name" minLength:"1" maxLength:"64"`
	Password string `json:"password" doc:"12 characters or more"`
}

// Login is a name with its password.
type Login struct {
	Name     string `json:"name" minLength:"1" maxLength:"64"`
	Password string `json:"password" maxLength:"1024"`
}

// Me says who asks, and what they may.
type Me struct {
	Name        string              `json:"name"`
	Kind        access.Kind         `json:"kind" enum:"user,token,bootstrap"`
	Grants      []access.Grant      `json:"grants" doc:"each role with the scope that it holds in; no scope: the whole fleet"`
	Permissions []access.Permission `json:"permissions,omitempty" doc:"what is allowed in some scope at least"`
	Everywhere  []access.Permission `json:"everywhere,omitempty" doc:"what is allowed in the whole fleet"`
	EndsAt      time.Time           `json:"endsAt,omitzero" doc:"when the session ends if nothing more is asked"`
}

// NewUser is a user to be added.
type NewUser struct {
	Name     string         `json:"name" minLength:"1" maxLength:"64"`
	Password string         `json:"password,omitempty" doc:"12 characters or more; none: the user comes by OIDC or by tokens only"`
	Grants   []access.Grant `json:"grants" minItems:"1"`
}

// UserChange replaces what a user may.
type UserChange struct {
	Grants   []access.Grant `json:"grants,omitempty" doc:"none: as they are"`
	Disabled *bool          `json:"disabled,omitempty" doc:"a disabled user's sessions end, and tokens do not work"`
}

// PasswordChange gives a user a new password; their sessions end.
type PasswordChange struct {
	Old string `json:"old,omitempty" doc:"the password until now; an administrator needs none to change another's"`
	New string `json:"new" doc:"12 characters or more"`
}

// NewToken asks for an API token.
type NewToken struct {
	Name   string         `json:"name" minLength:"1" maxLength:"64"`
	Owner  string         `json:"owner,omitempty" doc:"the user that it acts for; none: who asks"`
	Grants []access.Grant `json:"grants,omitempty" doc:"what it may of what its owner may; none: all of it"`
	Days   int            `json:"days,omitempty" minimum:"1" maximum:"366" default:"90" doc:"until it expires"`
}

// MadeToken is a new token. Its text is shown this once.
type MadeToken struct {
	access.Token
	Text string `json:"text"`
}

// AuditQuery selects entries of the audit log; empty fields select all.
type AuditQuery struct {
	Actor  string
	Action string
	Before int64 // cursor: the last number of the page before
	Limit  int
}

// AuditHead is the audit log's last entry. Kept elsewhere, it proves later that
// nothing up to it was changed.
type AuditHead struct {
	Entries int64  `json:"entries"`
	Code    string `json:"code"`
}

// Me says who the client is to the server.
func (c *Client) Me(ctx context.Context) (m Me, err error) {
	return m, c.call(ctx, http.MethodGet, "/api/v1/me", nil, nil, &m)
}

// Setup says whether the server waits for its first user.
func (c *Client) Setup(ctx context.Context) (s Setup, err error) {
	return s, c.call(ctx, http.MethodGet, "/api/v1/setup", nil, nil, &s)
}

// Users lists the users by name.
func (c *Client) Users(ctx context.Context) (list []access.User, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/users", nil, nil, &list)
}

// AddUser adds a user.
func (c *Client) AddUser(ctx context.Context, u NewUser) (added access.User, err error) {
	return added, c.call(ctx, http.MethodPost, "/api/v1/users", nil, u, &added)
}

// ChangeUser changes what a user may.
func (c *Client) ChangeUser(ctx context.Context, name string, change UserChange) (u access.User, err error) {
	return u, c.call(ctx, http.MethodPatch, "/api/v1/users/"+url.PathEscape(name), nil, change, &u)
}

// RemoveUser removes a user with their sessions and tokens.
func (c *Client) RemoveUser(ctx context.Context, name string) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/users/"+url.PathEscape(name), nil, nil, nil)
}

// ChangePassword gives a user a new password; their sessions end.
func (c *Client) ChangePassword(ctx context.Context, name string, change PasswordChange) error {
	return c.call(ctx, http.MethodPut, "/api/v1/users/"+url.PathEscape(name)+"/password", nil, change, nil)
}

// Tokens lists the tokens of whoever asks; an administrator's list has all.
func (c *Client) Tokens(ctx context.Context) (list []access.Token, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/tokens", nil, nil, &list)
}

// AddToken makes a token and gives its text, this once.
func (c *Client) AddToken(ctx context.Context, t NewToken) (made MadeToken, err error) {
	return made, c.call(ctx, http.MethodPost, "/api/v1/tokens", nil, t, &made)
}

// RevokeToken makes a token good for nothing.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/tokens/"+url.PathEscape(id), nil, nil, nil)
}

// Audit lists entries of the audit log, newest first.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (list []access.Entry, err error) {
	v := url.Values{}
	for key, value := range map[string]string{"actor": q.Actor, "action": q.Action} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if q.Before > 0 {
		v.Set("before", strconv.FormatInt(q.Before, 10))
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return list, c.call(ctx, http.MethodGet, "/api/v1/audit", v, nil, &list)
}

// VerifyAudit has the server walk its whole audit log, and past the entry that
// was known earlier, if that is not zero. An error with code corrupt names the
// entry that was changed or removed.
func (c *Client) VerifyAudit(ctx context.Context, known AuditHead) (h AuditHead, err error) {
	v := url.Values{}
	if known.Entries > 0 {
		v.Set("entries", strconv.FormatInt(known.Entries, 10))
		v.Set("code", known.Code)
	}
	return h, c.call(ctx, http.MethodGet, "/api/v1/audit/verify", v, nil, &h)
}

// OIDC says how people log in at the organisation's OpenID Connect provider.
type OIDC struct {
	Issuer       string               `json:"issuer" doc:"the provider's URL, as its configuration names it"`
	ClientID     string               `json:"clientID" doc:"what drydock is called there"`
	ClientSecret string               `json:"clientSecret,omitempty" doc:"never sent back; none: the one from before stays"`
	URL          string               `json:"url" doc:"of this server, as browsers reach it; the provider must know URL/api/v1/oidc/return"`
	Scopes       []string             `json:"scopes,omitempty" default:"[\"profile\"]" doc:"beside openid"`
	NameClaim    string               `json:"nameClaim,omitempty" default:"preferred_username" doc:"claim with the user's name"`
	GroupsClaim  string               `json:"groupsClaim,omitempty" default:"groups" doc:"claim with the names of the user's groups"`
	CA           string               `json:"ca,omitempty" doc:"PEM of the CA of the provider's certificate; none: the machine's CAs"`
	Groups       []access.GroupGrants `json:"groups" minItems:"1" doc:"what the members of each group may; who is in none may not come in"`
}

// ReturnURL is where the provider sends browsers back to.
func (o OIDC) ReturnURL() string { return strings.TrimRight(o.URL, "/") + "/api/v1/oidc/return" }

// OIDC gives the settings, without the secret.
func (c *Client) OIDC(ctx context.Context) (o OIDC, err error) {
	return o, c.call(ctx, http.MethodGet, "/api/v1/settings/oidc", nil, nil, &o)
}

// PutOIDC sets them; the provider is asked at once.
func (c *Client) PutOIDC(ctx context.Context, in OIDC) (o OIDC, err error) {
	return o, c.call(ctx, http.MethodPut, "/api/v1/settings/oidc", nil, in, &o)
}

// RemoveOIDC lets nobody log in at a provider any more.
func (c *Client) RemoveOIDC(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/settings/oidc", nil, nil, nil)
}

// LoggedIn gives a client in a session of the user, beside whatever token c
// has; LogOut ends it.
func (c *Client) LoggedIn(ctx context.Context, in Login) (*Client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	session := &Client{base: c.base, http: &http.Client{Transport: c.http.Transport, Jar: jar}}
	return session, session.call(ctx, http.MethodPost, "/api/v1/login", nil, in, nil)
}

// LogOut ends the session of LoggedIn.
func (c *Client) LogOut(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/api/v1/logout", nil, nil, nil)
}
