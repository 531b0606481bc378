package access

import (
	"slices"
	"time"
	"unicode/utf8"

	"drydock/internal/fault"
)

// User is a person.
type User struct {
	Name      string    `json:"name"`
	Grants    []Grant   `json:"grants"`
	Disabled  bool      `json:"disabled,omitempty"`
	External  string    `json:"external,omitempty"` // issuer and subject of who comes by OIDC
	CreatedAt time.Time `json:"createdAt,omitzero"`
}

// Check gives fault.Invalid for what cannot be a user.
func (u User) Check() error {
	if err := checkName("user", u.Name); err != nil {
		return err
	}
	return checkGrants("user "+u.Name, u.Grants)
}

func checkGrants(object string, grants []Grant) error {
	if len(grants) == 0 {
		return fault.New(fault.Invalid, "", object, "there is no role").WithHint("the roles are viewer, operator, approver, administrator")
	}
	for _, g := range grants {
		if err := g.Check(); err != nil {
			return fault.New(fault.Invalid, "", object, "%w", err)
		}
	}
	return nil
}

// nameMost is the longest name, in characters.
const nameMost = 64

// checkName allows letters, digits and -._@ so that a name is itself in a URL,
// a log line and a terminal.
func checkName(what, name string) error {
	wrong := func(why string) error {
		return fault.New(fault.Invalid, "", what, "name %q %s", name, why)
	}
	switch {
	case name == "" || utf8.RuneCountInString(name) > nameMost:
		return wrong("must have 1 to 64 characters")
	case name == Bootstrap().Name:
		return wrong("is the bootstrap token's")
	case name[0] == '-' || name[0] == '.':
		return wrong("must begin with a letter or a digit")
	}
	for _, r := range name {
		ok := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '.' || r == '_' || r == '@'
		if !ok {
			return wrong("can have letters a to z, digits and - . _ @")
		}
	}
	return nil
}

// How long a session lasts.
const (
	SessionLife = 12 * time.Hour  // from the login
	SessionIdle = 2 * time.Hour   // from the last request
	SessionMark = 5 * time.Minute // how exactly the last request is kept
)

// Session is a login. Its secret is kept by the browser alone.
type Session struct {
	Hash      string // of the secret
	User      string
	Address   string // where the login came from
	CreatedAt time.Time
	SeenAt    time.Time
}

// Expires gives when the session ends if nothing more is heard of it.
func (s Session) Expires() time.Time {
	idle, life := s.SeenAt.Add(SessionIdle), s.CreatedAt.Add(SessionLife)
	if idle.Before(life) {
		return idle
	}
	return life
}

// Alive says whether the session is good now.
func (s Session) Alive(now time.Time) bool { return now.Before(s.Expires()) }

// Token is an API token: what a script has instead of a password. Its secret
// is shown once.
type Token struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Owner     string    `json:"owner"`
	Grants    []Grant   `json:"grants"` // what it asks for of what its owner may
	CreatedAt time.Time `json:"createdAt"`
	ExpiresAt time.Time `json:"expiresAt"`
	UsedAt    time.Time `json:"usedAt,omitzero"`
}

// TokenLife is how long a token lasts at most.
const TokenLife = 366 * 24 * time.Hour

// Check gives fault.Invalid for what cannot be a token.
func (t Token) Check() error {
	if err := checkName("token", t.Name); err != nil {
		return err
	}
	if err := checkGrants("token "+t.Name, t.Grants); err != nil {
		return err
	}
	if !t.ExpiresAt.After(t.CreatedAt) || t.ExpiresAt.Sub(t.CreatedAt) > TokenLife {
		return fault.New(fault.Invalid, "", "token "+t.Name, "it must expire, within 366 days")
	}
	return nil
}

// Alive says whether the token is good now.
func (t Token) Alive(now time.Time) bool { return now.Before(t.ExpiresAt) }

// Principal gives who comes with the token, from what its owner may now.
func (t Token) Principal(owner User) Principal {
	return Principal{Name: owner.Name, Kind: ByToken, Token: t.Name, Grants: Both(owner.Grants, t.Grants)}
}

// Principal gives who the user is after a login.
func (u User) Principal() Principal {
	return Principal{Name: u.Name, Kind: ByPassword, Grants: u.Grants}
}

// GroupGrants says what the members of a group may, for users whose groups
// somebody else keeps.
type GroupGrants struct {
	Group  string  `json:"group"`
	Grants []Grant `json:"grants"`
}

// CheckGroups gives fault.Invalid for rules that cannot be.
func CheckGroups(rules []GroupGrants) error {
	for _, r := range rules {
		if r.Group == "" {
			return fault.New(fault.Invalid, "", "group", "it has no name")
		}
		if err := checkGrants("group "+r.Group, r.Grants); err != nil {
			return err
		}
	}
	return nil
}

// GrantsOfGroups gives what a member of all these groups may.
func GrantsOfGroups(rules []GroupGrants, groups []string) (grants []Grant) {
	for _, r := range rules {
		if !slices.Contains(groups, r.Group) {
			continue
		}
		for _, g := range r.Grants {
			if !slices.Contains(grants, g) {
				grants = append(grants, g)
			}
		}
	}
	return grants
}
