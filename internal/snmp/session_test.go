package snmp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// fakeAgent answers each message by what answer gives, on its own socket, and
// keeps what it heard.
type fakeAgent struct {
	conn *net.UDPConn

	mu    sync.Mutex // owns heard
	heard []*message
}

func startFake(t *testing.T, answer func(m *message, send func([]byte))) *fakeAgent {
	t.Helper()
	f := &fakeAgent{conn: openSocket(t)}
	done := make(chan struct{})
	go func() { // ends with the socket
		defer close(done)
		buf := make([]byte, maxDatagram)
		for {
			n, from, err := f.conn.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			m, err := decodeMessage(slices.Clone(buf[:n]))
			if err != nil {
				t.Errorf("the session sent %x: %v", buf[:n], err)
				return
			}
			f.mu.Lock()
			f.heard = append(f.heard, m)
			f.mu.Unlock()
			answer(m, func(wire []byte) { _, _ = f.conn.WriteToUDPAddrPort(wire, from) })
		}
	}()
	t.Cleanup(func() { f.conn.Close(); <-done })
	return f
}

func (f *fakeAgent) addr() netip.AddrPort { return f.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (f *fakeAgent) messages() []*message {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.heard)
}

// response is what a v2c agent answers.
func response(m *message, vars ...Varbind) []byte {
	wire, err := (&message{Version: m.Version, Community: m.Community, PDU: pdu{Type: pduResponse, RequestID: m.PDU.RequestID, Varbinds: vars}}).encode()
	if err != nil {
		panic(err)
	}
	return wire
}

func silent(*message, func([]byte)) {}

func sessionTo(t testing.TB, addr netip.AddrPort, c Credentials) *Session {
	return dialTo(t, Target{Address: addr, Credentials: c, Timeout: 300 * time.Millisecond, Retries: 2})
}

// countSets counts the SETs that a device carries out. It is called before an
// agent serves the device.
func countSets(d *Device, n *atomic.Int32) {
	d.MIB.(*tableMIB).onSet = func([]Varbind) { n.Add(1) }
}

// everyVersion are credentials that the agentBench knows.
func everyVersion() map[string]Credentials {
	return map[string]Credentials{"v1": communities("v1"), "v2c": communities("v2c"), "v3": as(testUsers()[6])}
}

// RELIABILITY.md F9, I5; B1: the answer to a SET is lost, and exactly one SET
// reaches the agent.
func TestLostResponseToSet(t *testing.T) {
	for name, c := range everyVersion() {
		t.Run(name, func(t *testing.T) {
			var sets atomic.Int32
			b := startAgent(t, func(a *AgentConfig, b *agentBench) {
				a.Drop = func(_ netip.Addr, set, response bool) bool { return set && response }
				countSets(b.device, &sets)
			})
			s := sessionTo(t, b.at("127.0.0.1"), c)
			vars := []Varbind{{sysName, TextValue("taken")}}
			if _, err := s.Set(within(t), vars...); !IsUnclear(err) || !fault.Is(err, fault.Timeout) {
				t.Errorf("Set: %v", err)
			}
			if sets.Load() != 1 {
				t.Errorf("%d SETs were carried out", sets.Load())
			}
			if err := s.SetAndConfirm(within(t), vars, nil); err != nil {
				t.Errorf("SetAndConfirm: %v", err)
			}
			failing := errors.New("no way to tell")
			err := s.SetAndConfirm(within(t), vars, func(context.Context, *Session) (bool, error) { return false, failing })
			if !IsUnclear(err) || !errors.Is(err, failing) {
				t.Errorf("where reading back fails: %v", err)
			}
			if sets.Load() != 3 {
				t.Errorf("%d SETs were carried out by 3 calls", sets.Load())
			}
		})
	}
}

func TestLostSet(t *testing.T) {
	for name, c := range everyVersion() {
		t.Run(name, func(t *testing.T) {
			b := startAgent(t, func(a *AgentConfig, _ *agentBench) {
				a.Drop = func(_ netip.Addr, set, response bool) bool { return set && !response }
			})
			s := sessionTo(t, b.at("127.0.0.1"), c)
			err := s.SetAndConfirm(within(t), []Varbind{{sysName, TextValue("lost")}}, nil)
			if !fault.Is(err, fault.Unavailable) || IsUnclear(err) {
				t.Errorf("%v", err)
			}
		})
	}
}

// A SET that the agent first reports to be out of its time window goes out
// again. If then its answer is lost, it may have taken effect, whatever was
// reported of the first.
func TestLostResponseAfterReport(t *testing.T) {
	var lose atomic.Bool
	var boots atomic.Uint32
	var sets atomic.Int32
	boots.Store(3)
	b := startAgent(t, func(a *AgentConfig, b *agentBench) {
		a.Drop = func(_ netip.Addr, set, response bool) bool { return set && response && lose.Load() }
		b.device.Boots = boots.Load
		countSets(b.device, &sets)
	})
	s := sessionTo(t, b.at("127.0.0.1"), as(testUsers()[6]))
	if _, err := s.Get(within(t), sysName); err != nil {
		t.Fatal(err)
	}
	boots.Store(4)
	if _, err := s.Set(within(t), Varbind{sysName, TextValue("one")}); err != nil || s.EngineBoots() != 4 {
		t.Errorf("after a restart: %v, boots %d", err, s.EngineBoots())
	}
	boots.Store(5)
	lose.Store(true)
	_, err := s.Set(within(t), Varbind{sysName, TextValue("two")})
	if !IsUnclear(err) || sets.Load() != 2 {
		t.Errorf("after a restart and a lost answer: %v, %d SETs were carried out", err, sets.Load())
	}
}

// RELIABILITY.md F8, I6: a SET goes to no other engine than the one that the
// session began with.
func TestSetNeverFollowsToAnotherEngine(t *testing.T) {
	var swapped atomic.Bool
	var sets atomic.Int32
	other := newTestDevice()
	countSets(other, &sets)
	other.EngineID = []byte("\x80\x00\x1f\x88\x04another")
	b := startAgent(t, func(a *AgentConfig, b *agentBench) {
		a.Resolver = func(netip.Addr) (*Device, bool) {
			if swapped.Load() {
				return other, true
			}
			return b.device, true
		}
	})
	user := as(testUsers()[6])
	before, between := sessionTo(t, b.at("127.0.0.1"), user), sessionTo(t, b.at("127.0.0.1"), user)
	for _, s := range []*Session{before, between} {
		if _, err := s.Get(within(t), sysName); err != nil {
			t.Fatal(err)
		}
	}
	swapped.Store(true)
	if _, err := between.Get(within(t), sysName); err != nil || string(between.EngineID()) != string(other.EngineID) {
		t.Errorf("a read does not follow: %v", err) // so that the device can be identified again
	}
	for _, s := range []*Session{before, between} {
		_, err := s.Set(within(t), Varbind{sysName, TextValue("x")})
		if !fault.Is(err, fault.Denied) || !errors.Is(err, errEngine) || IsUnclear(err) {
			t.Errorf("%v", err)
		}
	}
	if sets.Load() != 0 {
		t.Error("the other device was written to")
	}
}

// RELIABILITY.md T19: whatever an agent does, a v3 session sends v3, at its
// level of security, with nothing in clear.
func TestNeverADowngrade(t *testing.T) {
	report := func(m *message, stat uint32, engine string) []byte {
		wire, err := (&message{Version: version3, MsgID: m.MsgID, MaxSize: maxMessageSize, SecurityModel: securityModelUSM,
			USM: usmParameters{EngineID: []byte(engine), Boots: 1, Time: 1, User: m.USM.User}, ContextEngineID: []byte(engine),
			PDU: pdu{Type: pduReport, Varbinds: []Varbind{{usmStats.Append(stat, 0), CounterValue(1)}}}}).encode()
		if err != nil {
			panic(err)
		}
		return wire
	}
	hello := func(m *message, send func([]byte)) bool {
		if len(m.USM.EngineID) == 0 {
			send(report(m, statUnknownEngineIDs, "\x80\x00\x00\x00\x05fake"))
			return true
		}
		return false
	}
	fakes := map[string]func(m *message, send func([]byte)){
		"silent": silent,
		"v2c": func(m *message, send func([]byte)) {
			send(response(&message{Version: version2c, PDU: pdu{RequestID: m.MsgID}}, Varbind{sysName, TextValue("x")}))
		},
		"noAuth": func(m *message, send func([]byte)) {
			if !hello(m, send) {
				wire, _ := (&message{Version: version3, MsgID: m.MsgID, MaxSize: maxMessageSize, SecurityModel: securityModelUSM, USM: m.USM,
					ContextEngineID: m.USM.EngineID, PDU: pdu{Type: pduResponse, Varbinds: []Varbind{{sysName, TextValue("forged")}}}}).encode()
				send(wire)
			}
		},
	}
	for stat := range uint32(statDecryptionErrors + 2) {
		fakes[fmt.Sprint("report ", stat)] = func(m *message, send func([]byte)) {
			if !hello(m, send) {
				send(report(m, stat, "\x80\x00\x00\x00\x05fake"))
			}
		}
	}
	for name, answer := range fakes {
		t.Run(name, func(t *testing.T) {
			f := startFake(t, answer)
			c := as(testUsers()[6])
			c.Community, c.WriteCommunity = secret.New("public"), secret.New("private")
			s := dialTo(t, Target{Address: f.addr(), Credentials: c, Timeout: 50 * time.Millisecond, Retries: 1})
			if vars, err := s.Get(within(t), sysName); err == nil {
				t.Errorf("Get gives %v", vars)
			}
			if _, err := s.Set(within(t), Varbind{sysName, TextValue("in clear")}); err == nil {
				t.Error("Set gives no error")
			}
			heard := f.messages()
			for _, m := range heard {
				discovery := len(m.USM.EngineID) == 0 && len(m.PDU.Varbinds) == 0
				if m.Version != version3 || !discovery && m.Flags&(flagAuth|flagPriv) != flagAuth|flagPriv {
					t.Errorf("the session sent %+v", m)
				}
			}
			if len(heard) == 0 {
				t.Error("nothing was sent")
			}
		})
	}
}

func TestSessionEndsWithItsContext(t *testing.T) {
	f := startFake(t, silent)
	s := dialTo(t, Target{Address: f.addr(), Credentials: communities("v2c"), Timeout: time.Minute, Retries: 5})
	ctx, cancel := context.WithCancel(within(t))
	done := make(chan error, 1)
	go func() {
		_, err := s.Get(ctx, sysName)
		done <- err
	}()
	for tick := time.NewTicker(time.Millisecond); len(f.messages()) == 0; {
		<-tick.C
	}
	cancel()
	select {
	case err := <-done:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it waits on after its context was cancelled")
	}
	short, cancel := context.WithTimeout(within(t), 20*time.Millisecond)
	defer cancel()
	if _, err := s.Get(short, sysName); !fault.Is(err, fault.Timeout) {
		t.Errorf("at the deadline: %v", err)
	}
	<-short.Done()
	if _, err := s.Set(short, Varbind{sysName, TextValue("x")}); err == nil || IsUnclear(err) {
		t.Errorf("a SET that never went out: %v", err)
	}
}

func TestStrayDatagramsAreNoAnswer(t *testing.T) {
	right := Varbind{sysName, TextValue("right")}
	f := startFake(t, func(m *message, send func([]byte)) {
		send([]byte("not SNMP"))
		late := *m
		late.PDU.RequestID--
		send(response(&late, Varbind{sysName, TextValue("late")}))
		other := *m
		other.Version = version1
		send(response(&other, Varbind{sysName, TextValue("v1")}))
		send(response(m, right))
	})
	s := dialTo(t, Target{Address: f.addr(), Credentials: communities("v2c"), Timeout: 10 * time.Second})
	if vars, err := s.Get(within(t), sysName); err != nil || !vars[0].Value.Equal(right.Value) {
		t.Errorf("Get: %v, %v", vars, err)
	}
	if _, err := s.Set(within(t), right); err != nil {
		t.Errorf("Set: %v", err)
	}
}

func TestAnswerMustNameWhatWasAsked(t *testing.T) {
	for name, vars := range map[string][]Varbind{"another": {{sysDescr, TextValue("x")}}, "two": {{sysName, TextValue("x")}, {sysName, TextValue("x")}}} {
		f := startFake(t, func(m *message, send func([]byte)) { send(response(m, vars...)) })
		if got, err := sessionTo(t, f.addr(), communities("v2c")).Get(within(t), sysName); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestAnySource(t *testing.T) {
	elsewhere := openSocket(t)
	hears := openSocket(t)
	done := make(chan struct{})
	go func() { // ends with the socket
		defer close(done)
		buf := make([]byte, maxDatagram)
		for {
			n, from, err := hears.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			if m, err := decodeMessage(buf[:n]); err == nil {
				_, _ = elsewhere.WriteToUDPAddrPort(response(m, Varbind{sysName, TextValue("x")}), from)
			}
		}
	}()
	t.Cleanup(func() { hears.Close(); <-done })
	target := Target{Address: hears.LocalAddr().(*net.UDPAddr).AddrPort(), Credentials: communities("v2c"), Timeout: 200 * time.Millisecond}
	if _, err := dialTo(t, target).Get(within(t), sysName); !fault.Is(err, fault.Timeout) {
		t.Errorf("an answer from elsewhere was taken: %v", err)
	}
	target.AnySource, target.Timeout = true, 10*time.Second
	if _, err := dialTo(t, target).Get(within(t), sysName); err != nil {
		t.Error(err)
	}
}

// RELIABILITY.md F42.
func TestWalkIsBounded(t *testing.T) {
	endless := startFake(t, func(m *message, send func([]byte)) {
		oid := m.PDU.Varbinds[0].OID
		send(response(m, Varbind{oid.Append(1), IntegerValue(1)}))
	})
	loop := startFake(t, func(m *message, send func([]byte)) {
		send(response(m, Varbind{sysDescr, IntegerValue(1)}, Varbind{sysDescr, IntegerValue(1)}))
	})
	root := MustOID("1.3.6.1.2.1.1")
	for _, v := range []string{"v1", "v2c"} {
		rows, err := sessionTo(t, endless.addr(), communities(v)).Walk(within(t), root, 50)
		if err != nil || len(rows) != 50 {
			t.Errorf("%s, endless: %d rows, %v", v, len(rows), err)
		}
		if rows, err = sessionTo(t, loop.addr(), communities(v)).Walk(within(t), root, 50); err == nil || !strings.Contains(err.Error(), "circles") {
			t.Errorf("%s, loop: %d rows, %v", v, len(rows), err)
		}
	}
}

// Some agents say nothing to a request with more objects than they can take.
func TestMaxVarbinds(t *testing.T) {
	f := startFake(t, func(m *message, send func([]byte)) {
		n := len(m.PDU.Varbinds)
		if m.PDU.Type == pduGetBulk {
			n = int(m.PDU.ErrorIndex) // max-repetitions
		}
		if n > 4 {
			return
		}
		vars := make([]Varbind, 0, n)
		for _, v := range m.PDU.Varbinds {
			oid := v.OID
			if m.PDU.Type == pduGetBulk {
				oid = oid.Append(1)
			}
			vars = append(vars, Varbind{oid, TextValue("x")})
		}
		send(response(m, vars...))
	})
	var oids []OID
	for row := range uint32(11) {
		oids = append(oids, sysName.Append(row))
	}
	s := dialTo(t, Target{Address: f.addr(), Credentials: communities("v2c"), Timeout: time.Second, MaxVarbinds: 4})
	if vars, err := s.Get(within(t), oids...); err != nil || len(vars) != len(oids) {
		t.Errorf("%d of %d, %v", len(vars), len(oids), err)
	}
	if rows, err := s.Walk(within(t), sysName, 7); err != nil || len(rows) != 7 {
		t.Errorf("walk: %d rows, %v", len(rows), err)
	}
}

func TestTooMuchIsAskedForInParts(t *testing.T) {
	b := startAgent(t, func(_ *AgentConfig, b *agentBench) { b.device.MaxMessage = 484 })
	var oids []OID
	for row := range uint32(100) {
		oids = append(oids, MustOID("1.3.6.1.4.1.8072.9999.1").Append(row))
	}
	oids = append(oids, missing)
	for name, c := range everyVersion() {
		s := sessionTo(t, b.at("127.0.0.1"), c)
		vars, err := s.Get(within(t), oids...)
		if err != nil || len(vars) != len(oids) || !vars[100].Value.Missing() {
			t.Errorf("%s: %d of %d, %v", name, len(vars), len(oids), err)
		}
		rows, err := s.Walk(within(t), MustOID("1.3.6.1.4.1.8072.9999.1"), 1000)
		if err != nil || len(rows) != 100 {
			t.Errorf("%s: walk gives %d, %v", name, len(rows), err)
		}
	}
}

func TestDialRefuses(t *testing.T) {
	good := as(testUsers()[6])
	for name, adapt := range map[string]func(*Credentials){
		"no version":      func(c *Credentials) { c.Version = "" },
		"version":         func(c *Credentials) { c.Version = "v4" },
		"no community":    func(c *Credentials) { c.Version = "v2c" },
		"no user":         func(c *Credentials) { c.User = "" },
		"long user":       func(c *Credentials) { c.User = strings.Repeat("u", 33) },
		"auth protocol":   func(c *Credentials) { c.AuthProtocol = "SHA256" },
		"priv protocol":   func(c *Credentials) { c.PrivProtocol = "AES" },
		"privacy alone":   func(c *Credentials) { c.AuthProtocol = "" },
		"short auth pass": func(c *Credentials) { c.AuthPassword = secret.New("7 chars") },
		"short priv pass": func(c *Credentials) { c.PrivPassword = secret.New("7 chars") },
	} {
		c := good
		adapt(&c)
		if s, err := Dial(t.Context(), Target{Address: netip.MustParseAddrPort("127.0.0.1:161"), Credentials: c}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
			if s != nil {
				s.Close()
			}
		}
	}
}

// RELIABILITY.md section 8: the four cases that gosnmp takes.
func TestClockAfter(t *testing.T) {
	at := time.Unix(1e9, 0)
	last := clock{"e", 5, 20_000, at}
	for name, c := range map[string]struct {
		now  clock
		want bool
	}{
		"boots fell":           {clock{"e", 1, 20_000, at}, false},
		"10,000 s ago":         {clock{"e", 5, 10_000, at}, false},
		"boots at its end":     {clock{"e", 1<<31 - 1, 1, at}, false},
		"151 s behind":         {clock{"e", 5, 20_000, at.Add(151 * time.Second)}, false},
		"150 s behind":         {clock{"e", 5, 20_000, at.Add(150 * time.Second)}, true},
		"ahead":                {clock{"e", 5, 30_000, at}, true},
		"restarted":            {clock{"e", 6, 0, at}, true},
		"another engine":       {clock{"f", 1, 0, at}, true},
		"another, at its end":  {clock{"f", 1<<31 - 1, 0, at}, false},
		"same again":           {last, true},
		"boots fell, time too": {clock{"e", 4, 30_000, at}, false},
	} {
		if err := c.now.after(last); (err == nil) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBootsAtTheirEndAreRefused(t *testing.T) {
	b := startAgent(t, func(_ *AgentConfig, b *agentBench) { b.device.Boots = func() uint32 { return 1<<31 - 1 } })
	_, err := sessionTo(t, b.at("127.0.0.1"), as(testUsers()[6])).Get(within(t), sysName)
	if !fault.Is(err, fault.Denied) {
		t.Errorf("%v", err)
	}
}

// What is known of the agent outlives the socket, and between two requests
// there is none.
func TestOnDemand(t *testing.T) {
	b := startAgent(t, nil)
	for name, c := range everyVersion() {
		s := dialTo(t, Target{Address: b.at("127.0.0.1"), Credentials: c, OnDemand: true})
		for i := range 3 {
			value := TextValue(fmt.Sprint(name, i))
			if _, err := s.Set(within(t), Varbind{sysName, value}); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if vars, err := s.Get(within(t), sysName); err != nil || !vars[0].Value.Equal(value) {
				t.Errorf("%s: %v, %v", name, vars, err)
			}
			if s.reader.wire != nil || s.writer != nil && s.writer.wire != nil {
				t.Errorf("%s: a socket is open", name)
			}
		}
		if engine := string(s.EngineID()); c.Version == "v3" && (engine != string(b.device.EngineID) || s.EngineBoots() != 3) {
			t.Errorf("%s: engine %x, boots %d", name, engine, s.EngineBoots())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if _, err := s.Set(within(t), Varbind{sysName, TextValue("x")}); !fault.Is(err, fault.Conflict) || IsUnclear(err) {
			t.Errorf("%s, closed: %v", name, err)
		}
	}
	if got := b.device.stats[statUnknownEngineIDs].Load(); got != 1 {
		t.Errorf("the engine was discovered %d times", got)
	}
}

func TestSessionsInTurnLeaveNothing(t *testing.T) {
	b := startAgent(t, nil)
	open := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	before := open()
	for i := range 1000 {
		s, err := Dial(within(t), Target{Address: b.at(fmt.Sprintf("127.1.%d.%d", i/250, i%250+1)), Credentials: communities("v2c")})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(within(t), sysName); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if after := open(); after > before+2 {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
}

func BenchmarkGet(b *testing.B) {
	for name, c := range everyVersion() {
		b.Run(name, func(b *testing.B) {
			s := sessionTo(b, benchAgent(b, newTestDevice()), c)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Get(b.Context(), sysName); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// benchAgent serves a device.
func benchAgent(b *testing.B, device *Device) netip.AddrPort {
	a, err := ListenAgent(AgentConfig{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Log: slog.New(slog.DiscardHandler),
		Resolver: func(netip.Addr) (*Device, bool) { return device, true }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx) }()
	b.Cleanup(func() { cancel(); <-done })
	return a.Addr()
}

// What a session costs that is opened for one poll.
func BenchmarkDial(b *testing.B) {
	for name, c := range everyVersion() {
		b.Run(name, func(b *testing.B) {
			addr := benchAgent(b, newTestDevice())
			for b.Loop() {
				s, err := Dial(b.Context(), Target{Address: addr, Credentials: c})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := s.Get(b.Context(), sysName); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
