// Package access says who may do what: roles and the permissions that they
// bring, label scopes, users, API tokens, lock-out and rate limits, and the
// chain of the audit log. It is pure: no clock, network, store, randomness or
// goroutine; times and salts come in as values.
//
// Invariants: what no rule allows is refused; an API token never may more than
// its owner may at that moment; an unknown role or scope is an error, never
// taken as a wide one.
package access

import (
	"slices"

	"drydock/internal/fault"
)

// Role is what a person is trusted with. Each role may all that the ones
// before it may.
type Role string

// The roles, the least first.
const (
	Viewer        Role = "viewer"
	Operator      Role = "operator"
	Approver      Role = "approver"
	Administrator Role = "administrator"
)

// Permission is what an operation needs.
type Permission string

// The permissions.
const (
	Open       Permission = "open"       // nothing: anybody
	Known      Permission = "known"      // to be somebody: any role
	View       Permission = "view"       // see devices, runs, questions, releases
	Reveal     Permission = "reveal"     // see configurations, secrets included
	Operate    Permission = "operate"    // change devices, order runs, answer questions
	Approve    Permission = "approve"    // agree to what somebody else has ordered
	Administer Permission = "administer" // users, tokens, settings, audit
)

// Roles gives all roles, the least first.
func Roles() []Role { return []Role{Viewer, Operator, Approver, Administrator} }

// Permissions gives all permissions that a role can bring, in the order of the
// roles that first have them.
func Permissions() []Permission {
	return []Permission{Known, View, Reveal, Operate, Approve, Administer}
}

// Least gives the least role that has the permission.
func (p Permission) Least() Role {
	switch p {
	case Open, Known, View:
		return Viewer
	case Reveal, Operate:
		return Operator
	case Approve:
		return Approver
	}
	return Administrator // and whatever is not known
}

func (r Role) rank() int { return slices.Index(Roles(), r) }

// Has says whether the role has the permission; a word that is no role has
// none.
func (r Role) Has(p Permission) bool {
	return p == Open || r.rank() >= 0 && slices.Contains(Permissions(), p) && r.rank() >= p.Least().rank()
}

// Grant gives a role over the devices of a scope.
type Grant struct {
	Role  Role  `json:"role"`
	Scope Scope `json:"scope,omitempty"`
}

// String is "operator" or "operator:site=north", as ParseGrant reads it.
func (g Grant) String() string {
	if g.Scope == Everywhere {
		return string(g.Role)
	}
	return string(g.Role) + ":" + string(g.Scope)
}

// Check gives fault.Invalid for an unknown role or a malformed scope.
func (g Grant) Check() error {
	if g.Role.rank() < 0 {
		return fault.New(fault.Invalid, "", "role", "%q is none; the roles are viewer, operator, approver, administrator", g.Role)
	}
	scope, err := ParseScope(string(g.Scope))
	if err == nil && scope != g.Scope {
		err = fault.New(fault.Invalid, "", "scope", "%q: it is written %q", g.Scope, scope)
	}
	return err
}

// Both gives what a and b allow: each pair's lesser role over what lies in both
// scopes.
func Both(a, b []Grant) (both []Grant) {
	for _, x := range a {
		for _, y := range b {
			scope, ok := x.Scope.and(y.Scope)
			g := Grant{Role: x.Role, Scope: scope}
			if y.Role.rank() < x.Role.rank() {
				g.Role = y.Role
			}
			if ok && !slices.Contains(both, g) {
				both = append(both, g)
			}
		}
	}
	return both
}

// Kind says how somebody has shown who they are.
type Kind string

// The kinds.
const (
	ByPassword  Kind = "user"      // a session of a user
	ByToken     Kind = "token"     // an API token
	ByBootstrap Kind = "bootstrap" // the token in the server's data directory
)

// Principal is somebody who has shown who they are.
type Principal struct {
	Name   string // the user's; of a token, its owner's
	Kind   Kind
	Token  string // id of the API token
	Grants []Grant
}

// Bootstrap is who has the token in the data directory: whoever can read that
// file may do everything.
func Bootstrap() Principal {
	return Principal{Name: "bootstrap", Kind: ByBootstrap, Grants: []Grant{{Role: Administrator}}}
}

// Actor names the principal in journals and in the audit log.
func (p Principal) Actor() string {
	if p.Kind == ByToken {
		return p.Name + " (token " + p.Token + ")"
	}
	return p.Name
}

// May says whether the principal has the permission for a device with these
// labels.
func (p Principal) May(need Permission, labels map[string]string) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role.Has(need) && g.Scope.Contains(labels) })
}

// MaySomewhere says whether the principal has the permission for any device
// at all.
func (p Principal) MaySomewhere(need Permission) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role.Has(need) })
}

// MayEverywhere says whether the principal has the permission for the whole
// fleet, and so for what belongs to no device.
func (p Principal) MayEverywhere(need Permission) bool {
	return slices.ContainsFunc(p.Grants, func(g Grant) bool { return g.Role.Has(need) && g.Scope == Everywhere })
}

// Within gives the scopes that the principal has the permission in. Everywhere
// among them is given alone; none means nowhere.
func (p Principal) Within(need Permission) []Scope {
	scopes := []Scope{}
	for _, g := range p.Grants {
		if g.Role.Has(need) && !slices.Contains(scopes, g.Scope) {
			scopes = append(scopes, g.Scope)
		}
	}
	if slices.Contains(scopes, Everywhere) {
		return []Scope{Everywhere}
	}
	return scopes
}
