package sim

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// credentials of the fleets that net-snmp talks to.
func credentials() []fleet.Credentials {
	return []fleet.Credentials{
		{Version: "v2c", Community: secret.New("look"), WriteCommunity: secret.New("touch")},
		{Version: "v3", User: "op", AuthProtocol: "SHA-256", AuthPassword: secret.New("authpass-4711"), PrivProtocol: "AES-128", PrivPassword: secret.New("privpass-4711")},
	}
}

// as gives net-snmp's arguments for each version, to read or to write.
func as(version string, write bool) []string {
	community := "look"
	if write {
		community = "touch"
	}
	if version == "3" {
		return []string{"-v3", "-l", "authPriv", "-u", "op", "-a", "SHA-256", "-A", "authpass-4711", "-x", "AES", "-X", "privpass-4711"}
	}
	return []string{"-v" + version, "-c", community}
}

func foreignMIBs(t *testing.T) string {
	t.Helper()
	for _, ietf := range []string{"../../../shared/mibs/ietf", "/var/lib/snmp/mibs/ietf", "/usr/share/snmp/mibs/ietf"} {
		if found, _ := filepath.Glob(ietf + "/INET-ADDRESS-MIB*"); len(found) > 0 {
			return ietf + ":/usr/share/snmp/mibs:../../mibs"
		}
	}
	missing(t, "no directory has INET-ADDRESS-MIB")
	return ""
}

// netsnmp runs one of net-snmp's programs against a device.
func (y *yard) netsnmp(d *Device, name string, auth []string, args ...string) (string, error) {
	y.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	all := append([]string{"-On", "-m", "", "-t", "1", "-r", "2"}, append(slices.Clone(auth), y.Agent(d.Number).String())...)
	cmd := exec.CommandContext(ctx, program(y.t, name), append(all, args...)...)
	cmd.Env = append(os.Environ(), "SNMPCONFPATH=/nonexistent", "MIBS=")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (y *yard) must(d *Device, name string, auth []string, args ...string) string {
	y.t.Helper()
	out, err := y.netsnmp(d, name, auth, args...)
	if err != nil {
		y.t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return out
}

func (y *yard) contains(out, want string) {
	y.t.Helper()
	if !strings.Contains(out, want) {
		y.t.Errorf("%q is not in\n%s", want, out)
	}
}

func TestNetSNMPReads(t *testing.T) {
	y := newYard(t, Spec{Credentials: credentials()})
	d := y.Device(2)
	y.do(d, equipment.Keep, nil, equipment.NoFailure)
	for _, version := range []string{"1", "2c", "3"} {
		t.Run("v"+version, func(t *testing.T) {
			y.t = t
			out := y.must(d, "snmpget", as(version, false), "1.3.6.1.2.1.1.2.0", root.String()+".1.1.1.0")
			y.contains(out, "OID: ."+root.String()+".3.2")
			y.contains(out, `STRING: "DD000002"`)
			out = y.must(d, "snmpwalk", as(version, false), "1.3.6.1")
			if n := strings.Count(out, "\n"); n < 7+1+5*25+4+10+14 {
				t.Errorf("a walk has %d lines", n)
			}
			if version != "1" {
				if bulk := y.must(d, "snmpbulkwalk", as(version, false), "1.3.6.1.4.1"); !strings.Contains(out, strings.Split(bulk, "\n")[0]) {
					t.Errorf("a bulk walk gives\n%s", bulk)
				}
			}
			out, _ = y.netsnmp(d, "snmpget", as(version, false), "1.3.6.1.2.1.1.99.0")
			if version == "1" {
				y.contains(out, "noSuchName")
			} else {
				y.contains(out, "No Such Object")
			}
		})
	}
	t.Run("table", func(t *testing.T) {
		cmd := exec.Command(program(t, "snmptable"), append(as("2c", false), "-M", foreignMIBs(t), "-m", "DRYDOCK-EQUIPMENT-MIB", "-Ci",
			y.Agent(2).String(), "DRYDOCK-EQUIPMENT-MIB::deOperationTable")...)
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "keep") || !strings.Contains(string(out), "succeeded") {
			t.Errorf("%v\n%s", err, out)
		}
	})
}

func TestNetSNMPCommands(t *testing.T) {
	y := newYard(t, Spec{Credentials: credentials()})
	for i, version := range []string{"1", "2c", "3"} {
		t.Run("v"+version, func(t *testing.T) {
			y.t = t
			d, row := y.Device(1), strconv.Itoa(i+1)
			u := y.upload(d)
			column := func(n int) string { return entry.Append(uint32(n)).String() + "." + row }
			server := y.servers[equipment.TFTP]
			args := []string{
				column(2), "i", "1", column(3), "i", "1", column(4), "i", "1", column(5), "x", fmt.Sprintf("%x", server.Addr().AsSlice()),
				column(6), "u", strconv.Itoa(int(server.Port())), column(7), "s", u.Name(), column(15), "i", "4",
			}
			if version != "3" {
				if out, err := y.netsnmp(d, "snmpset", as(version, false), args...); err == nil || d.Started(equipment.Backup) != i {
					t.Errorf("the community that may read could write: %s", out)
				}
			}
			y.must(d, "snmpset", as(version, true), args...)
			y.await("end")
			y.contains(y.must(d, "snmpget", as(version, true), column(10)), "INTEGER: 3")
			if u.text() != d.FirstConfiguration() {
				t.Errorf("%d octets came", len(u.text()))
			}
			out, err := y.netsnmp(d, "snmpset", as(version, true), args...)
			if err == nil {
				t.Errorf("a row was made twice: %s", out)
			}
			out, err = y.netsnmp(d, "snmpset", as(version, true), column(10), "i", "3")
			if err == nil || version != "1" && !strings.Contains(out, "notWritable") {
				t.Errorf("the state could be written: %s", out)
			}
		})
	}
}

func TestWrongCredentialsGetNoAnswer(t *testing.T) {
	y := newYard(t, Spec{Credentials: credentials()})
	for _, auth := range [][]string{
		{"-v2c", "-c", "public"},
		{"-v3", "-l", "authPriv", "-u", "op", "-a", "SHA-256", "-A", "wrongpass-1", "-x", "AES", "-X", "privpass-4711"},
		{"-v3", "-l", "noAuthNoPriv", "-u", "op"},
		{"-v3", "-l", "authNoPriv", "-u", "op", "-a", "SHA-256", "-A", "authpass-4711"},
		{"-v3", "-l", "noAuthNoPriv", "-u", "nobody"},
	} {
		if out, err := y.netsnmp(y.Device(1), "snmpget", append(auth, "-r", "0"), "1.3.6.1.2.1.1.3.0"); err == nil {
			t.Errorf("%v got %s", auth, out)
		}
	}
}

func TestRestartIsSilentOnTheWire(t *testing.T) {
	y := newYard(t, Spec{Credentials: credentials(), Timings: equipment.Timings{Restart: 1500 * time.Millisecond}})
	d := y.Device(1)
	y.must(d, "snmpget", as("3", false), "1.3.6.1.2.1.1.3.0")
	d.PowerCycle()
	if out, err := y.netsnmp(d, "snmpget", append(as("2c", false), "-r", "0"), "1.3.6.1.2.1.1.3.0"); err == nil {
		t.Errorf("it answers while it restarts: %s", out)
	}
	y.await("restart")
	y.contains(y.must(d, "snmpget", as("3", false), "1.3.6.1.6.3.10.2.1.2.0"), "INTEGER: 2")
}

func TestFaultsOnTheWire(t *testing.T) {
	y := newYard(t, Spec{Credentials: credentials(), Devices: 3, Faults: mustFaults(t,
		"dev=1 fault=drop=1 count=2; dev=2 op=keep fault=drop-set-response; dev=3 fault=late=300ms count=1")})
	y.must(y.Device(1), "snmpget", as("2c", false), "1.3.6.1.2.1.1.3.0")
	if y.Device(1).Lost() != 2 {
		t.Errorf("%d requests lost, want 2", y.Device(1).Lost())
	}
	column := func(n uint32) string { return entry.Append(n, 5).String() }
	d := y.Device(2)
	out, err := y.netsnmp(d, "snmpset", append(as("2c", true), "-r", "0"), column(2), "i", "4", column(15), "i", "4")
	if err == nil || d.Started(equipment.Keep) != 1 {
		t.Errorf("started %d times: %s", d.Started(equipment.Keep), out)
	}
	y.await("end")
	y.contains(y.must(d, "snmpget", as("2c", false), column(10)), "INTEGER: 3")
	begun := time.Now()
	y.must(y.Device(3), "snmpget", as("2c", false), "1.3.6.1.2.1.1.3.0")
	if time.Since(begun) < 300*time.Millisecond {
		t.Error("the answer was not late")
	}
}

// snmptrapd starts a foreign receiver and gives its lines.
func snmptrapd(t *testing.T) (netip.AddrPort, <-chan string) {
	t.Helper()
	port := freeUDPPort(t)
	config := filepath.Join(t.TempDir(), "snmptrapd.conf")
	if err := os.WriteFile(config, []byte("disableAuthorization yes\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program(t, "snmptrapd"), "-f", "-Lo", "-On", "-n", "-m", "", "-C", "-c", config, "127.0.0.1:"+strconv.Itoa(port))
	cmd.Env = append(os.Environ(), "MIBS=", "SNMP_PERSISTENT_DIR="+t.TempDir())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 1000)
	read := make(chan struct{})
	go func() { // ends with the program
		defer close(read)
		for s := bufio.NewScanner(stdout); s.Scan(); {
			lines <- s.Text()
		}
	}()
	t.Cleanup(func() { _ = cmd.Process.Kill(); <-read; _ = cmd.Wait() })
	return netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port)), lines
}

func TestNotificationsReachSnmptrapd(t *testing.T) {
	sink, lines := snmptrapd(t)
	expect := func(what ...string) {
		t.Helper()
		deadline := time.After(15 * time.Second)
		for {
			select {
			case line := <-lines:
				if strings.Contains(line, entry.String()+".2.1 = ") {
					t.Errorf("the silent operation was notified of: %s", line)
				}
				if !slices.ContainsFunc(what, func(w string) bool { return !strings.Contains(line, w) }) {
					return
				}
			case <-deadline:
				t.Fatalf("no notification with %q came", what)
			}
		}
	}
	expect("NET-SNMP version") // it listens
	y := newYard(t, Spec{TrapSink: sink, Faults: mustFaults(t, "dev=2 op=keep fault=no-room; dev=1 op=keep fault=no-traps")})
	y.do(y.Device(1), equipment.Keep, nil, equipment.NoFailure) // silent
	y.do(y.Device(1), equipment.Keep, nil, equipment.NoFailure)
	expect(root.String()+".0.1", entry.String()+".2.2 = INTEGER: 4", `"DD000001"`)
	y.do(y.Device(2), equipment.Keep, nil, equipment.NoRoom)
	expect(root.String()+".0.2", entry.String()+".12.3 = INTEGER: 5", `"DD000002"`)
	y.do(y.Device(2), equipment.Reboot, nil, equipment.NoFailure)
	expect("1.3.6.1.6.3.1.1.5.1")
}

// TestTenThousandAnswer has each device of the largest fleet answer one GET.
func TestTenThousandAnswer(t *testing.T) {
	f, err := Start(context.Background(), Spec{Devices: MaxDevices})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	get := []byte("\x30\x29\x02\x01\x01\x04\x06public\xa0\x1c\x02\x04\x00\x00\x00\x01\x02\x01\x00\x02\x01\x00\x30\x0e\x30\x0c\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00\x05\x00")
	before, begun := heap(), time.Now()
	answered := map[netip.AddrPort]bool{}
	buf := make([]byte, 1500)
	for number := 1; number <= MaxDevices; number++ {
		if _, err := conn.WriteToUDPAddrPort(get, f.Agent(number)); err != nil {
			t.Fatal(err)
		}
		if number%32 != 0 && number != MaxDevices { // some at once, and no buffer overflows
			continue
		}
		for want := number; len(answered) < want; {
			_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			n, from, err := conn.ReadFromUDPAddrPort(buf)
			if err != nil || n < 40 {
				t.Fatalf("after %d answers: %v", len(answered), err)
			}
			answered[netip.AddrPortFrom(from.Addr().Unmap(), from.Port())] = true
		}
	}
	t.Logf("%d devices answered in %v and hold %d octets each more", len(answered), time.Since(begun), (heap()-before)/MaxDevices)
	for number := 1; number <= MaxDevices; number++ {
		if !answered[f.Agent(number)] {
			t.Fatalf("device %d did not answer from its own address", number)
		}
	}
}
