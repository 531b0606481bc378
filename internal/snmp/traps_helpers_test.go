package snmp

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/secret"
)

// trapBench is a receiver with a clock that stands still.
type trapBench struct {
	*TrapReceiver
	heard chan Notification
	conn  *net.UDPConn // a sender
	now   atomic.Int64 // Unix seconds
}

func startTraps(t *testing.T, adapt func(*TrapConfig)) *trapBench {
	t.Helper()
	before := goleak.IgnoreCurrent()
	b := &trapBench{heard: make(chan Notification, 20_000)}
	b.now.Store(1e9)
	c := TrapConfig{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Communities: []secret.String{secret.New("public")}, Users: testUsers(),
		PerSource: 1e6, Now: func() time.Time { return time.Unix(b.now.Load(), 0) },
		Handler: func(n Notification) { b.heard <- n }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
	if adapt != nil {
		adapt(&c)
	}
	r, err := ListenTraps(c)
	if err != nil {
		t.Fatal(err)
	}
	b.TrapReceiver = r
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		goleak.VerifyNone(t, before)
	})
	b.conn = openSocket(t)
	return b
}

func (b *trapBench) send(t *testing.T, wire []byte) {
	t.Helper()
	if _, err := b.conn.WriteToUDPAddrPort(wire, b.Addr()); err != nil {
		t.Fatal(err)
	}
}

// next gives the next notification.
func (b *trapBench) next(t *testing.T) Notification {
	t.Helper()
	select {
	case n := <-b.heard:
		return n
	case <-within(t).Done():
		t.Fatalf("nothing was heard: %+v", b.Stats())
	}
	return Notification{}
}

// settle waits until all that was sent was taken or dropped, which a trap sent
// last shows; only that one may be delivered.
func (b *trapBench) settle(t *testing.T) {
	t.Helper()
	b.send(t, plainTrap(t, "public", 0))
	if n := b.next(t); n.Version != "v2c" {
		t.Errorf("this was delivered: %+v", n)
	}
}

// never expects that what was sent is not delivered.
func (b *trapBench) never(t *testing.T, wire []byte) {
	t.Helper()
	b.send(t, wire)
	b.settle(t)
}

func notificationPDU(kind byte, id int32) pdu {
	return pdu{Type: kind, RequestID: id, Varbinds: []Varbind{{sysUpTime, TicksValue(4200)}, {snmpTrapOID, OIDValue(linkDown)}, {sysName, TextValue("x")}}}
}

var linkDown = MustOID("1.3.6.1.6.3.1.1.5.3")

func plainTrap(t testing.TB, community string, id int32) []byte {
	t.Helper()
	wire, err := (&message{Version: version2c, Community: []byte(community), PDU: notificationPDU(pduTrapV2, id)}).encode()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// sent is a v3 notification of an engine.
type sent struct {
	user   User
	engine string
	boots  uint32
	time   uint32
	id     int32
	kind   byte
}

func aTrap() sent {
	return sent{user: testUsers()[6], engine: "\x80\x00\x1f\x88\x04sender", boots: 5, time: 20_000, id: 1, kind: pduTrapV2}
}

func (s sent) wire(t testing.TB) []byte {
	t.Helper()
	keys, err := localizedKeys(s.user, []byte(s.engine))
	if err != nil {
		t.Fatal(err)
	}
	m := message{Version: version3, MsgID: s.id, MaxSize: maxMessageSize, Flags: keys.level(), SecurityModel: securityModelUSM,
		USM:             usmParameters{EngineID: []byte(s.engine), Boots: s.boots, Time: s.time, User: []byte(s.user.Name)},
		ContextEngineID: []byte(s.engine), PDU: notificationPDU(s.kind, s.id)}
	if s.kind == pduInform {
		m.Flags |= flagReportable
	}
	wire, err := m.seal(keys, uint64(s.id))
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// discovery is what a sender of informs begins with.
func discovery(t testing.TB, id int32) []byte {
	t.Helper()
	wire, err := (&message{Version: version3, MsgID: id, MaxSize: maxMessageSize, Flags: flagReportable, SecurityModel: securityModelUSM, PDU: pdu{Type: pduGet}}).encode()
	if err != nil {
		t.Fatal(err)
	}
	return wire
}
