package snmp

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Notification is a trap or inform that was heard. It is a reason to look at
// the device, no more (RELIABILITY.md I7).
type Notification struct {
	From          netip.AddrPort
	At            time.Time
	Version       string // "v1", "v2c", "v3"
	Authenticated bool   // v3 with authentication, within the time window
	EngineID      []byte // v3
	TrapOID       OID    // snmpTrapOID.0; of v1 traps as RFC 3584 section 3.1 maps them
	Uptime        uint32 // sysUpTime.0 in hundredths of a second; 0 where it is not told
	Varbinds      []Varbind
	Inform        bool
}

// Agent is the address that a notification names as its sender's own: of v1
// traps and those that were forwarded (RFC 3584); invalid where it names none.
// It proves nothing.
func (n *Notification) Agent() netip.Addr {
	for _, v := range n.Varbinds {
		if v.OID.Compare(snmpTrapAddress) == 0 {
			a, _ := netip.AddrFromSlice(v.Value.Bytes)
			return a
		}
	}
	return netip.Addr{}
}

// TrapConfig is what a receiver is told.
type TrapConfig struct {
	Addr        netip.AddrPort // to listen on; port 0 = any
	Handler     func(Notification)
	Communities []secret.String // v1 and v2c; none: any
	Users       []User          // v3; a notification of another user, or below its level, is dropped
	// UsersOf, if not nil, gives more users: those that the device at an address,
	// or with an engine ID, is known by. It is called by the reader and must not
	// block.
	UsersOf   func(from netip.Addr, engineID []byte) []User
	Queue     int // notifications that wait for Handler; more are dropped; 0: 10,000
	PerSource int // notifications a second from one address; more are dropped; 0: 100
	Reports   int // answers a second to senders that are not authentic yet, all together; 0: 1,000
	Now       func() time.Time
	Log       *slog.Logger
}

// TrapStats count what a receiver has met.
type TrapStats struct {
	Received     int64 // datagrams
	Delivered    int64 // given to Handler
	Malformed    int64 // not SNMP, or not a notification
	Foreign      int64 // wrong community, unknown user or wrong digest
	OutOfWindow  int64 // v3: outside RFC 3414's time window, or boots that fell
	Replayed     int64 // v3: heard before
	RateLimited  int64
	QueueDropped int64
	Panicked     int64 // contained in the packet, or in its Handler call
	Reported     int64 // v3: answers to senders that asked for the engine or its clock
	Unreported   int64 // v3: not answered, since Reports was reached
}

// TrapReceiver hears notifications: one goroutine reads, one calls Handler.
type TrapReceiver struct {
	config TrapConfig
	conn   *net.UDPConn
	queue  chan Notification
	keys   usmKeyCache
	salt   uint64  // the reader's alone; starts anywhere, for keys are of this start
	own    *engine // of this receiver, the authoritative one for informs

	received, delivered, malformed, foreign, outOfWindow, replayed, rateLimited, queueDropped, panicked, reported, unreported atomic.Int64

	engines engines // the reader's alone
	sources sources // the reader's alone
	reports source  // the reader's alone
}

const (
	maxDatagram   = 65535
	receiveBuffer = 4 << 20 // octets; what arrives in a burst waits here
)

// ListenTraps opens the receiver's socket; Serve serves it.
func ListenTraps(c TrapConfig) (*TrapReceiver, error) {
	if c.Handler == nil {
		return nil, fault.New(fault.Invalid, "snmp", "trap receiver", "it has no handler")
	}
	if c.Queue == 0 {
		c.Queue = 10_000
	}
	if c.PerSource == 0 {
		c.PerSource = 100
	}
	if c.Reports == 0 {
		c.Reports = 1000
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, u := range c.Users {
		if err := u.validate(); err != nil {
			return nil, err
		}
	}
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(c.Addr))
	if err != nil {
		return nil, err
	}
	if err := conn.SetReadBuffer(receiveBuffer); err != nil {
		c.Log.Warn("the receive buffer stays as it is: a burst of notifications may be lost", "err", err)
	}
	return &TrapReceiver{config: c, conn: conn, queue: make(chan Notification, c.Queue), own: newEngine(c.Now()),
		engines: engines{seen: map[string]*engine{}}, sources: sources{seen: map[netip.Addr]*source{}}}, nil
}

// Addr is where the receiver listens.
func (r *TrapReceiver) Addr() netip.AddrPort {
	return r.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Stats gives the counters.
func (r *TrapReceiver) Stats() TrapStats {
	return TrapStats{r.received.Load(), r.delivered.Load(), r.malformed.Load(), r.foreign.Load(), r.outOfWindow.Load(),
		r.replayed.Load(), r.rateLimited.Load(), r.queueDropped.Load(), r.panicked.Load(), r.reported.Load(), r.unreported.Load()}
}

// Serve hears notifications until ctx ends.
func (r *TrapReceiver) Serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = r.conn.Close() })
	defer stop()
	var handling sync.WaitGroup
	handling.Add(1)
	go func() { // ends when the queue is closed and empty
		defer handling.Done()
		for n := range r.queue {
			r.deliver(n)
		}
	}()
	err := r.read()
	close(r.queue)
	handling.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(err, r.conn.Close())
}

// deliver calls Handler. A panic in it is the notification's end, not the
// receiver's (RELIABILITY.md F45).
func (r *TrapReceiver) deliver(n Notification) {
	defer r.contain("a notification's handler panicked", n.From)
	r.config.Handler(n)
	r.delivered.Add(1)
}

func (r *TrapReceiver) contain(what string, from netip.AddrPort) {
	if p := recover(); p != nil {
		r.panicked.Add(1)
		r.config.Log.Error(what, "peer", from, "panic", p)
	}
}

func (r *TrapReceiver) read() error {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := r.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return err
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		r.received.Add(1)
		if !r.sources.allow(from.Addr(), r.config.PerSource, r.config.Now()) {
			r.rateLimited.Add(1)
			continue
		}
		r.take(bytes.Clone(buf[:n]), from)
	}
}

// take handles one datagram. A panic in a decoder is the packet's end, not the
// receiver's (RELIABILITY.md F45).
func (r *TrapReceiver) take(packet []byte, from netip.AddrPort) {
	defer r.contain("a notification's decoder panicked", from)
	m, err := decodeMessage(packet)
	if err != nil {
		r.malformed.Add(1)
		return
	}
	var keys *usmKeys
	n := Notification{From: from, At: r.config.Now(), Version: versionName(m.Version)}
	if m.Version == version3 {
		if keys = r.authentic(m, &n); keys == nil {
			return
		}
	} else if !r.knows(m.Community) {
		r.foreign.Add(1)
		return
	}
	if !n.describe(m) {
		r.malformed.Add(1)
		return
	}
	if n.Authenticated && r.heardBefore(m) {
		r.replayed.Add(1)
		if n.Inform { // its first acknowledgement was lost
			r.acknowledge(m, keys, from)
		}
		return
	}
	select {
	case r.queue <- n:
	default:
		r.queueDropped.Add(1)
		return // an inform that was not taken is not acknowledged: the device repeats it
	}
	if n.Authenticated {
		r.remember(m)
	}
	if n.Inform {
		r.acknowledge(m, keys, from)
	}
}

// knows compares communities in constant time.
func (r *TrapReceiver) knows(community []byte) bool {
	known := len(r.config.Communities) == 0
	for _, c := range r.config.Communities {
		if subtle.ConstantTimeCompare(community, []byte(c.Reveal())) == 1 {
			known = true
		}
	}
	return known
}

// rateStep is the time over which a source's notifications are counted.
const rateStep = time.Second

// sources counts notifications by address. It is emptied when it has grown
// large: an attacker with many addresses costs bounded memory.
type sources struct {
	seen map[netip.Addr]*source
}

type source struct {
	since time.Time
	count int
}

const maxSources = 20_000

func (s *sources) allow(addr netip.Addr, perSecond int, now time.Time) bool {
	src := s.seen[addr]
	if src == nil {
		if len(s.seen) >= maxSources {
			clear(s.seen)
		}
		src = &source{since: now}
		s.seen[addr] = src
	}
	return src.allow(perSecond, now)
}

func (s *source) allow(perSecond int, now time.Time) bool {
	if now.Sub(s.since) >= rateStep || now.Before(s.since) {
		s.since, s.count = now, 0
	}
	s.count++
	return s.count <= perSecond
}
