package agent

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/client"
)

// program finds a foreign program that the test needs.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
	return ""
}

// mibs are the directories of our MIB and those that it imports.
func mibs(t *testing.T) string {
	t.Helper()
	for _, ietf := range []string{"../../../shared/mibs/ietf", "/tmp/h/shared/mibs/ietf", "/var/lib/snmp/mibs/ietf", "/usr/share/snmp/mibs/ietf", "/usr/share/mibs/ietf"} {
		if found, _ := filepath.Glob(ietf + "/INET-ADDRESS-MIB*"); len(found) > 0 {
			ours, err := filepath.Abs("../../mibs")
			if err != nil {
				t.Fatal(err)
			}
			return ours + ":" + ietf + ":/usr/share/snmp/mibs"
		}
	}
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal("no directory has INET-ADDRESS-MIB")
	}
	t.Skip("no directory has INET-ADDRESS-MIB")
	return ""
}

// netSNMP runs one of net-snmp's programs against the box, with our MIB.
func (b *box) netSNMP(name string, args ...string) (string, error) {
	b.t.Helper()
	dir := b.t.TempDir()
	cmd := exec.CommandContext(b.t.Context(), program(b.t, name), append([]string{"-t", "3", "-r", "2"}, args...)...)
	cmd.Env = append(os.Environ(), "SNMPCONFPATH="+dir, "SNMP_PERSISTENT_DIR="+dir+"/p", "HOME="+dir, "MIBDIRS="+mibs(b.t), "MIBS=DRYDOCK-EQUIPMENT-MIB:SNMPv2-MIB")
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return strings.TrimSpace(string(out) + errs.String()), err
	}
	return strings.TrimSpace(string(out)), nil
}

func (b *box) at() string { return fmt.Sprintf("%s:%d", b.addr, b.port) }

var asOps = []string{"-v3", "-u", "ops", "-l", "authPriv", "-a", "SHA-256", "-A", "a long password", "-x", "AES", "-X", "another password"}

// answers waits until the box can be asked.
func (b *box) answers(as []string) {
	b.t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for tick := time.NewTicker(100 * time.Millisecond); ; <-tick.C {
		out, err := b.netSNMP("snmpget", append(append([]string{}, as...), "-Oqv", b.at(), "deSerialNumber.0")...)
		if err == nil && strings.Contains(out, "SN-") {
			tick.Stop()
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the box does not answer: %v %s", err, out)
		}
	}
}

// snmpd is Debian's net-snmp as the box's master agent.
func (b *box) snmpd(t *testing.T, sink string) {
	t.Helper()
	config := fmt.Sprintf(`exactEngineID 0x80001f8804%x
master agentx
agentXSocket %s/agentx
dontLogTCPWrappersConnects yes
rocommunity look
rwcommunity public
createUser ops SHA-256 "a long password" AES "another password"
rwuser ops priv
sysObjectID 1.3.6.1.4.1.8072.9999.9999.3729.4
%s
`, b.addr.String(), b.dir, sink)
	b.write("snmpd/snmpd.conf", config)
	cmd := b.command(program(t, "snmpd"), "-f", "-Lf", b.dir+"/snmpd/log", "-I", "-smux", "udp:"+b.at())
	cmd.Env = append(os.Environ(), "SNMPCONFPATH="+b.dir+"/snmpd:"+b.dir+"/snmpd/state", "SNMP_PERSISTENT_DIR="+b.dir+"/snmpd/state", "MIBS=")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(b.read("snmpd/log"))
		}
	})
}

const underSnmpd = `
snmp: {agentx: %[1]s/agentx}
`

var publicly = client.Credentials{Version: "v2c", Community: "public"}

// TestMIBIsServedCompletely walks the MIB as net-snmp's users do, in both ways
// in which it is served.
func TestMIBIsServedCompletely(t *testing.T) {
	for name, way := range map[string]struct {
		settings string
		as       [][]string
	}{
		"standalone":  {standalone, [][]string{asOps}},
		"under snmpd": {underSnmpd, [][]string{asOps, {"-v2c", "-c", "public"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, common, plain, way.settings)
			if name != "standalone" {
				b.snmpd(t, "")
			}
			b.start()
			b.answers(asOps)
			// keep needs no server: a row of the table is there afterwards
			out, err := b.netSNMP("snmpset", append(append([]string{}, asOps...), b.at(), "deOperType.7", "i", "keep", "deOperRowStatus.7", "i", "createAndGo")...)
			if err != nil {
				t.Fatalf("snmpset: %v: %s", err, out)
			}
			for _, as := range way.as {
				checkWalk(t, b, as)
			}
		})
	}
}

func checkWalk(t *testing.T, b *box, as []string) {
	t.Helper()
	var walk string
	deadline := time.Now().Add(10 * time.Second)
	for tick := time.NewTicker(100 * time.Millisecond); !strings.Contains(walk, "deOperState.7 = INTEGER: succeeded(3)"); <-tick.C {
		var err error
		if walk, err = b.netSNMP("snmpwalk", append(append([]string{}, as...), "-Os", b.at(), "drydockEquipmentMIB")...); err != nil || time.Now().After(deadline) {
			t.Fatalf("snmpwalk: %v: %s", err, walk)
		}
	}
	for _, want := range []string{"deSerialNumber.0 = STRING: SN-" + b.addr.String(), "deModelName.0 = STRING: box-2", "deSoftwareVersion.0 = STRING: 1.0", "deKeptVersion.0 = STRING: 1.0",
		"deFlashFree.0 = Gauge32: ", "deBootCount.0 = Counter32: 1", "deConfigVersion.0 = STRING: 1", "dePortsUp.0 = Gauge32: ", "deImageDigest.0 = STRING:",
		"deConfigDigest.0 = STRING: " + sum(archiveOf(b))[:8], "deOperType.7 = INTEGER: keep(4)", "deOperProgress.7 = Gauge32: 100 percent", "deOperRowStatus.7 = INTEGER: active(1)"} {
		if !strings.Contains(walk, want) {
			t.Errorf("%q is not in the walk:\n%s", want, walk)
		}
	}
	if n := strings.Count(walk, "\n") + 1; n != 10+14 {
		t.Errorf("the walk has %d objects:\n%s", n, walk)
	}
	bulk, err := b.netSNMP("snmpbulkwalk", append(append([]string{}, as...), "-Os", b.at(), "drydockEquipmentMIB")...)
	if err != nil || strings.Count(bulk, "\n") != strings.Count(walk, "\n") {
		t.Errorf("snmpbulkwalk: %v: %s", err, bulk)
	}
	table, err := b.netSNMP("snmptable", append(append([]string{}, as...), "-Ci", b.at(), "deOperationTable")...)
	if err != nil || !strings.Contains(table, "keep") || strings.Contains(table, "?") {
		t.Errorf("snmptable: %v:\n%s", err, table)
	}
	for _, c := range []struct{ args, want string }{
		{"deSerialNumber.0 s x", "notWritable"},
		{"deOperType.8 i keep", "inconsistentName"},
		{"deOperType.7 i backup", "inconsistentValue"},
		{"deOperType.8 i backup deOperRowStatus.8 i createAndGo", "inconsistentValue"},
		{"deOperProtocol.8 i 2 deOperRowStatus.8 i createAndWait", ""},
		{"deOperRowStatus.8 i destroy", ""},
	} {
		out, err := b.netSNMP("snmpset", append(append(append([]string{}, as...), b.at()), strings.Fields(c.args)...)...)
		if (err == nil) != (c.want == "") || !strings.Contains(out, c.want) {
			t.Errorf("snmpset %s: %v: %s; wanted %q", c.args, err, out, c.want)
		}
	}
}

// archiveOf is what the box's backup must be.
func archiveOf(b *box) string {
	return "config-version 1\nmanifest\n network\n sip\n users\nfile port network uci 0644\n config interface 'wan'\n \toption proto 'dhcp'\n \n # by hand\n" +
		"file protocol sip ini 0644 no-eol\n [sip]\n registrar = sip.example.net\n user = 4969100001\nfile user users binary 0644 base64\n AAH/IHVzZXJz\nend\n"
}

// TestViewsAreKept: a user that may only read sees its subtrees and sets
// nothing.
func TestViewsAreKept(t *testing.T) {
	t.Parallel()
	b := newBox(t, common, plain, standalone).start()
	b.answers(asOps)
	look := []string{"-v3", "-u", "look", "-l", "authNoPriv", "-a", "SHA-256", "-A", "a long password", b.at()}
	walk, err := b.netSNMP("snmpwalk", append(look, "-Os", ".1")...)
	if err != nil || !strings.Contains(walk, "deSerialNumber.0") || !strings.Contains(walk, "sysDescr.0") || strings.Contains(walk, "deOper") || strings.Contains(walk, "ifIndex") {
		t.Errorf("%v: %s", err, walk)
	}
	for _, set := range []string{"deOperType.1 i keep deOperRowStatus.1 i createAndGo", "deSerialNumber.0 s x"} {
		if out, err := b.netSNMP("snmpset", append(look, strings.Fields(set)...)...); err == nil || !strings.Contains(out, "noAccess") {
			t.Errorf("%v: %s", err, out)
		}
	}
	if out, err := b.netSNMP("snmpget", "-v2c", "-c", "public", "-r", "0", b.at(), "deSerialNumber.0"); err == nil {
		t.Errorf("SNMPv2c is answered: %s", out)
	}
}

// TestNotificationsGoThroughSnmpd has the master agent send them to its sinks.
func TestNotificationsGoThroughSnmpd(t *testing.T) {
	t.Parallel()
	b := newBox(t, common, plain, underSnmpd)
	sink := fmt.Sprintf("%s:1162", b.addr)
	heard := trapd(t, b, sink)
	b.snmpd(t, "trap2sink "+sink+" public")
	b.start()
	b.answers(asOps)
	if out, err := b.netSNMP("snmpset", append(append([]string{}, asOps...), b.at(), "deOperType.9", "i", "restoreFiles", "deOperRowStatus.9", "i", "createAndGo")...); err != nil {
		t.Fatal(err, out)
	}
	for line := range heard {
		if strings.Contains(line, "deOperationFailed") {
			for _, want := range []string{"deOperType.9 = INTEGER: restoreFiles(5)", "deOperFailureCause.9 = INTEGER: nothingKept(9)", "deSerialNumber.0 = STRING: SN-"} {
				if !strings.Contains(line, want) {
					t.Errorf("%q is not in %s", want, line)
				}
			}
			return
		}
	}
	t.Error("no notification of the failure was heard")
}

// trapd is net-snmp's receiver; it gives what it hears, a notification a line.
func trapd(t *testing.T, b *box, at string) <-chan string {
	t.Helper()
	b.write("trapd/snmptrapd.conf", "authCommunity log public\nformat2 %v\\n\n")
	cmd := exec.CommandContext(t.Context(), program(t, "snmptrapd"), "-f", "-n", "-Lo", "-Os", "-C", "-c", b.dir+"/trapd/snmptrapd.conf", at)
	cmd.Env = append(os.Environ(), "SNMP_PERSISTENT_DIR="+b.dir+"/trapd/p", "MIBDIRS="+mibs(t), "MIBS=DRYDOCK-EQUIPMENT-MIB:SNMPv2-MIB")
	out, w := io.Pipe()
	cmd.Stdout, cmd.Stderr = w, w
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string, 100)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			lines <- s.Text()
		}
	}()
	timer := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		timer.Stop()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = w.Close()
		for range lines { // ends with the pipe
		}
	})
	go func() { <-t.Context().Done(); _ = w.Close() }()
	for line := range lines {
		if strings.Contains(line, "NET-SNMP version") {
			return lines
		}
	}
	t.Fatal("snmptrapd did not start")
	return nil
}

// TestServerUpdatesUnderSnmpd is the update with a master agent, by v2c and v3.
func TestServerUpdatesUnderSnmpd(t *testing.T) {
	for name, as := range map[string]client.Credentials{"v2c": publicly, "v3": ops} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			y := openYard(t)
			b := newBox(t, common, plain, underSnmpd)
			b.snmpd(t, "")
			b.start()
			b.answers(asOps)
			y.add("box", b, as)
			y.release("box-2.0", "2.0", [2]string{"image", "VERSION=2.0\nnew\n"})
			y.updated(y.update("box", "box-2.0"))
			if got := b.read("software"); got != "VERSION=2.0\nnew\n" {
				t.Errorf("the software is %q", got)
			}
		})
	}
}
