package snmp

import (
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// Credentials are what a device wants to hear; see fleet.Credentials, which
// also checks them.
type Credentials = fleet.Credentials

// User is an SNMPv3 user that an agent or a receiver of notifications knows
// (RFC 3414). An empty AuthProtocol or PrivProtocol means none.
type User struct {
	Name         string
	AuthProtocol string // as in fleet.Credentials
	AuthPassword secret.String
	PrivProtocol string
	PrivPassword secret.String
}
