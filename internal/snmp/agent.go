package snmp

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// MIB is what an agent shows. The agent calls it for one request of a device
// at a time.
type MIB interface {
	// Get gives an instance's value, or NoSuchObject or NoSuchInstance.
	Get(OID) Value
	// Next gives the first instance after an OID, or false at the end.
	Next(OID) (OID, Value, bool)
	// Set takes all the varbinds or none (RFC 3416 section 4.2.5). The index,
	// from 1, is of the first varbind that is refused; 0 where it is none.
	Set(ctx context.Context, vars []Varbind) (status Status, index int)
}

// Device is one SNMP engine with one MIB. It does not change once an agent
// speaks for it.
type Device struct {
	MIB            MIB
	ReadCommunity  secret.String // v1 and v2c; both empty: these are not spoken
	WriteCommunity secret.String // reads too
	Users          []User        // v3; each is heard at exactly its own security level
	EngineID       []byte        // 5 to 32 octets (RFC 3411); empty: v3 is not spoken
	Boots          func() uint32 // snmpEngineBoots; nil: v3 is not spoken
	Time           func() uint32 // snmpEngineTime in seconds; nil: v3 is not spoken
	Uptime         func() uint32 // sysUpTime in hundredths of a second, for notifications; nil: 0
	Versions       []string      // "v1", "v2c", "v3"; empty: all
	MaxMessage     int           // octets of the longest answer; 0: 8192

	stats [statDecryptionErrors + 1]atomic.Uint32
}

// Resolver finds the device at a local address. It is called for every
// datagram and must not block.
type Resolver func(local netip.Addr) (*Device, bool)

// AgentConfig says where an agent listens and for whom it speaks.
type AgentConfig struct {
	Addr     netip.AddrPort // IPv4; 0.0.0.0 answers on every local address, as its device
	Resolver Resolver
	Workers  int // requests of different devices at a time; 0: 64
	Log      *slog.Logger
	// Drop, if not nil, loses requests (before they have an effect) or
	// responses (after it) on purpose.
	Drop func(local netip.Addr, set, response bool) bool
	// Source, if not nil, gives the address that responses of the device at local
	// come from, for equipment that answers from another interface.
	Source func(local netip.Addr) netip.Addr
}

// Agent answers for many devices on one UDP socket, each from its own address.
// Requests to one address are carried out in their order.
type Agent struct {
	config AgentConfig
	conn   *net.UDPConn
	packet *ipv4.PacketConn
	keys   usmKeyCache
	salt   atomic.Uint64
	queue  *dispatcher

	received, answered, malformed, dropped, panicked atomic.Int64
}

// AgentStats count what an agent has met.
type AgentStats struct {
	Received  int64 // datagrams for a device
	Answered  int64
	Malformed int64 // not SNMP
	Dropped   int64 // too many waited
	Panicked  int64 // contained in the request
}

// Stats gives the counters.
func (a *Agent) Stats() AgentStats {
	return AgentStats{a.received.Load(), a.answered.Load(), a.malformed.Load(), a.dropped.Load(), a.panicked.Load()}
}

const (
	defaultWorkers    = 64
	defaultMaxMessage = 8192
	agentReadBuffer   = 4 << 20 // octets, for requests that come in a burst
	maxWaiting        = 16384   // requests of all devices
	maxWaitingEach    = 32      // requests of one device
	sendTimeout       = time.Second
)

// ListenAgent binds the socket; Serve answers and closes it.
func ListenAgent(c AgentConfig) (*Agent, error) {
	if c.Workers <= 0 {
		c.Workers = defaultWorkers
	}
	about := "SNMP agent " + c.Addr.String()
	if c.Resolver == nil || c.Log == nil || !c.Addr.Addr().Unmap().Is4() {
		return nil, fault.New(fault.Invalid, "", about, "an agent needs an IPv4 address, a resolver and a log")
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(c.Addr))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "", about, "%w", err)
	}
	a := &Agent{config: c, conn: conn, packet: ipv4.NewPacketConn(conn), queue: newDispatcher(maxWaiting, maxWaitingEach)}
	// without packet info the address that was asked is not known
	if err := a.packet.SetControlMessage(ipv4.FlagDst, true); err != nil {
		return nil, errors.Join(fault.New(fault.Unavailable, "", about, "%w", err), conn.Close())
	}
	if err := conn.SetReadBuffer(agentReadBuffer); err != nil {
		c.Log.Warn("receive buffer stays small", "err", err)
	}
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	a.salt.Store(binary.BigEndian.Uint64(seed[:]))
	return a, nil
}

// Addr is where the agent listens.
func (a *Agent) Addr() netip.AddrPort { return a.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

// Serve answers until ctx ends, which is no error. It returns when all its
// work has ended, with the socket closed; it is called once.
func (a *Agent) Serve(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for range a.config.Workers {
		g.Go(func() error {
			a.queue.work(ctx, func(r request) { a.handle(ctx, r) })
			return nil
		})
	}
	g.Go(func() error {
		<-ctx.Done()
		return a.conn.SetReadDeadline(time.Now())
	})
	g.Go(func() error { return a.receive(ctx) })
	err := g.Wait()
	return errors.Join(err, a.conn.Close())
}

// receive reads datagrams until ctx ends.
func (a *Agent) receive(ctx context.Context) error {
	buf := make([]byte, 1<<16)
	for {
		n, info, from, err := a.packet.ReadFrom(buf)
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed), errors.Is(err, os.ErrDeadlineExceeded):
			return fault.New(fault.Unavailable, "", "SNMP agent "+a.config.Addr.String(), "%w", err)
		case err != nil:
			a.config.Log.Debug("datagram was not received", "err", err)
			continue
		case info == nil:
			continue
		}
		local, ok := netip.AddrFromSlice(info.Dst)
		if !ok {
			continue
		}
		r := request{local: local.Unmap(), from: from.(*net.UDPAddr).AddrPort()}
		if r.device, ok = a.config.Resolver(r.local); !ok {
			continue
		}
		r.packet = append([]byte(nil), buf[:n]...)
		a.received.Add(1)
		if !a.queue.push(r) {
			a.dropped.Add(1)
			a.config.Log.Debug("request was dropped: too many wait", "device", r.local, "peer", r.from)
		}
	}
}

// handle answers one request, or keeps silent. A panic in the decoder or in a
// MIB is the request's end, not the agent's (RELIABILITY.md F45).
func (a *Agent) handle(ctx context.Context, r request) {
	defer func() {
		if p := recover(); p != nil {
			a.panicked.Add(1)
			a.config.Log.Error("a request panicked", "device", r.local, "peer", r.from, "panic", p)
		}
	}()
	m, err := decodeMessage(r.packet)
	if err != nil {
		a.malformed.Add(1)
		a.config.Log.Debug("message was not understood", "device", r.local, "peer", r.from, "err", err)
		return
	}
	r.message = m
	var answer []byte
	switch {
	case !r.device.speaks(m.Version):
		return
	case m.Version == version3:
		answer, err = a.handleUSM(ctx, r)
	default:
		answer, err = a.handleCommunity(ctx, r)
	}
	switch {
	case err != nil:
		a.config.Log.Warn("response cannot be made", "device", r.local, "peer", r.from, "err", err)
	case answer == nil, a.drops(r, true):
	default:
		if err := a.send(a.source(r.local), r.from, answer); err != nil {
			a.config.Log.Debug("response was not sent", "device", r.local, "peer", r.from, "err", err)
			return
		}
		a.answered.Add(1)
	}
}

// drops asks whether to lose a request, or its response, on purpose.
func (a *Agent) drops(r request, response bool) bool {
	return a.config.Drop != nil && a.config.Drop(r.local, r.message.PDU.Type == pduSet, response)
}

func (a *Agent) source(local netip.Addr) netip.Addr {
	if a.config.Source == nil {
		return local
	}
	return a.config.Source(local)
}

// send sends from a device's own address.
func (a *Agent) send(local netip.Addr, to netip.AddrPort, wire []byte) error {
	if err := a.conn.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return err
	}
	_, err := a.packet.WriteTo(wire, &ipv4.ControlMessage{Src: local.AsSlice()}, net.UDPAddrFromAddrPort(to))
	return err
}
