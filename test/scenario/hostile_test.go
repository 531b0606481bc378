package scenario

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/gosnmp/gosnmp"

	"drydock/client"
	"drydock/internal/cli"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// hostile is what a device says of itself: it clears the screen, sets the
// title, writes the clipboard, by C0 and C1 characters, turns the direction, and
// begins as a formula does.
const hostile = "\x1b[2J\x1b]0;owned\x07\u009b31m\u202e=cmd()<script>alert(1)"

// live is what must never reach a terminal.
func live(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		return unicode.Is(unicode.Cc, r) && r != '\n' && r != '\t' || r == '\u202e'
	})
}

// TestHostileDevices: a fleet whose version and configuration are
// hostile text, traps and file names of the same kind; nothing of it is live in
// the log, in any output of the command line, or in the metrics (T14).
func TestHostileDevices(t *testing.T) {
	t.Parallel()
	log := &safeBuffer{}
	y := open(t, setup{devices: 2, faults: "dev=1 op=backup fault=truncate=900", metrics: "127.0.0.1:0",
		log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		spec: func(s *sim.Spec) {
			s.Version, s.Password = "1.4"+hostile, "p\u009b31m\u202e"
		}})
	sendTrap(t, y.server.TrapAddr.String())
	askFor(t, y.server.TFTPAddr.String(), hostile)
	runs := y.order(func(o *client.RunOrder) { o.Devices, o.Release = y.ids, release })
	for _, run := range runs {
		y.until(run, "a question or its end", func(s procedure.State) bool { return s.Question != nil || s.Result != nil })
	}
	backed := y.take()
	text := string(log.bytes())
	if live(text) {
		t.Errorf("the log is live: %q", text)
	}
	if strings.Contains(string(y.get("/metrics")), "owned") {
		t.Error("the metrics have text of devices")
	}
	seen := 0
	for _, command := range []string{"device list", "device show iad-0001", "update list", "update show " + string(runs[0]), "update show " + string(runs[1]),
		"question list", "backup list", "backup show " + string(backed), "release list", "update plan --release " + string(release) + " --label none=none"} {
		for _, format := range []string{"table", "json", "yaml"} {
			out := y.run(command, format)
			if live(out) {
				t.Errorf("drydock %s -o %s is live: %q", command, format, out)
			}
			if strings.Contains(out, "owned") || strings.Contains(out, "31m") {
				seen++
			}
		}
	}
	if seen < 10 {
		t.Errorf("only %d outputs had the text: this shows little", seen)
	}
}

// take takes a backup of device 2.
func (y *yard) take() fleet.BackupID {
	y.t.Helper()
	list, err := y.api.Backups(y.ctx, y.ids[1], "", 1)
	y.must(err)
	if len(list) == 0 {
		y.t.Fatal("device 2 has no backup")
	}
	return list[0].ID
}

// run runs a command as on a terminal and gives all that it writes.
func (y *yard) run(command, format string) string {
	y.t.Helper()
	var out bytes.Buffer
	p := &cli.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, StdoutIsTerminal: true, Env: func(string) string { return "" }}
	p.Run(context.Background(), append(strings.Fields(command), "--server", y.server.URL, "--token", y.server.Token.Reveal(), "-o", format))
	return out.String()
}

// sendTrap sends a notification with hostile text, in each field that has room.
func sendTrap(t *testing.T, to string) {
	t.Helper()
	host, port, err := net.SplitHostPort(to)
	if err != nil {
		t.Fatal(err)
	}
	number, err := net.LookupPort("udp", port)
	if err != nil {
		t.Fatal(err)
	}
	g := &gosnmp.GoSNMP{Target: host, Port: uint16(number), Version: gosnmp.Version2c, Community: hostile, Timeout: time.Second, MaxOids: 10}
	if err := g.Connect(); err != nil {
		t.Fatal(err)
	}
	defer g.Conn.Close()
	_, err = g.SendTrap(gosnmp.SnmpTrap{Variables: []gosnmp.SnmpPDU{
		{Name: ".1.3.6.1.6.3.1.1.4.1.0", Type: gosnmp.ObjectIdentifier, Value: ".1.3.6.1.6.3.1.1.5.1"},
		{Name: ".1.3.6.1.2.1.1.5.0", Type: gosnmp.OctetString, Value: hostile}}})
	if err != nil {
		t.Fatal(err)
	}
}

// askFor asks the TFTP server for a file of a hostile name (RFC 1350).
func askFor(t *testing.T, to, name string) {
	t.Helper()
	conn, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	packet := binary.BigEndian.AppendUint16(nil, 1)
	if _, err := conn.Write(append(packet, name+"\x00octet\x00"...)); err != nil {
		t.Fatal(err)
	}
}
