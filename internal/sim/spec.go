package sim

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/secret"
	"drydock/internal/snmp"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
	"drydock/migrations"
)

// MaxDevices is the largest fleet.
const MaxDevices = 10_000

// Spec says what fleet to simulate. Only Devices is needed.
type Spec struct {
	Devices int
	First   netip.Addr // of device 1; 127.1.0.1 where invalid
	Port    int        // UDP port of all SNMP agents; 0 = one that is free
	Driver  string     // whose equipment it is; drydock-iad where empty, and there is no other yet

	Models     []string // dealt out in turn; IAD-4 and IAD-24 where empty
	Version    string   // of the software; 1.4 where empty. What begins with 1 is of generation 1
	ImageSize  int64    // of that software, in octets; 1 MiB where 0
	Flash      int64    // capacity in octets; 64 MiB where 0
	ConfigSize int      // octets that configurations are filled up to; 0: as large as they are
	Password   string   // begins all subscribers' passwords, so that a test can search for it
	// EchoCancelOff, where N > 0, turns echo cancellation off on port 1 of every
	// Nth device: the migration then needs a person.
	EchoCancelOff int

	Timings equipment.Timings
	Strict  bool   // new software refuses the old form of the configuration
	Seed    uint64 // of names, numbers and of what goes wrong

	// Credentials are what the devices want to hear: v1 and v2c are both
	// answered with the communities of the last of these versions, v3 with the
	// users. The first are also those of traps. Where there are none,
	// DefaultCredentials.
	Credentials []fleet.Credentials
	TrapSink    netip.AddrPort // where notifications go; none where invalid

	Quirks    Quirks
	Faults    []Fault
	EffectLog string // path of a file to append every effect to; none where empty
	// Observe, where not nil, is told of every effect. It is called with locks
	// held: it must return at once and ask nothing of the fleet.
	Observe func(device int, e equipment.Effect)

	TFTP tftp.Client // options of the devices' client; LocalAddr is set for each
	FTP  ftpclient.Client
	Pack *migrate.Pack // that the devices have with them; drydock-iad's where nil
	Log  *slog.Logger  // nil: none

	read, write secret.String // communities
	users       []snmp.User
}

// DefaultCredentials are those of a fleet whose Spec has none: the community
// "public", which may also write.
func DefaultCredentials() []fleet.Credentials {
	return []fleet.Credentials{{Version: "v2c", Community: secret.New("public")}}
}

// DefaultTimings are those of small equipment, made shorter by speed.
func DefaultTimings(speed float64) equipment.Timings {
	scaled := func(d time.Duration) time.Duration { return time.Duration(float64(d) / speed) }
	return equipment.Timings{
		Restart: scaled(30 * time.Second), Backup: scaled(time.Second), LoadPerMiB: scaled(2 * time.Second),
		Recover: scaled(2 * time.Second), Keep: scaled(3 * time.Second),
	}
}

// MakeImage gives an image file that the equipment understands, of that size in
// octets or the smallest possible.
func MakeImage(version string, generation int, models []string, size int64) []byte {
	var file bytes.Buffer
	if _, err := equipment.WriteImage(&file, equipment.Image{Version: version, Generation: generation, Models: models}, size); err != nil {
		panic("sim: " + err.Error())
	}
	return file.Bytes()
}

func (s Spec) withDefaults() (Spec, error) {
	invalid := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "simulate", "fleet", format, args...)
	}
	if !s.First.IsValid() {
		s.First = netip.AddrFrom4([4]byte{127, 1, 0, 1})
	}
	if s.Driver == "" {
		s.Driver = "drydock-iad"
	}
	if len(s.Models) == 0 {
		s.Models = []string{"IAD-4", "IAD-24"}
	}
	if s.Version == "" {
		s.Version = "1.4"
	}
	if s.ImageSize == 0 {
		s.ImageSize = 1 << 20
	}
	if s.Flash == 0 {
		s.Flash = 64 << 20
	}
	if len(s.Credentials) == 0 {
		s.Credentials = DefaultCredentials()
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	for _, c := range s.Credentials {
		if err := c.Check(); err != nil {
			return s, err
		}
	}
	switch {
	case s.Devices < 1 || s.Devices > MaxDevices:
		return s, invalid("%d devices: from 1 to %d", s.Devices, MaxDevices)
	case s.Driver != "drydock-iad":
		return s, invalid("no equipment of driver %q can be simulated, only that of drydock-iad", s.Driver)
	case !s.First.Is4() || !s.First.IsLoopback() || !s.address(s.Devices).IsLoopback():
		return s, invalid("%d addresses from %v on: all must be in 127.0.0.0/8", s.Devices, s.First)
	}
	if err := s.Quirks.check(); err != nil {
		return s, err
	}
	for _, model := range s.Models {
		if ports(model) == 0 {
			return s, invalid("model %q: it can be IAD-4 or IAD-24", model)
		}
	}
	if s.Pack == nil {
		var err error
		if s.Pack, err = migrate.LoadPack(migrations.FS, "drydock-iad"); err != nil {
			return s, err
		}
	}
	s.know()
	return s, nil
}

// address is that of a device.
func (s *Spec) address(number int) netip.Addr {
	a := s.First.As4()
	n := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3]) + uint32(number-1)
	return netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

func ports(model string) int {
	switch model {
	case "IAD-4":
		return 4
	case "IAD-24":
		return 24
	}
	return 0
}

func (s *Spec) identity(number int) equipment.Identity {
	model := s.Models[(number-1)%len(s.Models)]
	serial := fmt.Sprintf("DD%06d", number)
	return equipment.Identity{
		Serial: serial, Model: model, Name: fmt.Sprintf("iad-%04d", number), Ports: ports(model),
		EngineID: "\x80\x00\x1f\x88\x04" + serial, // RFC 3411: enterprise 8072, a text
	}
}

// generation is that of the first software.
func (s *Spec) generation() int {
	if s.Version[0] == '1' {
		return 1
	}
	return 2
}

// config is the first configuration of a device.
func (s *Spec) config(number int) string {
	c := equipment.ConfigSpec{
		Generation: s.generation(), Device: number, Ports: s.identity(number).Ports, Seed: s.Seed, Password: s.Password, Size: s.ConfigSize,
	}
	if s.EchoCancelOff > 0 && number%s.EchoCancelOff == 0 {
		c.EchoCancelOff = 1
	}
	return equipment.Generate(c)
}

// factory is what a device runs with that has no configuration.
func (s *Spec) factory(number, generation int) equipment.Configuration {
	return equipment.Lazily(func() string {
		return equipment.Generate(equipment.ConfigSpec{
			Generation: generation, Device: number, Ports: s.identity(number).Ports, Seed: s.Seed, Factory: true,
		})
	})
}
