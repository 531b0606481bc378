package fleet

import (
	"slices"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Credentials are what a device wants to hear before it answers over SNMP.
// They are kept sealed and are never read back through the API.
type Credentials struct {
	Version string // "v1", "v2c", "v3": never another than the one given here
	// Community is for SNMPv1 and v2c; WriteCommunity, where empty, is the same.
	Community      secret.String
	WriteCommunity secret.String
	// The rest is for SNMPv3 (RFC 3414). An empty AuthProtocol or PrivProtocol
	// means none.
	User         string
	AuthProtocol string // "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"
	AuthPassword secret.String
	PrivProtocol string // "DES", "AES-128", "AES-192", "AES-256"
	PrivPassword secret.String
	ContextName  string
}

// The protocols, as their standards name them (RFC 3414, 3826, 7860).
var (
	authProtocols = []string{"", "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"}
	privProtocols = []string{"", "DES", "AES-128", "AES-192", "AES-256"}
)

// minPassphrase is the shortest passphrase that RFC 3414 section 11.2 allows.
const minPassphrase = 8

// Check says what is missing or wrong.
func (c Credentials) Check() error {
	wrong := func(format string, args ...any) *fault.Error {
		return fault.New(fault.Invalid, "", "credentials", format, args...)
	}
	switch c.Version {
	case "v1", "v2c":
		if c.Community.IsZero() {
			return wrong("SNMP%s needs a community", c.Version)
		}
		return nil
	case "v3":
	default:
		return wrong("SNMP version %q; it can be v1, v2c or v3", c.Version)
	}
	switch {
	case c.User == "":
		return wrong("SNMPv3 needs a user")
	case !slices.Contains(authProtocols, c.AuthProtocol):
		return wrong("authentication protocol %q; it can be one of %v", c.AuthProtocol, authProtocols[1:])
	case !slices.Contains(privProtocols, c.PrivProtocol):
		return wrong("privacy protocol %q; it can be one of %v", c.PrivProtocol, privProtocols[1:])
	case c.AuthProtocol == "" && c.PrivProtocol != "":
		return wrong("privacy needs authentication (RFC 3414)")
	case c.AuthProtocol != "" && len(c.AuthPassword.Reveal()) < minPassphrase:
		return wrong("the authentication passphrase has fewer than %d characters (RFC 3414)", minPassphrase)
	case c.PrivProtocol != "" && len(c.PrivPassword.Reveal()) < minPassphrase:
		return wrong("the privacy passphrase has fewer than %d characters (RFC 3414)", minPassphrase)
	}
	return nil
}
