package snmp

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/secret"
)

func openSocket(t *testing.T) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func sendMessage(t *testing.T, conn *net.UDPConn, to netip.AddrPort, m *message) {
	t.Helper()
	wire, err := m.encode()
	if err == nil {
		_, err = conn.WriteToUDPAddrPort(wire, to)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func v2cRequest(kind byte, id int32, vars ...Varbind) *message {
	return &message{Version: version2c, Community: []byte("private"), PDU: pdu{Type: kind, RequestID: id, Varbinds: vars}}
}

var testName = Varbind{OID{1, 3, 6, 1, 2, 1, 1, 5, 0}, TextValue("x")}

// One socket answers for very many devices, each from its own address.
func TestAgentAnswersFromTheAddressAsked(t *testing.T) {
	b := startAgent(t, nil)
	conn := openSocket(t)
	for i := range 10_000 {
		to := b.at(fmt.Sprintf("127.7.%d.%d", i/250, i%250+1))
		sendMessage(t, conn, to, v2cRequest(pduGet, int32(i), testName))
		if m, from := receive(t, conn); from != to || m.PDU.RequestID != int32(i) {
			t.Fatalf("the answer to request %d to %s is %d from %s", i, to, m.PDU.RequestID, from)
		}
	}
}

// A device that is slow to set holds up neither others nor its own order.
func TestSlowSetHoldsUpNobodyElse(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	slowMIB := newTableMIB()
	var sets atomic.Int32
	slowMIB.onSet = func([]Varbind) {
		if sets.Add(1) == 1 {
			close(entered)
			<-leave
		}
	}
	slow := newTestDevice()
	slow.MIB = slowMIB
	b := startAgent(t, func(c *AgentConfig, b *agentBench) {
		c.Workers = 2
		b.others[netip.MustParseAddr("127.0.0.2")] = slow
	})
	slowConn, conn := openSocket(t), openSocket(t)
	sendMessage(t, slowConn, b.at("127.0.0.2"), v2cRequest(pduSet, 1, testName))
	<-entered
	sendMessage(t, slowConn, b.at("127.0.0.2"), v2cRequest(pduGet, 2, testName))
	for i := range int32(50) {
		sendMessage(t, conn, b.at("127.0.0.3"), v2cRequest(pduGet, i, testName))
		receive(t, conn)
	}
	close(leave)
	for id := int32(1); id <= 2; id++ {
		m, _ := receive(t, slowConn)
		if m.PDU.RequestID != id || string(m.PDU.Varbinds[0].Value.Bytes) != "x" {
			t.Errorf("answer %d is %+v", id, m.PDU)
		}
	}
}

func TestDispatcherIsBounded(t *testing.T) {
	d := newDispatcher(5, 2)
	took := map[string]int{}
	for _, addr := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		for range 4 {
			if d.push(request{local: netip.MustParseAddr(addr)}) {
				took[addr]++
			}
		}
	}
	if fmt.Sprint(took) != "map[127.0.0.1:2 127.0.0.2:2 127.0.0.3:1]" {
		t.Errorf("it took %v", took)
	}
	d.release(<-d.ready) // as when a worker comes back: nothing is lost
	for range 5 {
		q := <-d.ready
		d.pop(q)
		d.release(q)
	}
	if d.waiting != 0 || len(d.queues) != 0 || len(d.ready) != 0 {
		t.Errorf("when all is done, %d wait in %d queues", d.waiting, len(d.queues))
	}
}

func TestDropLosesRequestsAndResponses(t *testing.T) {
	var loseRequest, loseResponse atomic.Bool
	dropped := make(chan string, 10)
	b := startAgent(t, func(c *AgentConfig, b *agentBench) {
		c.Drop = func(_ netip.Addr, set, response bool) bool {
			lose := set && (!response && loseRequest.Load() || response && loseResponse.Load())
			if lose {
				dropped <- fmt.Sprint(response)
			}
			return lose
		}
	})
	conn := openSocket(t)
	value := func() string {
		sendMessage(t, conn, b.at("127.0.0.1"), v2cRequest(pduGet, 9, testName))
		m, _ := receive(t, conn)
		return string(m.PDU.Varbinds[0].Value.Bytes)
	}
	loseRequest.Store(true)
	sendMessage(t, conn, b.at("127.0.0.1"), v2cRequest(pduSet, 1, testName))
	if <-dropped != "false" || value() != "name" {
		t.Error("a lost request had an effect")
	}
	loseRequest.Store(false)
	loseResponse.Store(true)
	sendMessage(t, conn, b.at("127.0.0.1"), v2cRequest(pduSet, 2, testName))
	if <-dropped != "true" || value() != "x" {
		t.Error("with its response lost, the request had no effect")
	}
}

func TestMessageSizeIsKept(t *testing.T) {
	b := startAgent(t, func(_ *AgentConfig, b *agentBench) { b.device.MaxMessage = 700 })
	conn := openSocket(t)
	ask := func(m *message) *message {
		sendMessage(t, conn, b.at("127.0.0.1"), m)
		answer, _ := receive(t, conn)
		if len(answer.wire) > 700 {
			t.Errorf("an answer of %d octets", len(answer.wire))
		}
		return answer
	}
	bulk := v2cRequest(pduGetBulk, 1, Varbind{OID{1, 3, 6, 1, 4}, Value{Kind: Null}})
	bulk.PDU.ErrorIndex = 1<<31 - 1
	if n := len(ask(bulk).PDU.Varbinds); n < 4 || n > 7 {
		t.Errorf("%d rows of 100 octets", n)
	}
	var many []Varbind
	for row := range uint32(20) {
		many = append(many, Varbind{MustOID("1.3.6.1.4.1.8072.9999.1").Append(row), Value{Kind: Null}})
	}
	if p := ask(v2cRequest(pduGet, 2, many...)).PDU; Status(p.ErrorStatus) != TooBig || len(p.Varbinds) != 0 {
		t.Errorf("20 rows of 100 octets: %+v", p)
	}
	long := Varbind{testName.OID, OctetsValue(make([]byte, 900))}
	if p := ask(v2cRequest(pduSet, 3, long)).PDU; Status(p.ErrorStatus) != TooBig {
		t.Errorf("a long value was set: %+v", p)
	}
	if v := b.device.MIB.Get(testName.OID); len(v.Bytes) > 10 {
		t.Error("tooBig was answered, but the value is set")
	}
}

// Time window, reportable flag, counters (RFC 3414 section 3.2), by messages
// that no honest manager sends.
func TestEngineReports(t *testing.T) {
	b := startAgent(t, nil)
	conn := openSocket(t)
	user := b.device.Users[6]
	keys, err := localizedKeys(user, b.device.EngineID)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(adapt func(*message)) *message {
		m := &message{Version: version3, MsgID: 5, MaxSize: 65507, Flags: flagAuth | flagPriv | flagReportable, SecurityModel: securityModelUSM,
			USM:             usmParameters{EngineID: b.device.EngineID, Boots: 3, Time: 1000, User: []byte(user.Name)},
			ContextEngineID: b.device.EngineID, PDU: pdu{Type: pduGet, RequestID: 77, Varbinds: []Varbind{testName}}}
		adapt(m)
		wire, err := m.seal(keys, 1)
		if err == nil {
			_, err = conn.WriteToUDPAddrPort(wire, b.at("127.0.0.1"))
		}
		if err != nil {
			t.Fatal(err)
		}
		answer, _ := receive(t, conn)
		return answer
	}
	for name, c := range map[string]struct {
		adapt func(*message)
		stat  uint32 // 0: taken
	}{
		"as it must be":     {func(*message) {}, 0},
		"150 s behind":      {func(m *message) { m.USM.Time = 850 }, 0},
		"151 s behind":      {func(m *message) { m.USM.Time = 849 }, statNotInTimeWindows},
		"151 s ahead":       {func(m *message) { m.USM.Time = 1151 }, statNotInTimeWindows},
		"fewer boots":       {func(m *message) { m.USM.Boots = 2 }, statNotInTimeWindows},
		"more boots":        {func(m *message) { m.USM.Boots = 4 }, statNotInTimeWindows},
		"another engine":    {func(m *message) { m.USM.EngineID = []byte("other") }, statUnknownEngineIDs},
		"discovery":         {func(m *message) { m.USM = usmParameters{}; m.Flags = flagReportable }, statUnknownEngineIDs},
		"another user":      {func(m *message) { m.USM.User = []byte("eve") }, statUnknownUserNames},
		"too strong a user": {func(m *message) { m.USM.User = []byte("md5") }, statUnsupportedSecLevels},
		"another's keys":    {func(m *message) { m.USM.User = []byte("shaaes") }, statWrongDigests},
	} {
		answer := ask(c.adapt)
		if c.stat == 0 {
			if !answer.verify(keys) || answer.open(keys) != nil || answer.PDU.Type != pduResponse {
				t.Errorf("%s: the answer is %+v", name, answer)
			}
			continue
		}
		if answer.PDU.Type != pduReport || answer.PDU.Varbinds[0].OID.Compare(usmStats.Append(c.stat, 0)) != 0 {
			t.Errorf("%s: the answer is %+v", name, answer.PDU)
		}
		if signed := answer.verify(keys); signed != (c.stat == statNotInTimeWindows) {
			t.Errorf("%s: report is authentic: %v", name, signed)
		}
		if answer.MsgID != 5 || string(answer.USM.EngineID) != string(b.device.EngineID) {
			t.Errorf("%s: %+v", name, answer)
		}
	}
	// without the reportable flag there is silence: the next answer is to the next message
	wire, err := (&message{Version: version3, MsgID: 6, MaxSize: 65507, SecurityModel: securityModelUSM, PDU: pdu{Type: pduGet}}).encode()
	if err == nil {
		_, err = conn.WriteToUDPAddrPort(wire, b.at("127.0.0.1"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if answer := ask(func(m *message) { m.MsgID = 7 }); answer.MsgID != 7 {
		t.Errorf("message %d was answered", answer.MsgID)
	}
}

// What is not for a device, or not a request, is not answered.
func TestAgentIsSilent(t *testing.T) {
	b := startAgent(t, func(_ *AgentConfig, b *agentBench) {
		b.others[netip.MustParseAddr("127.0.0.9")] = nil
		only := newTestDevice()
		only.Versions = []string{"v3"}
		b.others[netip.MustParseAddr("127.0.0.8")] = only
		closed := newTestDevice()
		closed.ReadCommunity, closed.WriteCommunity = secret.String{}, secret.String{}
		b.others[netip.MustParseAddr("127.0.0.7")] = closed
	})
	conn := openSocket(t)
	to := b.at("127.0.0.1")
	sendMessage(t, conn, b.at("127.0.0.9"), v2cRequest(pduGet, 1, testName))
	sendMessage(t, conn, b.at("127.0.0.8"), v2cRequest(pduGet, 2, testName))
	empty := v2cRequest(pduGet, 3, testName)
	empty.Community = nil
	sendMessage(t, conn, b.at("127.0.0.7"), empty)
	sendMessage(t, conn, to, v2cRequest(pduTrapV2, 4, testName))
	sendMessage(t, conn, to, v2cRequest(pduResponse, 5, testName))
	sendMessage(t, conn, to, v2cRequest(pduInform, 6, testName))
	if _, err := conn.WriteToUDPAddrPort([]byte("\x30\x80hostile"), to); err != nil {
		t.Fatal(err)
	}
	sendMessage(t, conn, to, v2cRequest(pduGet, 99, testName))
	if m, _ := receive(t, conn); m.PDU.RequestID != 99 {
		t.Errorf("request %d was answered", m.PDU.RequestID)
	}
}

func TestGosnmpReadsAndWrites(t *testing.T) {
	b := startAgent(t, nil)
	to := b.at("127.3.3.3")
	clients := map[string]*gosnmp.GoSNMP{"v1": {Version: gosnmp.Version1, Community: "private"}, "v2c": {Version: gosnmp.Version2c, Community: "private"}}
	for name, user := range map[string]User{"v3 SHA-256": b.device.Users[6], "v3 SHA-512": b.device.Users[8], "v3 MD5 DES": b.device.Users[3]} {
		flags, parameters := security(Credentials{User: user.Name, AuthProtocol: user.AuthProtocol, AuthPassword: user.AuthPassword,
			PrivProtocol: user.PrivProtocol, PrivPassword: user.PrivPassword})
		clients[name] = &gosnmp.GoSNMP{Version: gosnmp.Version3, SecurityModel: gosnmp.UserSecurityModel, MsgFlags: flags, SecurityParameters: parameters}
	}
	for name, g := range clients {
		g.Target, g.Port, g.Timeout, g.MaxOids, g.Context = to.Addr().String(), to.Port(), 5*time.Second, 60, t.Context()
		if err := g.Connect(); err != nil {
			t.Fatal(err)
		}
		answer, err := g.Set([]gosnmp.SnmpPDU{{Name: "." + testName.OID.String(), Type: gosnmp.OctetString, Value: name}})
		if err != nil || answer.Error != gosnmp.NoError {
			t.Fatalf("%s: SET: %v %+v", name, err, answer)
		}
		answer, err = g.Get([]string{"." + testName.OID.String()})
		if err != nil || string(answer.Variables[0].Value.([]byte)) != name {
			t.Errorf("%s: GET: %v %+v", name, err, answer)
		}
		walk, want := g.BulkWalkAll, 102
		if g.Version == gosnmp.Version1 {
			walk, want = g.WalkAll, 101
		}
		if rows, err := walk(".1.3.6.1.4.1.8072.9999"); err != nil || len(rows) != want {
			t.Errorf("%s: walk: %v, %d rows, want %d", name, err, len(rows), want)
		}
		_ = g.Conn.Close()
	}
}

// RELIABILITY.md F45.
func TestPanicOfAMIBIsContained(t *testing.T) {
	b := startAgent(t, func(_ *AgentConfig, b *agentBench) {
		b.device.MIB.(*tableMIB).onSet = func([]Varbind) { panic("in the MIB") }
	})
	s := sessionTo(t, b.at("127.0.0.1"), communities("v2c"))
	if _, err := s.Set(within(t), Varbind{sysName, TextValue("x")}); !IsUnclear(err) {
		t.Errorf("%v", err)
	}
	if _, err := s.Get(within(t), sysName); err != nil {
		t.Error(err)
	}
	if s := b.Stats(); s.Panicked != 1 || s.Received != 2 {
		t.Errorf("%+v", s)
	}
}

// hostileAgent is an agent that is not served, to be given messages.
func hostileAgent(t testing.TB) (give func(wire []byte) AgentStats) {
	t.Helper()
	device := newTestDevice()
	a, err := ListenAgent(AgentConfig{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Log: slog.New(slog.DiscardHandler),
		Resolver: func(netip.Addr) (*Device, bool) { return device, true }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.conn.Close() })
	return func(wire []byte) AgentStats {
		a.handle(context.Background(), request{device: device, local: netip.MustParseAddr("127.0.0.1"), from: netip.MustParseAddrPort("127.0.0.1:9"), packet: wire})
		return a.Stats()
	}
}

// hostileSeeds are requests at every level that the agent of hostileAgent takes.
func hostileSeeds(t testing.TB) (seeds [][]byte) {
	t.Helper()
	d := newTestDevice()
	for _, kind := range []byte{pduGet, pduGetNext, pduGetBulk, pduSet} {
		p := pdu{Type: kind, RequestID: 1, Varbinds: []Varbind{{sysName, TextValue("x")}}}
		wire, err := (&message{Version: version2c, Community: []byte("private"), PDU: p}).encode()
		if err != nil {
			t.Fatal(err)
		}
		keys, err := localizedKeys(testUsers()[6], d.EngineID)
		if err != nil {
			t.Fatal(err)
		}
		m := message{Version: version3, MsgID: 1, MaxSize: maxMessageSize, Flags: keys.level() | flagReportable, SecurityModel: securityModelUSM,
			USM: usmParameters{EngineID: d.EngineID, Boots: d.Boots(), Time: d.Time(), User: []byte(testUsers()[6].Name)}, ContextEngineID: d.EngineID, PDU: p}
		sealed, err := m.seal(keys, 1)
		if err != nil {
			t.Fatal(err)
		}
		seeds = append(seeds, wire, sealed, discovery(t, 1))
	}
	return seeds
}

func TestHostileRequests(t *testing.T) {
	give := hostileAgent(t)
	var s AgentStats
	for _, wire := range hostileSeeds(t) {
		if s = give(wire); s.Malformed != 0 {
			t.Fatalf("%x is a seed, and malformed", wire)
		}
	}
	if s.Answered != int64(len(hostileSeeds(t))) {
		t.Errorf("of the seeds: %+v", s)
	}
	for _, wire := range corpus(hostileSeeds(t)...) {
		s = give(wire)
	}
	if s.Panicked != 0 || s.Malformed == 0 {
		t.Errorf("%+v", s)
	}
}

// FuzzAgentDecode: whatever comes, the agent does not panic.
func FuzzAgentDecode(f *testing.F) {
	for _, wire := range hostileSeeds(f) {
		f.Add(wire)
	}
	give := hostileAgent(f)
	f.Fuzz(func(t *testing.T, wire []byte) {
		if s := give(wire); s.Panicked != 0 {
			t.Fatalf("%x panicked", wire)
		}
	})
}
