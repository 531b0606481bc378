package snmp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// snmpd is net-snmp's agent with the users of testUsers.
type snmpd struct {
	addr netip.AddrPort
	dir  string // with its state
	cmd  *exec.Cmd
}

const snmpdConfig = "exactEngineID 0x80001f8804736e6d7064\nrocommunity public\nrwcommunity private\n"

func startSnmpd(t *testing.T) *snmpd {
	t.Helper()
	d := &snmpd{addr: freePort(t), dir: t.TempDir()}
	var config strings.Builder
	config.WriteString(snmpdConfig)
	for _, u := range testUsers() {
		level := "noauth"
		fmt.Fprintf(&config, "createUser %s", u.Name)
		if u.AuthProtocol != "" {
			level = "auth"
			fmt.Fprintf(&config, " %s %q", u.AuthProtocol, u.AuthPassword.Reveal())
		}
		if u.PrivProtocol != "" {
			level = "priv"
			fmt.Fprintf(&config, " %s %q", strings.ReplaceAll(u.PrivProtocol, "AES-128", "AES"), u.PrivPassword.Reveal())
		}
		fmt.Fprintf(&config, "\nrwuser %s %s\n", u.Name, level)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "snmpd.conf"), []byte(config.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	t.Cleanup(func() { d.stop() })
	return d
}

func (d *snmpd) start(t *testing.T) {
	t.Helper()
	path := program(t, "snmpd")
	d.cmd = exec.Command(path, "-f", "-Lo", "-I", "-smux", "udp:"+d.addr.String())
	// not -C -c: with these it would not read its own state
	d.cmd.Env = append(netSNMPEnv(t), "SNMPCONFPATH="+d.dir+":"+filepath.Join(d.dir, "state"), "SNMP_PERSISTENT_DIR="+filepath.Join(d.dir, "state"))
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := d.dial(t, Credentials{Version: "v2c", Community: secret.New("public")})
	defer s.Close()
	for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
		if _, err := s.Get(within(t), sysUpTime); err == nil {
			return
		} else if t.Context().Err() != nil || d.cmd.ProcessState != nil {
			t.Fatal(err)
		}
	}
}

// stop lets the agent save its state.
func (d *snmpd) stop() {
	_ = d.cmd.Process.Signal(os.Interrupt)
	_ = d.cmd.Wait()
}

func (d *snmpd) dial(t testing.TB, c Credentials) *Session {
	t.Helper()
	return dialTo(t, Target{Address: d.addr, Credentials: c, Timeout: 500 * time.Millisecond, Retries: 3})
}

func dialTo(t testing.TB, target Target) *Session {
	t.Helper()
	s, err := Dial(t.Context(), target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func as(u User) Credentials {
	return Credentials{Version: "v3", User: u.Name, AuthProtocol: u.AuthProtocol, AuthPassword: u.AuthPassword, PrivProtocol: u.PrivProtocol, PrivPassword: u.PrivPassword}
}

func communities(version string) Credentials {
	return Credentials{Version: version, Community: secret.New("public"), WriteCommunity: secret.New("private")}
}

var (
	sysDescr = MustOID("1.3.6.1.2.1.1.1.0")
	sysName  = MustOID("1.3.6.1.2.1.1.5.0")
	missing  = MustOID("1.3.6.1.2.1.1.99.0")
)

// speaks reads, walks and writes.
func speaks(t *testing.T, s *Session) {
	t.Helper()
	ctx := within(t)
	vars, err := s.Get(ctx, sysUpTime, missing, sysName)
	if err != nil {
		t.Fatal(err)
	}
	if vars[0].Value.Kind != TimeTicks || !vars[1].Value.Missing() || vars[2].Value.Kind != OctetString {
		t.Errorf("Get gives %v", vars)
	}
	if v, err := s.GetNext(ctx, missing); err != nil || v.OID.Compare(missing) <= 0 {
		t.Errorf("GetNext gives %v, %v", v, err)
	}
	rows, err := s.Walk(ctx, MustOID("1.3.6.1.2.1.1"), 1000)
	if err != nil || len(rows) < 8 {
		t.Errorf("Walk gives %d rows, %v", len(rows), err)
	}
	if rows, err = s.Walk(ctx, MustOID("1.3.6.1.2.1.1"), 3); err != nil || len(rows) != 3 {
		t.Errorf("Walk of 3 gives %d rows, %v", len(rows), err)
	}
	name := TextValue("by " + s.target.Credentials.Version + s.target.Credentials.User)
	if _, err := s.Set(ctx, Varbind{sysName, name}); err != nil {
		t.Fatal(err)
	}
	if vars, err = s.Get(ctx, sysName); err != nil || !vars[0].Value.Equal(name) {
		t.Errorf("after Set it is %v, %v", vars, err)
	}
}

func TestSessionWithSnmpd(t *testing.T) {
	d := startSnmpd(t)
	for _, v := range []string{"v1", "v2c"} {
		t.Run(v, func(t *testing.T) { speaks(t, d.dial(t, communities(v))) })
	}
	for _, u := range testUsers() {
		t.Run("v3 "+u.Name, func(t *testing.T) {
			s := d.dial(t, as(u))
			speaks(t, s)
			_, at := s.EngineTime()
			if string(s.EngineID()) != "\x80\x00\x1f\x88\x04snmpd" || u.AuthProtocol != "" && (s.EngineBoots() == 0 || at.IsZero()) {
				t.Errorf("engine %x, boots %d, heard %s", s.EngineID(), s.EngineBoots(), at)
			}
		})
	}
}

func TestSnmpdRefuses(t *testing.T) {
	d := startSnmpd(t)
	strong := testUsers()[6]
	change := func(f func(*User)) Credentials {
		u := strong
		f(&u)
		return as(u)
	}
	for name, c := range map[string]struct {
		credentials Credentials
		code        fault.Code
		says        string
	}{
		"community":  {Credentials{Version: "v2c", Community: secret.New("wrong")}, fault.Timeout, "community"},
		"user":       {change(func(u *User) { u.Name = "eve" }), fault.Denied, "usmStatsUnknownUserNames"},
		"passphrase": {change(func(u *User) { u.AuthPassword = secret.New("wrong words") }), fault.Denied, "usmStatsWrongDigests"},
		"level": {change(func(u *User) { u.Name, u.AuthProtocol = "md5", "MD5" }), fault.Denied,
			"usmStatsUnsupportedSecLevels"},
	} {
		t.Run(name, func(t *testing.T) {
			s := dialTo(t, Target{Address: d.addr, Credentials: c.credentials, Timeout: 300 * time.Millisecond})
			_, err := s.Get(within(t), sysName)
			if said := fmt.Sprint(err, fault.HintOf(err)); !fault.Is(err, c.code) || !strings.Contains(said, c.says) {
				t.Errorf("Get: %s, want %s with %s", said, c.code, c.says)
			}
			if c.code != fault.Denied {
				return
			}
			if _, err = s.Set(within(t), Varbind{sysName, TextValue("x")}); !fault.Is(err, fault.Denied) || IsUnclear(err) {
				t.Errorf("Set: %v", err)
			}
		})
	}
	t.Run("community that only reads", func(t *testing.T) {
		c := communities("v2c")
		c.WriteCommunity = secret.String{}
		_, err := d.dial(t, c).Set(within(t), Varbind{sysName, TextValue("x")})
		var pdu *PDUError
		if !errors.As(err, &pdu) || pdu.Status != NoAccess || pdu.Index != 1 || pdu.OID.Compare(sysName) != 0 || IsUnclear(err) {
			t.Errorf("%v", err)
		}
	})
	t.Run("value", func(t *testing.T) {
		_, err := d.dial(t, as(strong)).Set(within(t), Varbind{sysName, IntegerValue(1)})
		var pdu *PDUError
		if !errors.As(err, &pdu) || pdu.Status != WrongType || IsUnclear(err) {
			t.Errorf("%v", err)
		}
	})
}

// RELIABILITY.md F8: a restart that kept the agent's state costs one more
// exchange; one that lost it is told, and a new session begins anew.
func TestSnmpdRestarts(t *testing.T) {
	d := startSnmpd(t)
	user := as(testUsers()[6])
	s := d.dial(t, user)
	get := func(s *Session) error { _, err := s.Get(within(t), sysName); return err }
	if err := get(s); err != nil {
		t.Fatal(err)
	}
	boots := s.EngineBoots()
	d.stop()
	d.start(t)
	if _, err := s.Set(within(t), Varbind{sysName, TextValue("after")}); err != nil {
		t.Errorf("after a restart: %v", err)
	}
	if s.EngineBoots() != boots+1 {
		t.Errorf("boots went from %d to %d", boots, s.EngineBoots())
	}
	d.stop()
	if err := os.RemoveAll(filepath.Join(d.dir, "state")); err != nil {
		t.Fatal(err)
	}
	d.start(t)
	if err := get(s); !fault.Is(err, fault.Denied) || !strings.Contains(err.Error(), "fell from") {
		t.Errorf("after its state was lost: %v", err)
	}
	if err := get(d.dial(t, user)); err != nil {
		t.Errorf("a new session: %v", err)
	}
}
