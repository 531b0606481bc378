package personality

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"drydock/internal/fault"
)

// Device is a simulated device of any family.
type Device interface {
	Addr() netip.AddrPort // of its SNMP agent
	Done() []string       // what it was made to do, in order
	Version() string      // of the software that runs
	Close()
}

// Names lists the personalities that Start knows.
func Names() []string {
	return []string{"cisco-ios", "comware", "fastpath", "huawei-access", "huawei-vrp"}
}

// Start starts a device of a family by its name; what o leaves empty is usual
// for the family. fault.Invalid if there is no such personality.
func Start(ctx context.Context, name string, o Options) (Device, error) {
	if !slices.Contains(Names(), name) {
		return nil, fault.New(fault.Invalid, "", "personality "+name, "there is none; there are %s", strings.Join(Names(), ", "))
	}
	usual := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	if o.Restart == 0 {
		o.Restart = 5 * time.Second
	}
	if o.Flash == 0 {
		o.Flash = 64 << 20
	}
	switch name {
	case "comware":
		usual(&o.Serial, "CN00ABC123")
		usual(&o.Model, "HPE 5130-24G-4SFP+ EI")
		usual(&o.Image, "5130-r3507p02.bin")
		usual(&o.Version, "7.1.070, Release 3507P02")
		usual(&o.Config, "#\n sysname core\n#\nvlan 10\n#\n snmp-agent community write public\n#\nreturn\n")
		return StartComware(ctx, o)
	case "fastpath":
		usual(&o.Serial, "FP0001")
		usual(&o.Model, "EdgeSwitch 24-Port Lite")
		usual(&o.Version, "1.7.0.4922887")
		usual(&o.Config, "!Current Configuration:\n!\nvlan database\nvlan 10\nexit\n\nconfigure\nsntp server \"192.0.2.1\"\nexit\n")
		return StartFastpath(ctx, o)
	case "huawei-access":
		usual(&o.Serial, "2102315624P0A1000001")
		usual(&o.Version, "MA5600V800R008C00")
		usual(&o.Config, accessConfig)
		return StartAccess(ctx, o)
	case "huawei-vrp":
		usual(&o.Serial, "2102350NXG0000001")
		usual(&o.Model, "AR2220")
		usual(&o.Image, "ar2220-v200r007.cc")
		usual(&o.Version, "V200R007C00SPC900")
		usual(&o.Config, managedConfig)
		return StartVRP(ctx, o)
	default:
		usual(&o.Serial, "FTX1840AL1A")
		usual(&o.Model, "CISCO2901/K9")
		usual(&o.Image, "c2900-universalk9-mz.SPA.151-4.M4.bin")
		usual(&o.Version, "15.1(4)M4")
		usual(&o.Config, "!\nhostname router\n!\nsnmp-server community public RW\nsnmp-server system-shutdown\nend\n")
		return StartIOS(ctx, o)
	}
}

// accessConfig is the configuration of a small shelf.
const accessConfig = `#
[global-config]
 sysname street-17
 vlan 100 smart
 vlan 200 smart
#
[vdsl]
 interface vdsl 0/1
 activate 0 profile-index 1
 activate 1 profile-index 1
#
[meth]
 interface meth 0
 ip address 192.0.2.17 255.255.255.0
#
return
`

// managedConfig is the configuration of a small switch or router.
const managedConfig = `#
 sysname street-17
#
vlan 100
 description voice
#
interface GigabitEthernet0/0/1
 ip address 192.0.2.17 255.255.255.0
#
snmp-agent community write public
#
return
`
