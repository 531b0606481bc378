package equipment

import (
	"context"
	"io"
	"net/netip"

	"drydock/internal/secret"
	"drydock/internal/snmp"
)

// Protocol is a file transfer protocol: deOperProtocol of the MIB.
type Protocol int

// The protocols.
const (
	TFTP Protocol = 1
	FTP  Protocol = 2
	// Local is the equipment's own file system: names are paths. The management
	// system cannot order it.
	Local Protocol = 3
)

// Server is where files are fetched from and sent to.
type Server struct {
	Protocol Protocol
	Addr     netip.AddrPort // port 0: the protocol's own
	User     string         // FTP; empty is anonymous
	Password secret.String
}

// FileClient moves files from the device's own address. Its errors should be or
// wrap a *Failure; another error counts as InternalError. Both methods return
// soon after ctx has ended. They may be called from several goroutines.
type FileClient interface {
	// Fetch writes the file to w. An error of w ends the transfer and is in the
	// result.
	Fetch(ctx context.Context, s Server, name string, w io.Writer) error
	// Send sends content; nil means that the server has all of it.
	Send(ctx context.Context, s Server, name string, content []byte) error
}

// Notifier sends a notification to the management system. It does not wait for
// an answer longer than ctx, and a notification that is lost is lost.
type Notifier interface {
	Notify(ctx context.Context, n Notification)
}

// Notification is an SNMP notification.
type Notification struct {
	Type     snmp.OID // snmpTrapOID.0
	Bindings []snmp.Varbind
}

// Migrator determines whether a configuration must be modified for a version of
// its form and modifies it (claims 1 and 16 of the method). It returns the same
// text where nothing needs to be modified, and an error where a person has to
// decide or the text cannot be read.
type Migrator interface {
	Migrate(config, toVersion string) (string, error)
}
