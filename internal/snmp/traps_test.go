package snmp

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"drydock/internal/secret"
)

// RELIABILITY.md section 8: gosnmp delivers the first three and the one whose
// boots are at their end; T7: each is dropped and counted.
func TestNotificationsOutsideTheWindow(t *testing.T) {
	for name, adapt := range map[string]func(*sent){
		"boots 5 then 1":             func(s *sent) { s.boots = 1 },
		"boots fell, time ahead":     func(s *sent) { s.boots, s.time = 4, 30_000 },
		"time back by 10,000 s":      func(s *sent) { s.time = 10_000 },
		"151 s behind":               func(s *sent) { s.time -= 151 },
		"boots at their end":         func(s *sent) { s.boots = 1<<31 - 1 },
		"boots at their end, first":  func(s *sent) { s.boots, s.engine = 1<<31-1, "\x80\x00\x1f\x88\x04other" },
		"boots rose, then as before": nil,
	} {
		t.Run(name, func(t *testing.T) {
			b := startTraps(t, nil)
			first := aTrap()
			b.send(t, first.wire(t))
			if n := b.next(t); !n.Authenticated || string(n.EngineID) != first.engine || n.Uptime != 4200 || n.TrapOID.Compare(linkDown) != 0 {
				t.Fatalf("heard %+v", n)
			}
			then := aTrap()
			then.id = 2
			if adapt == nil {
				later := aTrap()
				later.boots, later.time, later.id = 6, 1, 3
				b.send(t, later.wire(t))
				b.next(t)
			} else {
				adapt(&then)
			}
			b.never(t, then.wire(t))
			if s := b.Stats(); s.OutOfWindow != 1 || s.Replayed != 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

func TestNotificationsWithinTheWindow(t *testing.T) {
	b := startTraps(t, nil)
	for i, s := range []sent{{boots: 5, time: 20_000}, {boots: 5, time: 20_010}, {boots: 5, time: 19_860}, {boots: 5, time: 40_000}, {boots: 6, time: 0}, {boots: 9, time: 7}} {
		s.user, s.engine, s.id, s.kind = aTrap().user, aTrap().engine, int32(i), pduTrapV2
		b.send(t, s.wire(t))
		if n := b.next(t); !n.Authenticated {
			t.Errorf("heard %+v", n)
		}
	}
	b.now.Add(151) // and the engine says that no time has passed
	late := aTrap()
	late.boots, late.time, late.id = 9, 7, 99
	b.never(t, late.wire(t))
	if s := b.Stats(); s.OutOfWindow != 1 {
		t.Errorf("%+v", s)
	}
}

func TestReplayIsDropped(t *testing.T) {
	b := startTraps(t, nil)
	wire := aTrap().wire(t)
	b.send(t, wire)
	b.next(t)
	b.never(t, wire)
	other := aTrap()
	other.engine = "\x80\x00\x1f\x88\x04another" // the same numbers, of another engine
	b.send(t, other.wire(t))
	b.next(t)
	if s := b.Stats(); s.Replayed != 1 {
		t.Errorf("%+v", s)
	}
}

// The replay table is bounded, and what it forgets first is what the window
// refuses anyway.
func TestReplayTableIsBounded(t *testing.T) {
	e := newEngine(time.Unix(1e9, 0))
	e.time = 1000
	for i := range uint32(maxSeen) {
		e.seen[replayKey{e.boots, 800 + i%200, int32(i)}] = struct{}{}
	}
	e.forget()
	if _, kept := e.seen[replayKey{e.boots, 999, 199}]; !kept || len(e.seen) >= maxSeen {
		t.Errorf("%d are kept, the newest: %v", len(e.seen), kept)
	}
	all := engines{seen: map[string]*engine{}}
	for i := range maxEngines + 5 {
		all.of([]byte(fmt.Sprint("engine", i)))
	}
	if len(all.seen) > maxEngines {
		t.Errorf("%d engines are kept", len(all.seen))
	}
}

func TestForeignNotifications(t *testing.T) {
	b := startTraps(t, nil)
	change := func(f func(*sent)) []byte {
		s := aTrap()
		f(&s)
		return s.wire(t)
	}
	flipped := aTrap().wire(t)
	flipped[len(flipped)-1] ^= 1
	cases := map[string][]byte{
		"community":                    plainTrap(t, "private", 1),
		"user":                         change(func(s *sent) { s.user.Name = "eve" }),
		"passphrase":                   change(func(s *sent) { s.user.AuthPassword = secret.New("wrong words") }),
		"no privacy":                   change(func(s *sent) { s.user.PrivProtocol = "" }),
		"in clear":                     change(func(s *sent) { s.user.PrivProtocol, s.user.AuthProtocol = "", "" }),
		"altered":                      flipped,
		"an inform for another engine": change(func(s *sent) { s.kind = pduInform }),
	}
	for name, wire := range cases {
		before := b.Stats().Foreign
		b.never(t, wire)
		if b.Stats().Foreign != before+1 {
			t.Errorf("%s: %+v", name, b.Stats())
		}
	}
	b.send(t, change(func(s *sent) { s.user = testUsers()[0] })) // of a user without authentication
	if n := b.next(t); n.Authenticated {
		t.Errorf("heard as authentic: %+v", n)
	}
}

// An inform is answered each time, and delivered once.
func TestInformIsAcknowledgedAgain(t *testing.T) {
	b := startTraps(t, nil)
	b.send(t, discovery(t, 7))
	told, _ := receive(t, b.conn)
	if told.PDU.Type != pduReport || told.MsgID != 7 || len(told.USM.EngineID) < minEngineID {
		t.Fatalf("discovery is answered by %+v", told)
	}
	inform := aTrap()
	inform.engine, inform.kind = string(told.USM.EngineID), pduInform
	inform.boots, inform.time = told.USM.Boots+1, told.USM.Time
	b.never(t, inform.wire(t))
	keys, err := localizedKeys(inform.user, told.USM.EngineID)
	if err != nil {
		t.Fatal(err)
	}
	if m, _ := receive(t, b.conn); m.PDU.Type != pduReport || !m.verify(keys) || m.PDU.Varbinds[0].OID.Compare(usmStats.Append(statNotInTimeWindows, 0)) != 0 {
		t.Errorf("out of the window it is answered by %+v", m)
	}
	inform.boots, inform.time, inform.id = told.USM.Boots, told.USM.Time, 3
	b.send(t, inform.wire(t))
	if n := b.next(t); !n.Inform || !n.Authenticated {
		t.Errorf("heard %+v", n)
	}
	b.never(t, inform.wire(t))
	for range 2 {
		m, _ := receive(t, b.conn)
		if !m.verify(keys) || m.open(keys) != nil || m.PDU.Type != pduResponse || m.PDU.RequestID != 3 {
			t.Errorf("it is answered by %+v", m)
		}
	}
	if s := b.Stats(); s.Replayed != 1 || s.OutOfWindow != 1 || s.Reported != 2 {
		t.Errorf("%+v", s)
	}
}

// RELIABILITY.md T8: the clock of the bench stands still, so all is sent within
// one second.
func TestDiscoveryStorm(t *testing.T) {
	b := startTraps(t, func(c *TrapConfig) { c.Reports = 10 })
	for i := range int32(100) {
		b.send(t, discovery(t, i))
	}
	b.settle(t)
	if s := b.Stats(); s.Reported != 10 || s.Unreported != 90 {
		t.Errorf("%+v", s)
	}
	b.now.Add(1)
	b.never(t, discovery(t, 101))
	if s := b.Stats(); s.Reported != 11 {
		t.Errorf("a second later: %+v", s)
	}
}

func TestRateOfEachSource(t *testing.T) {
	b := startTraps(t, func(c *TrapConfig) { c.PerSource = 5 })
	for i := range int32(8) {
		b.send(t, plainTrap(t, "public", i))
	}
	other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 2)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	b.conn = other
	b.send(t, plainTrap(t, "public", 9))
	for range 6 {
		b.next(t)
	}
	if s := b.Stats(); s.RateLimited != 3 || s.Received != 9 {
		t.Errorf("%+v", s)
	}
	many := sources{seen: map[netip.Addr]*source{}}
	addr := netip.MustParseAddr("10.0.0.0")
	for range maxSources + 5 {
		addr = addr.Next()
		many.allow(addr, 1, time.Unix(1e9, 0))
	}
	if len(many.seen) > maxSources {
		t.Errorf("%d sources are kept", len(many.seen))
	}
}

func TestFullQueueIsNotAcknowledged(t *testing.T) {
	hold, entered := make(chan struct{}), make(chan struct{}, 10)
	b := startTraps(t, func(c *TrapConfig) {
		c.Queue = 1
		c.Handler = func(Notification) { entered <- struct{}{}; <-hold }
	})
	inform := func(id int32) []byte {
		wire, err := (&message{Version: version2c, Community: []byte("public"), PDU: notificationPDU(pduInform, id)}).encode()
		if err != nil {
			t.Fatal(err)
		}
		return wire
	}
	b.send(t, inform(1))
	<-entered
	b.send(t, inform(2)) // waits
	b.send(t, inform(3)) // dropped
	for want := range int32(2) {
		if m, _ := receive(t, b.conn); m.PDU.RequestID != want+1 {
			t.Errorf("inform %d is acknowledged", m.PDU.RequestID)
		}
	}
	for tick := time.NewTicker(time.Millisecond); b.Stats().QueueDropped != 1; <-tick.C {
		if t.Context().Err() != nil {
			t.Fatal("it was not dropped")
		}
	}
	close(hold)
	<-entered // so there is room again
	b.send(t, inform(4))
	if m, _ := receive(t, b.conn); m.PDU.RequestID == 3 {
		t.Error("an inform that was dropped is acknowledged")
	}
}

// RELIABILITY.md F45.
func TestPanicsAreContained(t *testing.T) {
	var decoding, handling atomic.Bool
	heard := make(chan Notification, 10)
	b := startTraps(t, func(c *TrapConfig) {
		c.UsersOf = func(netip.Addr, []byte) []User {
			if decoding.Swap(false) {
				panic("while a message is taken apart")
			}
			return nil
		}
		c.Handler = func(n Notification) {
			if handling.Swap(false) {
				panic("in the handler")
			}
			heard <- n
		}
	})
	b.heard = heard
	decoding.Store(true)
	b.never(t, aTrap().wire(t))
	handling.Store(true)
	b.never(t, plainTrap(t, "public", 1))
	if s := b.Stats(); s.Panicked != 2 {
		t.Errorf("%+v", s)
	}
}

func TestLongTrapIsWhole(t *testing.T) {
	b := startTraps(t, nil)
	text := bytes.Repeat([]byte("long "), 13_000)
	p := notificationPDU(pduTrapV2, 1)
	p.Varbinds[2].Value = OctetsValue(text)
	wire, err := (&message{Version: version2c, Community: []byte("public"), PDU: p}).encode()
	if err != nil {
		t.Fatal(err)
	}
	b.send(t, wire)
	if n := b.next(t); !bytes.Equal(n.Varbinds[0].Value.Bytes, text) {
		t.Errorf("heard %d varbinds", len(n.Varbinds))
	}
}

// corpus is what a hostile sender may make of messages: every truncation, and
// every octet changed to what decoders stumble over.
func corpus(messages ...[]byte) (all [][]byte) {
	for _, wire := range messages {
		for i := range wire {
			all = append(all, wire[:i])
			for _, octet := range []byte{0x00, 0x7f, 0x80, 0x84, 0xff, wire[i] ^ 1} {
				bad := bytes.Clone(wire)
				bad[i] = octet
				all = append(all, bad)
			}
		}
	}
	return all
}

func TestHostileNotifications(t *testing.T) {
	b := startTraps(t, nil)
	v1, err := (&message{Version: version1, Community: []byte("public"), PDU: pdu{Type: pduTrapV1}, Trap: &trapPDU{Enterprise: linkDown,
		AgentAddr: netip.MustParseAddr("127.0.0.1"), Generic: 6, Specific: 17}}).encode()
	if err != nil {
		t.Fatal(err)
	}
	all := corpus(v1, plainTrap(t, "public", 1), aTrap().wire(t), discovery(t, 1))
	for _, wire := range all {
		b.take(wire, netip.MustParseAddrPort("127.0.0.9:9")) // Serve waits in its read
	}
	if s := b.Stats(); s.Panicked != 0 || s.Malformed == 0 {
		t.Errorf("of %d messages: %+v", len(all), s)
	}
}

// RELIABILITY.md F31: how many of a burst are lost on the way is a figure, not
// a promise; what arrives is accounted for.
func TestBurst(t *testing.T) {
	b := startTraps(t, nil)
	const burst = 10_000
	wire := plainTrap(t, "public", 1)
	for range burst {
		b.send(t, wire)
	}
	for tick, last := time.NewTicker(200*time.Millisecond), int64(-1); ; last = b.Stats().Received {
		<-tick.C
		if s := b.Stats(); s.Received == last {
			break
		}
	}
	s := b.Stats()
	t.Logf("of %d traps in a burst, %d arrived and %d were delivered", burst, s.Received, len(b.heard))
	if s.Received == 0 || s.Received != int64(len(b.heard))+s.QueueDropped {
		t.Errorf("%+v", s)
	}
}

// FuzzTrapDecode: whatever comes, the receiver does not panic.
func FuzzTrapDecode(f *testing.F) {
	for _, wire := range [][]byte{plainTrap(f, "public", 1), aTrap().wire(f), discovery(f, 1)} {
		f.Add(wire)
	}
	r, err := ListenTraps(TrapConfig{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Users: testUsers(), Queue: 1, Handler: func(Notification) {}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { r.conn.Close() })
	f.Fuzz(func(t *testing.T, wire []byte) {
		r.take(wire, netip.MustParseAddrPort("127.0.0.1:9"))
		if s := r.Stats(); s.Panicked != 0 {
			t.Fatalf("%x panicked", wire)
		}
	})
}
