package snmp

import (
	"slices"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Credentials are what an agent wants to hear. An empty AuthProtocol or
// PrivProtocol means none; the security level follows from the two.
type Credentials struct {
	Version        string        // "v1", "v2c", "v3"
	Community      secret.String // v1 and v2c
	WriteCommunity secret.String // for SET; empty: the same
	User           string        // v3 (RFC 3414)
	AuthProtocol   string        // "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"
	AuthPassword   secret.String
	PrivProtocol   string // "DES", "AES-128", "AES-192", "AES-256"; as Cisco extends the key: "AES-192-C", "AES-256-C"
	PrivPassword   secret.String
	ContextName    string
}

// User is an SNMPv3 user that an agent or a receiver of notifications knows.
type User struct {
	Name         string
	AuthProtocol string // as in Credentials
	AuthPassword secret.String
	PrivProtocol string
	PrivPassword secret.String

	ReadOnly bool  // an agent refuses its SETs with noAccess
	View     []OID // an agent shows it these subtrees only; empty: everything
}

const (
	minPassphrase = 8  // characters (RFC 3414 section 11.2)
	maxUserName   = 32 // octets (RFC 3414 section 2.4)
)

// Validate says what is missing or wrong; its errors are fault.Invalid. What
// it does not take is never sent, so that no slip of the pen makes a weaker
// level of security.
func (c Credentials) Validate() error {
	if !slices.Contains([]string{"v1", "v2c", "v3"}, c.Version) {
		return fault.New(fault.Invalid, "", "SNMP credentials", "version %q; it can be v1, v2c or v3", c.Version)
	}
	if c.Version == "v3" {
		return c.user().validate()
	}
	if c.Community.IsZero() {
		return fault.New(fault.Invalid, "", "SNMP credentials", "SNMP%s needs a community", c.Version)
	}
	return nil
}

func (c Credentials) user() User {
	return User{Name: c.User, AuthProtocol: c.AuthProtocol, AuthPassword: c.AuthPassword, PrivProtocol: c.PrivProtocol, PrivPassword: c.PrivPassword}
}

func (u User) validate() error {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "SNMPv3 user "+u.Name, format, args...)
	}
	_, _, knownAuth := authHash(u.AuthProtocol)
	_, knownPriv := newPrivCipher(u.PrivProtocol)
	switch {
	case u.Name == "" || len(u.Name) > maxUserName:
		return wrong("a user name has 1 to %d octets (RFC 3414)", maxUserName)
	case u.AuthProtocol != "" && !knownAuth:
		return wrong("authentication protocol %q; it can be MD5, SHA, SHA-224, SHA-256, SHA-384 or SHA-512", u.AuthProtocol)
	case u.PrivProtocol != "" && !knownPriv:
		return wrong("privacy protocol %q; it can be DES, AES-128, AES-192, AES-256, AES-192-C or AES-256-C", u.PrivProtocol)
	case u.PrivProtocol != "" && u.AuthProtocol == "":
		return wrong("privacy needs authentication (RFC 3414 section 1.4.3)")
	case u.AuthProtocol != "" && len(u.AuthPassword.Reveal()) < minPassphrase:
		return wrong("the authentication passphrase has fewer than %d characters (RFC 3414 section 11.2)", minPassphrase)
	case u.PrivProtocol != "" && len(u.PrivPassword.Reveal()) < minPassphrase:
		return wrong("the privacy passphrase has fewer than %d characters (RFC 3414 section 11.2)", minPassphrase)
	}
	return nil
}
