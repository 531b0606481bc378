package snmp

import (
	"context"
	"errors"
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
	MaxVarbinds    int           // most that a reading request asks for; 0: 60
	// AnySource takes responses from another address than Address, for
	// equipment with several interfaces.
	AnySource bool
	// ContextEngineID is, in v3, the engine whose objects are meant, where a
	// proxy stands at Address (RFC 3411); nil: the agent's own.
	ContextEngineID []byte
	// OnDemand holds a socket and gosnmp's buffer of 64 KiB only while a request
	// is under way, at the price of a new socket for each: for thousands of
	// sessions that mostly wait. What is known of the agent is kept.
	OnDemand bool
	// Pool has the buffers that sessions take turns with; nil: each has its own.
	Pool *Pool
	// Observe is told of every request once it is over; nil: nobody. It is called
	// by the goroutine that made the request and must return at once.
	Observe func(Exchange)
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
	closed bool
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
	if t.MaxVarbinds <= 0 || t.MaxVarbinds > gosnmp.MaxOids {
		t.MaxVarbinds = gosnmp.MaxOids
	}
	t.MaxRepetitions = min(t.MaxRepetitions, t.MaxVarbinds)
	if err := t.Credentials.Validate(); err != nil {
		return nil, err
	}
	s := &Session{target: t, reader: newLink(t, t.Credentials.Community.Reveal())}
	if write := t.Credentials.WriteCommunity; t.Credentials.Version != "v3" && !write.IsZero() {
		s.writer = newLink(t, write.Reveal())
	}
	for _, l := range []*link{s.reader, s.writer} {
		if l == nil || t.OnDemand {
			continue
		}
		if err := l.open(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// exchange does one request: retries is the number of further attempts after
// the first, pinned the engine that it must go to, if not "". The caller holds
// s.mu.
func (s *Session) exchange(ctx context.Context, l *link, retries int, pinned string, request func(*gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error), asked []OID) (vars []Varbind, err error) {
	if s.target.Observe != nil {
		began := time.Now()
		defer func() { s.target.Observe(exchanged(l, began, err)) }()
	}
	l.sent = nil
	if s.closed {
		return nil, fault.New(fault.Conflict, "", s.about(), "its session is closed")
	}
	if err := l.open(ctx); err != nil {
		return nil, err
	}
	l.Context, l.Retries = ctx, retries
	l.sent = l.wire
	end := l.wire.begin(ctx, pinned)
	packet, err := request(l.GoSNMP)
	end()
	if s.target.OnDemand {
		_ = l.close() // what it has received is in packet
	}
	if s.first == "" {
		s.first = s.engineID()
	}
	if err == nil && packet.PDUType == gosnmp.Report {
		err = errReport
	}
	if err != nil {
		return nil, s.explain(ctx, l, retries, err)
	}
	return s.answer(packet, asked)
}

// Source is the address that the last answer of this session's socket for
// reading came from, which with AnySource may be another than the target's;
// invalid where there was none.
func (s *Session) Source() netip.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.reader.sent
	if w == nil {
		return netip.Addr{}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.src
}

// Rest gives socket and buffer back until the next request. What is known of
// the agent is kept.
func (s *Session) Rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.reader.close() // nothing is under way on it
	if s.writer != nil {
		_ = s.writer.close()
	}
}

// Close ends the session.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	err := s.reader.close()
	if s.writer != nil {
		err = errors.Join(err, s.writer.close())
	}
	return err
}

// answer takes a response apart.
func (s *Session) answer(p *gosnmp.SnmpPacket, asked []OID) ([]Varbind, error) {
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
