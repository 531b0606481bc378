package snmp

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/internal/secret"
)

// startTrapd starts net-snmp's receiver of traps, and gives what it prints.
func startTrapd(t *testing.T, config string) (sink netip.AddrPort, lines <-chan string) {
	t.Helper()
	path := program(t, "snmptrapd")
	sink = freePort(t)
	file := filepath.Join(t.TempDir(), "snmptrapd.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "-f", "-n", "-On", "-Lo", "-C", "-c", file, "udp:"+sink.String())
	cmd.Env = netSNMPEnv(t)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := make(chan string, 1000)
	go func() { // ends with the program
		defer close(found)
		for s := bufio.NewScanner(out); s.Scan(); {
			found <- s.Text()
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		for range found {
		}
		_ = cmd.Wait()
	})
	return sink, found
}

func freePort(t *testing.T) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// until sends a trap until a line has all the texts: the receiver may not
// listen yet.
func (b *agentBench) until(t *testing.T, trap Trap, lines <-chan string, texts ...string) {
	t.Helper()
	again := time.NewTicker(300 * time.Millisecond)
	defer again.Stop()
	var seen []string
	for range 30 {
		if err := b.Notify(t.Context(), b.device, trap); err != nil {
			t.Fatal(err)
		}
		for waiting := true; waiting; {
			select {
			case line := <-lines:
				if seen = append(seen, line); hasAll(line, texts) {
					return
				}
			case <-again.C:
				waiting = false
			}
		}
	}
	t.Errorf("no line has %q:\n%s", texts, strings.Join(seen, "\n"))
}

func hasAll(line string, texts []string) bool {
	for _, text := range texts {
		if !strings.Contains(line, text) {
			return false
		}
	}
	return true
}

func TestSnmptrapdReceives(t *testing.T) {
	b := startAgent(t, nil)
	engine := hex.EncodeToString(b.device.EngineID)
	strong := Credentials{Version: "v3", User: "sender", AuthProtocol: "SHA-256", AuthPassword: secret.New("authentication"),
		PrivProtocol: "AES-128", PrivPassword: secret.New("privacy words")}
	strongest := strong
	strongest.User, strongest.AuthProtocol, strongest.PrivProtocol = "strongest", "SHA-512", "AES-256"
	sink, lines := startTrapd(t, fmt.Sprintf(`authCommunity log public
createUser -e 0x%s sender SHA-256 "authentication" AES "privacy words"
authUser log sender priv
createUser -e 0x%s strongest SHA-512 "authentication" AES-256 "privacy words"
authUser log strongest priv
`, engine, engine))
	trap := Trap{Local: netip.MustParseAddr("127.9.8.7"), Sink: sink, OID: MustOID("1.3.6.1.4.1.8072.9999.0.17")}
	for i, c := range []Credentials{{Version: "v2c", Community: secret.New("public")}, strong, strongest} {
		trap.Credentials = c
		trap.Vars = []Varbind{{MustOID("1.3.6.1.2.1.1.5.0"), TextValue(fmt.Sprint("trap ", i))}}
		b.until(t, trap, lines, ".1.3.6.1.6.3.1.1.4.1.0 = OID: .1.3.6.1.4.1.8072.9999.0.17", fmt.Sprintf(`"trap %d"`, i), "(4200)")
	}
	trap.Credentials = Credentials{Version: "v1", Community: secret.New("public")}
	b.until(t, trap, lines, "Enterprise Specific Trap (17)")
	trap.OID = MustOID("1.3.6.1.6.3.1.1.5.1")
	b.until(t, trap, lines, "Cold Start Trap (0)")
}

func TestTrapComesFromTheDevice(t *testing.T) {
	b := startAgent(t, nil)
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	trap := Trap{Local: netip.MustParseAddr("127.9.8.7"), Sink: conn.LocalAddr().(*net.UDPAddr).AddrPort(), OID: MustOID("1.3.6.1.4.1.8072.9999.0.17"),
		Credentials: Credentials{Version: "v1"}, Vars: newTableMIB().vars[len(newTableMIB().vars)-2:]}
	if err := b.Notify(t.Context(), b.device, trap); err != nil {
		t.Fatal(err)
	}
	m, from := receive(t, conn)
	if from != b.at("127.9.8.7") {
		t.Errorf("it comes from %s", from)
	}
	want := trapPDU{Enterprise: MustOID("1.3.6.1.4.1.8072.9999"), AgentAddr: trap.Local, Generic: 6, Specific: 17, Timestamp: 4200, Varbinds: trap.Vars[1:]}
	if fmt.Sprint(*m.Trap) != fmt.Sprint(want) { // the Counter64 is left out
		t.Errorf("it is %+v\nwant %+v", *m.Trap, want)
	}
	trap.Credentials.Version = "v4"
	if err := b.Notify(t.Context(), b.device, trap); err == nil {
		t.Error("version 4 was sent")
	}
}

// receive reads one message within some seconds.
func receive(t *testing.T, conn *net.UDPConn) (*message, netip.AddrPort) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	n, from, err := conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		t.Fatal(err)
	}
	m, err := decodeMessage(buf[:n])
	if err != nil {
		t.Fatal(err)
	}
	return m, from
}
