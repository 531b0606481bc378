package snmp

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/secret"
)

// program finds a foreign program that the test needs.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	return path
}

// tableMIB is a MIB of fixed instances that can all be written, but with
// values of their own kind only.
type tableMIB struct {
	onSet func(vars []Varbind) // called before anything is taken

	mu   sync.Mutex // owns vars
	vars []Varbind  // in order
}

func newTableMIB() *tableMIB {
	m := &tableMIB{vars: []Varbind{
		{MustOID("1.3.6.1.2.1.1.1.0"), TextValue("test device")},
		{MustOID("1.3.6.1.2.1.1.3.0"), TicksValue(4200)},
		{MustOID("1.3.6.1.2.1.1.5.0"), TextValue("name")},
		{MustOID("1.3.6.1.2.1.1.7.0"), IntegerValue(72)},
	}}
	for row := range uint32(100) {
		m.vars = append(m.vars, Varbind{MustOID("1.3.6.1.4.1.8072.9999.1").Append(row), TextValue(strings.Repeat("row ", 20))})
	}
	m.vars = append(m.vars,
		Varbind{MustOID("1.3.6.1.4.1.8072.9999.2.0"), Counter64Value(1 << 40)},
		Varbind{MustOID("1.3.6.1.4.1.8072.9999.3.0"), IPValue(netip.MustParseAddr("192.0.2.1"))})
	return m
}

func (m *tableMIB) find(oid OID) (int, bool) {
	return slices.BinarySearchFunc(m.vars, oid, func(v Varbind, oid OID) int { return v.OID.Compare(oid) })
}

func (m *tableMIB) Get(oid OID) Value {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i, ok := m.find(oid); ok {
		return m.vars[i].Value
	}
	return Value{Kind: NoSuchObject}
}

func (m *tableMIB) Next(oid OID) (OID, Value, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(oid)
	if ok {
		i++
	}
	if i == len(m.vars) {
		return nil, Value{}, false
	}
	return m.vars[i].OID, m.vars[i].Value, true
}

func (m *tableMIB) Set(_ context.Context, vars []Varbind) (Status, int) {
	if m.onSet != nil {
		m.onSet(vars)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, v := range vars {
		at, ok := m.find(v.OID)
		switch {
		case !ok:
			return NotWritable, i + 1
		case m.vars[at].Value.Kind != v.Value.Kind:
			return WrongType, i + 1
		}
	}
	for _, v := range vars {
		at, _ := m.find(v.OID)
		m.vars[at].Value = v.Value
	}
	return NoError, 0
}

// testUsers have one of each level, and of each pair of protocols that
// managers are seen with.
func testUsers() []User {
	auth, priv := secret.New("authentication"), secret.New("privacy words")
	return []User{
		{Name: "none"},
		{Name: "md5", AuthProtocol: "MD5", AuthPassword: auth},
		{Name: "sha", AuthProtocol: "SHA", AuthPassword: auth},
		{Name: "md5des", AuthProtocol: "MD5", AuthPassword: auth, PrivProtocol: "DES", PrivPassword: priv},
		{Name: "shaaes", AuthProtocol: "SHA", AuthPassword: auth, PrivProtocol: "AES-128", PrivPassword: priv},
		{Name: "sha224aes192", AuthProtocol: "SHA-224", AuthPassword: auth, PrivProtocol: "AES-192", PrivPassword: priv},
		{Name: "sha256aes", AuthProtocol: "SHA-256", AuthPassword: auth, PrivProtocol: "AES-128", PrivPassword: priv},
		{Name: "sha384aes256", AuthProtocol: "SHA-384", AuthPassword: auth, PrivProtocol: "AES-256", PrivPassword: priv},
		{Name: "sha512aes256", AuthProtocol: "SHA-512", AuthPassword: auth, PrivProtocol: "AES-256", PrivPassword: priv},
		{Name: "md5aes256", AuthProtocol: "MD5", AuthPassword: auth, PrivProtocol: "AES-256", PrivPassword: priv},
		{Name: "shaaes192c", AuthProtocol: "SHA", AuthPassword: auth, PrivProtocol: "AES-192-C", PrivPassword: priv},
		{Name: "shaaes256c", AuthProtocol: "SHA", AuthPassword: auth, PrivProtocol: "AES-256-C", PrivPassword: priv},
	}
}

func newTestDevice() *Device {
	return &Device{MIB: newTableMIB(), ReadCommunity: secret.New("public"), WriteCommunity: secret.New("private"), Users: testUsers(),
		EngineID: []byte("\x80\x00\x1f\x88\x04drydock"), Boots: func() uint32 { return 3 }, Time: func() uint32 { return 1000 },
		Uptime: func() uint32 { return 4200 }}
}

// agentBench is an agent that serves one device at every address of 127.0.0.0/8 but
// those in others.
type agentBench struct {
	*Agent
	device *Device
	others map[netip.Addr]*Device
}

func startAgent(t *testing.T, adapt func(*AgentConfig, *agentBench)) *agentBench {
	t.Helper()
	goleak.VerifyNone(t)
	b := &agentBench{device: newTestDevice(), others: map[netip.Addr]*Device{}}
	config := AgentConfig{Addr: netip.MustParseAddrPort("0.0.0.0:0"), Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))}
	config.Resolver = func(local netip.Addr) (*Device, bool) {
		if d, ok := b.others[local]; ok {
			return d, d != nil
		}
		return b.device, true
	}
	if adapt != nil {
		adapt(&config, b)
	}
	a, err := ListenAgent(config)
	if err != nil {
		t.Fatal(err)
	}
	b.Agent = a
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		goleak.VerifyNone(t)
	})
	return b
}

// at is the agent's port at one of its addresses.
func (b *agentBench) at(addr string) netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(addr), b.Addr().Port())
}

// netSNMP runs one of net-snmp's programs with options, an agent and the rest.
func (b *agentBench) netSNMP(t *testing.T, name string, args ...string) (output string, err error) {
	t.Helper()
	return run(t, program(t, name), append([]string{"-On", "-r", "1", "-t", "2"}, args...)...)
}

func run(t *testing.T, path string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = netSNMPEnv(t)
	out, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}

// netSNMPEnv keeps net-snmp from the machine's configuration and MIBs.
func netSNMPEnv(t *testing.T) []string {
	dir := t.TempDir()
	return append(os.Environ(), "SNMPCONFPATH="+dir, "SNMP_PERSISTENT_DIR="+filepath.Join(dir, "p"), "MIBS=", "HOME="+dir)
}

// within gives a context that ends long after a test that works.
func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// userArgs are net-snmp's options for a user.
func userArgs(u User) []string {
	args := []string{"-v3", "-u", u.Name}
	switch {
	case u.PrivProtocol != "":
		args = append(args, "-l", "authPriv", "-x", strings.ReplaceAll(u.PrivProtocol, "AES-128", "AES"), "-X", u.PrivPassword.Reveal())
	case u.AuthProtocol != "":
		args = append(args, "-l", "authNoPriv")
	default:
		return append(args, "-l", "noAuthNoPriv")
	}
	return append(args, "-a", u.AuthProtocol, "-A", u.AuthPassword.Reveal())
}
