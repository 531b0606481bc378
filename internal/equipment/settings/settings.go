// Package settings reads the one file that tells drydock-agent what its
// equipment is and how it is loaded. Unknown keys, missing ones and wrong words
// are errors that say where. It decides nothing and touches nothing but the
// file.
package settings

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Settings are the whole file.
type Settings struct {
	Identity      Identity      `yaml:"identity"`
	State         string        `yaml:"state"`   // directory on flash
	BootID        string        `yaml:"boot-id"` // file whose content is another after each start of the machine
	SNMP          SNMP          `yaml:"snmp"`
	Transfer      Transfer      `yaml:"transfer"`
	Configuration Configuration `yaml:"configuration"`
	Software      Software      `yaml:"software"`
	Ports         []string      `yaml:"ports"` // network interfaces that deNotifications' manager looks at
	Autonomous    *Autonomous   `yaml:"autonomous"`
}

// Identity is who the equipment is.
type Identity struct {
	Serial Source `yaml:"serial"`
	Model  Source `yaml:"model"`
	Name   Source `yaml:"name"` // sysName; the host's name where there is none
}

// Source is a text, or where one is found: in a file, behind a key of a file
// of key=value lines, or what a command prints.
type Source struct {
	Text    string   `yaml:"text"`
	File    string   `yaml:"file"`
	Key     string   `yaml:"key"`
	Command []string `yaml:"command"`
}

// UnmarshalYAML takes a scalar as the text itself.
func (s *Source) UnmarshalYAML(data []byte) error {
	var text string
	if err := yaml.Unmarshal(data, &text); err == nil {
		s.Text = text
		return nil
	}
	type plain Source
	return yaml.UnmarshalWithOptions(data, (*plain)(s), yaml.Strict())
}

// IsZero says whether nothing is named.
func (s Source) IsZero() bool { return s.Text == "" && s.File == "" && len(s.Command) == 0 }

// SNMP is the interface unit's way out: an agent of its own, or a part of the
// master agent at the socket AgentX.
type SNMP struct {
	Listen      string      `yaml:"listen"`
	AgentX      string      `yaml:"agentx"`
	EngineID    string      `yaml:"engine-id"` // hexadecimal; made from the serial number where empty
	Users       []User      `yaml:"users"`
	Communities Communities `yaml:"communities"`
	Notify      []Sink      `yaml:"notify"`
	Enrolled    bool        `yaml:"enrolled"` // a user of the server's making may write: drydock-agent enrol
}

// User is an SNMPv3 user.
type User struct {
	Name         string        `yaml:"name"`
	Auth         string        `yaml:"auth"`
	AuthPassword secret.String `yaml:"auth-password"`
	Priv         string        `yaml:"priv"`
	PrivPassword secret.String `yaml:"priv-password"`
	Access       string        `yaml:"access"` // read or write
	View         []string      `yaml:"view"`   // OIDs of the subtrees that it sees; empty: all
}

// Communities are for SNMPv1 and v2c; without any these are not spoken.
type Communities struct {
	Read  secret.String `yaml:"read"`
	Write secret.String `yaml:"write"`
}

// Sink hears notifications.
type Sink struct {
	To        string        `yaml:"to"` // address:port
	Community secret.String `yaml:"community"`
	User      string        `yaml:"user"` // one of SNMP.Users
}

// Transfer is how files travel.
type Transfer struct {
	Address    string   `yaml:"address"` // to send from
	Blksize    int      `yaml:"blksize"`
	Windowsize int      `yaml:"windowsize"`
	Timeout    Duration `yaml:"timeout"` // without progress
	Resumes    int      `yaml:"resumes"` // of a download over FTP
}

// Configuration is the set of configuration files.
type Configuration struct {
	Version    Source   `yaml:"version"` // of its form
	Files      []File   `yaml:"files"`
	Check      []string `yaml:"check"` // command that refuses a configuration; {dir} has the new files by name
	Apply      []string `yaml:"apply"` // command that puts the new files into use
	Migrations string   `yaml:"migrations"`
}

// File is one configuration file.
type File struct {
	Name     string `yaml:"name"`
	Path     string `yaml:"path"`
	Category string `yaml:"category"`
	Format   string `yaml:"format"`
	Optional bool   `yaml:"optional"`
}

// Software is how the equipment is loaded.
type Software struct {
	Version Source   `yaml:"version"` // of what runs
	Trust   []string `yaml:"trust"`   // ed25519 public keys, base64: then a release needs a signed manifest
	Room    Size     `yaml:"room"`    // for downloads, in octets; 0: what the file system has
	Retain  bool     `yaml:"retain"`  // keep the file of the running image, for patches and for keep

	Loader     string     `yaml:"loader"` // command, rauc, swupdate or sysupgrade
	Command    Command    `yaml:"command"`
	RAUC       RAUC       `yaml:"rauc"`
	SWUpdate   SWUpdate   `yaml:"swupdate"`
	Sysupgrade Sysupgrade `yaml:"sysupgrade"`

	Restart Restart `yaml:"restart"`
	Health  Health  `yaml:"health"`
}

// Command is a loader of the maker's own. In its commands {image} is the
// file and {version} the version that the manifest tells.
type Command struct {
	Check   []string `yaml:"check"`
	Install []string `yaml:"install"`
	Files   []string `yaml:"files"` // that install changes: they are what keep keeps. None: the command has slots
	Commit  []string `yaml:"commit"`
	Revert  []string `yaml:"revert"` // the software before is the one that starts next
}

// RAUC is the loader https://rauc.io.
type RAUC struct {
	Program string   `yaml:"program"`
	Config  string   `yaml:"config"`
	Env     []string `yaml:"env"`
}

// SWUpdate is the loader https://swupdate.org.
type SWUpdate struct {
	Program  string   `yaml:"program"`
	Key      string   `yaml:"key"`      // public key for signed images
	Hardware string   `yaml:"hardware"` // board:revision
	Running  Source   `yaml:"running"`  // tells the slot that runs
	Select   []Slot   `yaml:"select"`
	Options  []string `yaml:"options"`
	Commit   []string `yaml:"commit"`
	Revert   []string `yaml:"revert"`
}

// Slot says which of an image's modes is for the other slot.
type Slot struct {
	Running string `yaml:"running"` // where this slot runs
	Mode    string `yaml:"mode"`    // software,mode is installed
}

// Sysupgrade is OpenWrt's loader.
type Sysupgrade struct {
	Program string   `yaml:"program"`
	Options []string `yaml:"options"`
}

// Restart is how the equipment restarts.
type Restart struct {
	Command []string `yaml:"command"`
	// Wait is machine where this process ends with it, service where only other
	// software restarts.
	Wait   string   `yaml:"wait"`
	Within Duration `yaml:"within"`
}

// Health is what new software must show before it stays.
type Health struct {
	Command  []string `yaml:"command"`
	ReportIn bool     `yaml:"report-in"` // the management system must have asked for something
	Within   Duration `yaml:"within"`
	Every    Duration `yaml:"every"`
}

// Duration is a time span, such as 90s.
type Duration time.Duration

// UnmarshalYAML reads 90s, 5m and the like.
func (d *Duration) UnmarshalYAML(data []byte) error {
	var text string
	if err := yaml.Unmarshal(data, &text); err != nil {
		return err
	}
	v, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil || v <= 0 {
		return fmt.Errorf("%q is no time span; write 90s or 5m", text)
	}
	*d = Duration(v)
	return nil
}

// Size is a number of octets: 1048576, 64MiB.
type Size int64

// UnmarshalYAML reads a number with KiB, MiB or GiB behind it, or none.
func (s *Size) UnmarshalYAML(data []byte) error {
	var text string
	if err := yaml.Unmarshal(data, &text); err != nil {
		return err
	}
	text = strings.TrimSpace(text)
	unit := int64(1)
	for suffix, by := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(text, suffix); ok {
			text, unit = strings.TrimSpace(rest), by
		}
	}
	var n int64
	if _, err := fmt.Sscanf(text+"\n", "%d\n", &n); err != nil || n < 0 {
		return fmt.Errorf("%q is no size; write 1048576 or 64MiB", text)
	}
	*s = Size(n * unit)
	return nil
}

// Autonomous is the equipment's own procedure.
type Autonomous struct {
	// Source is a directory with the files manifest, image and perhaps patch: a
	// path, ftp://HOST/ or tftp://HOST/.
	Source   string   `yaml:"source"`
	Every    Duration `yaml:"every"`    // look for a new release so often; never by itself where it is missing
	Window   string   `yaml:"window"`   // of the day, local time, in which loading may begin: 02:00-04:00; any where empty
	Question Duration `yaml:"question"` // how long an answer is waited for; then the run stops
	Repeat   int      `yaml:"repeat"`   // of steps that fail, before anybody is asked

	// Server is told of every run and asked for its user's answers; nobody is
	// where it is empty.
	Server string   `yaml:"server"` // URL
	CA     string   `yaml:"ca"`     // file with the certificate to trust instead of the system's
	Token  string   `yaml:"token"`  // file with an API token that may operate this device
	Device string   `yaml:"device"` // the server's name for this equipment
	Ask    Duration `yaml:"ask"`    // how often an answer is asked for
}

// Load reads and checks a settings file.
func Load(path string) (*Settings, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "settings", "%w", err)
	}
	return Parse(path, data)
}

// Parse reads and checks settings; name is for messages.
func Parse(name string, data []byte) (*Settings, error) {
	s := &Settings{}
	if err := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict()).Decode(s); err != nil {
		return nil, fault.New(fault.Invalid, "", "settings "+name, "%s", strings.TrimSpace(yaml.FormatError(err, false, true))).
			WithHint("docs/agent.md lists the keys")
	}
	s.defaults()
	if err := s.check(); err != nil {
		return nil, fault.New(fault.Invalid, "", "settings "+name, "%w", err).WithHint("docs/agent.md lists the keys")
	}
	return s, nil
}
