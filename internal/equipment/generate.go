package equipment

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// ConfigSpec says what configuration to generate. The same spec gives the same
// text. With 24 ports it has about 8 KiB.
type ConfigSpec struct {
	Generation int // of its form: 1 or 2
	Device     int // number of the device: hostname, telephone numbers, addresses follow from it
	Ports      int // FXS ports, 1 to 24
	Seed       uint64

	Factory       bool   // what equipment without a configuration runs with: no users, ports down
	Password      string // begins every subscriber's password; "ax" where empty
	EchoCancelOff int    // this port has echo cancellation off (generation 1 only); 0 = none
	Size          int    // notes fill it up to that many octets
}

var (
	places = []string{"Mainz, Rheinstrasse 4", "Koblenz, Hotel am Markt", "Trier, Porta-Nigra-Platz 1", "Bingen, Am Hafen 12", "Speyer, Maximilianstrasse 90"}
	rooms  = []string{"Line", "Room", "Reception", "Kitchen", "Office", "Workshop"}
	faxes  = []string{"off", "off", "off", "t38", "passthrough"}
	codecs = [][2]string{{"g711a", "pcma"}, {"g711a", "pcma"}, {"g711u", "pcmu"}, {"g729", "g729"}, {"g722", "g722"}}
)

// Generate writes a configuration of the equipment. Two generations of one
// spec say the same, each in its form.
func Generate(s ConfigSpec) string {
	g := &generator{ConfigSpec: s, random: rand.New(rand.NewPCG(s.Seed, uint64(s.Device)))}
	g.dial = pick(g, []int{6, 8, 10, 10})
	if g.Password == "" {
		g.Password = "ax"
	}
	g.line("! drydock-iad configuration")
	g.line("config-version %s", Image{Generation: s.Generation}.ConfigVersion())
	g.line("last-saved 2026-03-03T02:12:07Z")
	g.userData()
	for port := 1; port <= s.Ports; port++ {
		g.port(port)
	}
	g.line("!")
	g.wan()
	g.protocols()
	g.defaults()
	g.notes()
	g.line("end")
	return g.text.String()
}

type generator struct {
	ConfigSpec
	random *rand.Rand
	dial   int // dial timeout in seconds, which the generations have in different places
	text   strings.Builder
}

func (g *generator) line(format string, args ...any) {
	fmt.Fprintf(&g.text, format, args...)
	g.text.WriteByte('\n')
}

// of writes the line that the generation has; an empty one is not written.
func (g *generator) of(first, second string, args ...any) {
	form := first
	if g.Generation >= 2 {
		form = second
	}
	if form != "" {
		g.line(form, args...)
	}
}

func pick[T any](g *generator, of []T) T { return of[g.random.IntN(len(of))] }

func (g *generator) userData() {
	g.line("hostname iad-%04d", g.Device)
	if g.Factory {
		g.line("!")
		g.line("user-data")
		g.line("!")
		return
	}
	g.line("location %q", fmt.Sprintf("%s, cabinet %d", pick(g, places), 1+g.random.IntN(40)))
	g.line("!")
	g.line("user-data")
	for n := 1; n <= g.Ports; n++ {
		number := fmt.Sprintf("496910%04d%03d", g.Device, n)
		g.line(" subscriber %d", n)
		g.line("  number %s", number)
		g.line("  name %q", fmt.Sprintf("%s %d", pick(g, rooms), n))
		g.line("  auth-user u%s", number)
		g.line("  auth-password %s-%05d", g.Password, g.random.IntN(100000))
		g.line("  port fxs %d", n)
		g.line("  call-waiting %s", pick(g, []string{"on", "on", "on", "off"}))
		switch g.random.IntN(8) {
		case 0:
			g.line("  call-forward busy 496910%04d001", g.Device)
		case 1:
			g.line("  hotline 4969100009%03d", g.random.IntN(1000))
		}
	}
	g.line("!")
}

func (g *generator) port(n int) {
	codec, echo, admin := pick(g, codecs), "on", "up"
	if n == g.EchoCancelOff {
		echo = "off"
	}
	if g.random.IntN(10) == 0 {
		admin = "down"
	}
	if g.Factory {
		codec, echo, admin = codecs[0], "on", "down"
	}
	g.line("port fxs %d", n)
	g.line(" description %q", fmt.Sprintf("pair %02d", n))
	g.line(" admin %s", admin)
	g.of(" codec "+codec[0], " codec "+codec[1])
	g.of(" echo-cancel "+echo, "")
	g.line(" tx-gain -3")
	g.line(" rx-gain %d", -7+g.random.IntN(4))
	g.line(" fax %s", pick(g, faxes))
	g.line(" impedance %s", pick(g, []string{"600r", "600r", "270r-750r-150n"}))
	g.line(" loop-current 23")
	g.line(" caller-id etsi-fsk")
}

func (g *generator) wan() {
	g.line("interface wan 0")
	if g.Factory {
		g.of(" ip dhcp", " ip address dhcp")
	} else {
		g.line(" vlan %d", 100+g.Device%3900)
		if g.random.IntN(2) == 0 {
			g.of(" ip dhcp", " ip address dhcp")
		} else {
			g.line(" ip address 10.%d.%d.%d 255.0.0.0", g.Device>>16, g.Device>>8&0xff, g.Device&0xff)
			g.line(" ip gateway 10.255.255.254")
		}
	}
	g.line(" qos dscp voice 46")
	g.line(" mtu 1500")
	g.line("!")
}

func (g *generator) protocols() {
	g.line("protocol sip")
	g.of(" registrar %s", " server primary %s", g.host("sip"))
	if !g.Factory {
		g.of(" proxy %s:5062", " server outbound-proxy %s:5062", g.host("proxy"))
	}
	g.line(" domain %s", g.host("voice"))
	expires := pick(g, []int{600, 3600, 3600})
	if expires == 3600 {
		g.of(" expires 3600", " expires 1800")
	} else {
		g.line(" expires %d", expires)
	}
	g.line(" transport udp")
	g.line(" dtmf rfc4733")
	g.of("", " session-timer on")
	g.of("", " dial-timeout %d", g.dial)
	g.line("!")
	if !g.Factory {
		g.gateways()
		g.of("ntp server %s", "", g.host("ntp1"))
		g.of("ntp server %s", "", g.host("ntp2"))
		g.line("snmp-agent trap-host 127.0.0.1 162")
		g.line(`snmp-agent sys-contact "noc@example.net"`)
		g.of("", "service ntp")
		g.of("", " server %s", g.host("ntp1"))
		g.of("", " server %s", g.host("ntp2"))
		g.line("!")
	}
}

func (g *generator) gateways() {
	switch g.random.IntN(4) {
	case 0:
		g.line("protocol mgcp")
		g.line(" call-agent %s 2727", g.host("mgcp"))
		g.line(" endpoint aaln/iad-%04d", g.Device)
		g.line("!")
	case 1:
		g.line("protocol h248")
		g.line(" mgc %s 2944", g.host("mgc"))
		g.line(" mid iad-%04d.example.net", g.Device)
		g.line(" encoding text")
		g.line("!")
	}
}

func (g *generator) host(name string) string {
	if g.Factory {
		return "0.0.0.0"
	}
	return name + ".example.net"
}

func (g *generator) defaults() {
	g.line("default")
	g.of(" dial-timeout %d", "", g.dial)
	if buffer := pick(g, []int{60, 60, 80}); buffer == 60 {
		g.of(" jitter-buffer 60", " jitter-buffer 40")
	} else {
		g.line(" jitter-buffer %d", buffer)
	}
	g.line(" ring-timeout 120")
	g.line(" tone-set de")
	g.line(" country 49")
}

func (g *generator) notes() {
	for n := 1; g.Size-g.text.Len() > len("end\n")+80; n++ {
		g.line("! note %05d: pair tested, insulation and loop resistance within limits", n)
	}
}
