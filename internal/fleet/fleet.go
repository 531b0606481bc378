// Package fleet holds the domain's things and their rules: devices and their
// identity, releases and what they fit, backups. It is pure: no clock, network,
// store or goroutine; time comes in as a value.
//
// Invariant: a device is known by its identity (serial number, engine ID,
// sysObjectID), never by its address alone (RELIABILITY.md I6).
package fleet

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Identifiers. Each is opaque text, unique within one store.
type (
	DeviceID  string
	ReleaseID string
	RunID     string
	BackupID  string
)

// Bytes is a size in octets.
type Bytes int64

// Digest is "sha256:" and 64 hexadecimal digits.
type Digest string

// DigestOf gives the SHA-256 digest of content.
func DigestOf(content []byte) Digest { return DigestOfSum(sha256.Sum256(content)) }

// DigestOfSum makes a Digest of a finished SHA-256 sum.
func DigestOfSum(sum [sha256.Size]byte) Digest {
	return Digest("sha256:" + hex.EncodeToString(sum[:]))
}

// Identity says which piece of equipment this is, whatever its address. Empty
// fields are not known.
type Identity struct {
	Serial      string `json:"serial,omitempty"`      // entPhysicalSerialNum or the vendor's object
	EngineID    string `json:"engineID,omitempty"`    // snmpEngineID (RFC 3411), hexadecimal
	SysObjectID string `json:"sysObjectID,omitempty"` // sysObjectID (RFC 3418)
}

// IsZero says whether nothing is known.
func (i Identity) IsZero() bool { return i == Identity{} }

// Matches says whether seen is the same equipment as i. The serial number
// decides where both have one; else the engine ID, which some families change
// with their software and which is therefore second; sysObjectID alone names a
// model, not a device, and decides only where nothing else is known.
func (i Identity) Matches(seen Identity) bool {
	switch {
	case i.Serial != "" && seen.Serial != "":
		return i.Serial == seen.Serial
	case i.EngineID != "" && seen.EngineID != "":
		return i.EngineID == seen.EngineID
	default:
		return i.SysObjectID != "" && i.SysObjectID == seen.SysObjectID
	}
}

// Device is one managed piece of equipment. Credentials are kept beside it,
// sealed, and never travel with it.
type Device struct {
	ID       DeviceID          `json:"id"`
	Address  string            `json:"address"` // host:port of the SNMP agent, port 161 if none
	Driver   string            `json:"driver"`
	Identity Identity          `json:"identity"`
	Model    string            `json:"model,omitempty"`
	Version  string            `json:"version,omitempty"` // as last read
	Labels   map[string]string `json:"labels,omitempty"`
	SeenAt   time.Time         `json:"seenAt,omitzero"`
}

// Backup is one configuration as the device sent it. The bytes rest sealed
// under Blob; they are opened only on purpose.
type Backup struct {
	ID      BackupID  `json:"id"`
	Device  DeviceID  `json:"device"`
	Run     RunID     `json:"run,omitempty"` // empty: taken by hand
	Purpose Purpose   `json:"purpose"`
	TakenAt time.Time `json:"takenAt"`
	Source  string    `json:"source"` // protocol and peer that sent it, "tftp 127.1.0.1"
	Version string    `json:"version,omitempty"`
	Format  string    `json:"format,omitempty"`
	Size    Bytes     `json:"size"`
	Digest  Digest    `json:"digest"` // of the bytes as sent, before sealing
	Blob    string    `json:"-"`
}

// Purpose says what a backup was taken for.
type Purpose string

// The purposes.
const (
	BeforeLoad   Purpose = "before-load"   // the one that the run carries through
	AfterUpdate  Purpose = "after-update"  // verify's second backup
	AfterRestore Purpose = "after-restore" // taken after the old files were put back
	ByHand       Purpose = "by-hand"
	Expected     Purpose = "expected" // not sent by a device: what assess computed
)
