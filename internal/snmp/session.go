package snmp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// Target says whom a session talks to.
type Target struct {
	Address        netip.AddrPort
	LocalAddr      netip.Addr // invalid: the one that routes there
	Credentials    Credentials
	Timeout        time.Duration // of one attempt; 0: 2 s
	Retries        int           // of a read, after the first attempt; a SET is sent once
	MaxRepetitions int           // of GETBULK in a walk; 0: 20
	// AnySource takes responses from another address than Address, for
	// equipment with several interfaces.
	AnySource bool
	// ContextEngineID is, in v3, the engine whose objects are meant, where a
	// proxy stands at Address (RFC 3411); nil: the agent's own.
	ContextEngineID []byte
}

// Session is a manager's dialogue with one agent. It may be used by many
// goroutines; one request is under way at a time. It costs a socket, or two
// where reading and writing have a community each.
type Session struct {
	target Target

	mu     sync.Mutex // owns what follows
	reader *link
	writer *link  // nil: the reader writes too
	first  string // the engine that this session found first; v3
	clock  clock
}

const (
	defaultTimeout        = 2 * time.Second
	defaultMaxRepetitions = 20
)

// Dial makes a session. Nothing is sent yet: in v3 the first request discovers
// the agent's engine (RFC 3414 section 4). Credentials that Validate does not
// take are fault.Invalid.
func Dial(ctx context.Context, t Target) (*Session, error) {
	if t.Timeout <= 0 {
		t.Timeout = defaultTimeout
	}
	if t.MaxRepetitions <= 0 {
		t.MaxRepetitions = defaultMaxRepetitions
	}
	if err := t.Credentials.Validate(); err != nil {
		return nil, err
	}
	s := &Session{target: t}
	var err error
	if s.reader, err = connect(ctx, t, t.Credentials.Community.Reveal()); err != nil {
		return nil, err
	}
	if write := t.Credentials.WriteCommunity; t.Credentials.Version != "v3" && !write.IsZero() {
		if s.writer, err = connect(ctx, t, write.Reveal()); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// link is a socket with gosnmp's state for it.
type link struct {
	*gosnmp.GoSNMP
	wire *wire
}

func connect(ctx context.Context, t Target, community string) (*link, error) {
	g := &gosnmp.GoSNMP{
		Target: t.Address.Addr().Unmap().String(), Port: t.Address.Port(), Transport: "udp", Community: community,
		Context: ctx, Timeout: t.Timeout, Retries: t.Retries, MaxOids: gosnmp.MaxOids, MaxRepetitions: uint32(t.MaxRepetitions),
		UseUnconnectedUDPSocket: t.AnySource,
	}
	if t.LocalAddr.IsValid() {
		g.LocalAddr = netip.AddrPortFrom(t.LocalAddr, 0).String()
	}
	switch t.Credentials.Version {
	case "v1":
		g.Version = gosnmp.Version1
	case "v2c":
		g.Version = gosnmp.Version2c
	default:
		g.Version = gosnmp.Version3
		g.SecurityModel = gosnmp.UserSecurityModel
		g.ContextName, g.ContextEngineID = t.Credentials.ContextName, string(t.ContextEngineID)
		g.MsgFlags, g.SecurityParameters = security(t.Credentials)
	}
	if err := g.Connect(); err != nil {
		return nil, fault.New(fault.Unavailable, "", "device "+t.Address.String(), "%w", err)
	}
	w := newWire(g.Conn.(*net.UDPConn), t.Credentials)
	g.Conn = w // gosnmp speaks through it from here on
	return &link{g, w}, nil
}

// Close ends the session.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.reader.wire.Close()
	if s.writer != nil {
		err = errors.Join(err, s.writer.wire.Close())
	}
	return err
}

// exchange does one request: retries is the number of further attempts after
// the first, pinned the engine that it must go to, if not "". The caller holds
// s.mu.
func (s *Session) exchange(ctx context.Context, l *link, retries int, pinned string, request func(*gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error), asked []OID) ([]Varbind, error) {
	l.Context, l.Retries = ctx, retries
	end := l.wire.begin(ctx, pinned)
	packet, err := request(l.GoSNMP)
	end()
	if s.first == "" {
		s.first = s.engineID()
	}
	if err == nil && packet.PDUType == gosnmp.Report {
		err = errReport
	}
	if err != nil {
		return nil, s.explain(ctx, l, retries, err)
	}
	return s.answer(l, packet, asked)
}

// answer takes a response apart.
func (s *Session) answer(l *link, p *gosnmp.SnmpPacket, asked []OID) ([]Varbind, error) {
	if err := s.timely(p); err != nil {
		return nil, err
	}
	if p.PDUType != gosnmp.GetResponse {
		return nil, fault.New(fault.Unavailable, "", s.about(), "its answer is a PDU of type %#x", byte(p.PDUType))
	}
	if p.Error != gosnmp.NoError {
		e := &PDUError{Status: Status(p.Error), Index: int(p.ErrorIndex)}
		if e.Index >= 1 && e.Index <= len(asked) {
			e.OID = asked[e.Index-1]
		}
		return nil, e
	}
	vars := make([]Varbind, 0, len(p.Variables))
	for _, pdu := range p.Variables {
		v, err := fromPDU(pdu)
		if err != nil {
			return nil, fault.New(fault.Unavailable, "", s.about(), "%w", err)
		}
		vars = append(vars, v)
	}
	return vars, nil
}

func (s *Session) about() string { return "device " + s.target.Address.String() }
