package snmp

import (
	"slices"
	"strings"
	"testing"

	"drydock/internal/secret"
)

// expect runs net-snmp and looks for a text in what it says.
func (b *agentBench) expect(t *testing.T, want, name string, args ...string) {
	t.Helper()
	out, _ := b.netSNMP(t, name, args...)
	if !strings.Contains(out, want) {
		t.Errorf("%s %s:\n%s\nwant %q", name, strings.Join(args, " "), out, want)
	}
}

const (
	sysNameText  = ".1.3.6.1.2.1.1.5.0"
	sysServices  = ".1.3.6.1.2.1.1.7.0"
	bigCounter   = ".1.3.6.1.4.1.8072.9999.2.0"
	afterCounter = ".1.3.6.1.4.1.8072.9999.3.0"
	noObject     = ".1.3.6.1.2.1.99.0"
)

func TestNetSNMPWithCommunities(t *testing.T) {
	b := startAgent(t, nil)
	to := b.at("127.4.5.6").String()
	public, private := func(v string) []string { return []string{v, "-c", "public", to} }, func(v string) []string { return []string{v, "-c", "private", to} }
	args := func(with []string, more ...string) []string { return append(slices.Clone(with), more...) }

	for _, v := range []string{"-v1", "-v2c"} {
		b.expect(t, `STRING: "test device"`, "snmpget", args(public(v), ".1.3.6.1.2.1.1.1.0", sysServices)...)
		b.expect(t, sysServices+" = INTEGER: 72", "snmpgetnext", args(public(v), sysNameText)...)
		b.expect(t, `STRING: "new"`, "snmpset", args(private(v), sysNameText, "s", "new")...)
		b.expect(t, `STRING: "new"`, "snmpget", args(public(v), sysNameText)...)
		b.expect(t, "Timeout", "snmpget", v, "-c", "wrong", "-r", "0", "-t", "0.2", to, sysNameText)
	}
	b.expect(t, "noAccess", "snmpset", args(public("-v2c"), sysNameText, "s", "x")...)
	b.expect(t, "noSuchName", "snmpset", args(public("-v1"), sysNameText, "s", "x")...)
	b.expect(t, "wrongType", "snmpset", args(private("-v2c"), sysServices, "i", "1", sysNameText, "i", "1")...)
	b.expect(t, "badValue", "snmpset", args(private("-v1"), sysServices, "i", "1", sysNameText, "i", "1")...)
	b.expect(t, "INTEGER: 72", "snmpget", args(public("-v2c"), sysServices)...) // all or nothing
	b.expect(t, "No Such Object", "snmpget", args(public("-v2c"), noObject)...)
	b.expect(t, "noSuchName", "snmpget", args(public("-v1"), noObject)...)
	b.expect(t, "Counter64: 1099511627776", "snmpget", args(public("-v2c"), bigCounter)...)
	b.expect(t, "noSuchName", "snmpget", args(public("-v1"), bigCounter)...)
	b.expect(t, afterCounter, "snmpgetnext", args(public("-v1"), ".1.3.6.1.4.1.8072.9999.1.99")...)
	b.expect(t, "No more variables", "snmpgetnext", args(public("-v2c"), afterCounter)...)
}

func TestNetSNMPWalks(t *testing.T) {
	b := startAgent(t, nil)
	to := b.at("127.0.0.1").String()
	for name, c := range map[string]struct {
		rows int
		args []string
	}{
		"snmpwalk v1":  {105, []string{"snmpwalk", "-v1", "-c", "public", to, ".1"}}, // the counter is skipped
		"snmpwalk v2c": {106, []string{"snmpwalk", "-v2c", "-c", "public", to, ".1"}},
		"bulk v2c":     {106, []string{"snmpbulkwalk", "-v2c", "-c", "public", "-Cr1000", to, ".1"}},
		"bulk v3":      {106, slices.Concat([]string{"snmpbulkwalk", "-Cr1000"}, userArgs(b.device.Users[6]), []string{to, ".1"})},
	} {
		out, err := b.netSNMP(t, c.args[0], c.args[1:]...)
		if got := strings.Count(out, " = "); err != nil || got < c.rows {
			t.Errorf("%s: %d rows, want %d: %v\n%s", name, got, c.rows, err, out)
		}
	}
}

func TestNetSNMPWithUsers(t *testing.T) {
	b := startAgent(t, nil)
	to := b.at("127.0.0.1").String()
	for _, u := range b.device.Users {
		t.Run(u.Name, func(t *testing.T) {
			b.expect(t, `STRING: "test device"`, "snmpget", append(userArgs(u), to, ".1.3.6.1.2.1.1.1.0")...)
			b.expect(t, `STRING: "by `+u.Name, "snmpset", append(userArgs(u), to, sysNameText, "s", "by "+u.Name)...)
		})
	}
}

func TestNetSNMPIsRefused(t *testing.T) {
	b := startAgent(t, nil)
	to := b.at("127.0.0.1").String()
	strong := b.device.Users[6]
	change := func(f func(*User)) []string {
		u := strong
		f(&u)
		return append(userArgs(u), to, sysNameText)
	}
	b.expect(t, "Unknown user name", "snmpget", change(func(u *User) { u.Name = "eve" })...)
	b.expect(t, "Authentication failure", "snmpget", change(func(u *User) { u.AuthPassword = secret.New("wrong words") })...)
	b.expect(t, "Decryption error", "snmpget", change(func(u *User) { u.PrivPassword = secret.New("wrong words") })...)
	b.expect(t, "Unsupported security level", "snmpget", change(func(u *User) { u.Name = "md5"; u.AuthProtocol = "MD5" })...)
	b.expect(t, "authorizationError", "snmpget", change(func(u *User) { u.AuthProtocol, u.PrivProtocol = "", "" })...)
	b.expect(t, "authorizationError", "snmpget", change(func(u *User) { u.PrivProtocol = "" })...)
	b.expect(t, "authorizationError", "snmpset", append(change(func(u *User) { u.PrivProtocol = "" }), "s", "x")...)
	// boots of another time: net-snmp must take ours from an authentic report
	b.expect(t, `STRING: "name"`, "snmpget", append([]string{"-Z", "1,5"}, change(func(*User) {})...)...)
}
