package snmp

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

const (
	trapOIDText = ".1.3.6.1.4.1.8072.9999.0.17"
	nameText    = ".1.3.6.1.2.1.1.5.0"
)

func (b *trapBench) hears(t *testing.T, name string, args ...string) Notification {
	t.Helper()
	if out, err := run(t, program(t, name), args...); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	n := b.next(t)
	if !slices.ContainsFunc(n.Varbinds, func(v Varbind) bool { return v.OID.Compare(sysName) == 0 && v.Value.String() == "hello" }) {
		t.Errorf("heard %+v", n)
	}
	return n
}

func TestSnmptrapIsHeard(t *testing.T) {
	b := startTraps(t, nil)
	to := b.Addr().String()
	v1 := func(generic, specific string) Notification {
		return b.hears(t, "snmptrap", "-v1", "-c", "public", to, ".1.3.6.1.4.1.8072.9999", "192.0.2.7", generic, specific, "4200", nameText, "s", "hello")
	}
	for _, c := range []struct{ generic, specific, want string }{{"6", "17", trapOIDText}, {"0", "0", "1.3.6.1.6.3.1.1.5.1"}, {"2", "0", "1.3.6.1.6.3.1.1.5.3"}} {
		n := v1(c.generic, c.specific)
		if n.TrapOID.Compare(MustOID(c.want)) != 0 || n.Uptime != 4200 || n.Version != "v1" || n.Authenticated ||
			!slices.ContainsFunc(n.Varbinds, func(v Varbind) bool { return v.OID.Compare(snmpTrapAddress) == 0 && v.Value.String() == "192.0.2.7" }) {
			t.Errorf("v1 %s %s: %+v", c.generic, c.specific, n)
		}
	}
	rest := []string{to, "4200", trapOIDText, nameText, "s", "hello"}
	for _, kind := range []string{"snmptrap", "snmpinform"} {
		n := b.hears(t, kind, slices.Concat([]string{"-v2c", "-c", "public", "-r", "1", "-t", "5"}, rest)...)
		if n.TrapOID.Compare(MustOID(trapOIDText)) != 0 || n.Uptime != 4200 || n.Version != "v2c" || n.Inform != (kind == "snmpinform") {
			t.Errorf("%s v2c: %+v", kind, n)
		}
		for i, u := range testUsers() {
			args := userArgs(u)
			if kind == "snmptrap" {
				args = append(args, "-e", "0x80001f8804"+hex.EncodeToString([]byte("trap"+u.Name)), "-Z", "3,1000")
			}
			n := b.hears(t, kind, slices.Concat(args, []string{"-r", "1", "-t", "5"}, rest)...)
			if n.Authenticated != (i > 0) || n.Version != "v3" || n.Inform != (kind == "snmpinform") || n.TrapOID.Compare(MustOID(trapOIDText)) != 0 {
				t.Errorf("%s v3 %s: %+v", kind, u.Name, n)
			}
		}
	}
	again := slices.Concat(userArgs(testUsers()[6]), []string{"-e", "0x80001f880474726170", "-Z", "3,1000"}, rest)
	b.hears(t, "snmptrap", again...)
	again[slices.Index(again, "3,1000")] = "2,1000" // boots backwards
	if out, err := run(t, program(t, "snmptrap"), again...); err != nil {
		t.Fatal(out)
	}
	b.settle(t)
	if s := b.Stats(); s.OutOfWindow != 1 || s.Foreign+s.Malformed+s.Panicked != 0 {
		t.Errorf("%+v", s)
	}
}

func TestForeignInformIsNotAcknowledged(t *testing.T) {
	b := startTraps(t, nil)
	wrong := testUsers()[6]
	wrong.AuthPassword = secret.New("wrong words")
	for name, args := range map[string][]string{"community": {"-v2c", "-c", "private"}, "user": userArgs(wrong)} {
		out, err := run(t, program(t, "snmpinform"), slices.Concat(args, []string{"-r", "0", "-t", "0.3", b.Addr().String(), "1", trapOIDText})...)
		if err == nil {
			t.Errorf("%s: %s", name, out)
		}
	}
	b.settle(t)
}

func TestInform(t *testing.T) {
	b := startAgent(t, nil)
	strong := as(testUsers()[8])
	sink, lines := startTrapd(t, `authCommunity log public
createUser sha512aes256 SHA-512 "authentication" AES-256 "privacy words"
authUser log sha512aes256 priv
`)
	trap := Trap{Local: netip.MustParseAddr("127.9.8.7"), Sink: sink, OID: MustOID(trapOIDText)}
	trap.Credentials = communities("v2c")
	b.until(t, trap, lines, trapOIDText) // it listens
	for name, c := range map[string]Credentials{"v2c": communities("v2c"), "v3": strong} {
		trap.Credentials, trap.Vars = c, []Varbind{{sysName, TextValue("inform " + name)}}
		err := b.Inform(within(t), b.device, trap, 5*time.Second, 1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for found := false; !found; {
			select {
			case line := <-lines:
				found = hasAll(line, []string{trapOIDText, `"inform ` + name + `"`, "(4200)"})
			case <-within(t).Done():
				t.Fatalf("%s: snmptrapd does not show it", name)
			}
		}
	}
	trap.Credentials = communities("v1")
	if err := b.Inform(within(t), b.device, trap, time.Second, 0); !fault.Is(err, fault.Invalid) {
		t.Errorf("v1: %v", err)
	}
	trap.Credentials, trap.Sink = communities("v2c"), freePort(t)
	if err := b.Inform(within(t), b.device, trap, 50*time.Millisecond, 1); err == nil {
		t.Error("nobody listens, and it is acknowledged")
	}
}

// Our own sender and receiver, at every level.
func TestInformAndTrapReachOurReceiver(t *testing.T) {
	a, r := startAgent(t, nil), startTraps(t, nil)
	trap := Trap{Local: netip.MustParseAddr("127.9.8.7"), Sink: r.Addr(), OID: MustOID(trapOIDText), Vars: []Varbind{{sysName, TextValue("x")}}}
	all := []Credentials{communities("v2c")}
	for _, u := range testUsers() {
		all = append(all, as(u))
	}
	for _, c := range all {
		trap.Credentials = c
		if err := a.Inform(within(t), a.device, trap, 5*time.Second, 0); err != nil {
			t.Errorf("%s %s: %v", c.Version, c.User, err)
			continue
		}
		inform := r.next(t)
		if err := a.Notify(within(t), a.device, trap); err != nil {
			t.Errorf("%s %s: %v", c.Version, c.User, err)
			continue
		}
		plain := r.next(t)
		for _, n := range []Notification{inform, plain} {
			if n.From.Addr() != trap.Local || n.TrapOID.Compare(trap.OID) != 0 || n.Uptime != 4200 || len(n.Varbinds) != 1 || n.Authenticated != (c.AuthProtocol != "") {
				t.Errorf("%s %s: %+v", c.Version, c.User, n)
			}
		}
		if !inform.Inform || plain.Inform {
			t.Errorf("%s %s: which of them is an inform?", c.Version, c.User)
		}
	}
}
