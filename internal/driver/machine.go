package driver

import (
	"net/netip"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// Inputs is what an operation is given. Templates read from it.
type Inputs struct {
	// Index chooses the row of the operation. Derive it from the run and the
	// token of the effect, so that Await and Probe find the row that Perform
	// made; the driver folds it into the range that the family accepts.
	Index         uint32
	ServerAddress netip.Addr // of the file server, as the device sees it
	TFTPPort      int
	FTPPort       int
	Protocol      string // "tftp" or "ftp"; one of the driver's Protocols
	Files         []FileInput
	Version       string // that the device runs, as last read
	Model         string
	Vars          map[string]string
	// Deadline ends the operation; zero = the driver's time-out from the start.
	Deadline time.Time
	// Since is, for Await and Probe, when the command's intent was made durable.
	// A restart is told from it; zero = the start.
	Since time.Time
}

// FileInput is one file that the device sends or fetches. Role is "config" for
// configurations, for a release the role of its file.
type FileInput struct {
	Role       string
	Name       string // of the grant: what the device asks the server for
	Digest     fleet.Digest
	Size       fleet.Bytes
	User       string // FTP
	Password   secret.String
	TargetName string // the file's own name, for devices that store it under one
}
