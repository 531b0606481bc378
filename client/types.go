package client

import (
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Credentials as they are sent to the server; they are never sent back.
type Credentials struct {
	Version        string `json:"version" enum:"v1,v2c,v3" doc:"SNMP version; never another than this is tried"`
	Community      string `json:"community,omitempty" doc:"SNMPv1 and v2c"`
	WriteCommunity string `json:"writeCommunity,omitempty" doc:"for SET; empty: the same community"`
	User           string `json:"user,omitempty" doc:"SNMPv3 user"`
	AuthProtocol   string `json:"authProtocol,omitempty" doc:"MD5, SHA, SHA-224, SHA-256, SHA-384, SHA-512"`
	AuthPassword   string `json:"authPassword,omitempty"`
	PrivProtocol   string `json:"privProtocol,omitempty" doc:"DES, AES-128, AES-192, AES-256"`
	PrivPassword   string `json:"privPassword,omitempty"`
	ContextName    string `json:"contextName,omitempty"`
}

// CredentialState is what may be known of a device's credentials: no secret.
type CredentialState struct {
	Version      string `json:"version" doc:"SNMP version"`
	User         string `json:"user,omitempty" doc:"SNMPv3 user"`
	AuthProtocol string `json:"authProtocol,omitempty" doc:"SNMPv3; none: messages are not authenticated"`
	PrivProtocol string `json:"privProtocol,omitempty" doc:"SNMPv3; none: messages are not encrypted"`
	ContextName  string `json:"contextName,omitempty"`
	WriteApart   bool   `json:"writeApart" doc:"SNMPv1 and v2c: SET has a community of its own"`
}

// NewDevice is a device to be added, or changed if its id is known.
type NewDevice struct {
	ID          fleet.DeviceID    `json:"id" minLength:"1" maxLength:"128" doc:"your name for the device"`
	Address     string            `json:"address" minLength:"1" doc:"host or host:port of the SNMP agent; port 161 if none"`
	Driver      string            `json:"driver" minLength:"1" doc:"drydock driver list names them"`
	Serial      string            `json:"serial,omitempty" doc:"serial number, if known: another device at the address is then refused"`
	Labels      map[string]string `json:"labels,omitzero" doc:"left as they are if absent; {} takes them away"`
	Credentials *Credentials      `json:"credentials,omitempty" doc:"left as they are if absent"`
}

// DeviceQuery selects devices.
type DeviceQuery struct {
	Label   string // "key=value"
	Driver  string
	Model   string
	Version string
	Text    string // in id, address, model or serial
	After   string // cursor: the last id seen
	Limit   int
}

// Driver describes one family.
type Driver struct {
	Name        string            `json:"name"`
	Description string            `json:"description"`
	Protocols   []string          `json:"protocols"`
	Operations  []string          `json:"operations"`
	Cannot      map[string]string `json:"cannot,omitempty" doc:"what the family cannot do by SNMP, and the reason"`
}

// RunOrder asks for runs.
type RunOrder struct {
	Devices         []fleet.DeviceID        `json:"devices" minItems:"1" maxItems:"20000"`
	Release         fleet.ReleaseID         `json:"release,omitempty"`
	Goal            procedure.Goal          `json:"goal,omitempty" enum:"update,backup,restore" default:"update"`
	Backup          fleet.BackupID          `json:"backup,omitempty" doc:"for goal restore"`
	Standing        []procedure.Standing    `json:"standing,omitempty" doc:"answers given beforehand; default: ask"`
	QuestionTimeout string                  `json:"questionTimeout,omitempty" doc:"how long a question waits before the run stops safely, as 24h"`
	Protocol        string                  `json:"protocol,omitempty" doc:"tftp or ftp; default: the driver's first"`
	Timeouts        map[procedure.Op]string `json:"timeouts,omitempty" doc:"predetermined times by operation, as 90s; default: the driver's"`
	Key             string                  `json:"key,omitempty" doc:"the same key gives the same runs"`
}

// RunStarted says what became of the order for one device.
type RunStarted struct {
	Device fleet.DeviceID `json:"device"`
	Run    fleet.RunID    `json:"run,omitempty"`
	Error  string         `json:"error,omitempty"`
	Hint   string         `json:"hint,omitempty"`
}

// Plan is what an update would do to one device, from what is known now.
type Plan struct {
	Device   fleet.DeviceID `json:"device"`
	Model    string         `json:"model,omitempty"`
	From     string         `json:"from,omitempty"`
	To       string         `json:"to"`
	Bytes    fleet.Bytes    `json:"bytes"`
	Backup   fleet.BackupID `json:"backup,omitempty" doc:"the backup that the migration was rehearsed on"`
	Modify   string         `json:"modify" doc:"no, yes, manual or unknown"`
	Rules    []string       `json:"rules,omitempty" doc:"the rules that fire"`
	Blockers []string       `json:"blockers,omitempty" doc:"why it cannot be started"`
	Concerns []string       `json:"concerns,omitempty" doc:"what will be asked about"`
}

// Run is one device's way through the procedure.
type Run struct {
	ID        fleet.RunID     `json:"id"`
	Device    fleet.DeviceID  `json:"device"`
	Release   fleet.ReleaseID `json:"release,omitempty"`
	StartedAt time.Time       `json:"startedAt"`
	UpdatedAt time.Time       `json:"updatedAt"`
	Seq       int             `json:"seq"`
	State     procedure.State `json:"state"`
	Progress  *Progress       `json:"progress,omitempty"`
}

// Progress of the operation that is under way; not kept in the journal.
type Progress struct {
	Op      procedure.Op `json:"op"`
	Percent int          `json:"percent" minimum:"0" maximum:"100"`
	Octets  int64        `json:"octets,omitempty"`
}

// Entry is one line of a run's journal.
type Entry struct {
	Seq   int             `json:"seq"`
	Event procedure.Event `json:"event"`
	// Where the event led to.
	Step    procedure.Step  `json:"step,omitempty"`
	Op      procedure.Op    `json:"op,omitempty"`
	Phase   procedure.Phase `json:"phase,omitempty"`
	Attempt int             `json:"attempt,omitempty" doc:"of the step"`
}

// Change is one event of the stream.
type Change struct {
	Run     fleet.RunID     `json:"run"`
	Device  fleet.DeviceID  `json:"device"`
	Release fleet.ReleaseID `json:"release,omitempty"`
	Seq     int             `json:"seq"`
	Event   procedure.Event `json:"event"`
	State   procedure.State `json:"state"`
	Gap     bool            `json:"gap,omitempty" doc:"changes before this one were left out: the watcher was slow"`
}

// Question is a question with whose it is and what was answered.
type Question struct {
	procedure.Question
	Run        fleet.RunID      `json:"run"`
	Device     fleet.DeviceID   `json:"device"`
	Open       bool             `json:"open"`
	Choice     procedure.Choice `json:"choice,omitempty"`
	AnsweredBy string           `json:"answeredBy,omitempty"`
	AnsweredAt time.Time        `json:"answeredAt,omitzero"`
}

// Reply is an answer to a question.
type Reply struct {
	Choice        procedure.Choice `json:"choice" enum:"repeat,stop,restore-files,proceed"`
	By            string           `json:"by,omitempty" doc:"who answers"`
	Configuration []byte           `json:"configuration,omitempty" doc:"with proceed, to manual findings of a migration: the configuration that the device shall get instead of the migration's"`
}

// Difference is one line that two configurations do not share.
type Difference struct {
	Kind         string   `json:"kind" doc:"lost, added or changed"`
	Category     string   `json:"category,omitempty"`
	Path         []string `json:"path,omitempty"`
	Expected     string   `json:"expected,omitempty"`
	Got          string   `json:"got,omitempty"`
	ExpectedLine int      `json:"expectedLine,omitempty"`
	GotLine      int      `json:"gotLine,omitempty"`
}

// Diff compares two backups by meaning.
type Diff struct {
	A           fleet.BackupID `json:"a"`
	B           fleet.BackupID `json:"b"`
	Same        bool           `json:"same"`
	Differences []Difference   `json:"differences"`
}

// Line says what became of one line of the backed-up configuration.
type Line struct {
	Line    int    `json:"line"`
	Text    string `json:"text"`
	Fate    string `json:"fate" doc:"kept, changed, dropped or manual"`
	Rule    string `json:"rule,omitempty"`
	Because string `json:"because,omitempty"`
	Outputs []int  `json:"outputs,omitempty"`
}

// Finding is what the migration has to say to a person.
type Finding struct {
	Rule     string `json:"rule"`
	Severity string `json:"severity"`
	Line     int    `json:"line,omitempty"`
	Text     string `json:"text,omitempty"`
	Message  string `json:"message"`
}

// Counts of lines by what became of them.
type Counts struct {
	Kept    int `json:"kept"`
	Changed int `json:"changed"`
	Dropped int `json:"dropped"`
	Manual  int `json:"manual"`
	Added   int `json:"added"`
}

// Report says line by line what the run did to the configuration, computed
// afresh from the sealed backups.
type Report struct {
	Run        fleet.RunID           `json:"run"`
	Needed     bool                  `json:"needed" doc:"whether the new version needs the configuration modified"`
	Lines      []Line                `json:"lines,omitempty"`
	Output     []string              `json:"output,omitempty" doc:"lines of the configuration that the migration made"`
	Findings   []Finding             `json:"findings,omitempty"`
	Summary    map[string]Counts     `json:"summary,omitempty" doc:"by category: user, port, protocol, default"`
	EditedBy   string                `json:"editedBy,omitempty" doc:"who changed what the migration made"`
	Edited     []Difference          `json:"edited,omitempty" doc:"what they changed: expected is what the migration made"`
	Comparison *procedure.Comparison `json:"comparison,omitempty" doc:"second backup against what was expected"`
	Added      []Difference          `json:"added,omitempty" doc:"what the device added by itself"`
}

// Version of the server.
type Version struct {
	Version string `json:"version"`
	API     string `json:"api"`
}

// Sweep says where to look for equipment.
type Sweep struct {
	Networks    []string      `json:"networks" minItems:"1" doc:"prefixes, as 10.0.0.0/22; of at most 65,536 addresses together"`
	Port        uint16        `json:"port,omitempty" doc:"of the SNMP agents; default 161"`
	Credentials []Credentials `json:"credentials" minItems:"1" maxItems:"16" doc:"tried in this order, each once an address"`
	Rate        int           `json:"rate,omitempty" doc:"addresses a second, at most 1,000; default 50"`
}

// Swept says how far a discovery has come, and what it has found.
type Swept struct {
	Asked int    `json:"asked"`
	Total int    `json:"total"`
	Found *Found `json:"found,omitempty"`
	Error string `json:"error,omitempty" doc:"why the discovery ended early"`
}

// Found is equipment that has answered.
type Found struct {
	Address     string         `json:"address"`
	Credentials int            `json:"credentials" doc:"index of those that it answered to"`
	SysObjectID string         `json:"sysObjectID,omitempty"`
	SysDescr    string         `json:"sysDescr,omitempty"`
	SysName     string         `json:"sysName,omitempty"`
	Driver      string         `json:"driver,omitempty" doc:"empty: no driver fits"`
	Serial      string         `json:"serial,omitempty"`
	Model       string         `json:"model,omitempty"`
	Version     string         `json:"version,omitempty"`
	Known       fleet.DeviceID `json:"known,omitempty" doc:"the device of the fleet at this address"`
	Problem     string         `json:"problem,omitempty" doc:"why its driver could not read more"`
}

// Readiness says which parts of a server can do their work.
type Readiness struct {
	Version string            `json:"version"`
	Parts   map[string]string `json:"parts" doc:"by part: ready, or the code of what is wrong with it; the server's log says more"`
}
