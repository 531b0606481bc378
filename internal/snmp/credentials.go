package snmp

import "drydock/internal/secret"

// Credentials are what an agent wants to hear. An empty AuthProtocol or
// PrivProtocol means none.
type Credentials struct {
	Version        string        // "v1", "v2c", "v3"
	Community      secret.String // v1 and v2c
	WriteCommunity secret.String // for SET; empty: the same
	User           string        // v3 (RFC 3414)
	AuthProtocol   string        // "MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"
	AuthPassword   secret.String
	PrivProtocol   string // "DES", "AES-128", "AES-192", "AES-256"
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
}
