package scenario

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/sim"
	"drydock/internal/sim/personality"
)

func v3User(name, auth, priv string) client.Credentials {
	return client.Credentials{Version: "v3", User: name, AuthProtocol: auth, AuthPassword: "auth-passphrase", PrivProtocol: priv, PrivPassword: "priv-passphrase"}
}

// sweep asks a network at a port and gives what was found, by address.
func (y *yard) sweep(port uint16, network string, creds ...client.Credentials) []client.Found {
	y.t.Helper()
	var found []client.Found
	y.must(y.api.Discover(y.ctx, client.Sweep{Networks: []string{network}, Port: port, Credentials: creds, Rate: 500}, func(s client.Swept) bool {
		if s.Found != nil {
			found = append(found, *s.Found)
		}
		return true
	}))
	slices.SortFunc(found, func(a, b client.Found) int { return strings.Compare(a.Address, b.Address) })
	return found
}

// Devices that speak SNMPv3 only are found by the user that they know, and
// identified by their driver; nothing weaker finds them.
func TestDiscoverV3(t *testing.T) {
	t.Parallel()
	right := v3User("operator", "SHA-256", "AES-128")
	y := open(t, setup{devices: 2, credentials: &right, spec: func(s *sim.Spec) {
		s.Credentials = []fleet.Credentials{inFleet(right)}
		s.Quirks.SNMP = []string{"v3"}
	}})
	port, network := uint16(y.fleet.Port()), netip.PrefixFrom(y.fleet.Agent(1).Addr(), 29).String()
	community := client.Credentials{Version: "v2c", Community: "public"}
	if found := y.sweep(port, network, community); len(found) > 0 {
		t.Errorf("found by a community: %+v", found)
	}
	found := y.sweep(port, network, community, v3User("nobody", "SHA-256", "AES-128"), right)
	if len(found) != 2 {
		t.Fatalf("found %+v", found)
	}
	for i, f := range found {
		if f.Credentials != 2 || f.Driver != "drydock-iad" || f.Serial != fmt.Sprintf("DD%06d", i+1) || f.Version != "1.4" || f.Problem != "" || f.Known != y.ids[i] {
			t.Errorf("%+v", f)
		}
	}
	// an agent that knows none of the users is there all the same
	stranger := right
	stranger.AuthPassword = "wrong-passphrase"
	for name, c := range map[string]struct {
		creds client.Credentials
		says  string
	}{"user": {v3User("nobody", "SHA-256", "AES-128"), "does not know the SNMPv3 user"}, "passphrase": {stranger, "authentication passphrase"}} {
		found := y.sweep(port, y.fleet.Agent(1).Addr().String(), c.creds)
		if len(found) != 1 || found[0].Driver != "" || !strings.Contains(found[0].Problem, c.says) {
			t.Errorf("another %s: %+v", name, found)
		}
	}
}

// A device that speaks SNMPv1 only is found by a v1 community, not by v2c.
func TestDiscoverV1(t *testing.T) {
	t.Parallel()
	y := open(t, setup{spec: func(s *sim.Spec) { s.Quirks.SNMP = []string{"v1"} }})
	port, at := uint16(y.fleet.Port()), y.fleet.Agent(1).Addr().String()
	v1, v2c := client.Credentials{Version: "v1", Community: "public"}, client.Credentials{Version: "v2c", Community: "public"}
	if found := y.sweep(port, at, v2c); len(found) > 0 {
		t.Errorf("found by v2c: %+v", found)
	}
	found := y.sweep(port, at, v2c, v1)
	if len(found) != 1 || found[0].Credentials != 1 || found[0].Serial != "DD000001" || found[0].Problem != "" {
		t.Errorf("%+v", found)
	}
}

// Debian's own agent, with a user of each security level that it has.
func TestDiscoverSnmpd(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	at := startSnmpd(t, y)
	for _, c := range []client.Credentials{
		v3User("private", "SHA-256", "AES-128"), {Version: "v3", User: "signed", AuthProtocol: "SHA", AuthPassword: "auth-passphrase"},
		{Version: "v1", Community: "public"}, {Version: "v2c", Community: "public"},
	} {
		found := y.sweep(at.Port(), at.Addr().String(), c)
		if len(found) != 1 || found[0].SysName != "snmpd-here" || !strings.HasPrefix(found[0].SysObjectID, "1.3.6.1.4.1.8072.3.2.") || found[0].Driver != "" || found[0].Problem != "" {
			t.Errorf("%s %s: %+v", c.Version, c.User, found)
		}
	}
	weaker := v3User("private", "SHA-256", "AES-128")
	weaker.PrivProtocol, weaker.PrivPassword = "", ""
	if found := y.sweep(at.Port(), at.Addr().String(), weaker); len(found) != 1 || found[0].Problem == "" || found[0].SysName != "" {
		t.Errorf("without privacy: %+v", found)
	}
}

// startSnmpd starts net-snmp's agent and waits until it answers.
func startSnmpd(t *testing.T, y *yard) netip.AddrPort {
	t.Helper()
	path, err := exec.LookPath("snmpd")
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/snmpd"); err != nil {
			t.Fatal("snmpd is missing: apt-get install snmpd")
		}
	}
	socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	y.must(err)
	at := socket.LocalAddr().(*net.UDPAddr).AddrPort()
	y.must(socket.Close())
	dir := t.TempDir()
	y.must(os.WriteFile(filepath.Join(dir, "snmpd.conf"), []byte(`sysName snmpd-here
rocommunity public
createUser private SHA-256 auth-passphrase AES priv-passphrase
createUser signed SHA auth-passphrase
rouser private priv
rouser signed auth
`), 0o600))
	cmd := exec.Command(path, "-f", "-Lo", "-I", "-smux", "udp:"+at.String())
	state := filepath.Join(dir, "state")
	cmd.Env = append(os.Environ(), "SNMPCONFPATH="+dir+":"+state, "SNMP_PERSISTENT_DIR="+state)
	y.must(cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); _ = cmd.Wait() })
	for y.ctx.Err() == nil {
		if len(y.sweep(at.Port(), at.Addr().String(), client.Credentials{Version: "v2c", Community: "public"})) > 0 {
			return at
		}
	}
	t.Fatal("snmpd does not answer")
	return at
}

// askedSocket notes when each address of a network was asked first, and
// answers nothing.
type askedSocket struct {
	port uint16
	mu   sync.Mutex // owns what follows
	at   []time.Time
	seen map[netip.Addr]bool
}

func listenAll(t *testing.T) *askedSocket {
	t.Helper()
	conn, packets := openPacketConn(t)
	a := &askedSocket{port: uint16(conn.LocalAddr().(*net.UDPAddr).Port), seen: map[netip.Addr]bool{}}
	done := make(chan struct{})
	go func() { // ends with the socket
		defer close(done)
		buf := make([]byte, 2048)
		for {
			_, info, _, err := packets.ReadFrom(buf)
			if err != nil {
				return
			}
			local, ok := netip.AddrFromSlice(info.Dst)
			a.mu.Lock()
			if local = local.Unmap(); ok && !a.seen[local] {
				a.seen[local] = true
				a.at = append(a.at, time.Now())
			}
			a.mu.Unlock()
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return a
}

func (a *askedSocket) times() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.at)
}

// An address is not asked before its turn at the rate, whatever happens.
func TestDiscoverKeepsItsRate(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	silent := listenAll(t)
	network := netip.PrefixFrom(firstAddress(t), 27)
	began := time.Now()
	err := y.api.Discover(y.ctx, client.Sweep{Networks: []string{network.String()}, Port: silent.port, Rate: 20,
		Credentials: []client.Credentials{{Version: "v2c", Community: "public"}}}, func(client.Swept) bool { return true })
	y.must(err)
	at := silent.times()
	if len(at) != 30 {
		t.Fatalf("%d addresses were asked", len(at))
	}
	for i, when := range at { // the slack is for the ticker, which may be late once and then in time
		if earliest := began.Add(time.Duration(i) * time.Second / 20); when.Before(earliest) {
			t.Errorf("address %d was asked %s too early", i+1, earliest.Sub(when))
		}
	}
}

// Not more than 256 addresses are waited for at a time, whatever the rate.
func TestDiscoverIsBounded(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	silent := listenAll(t)
	const atOnce, patience = 256, 2 * time.Second // an attempt and one more, of a second each
	network := netip.PrefixFrom(firstAddress(t), 23)
	y.must(y.api.Discover(y.ctx, client.Sweep{Networks: []string{network.String()}, Port: silent.port, Rate: 1000,
		Credentials: []client.Credentials{{Version: "v2c", Community: "public"}}}, func(client.Swept) bool { return true }))
	at := silent.times()
	if len(at) != 510 {
		t.Fatalf("%d addresses were asked", len(at))
	}
	for i := atOnce; i < len(at); i++ {
		if gap := at[i].Sub(at[i-atOnce]); gap < patience-500*time.Millisecond {
			t.Fatalf("address %d was asked %s after address %d: more than %d are waited for", i+1, gap, i-atOnce+1, atOnce)
		}
	}
}

// When nobody listens any more, nobody is asked any more.
func TestDiscoverEndsWithItsListener(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	silent := listenAll(t)
	ctx, cancel := context.WithCancel(y.ctx)
	network := netip.PrefixFrom(firstAddress(t), 20)
	_ = y.api.Discover(ctx, client.Sweep{Networks: []string{network.String()}, Port: silent.port, Rate: 100,
		Credentials: []client.Credentials{{Version: "v2c", Community: "public"}}}, func(client.Swept) bool { cancel(); return false })
	y.must(y.server.Stop()) // waits for the sweep: it would take 40 s
	if n := len(silent.times()); n > 1000 {
		t.Errorf("%d addresses were asked", n)
	}
}

// Another maker's equipment is identified by its own driver, with the same
// credentials and in the same sweep of its network.
func TestDiscoverCisco(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	d, err := personality.StartIOS(context.Background(), personality.Options{Address: firstAddress(t), Serial: "FTX1234", Model: "CISCO2901/K9",
		Flash: 8 << 20, Config: iosBefore, Image: "old.bin", Version: "15.1(4)M4", TFTPPort: 69, FTPPort: 21, Restart: time.Second})
	y.must(err)
	t.Cleanup(d.Close)
	at := d.Addr()
	found := y.sweep(at.Port(), netip.PrefixFrom(at.Addr(), 30).String(), client.Credentials{Version: "v2c", Community: "wrong"}, client.Credentials{Version: "v2c", Community: "public"})
	if len(found) != 1 || found[0].Driver != "cisco-ios" || found[0].Version != "15.1(4)M4" || found[0].Serial != "FTX1234" || found[0].Credentials != 1 || found[0].Problem != "" {
		t.Errorf("%+v", found)
	}
}
