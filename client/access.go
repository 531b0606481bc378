package client

import (
	"context"
	"net/http"
	"net/http/cookiejar"
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
