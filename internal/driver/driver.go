package driver

import (
	"time"

	"drydock/internal/procedure"
)

// Driver is one compiled driver. It is immutable and safe for use by many
// goroutines.
type Driver struct {
	name, description string
	format, endMarker string
	file              string // where it was read from
	formatAt          place
	patterns          []patternAt // of the configuration's paths, for CheckPatterns
	compare           CompareRules
	image             ImageLines
	provisioned       *Provisioned
	timeouts          map[Operation]time.Duration
	explicitTimeout   map[Operation]bool // given in the file
	rebootAfter       []procedure.Op
	cannot            map[Operation]string
	unable            map[string]string // by BootVariable, PartialRestore
	protocols         []string
	quirks            Quirks
	files             []FileRole
	notifications     []string
	matches           []match
	health            []healthRule
	index             indexRange
	schema            *schema
	programs          map[Operation]*program
}

// patternAt is a pattern of package migrate and where it stands.
type patternAt struct {
	text string
	at   place
}

// CompareRules say how two configurations of the family are compared, as plain
// data for package migrate: patterns are those of its paths.
type CompareRules struct {
	Ignore     []string // lines that differ without meaning: dates, checksums
	Ordered    []string // blocks whose order has meaning
	Unordered  []string // blocks whose order has none
	Categories []CategoryRule
}

// Provisioned says where a device gets its configuration at every start: from a
// TFTP server that is not drydock. The objects name it; what is there is the
// device's configuration.
type Provisioned struct {
	Address string // OID of the server's address: an IpAddress or an InetAddress
	File    string // OID of the file's name
}

// ImageLines are lines of a configuration that say which image is started: they
// belong to the image. In an update they are those of the release's file of
// that role, not those of the backup.
type ImageLines struct {
	Match []string // patterns from the top of the configuration
	Role  string   // of the release's file with the new lines
}

// CategoryRule says which lines hold one category of configuration data: user,
// port, protocol or default.
type CategoryRule struct {
	Category string
	Paths    []string
}

// Quirks are peculiarities that the server has to know.
type Quirks struct {
	MaxBlksize    int      // TFTP blksize (RFC 2348) above which devices fail; 0 = none known
	Rollover      int      // TFTP block number after 65535: 0 or 1
	FTPMode       string   // "active", "passive" or "any"
	SNMPVersions  []string // "v1", "v2c", "v3", those that the family speaks; none = all
	MaxVarbinds   int      // most varbinds in one PDU; 0 = no limit known
	SilentWrites  bool     // the agent does not answer while flash is written
	PollInterval  time.Duration
	MaxInterval   time.Duration // polls slow down to this
	MaxNameLength int           // longest file name that the device accepts; 0 = none known
	// EngineIDChanges says that a new software brings a new snmpEngineID, so
	// that it is not taken as identity.
	EngineIDChanges bool
	// AnySource says that devices answer from another address than the one that
	// was asked.
	AnySource bool
	// Subagent says that the objects are a subagent's: while it is not there, the
	// master agent answers noSuchObject for them, which is silence.
	Subagent bool
}

// FileRole is a file that a release of the family may have.
type FileRole struct {
	Role     string
	Optional bool
	Text     string
}

// Reading is one value that identify reads.
type Reading struct {
	Name   string // "serial", "model", "version", "engine-id"
	Object string
	OID    string
}

// Name is what devices and releases call the driver.
func (d *Driver) Name() string { return d.name }

// Description says for people which equipment it is for.
func (d *Driver) Description() string { return d.description }

// Format names the configuration's format in package migrate.
func (d *Driver) Format() string { return d.format }

// EndMarker is the last line of a whole configuration; "" where the format has
// none.
func (d *Driver) EndMarker() string { return d.endMarker }
