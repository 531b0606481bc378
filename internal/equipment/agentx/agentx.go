// Package agentx is a subagent (RFC 2741): it puts a MIB into the master agent
// that the equipment has already, such as net-snmp's snmpd, which then does
// everything about users, views and notification sinks. It registers one
// subtree, and does not allocate indexes or answer for other contexts.
//
// A subagent outlives its master: it connects again for as long as it serves.
package agentx

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/snmp"
)

// MIB is what a subagent shows. It must not block.
type MIB interface {
	Get(snmp.OID) snmp.Value
	Next(snmp.OID) (snmp.Varbind, bool)
	// Test says whether Set would take the bindings, and changes nothing.
	Test([]snmp.Varbind) (snmp.Status, int)
	Set([]snmp.Varbind) (snmp.Status, int)
}

// Config says where the master is and what it is given.
type Config struct {
	Network, Address string // such as unix, /var/agentx/master
	Subtree          snmp.OID
	Name             string // for people
	MIB              MIB
	Uptime           func() uint32 // sysUpTime in hundredths of a second, for notifications
	Log              *slog.Logger
}

// Subagent is one subagent. Its methods may be called at once.
type Subagent struct {
	c     Config
	heard atomic.Int64
	ready chan struct{} // closed when the subtree is registered for the first time
	once  sync.Once

	mu      sync.Mutex // owns what follows
	conn    net.Conn   // nil while there is no session
	session uint32
	packet  uint32
	waiting map[uint32]chan response
}

type response struct {
	session uint32
	status  uint16
}

const (
	answerTime  = 5 * time.Second // of the master
	reconnect   = time.Second
	priority    = 127 // default (RFC 2741 section 6.2.3)
	sessionTime = 5   // seconds that the master waits for an answer
)

// New makes a Subagent; Serve connects it.
func New(c Config) *Subagent {
	return &Subagent{c: c, ready: make(chan struct{}), waiting: map[uint32]chan response{}}
}

// Heard counts the requests of the master.
func (s *Subagent) Heard() int64 { return s.heard.Load() }

// Ready is closed once the subtree is registered.
func (s *Subagent) Ready() <-chan struct{} { return s.ready }

// Serve answers until ctx ends, which is no error.
func (s *Subagent) Serve(ctx context.Context) error {
	for {
		err := s.serveOnce(ctx)
		if ctx.Err() != nil {
			return nil
		}
		s.c.Log.Warn("master agent is not there", "address", s.c.Address, "err", err)
		t := time.NewTimer(reconnect)
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return nil
		}
	}
}

// serveOnce is one session, from its connection to its end.
func (s *Subagent) serveOnce(ctx context.Context) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, s.c.Network, s.c.Address)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.conn, s.session = conn, 0
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, func() { s.goodbye(conn) })
	defer stop()
	opened := make(chan error, 1)
	go func() { opened <- s.open(ctx) }() // ends at the latest with the connection
	err = s.read(conn)
	s.hangUp(conn)
	return errors.Join(err, <-opened)
}

// hangUp closes the connection and ends all waiting for answers.
func (s *Subagent) hangUp(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = nil
	for id, c := range s.waiting {
		close(c)
		delete(s.waiting, id)
	}
}

// goodbye tells the master that the subagent ends (reasonShutdown).
func (s *Subagent) goodbye(conn net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.session != 0 {
		_ = s.write(header{Type: typeClose, Session: s.session, Packet: s.packet}, []byte{5, 0, 0, 0})
	}
	_ = conn.Close()
}

// open opens the session and registers the subtree.
func (s *Subagent) open(ctx context.Context) error {
	var w writer
	w.b = append(w.b, sessionTime, 0, 0, 0)
	w.oid(nil)
	w.octets([]byte(s.c.Name))
	r, err := s.ask(ctx, typeOpen, w.b)
	if err != nil {
		return fmt.Errorf("opening the session: %w", err)
	}
	s.mu.Lock()
	s.session = r.session
	s.mu.Unlock()
	w = writer{b: []byte{0, priority, 0, 0}}
	w.oid(s.c.Subtree)
	if _, err := s.ask(ctx, typeRegister, w.b); err != nil {
		return fmt.Errorf("registering %v: %w", s.c.Subtree, err)
	}
	s.once.Do(func() { close(s.ready) })
	s.c.Log.Info("registered at the master agent", "address", s.c.Address, "subtree", s.c.Subtree.String())
	return nil
}

// ask sends a PDU of our own and waits for the response.
func (s *Subagent) ask(ctx context.Context, kind byte, payload []byte) (response, error) {
	c := make(chan response, 1)
	s.mu.Lock()
	if s.conn == nil {
		s.mu.Unlock()
		return response{}, errors.New("there is no session with the master agent")
	}
	s.packet++
	id := s.packet
	s.waiting[id] = c
	err := s.write(header{Type: kind, Session: s.session, Packet: id}, payload)
	s.mu.Unlock()
	if err != nil {
		return response{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	select {
	case r, ok := <-c:
		switch {
		case !ok:
			return r, errors.New("the master agent closed the connection")
		case r.status != 0:
			return r, fmt.Errorf("the master agent answered with error %d", r.status)
		}
		return r, nil
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.waiting, id)
		s.mu.Unlock()
		return response{}, ctx.Err()
	}
}

// write sends a PDU; the lock is held.
func (s *Subagent) write(h header, payload []byte) error {
	if s.conn == nil {
		return net.ErrClosed
	}
	h.Flags, h.Payload = flagBigEndian, uint32(len(payload))
	if err := s.conn.SetWriteDeadline(time.Now().Add(answerTime)); err != nil {
		return err
	}
	_, err := s.conn.Write(append(h.append(nil), payload...))
	return err
}

// Notify sends a notification to the sinks that the master has.
func (s *Subagent) Notify(ctx context.Context, kind snmp.OID, vars []snmp.Varbind) error {
	var w writer
	for _, v := range append([]snmp.Varbind{{OID: sysUpTime, Value: snmp.TicksValue(s.c.Uptime())}, {OID: snmpTrapOID, Value: snmp.OIDValue(kind)}}, vars...) {
		w.varbind(v)
	}
	_, err := s.ask(ctx, typeNotify, w.b)
	return err
}

var (
	sysUpTime   = snmp.OID{1, 3, 6, 1, 2, 1, 1, 3, 0}
	snmpTrapOID = snmp.OID{1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0}
)

// read takes PDUs until the connection ends.
func (s *Subagent) read(conn net.Conn) error {
	in := bufio.NewReader(conn)
	sets := map[uint32][]snmp.Varbind{} // by transaction: tested and not committed
	for {
		head := make([]byte, headerSize)
		if _, err := io.ReadFull(in, head); err != nil {
			return err
		}
		h, err := parseHeader(head)
		if err != nil {
			return err
		}
		payload := make([]byte, h.Payload)
		if _, err := io.ReadFull(in, payload); err != nil {
			return err
		}
		r := &reader{order: order(h.Flags), b: payload}
		switch h.Type {
		case typeResponse:
			s.answered(h, r)
		case typeClose:
			return errors.New("the master agent closed the session")
		default:
			if err := s.serve(h, r, sets); err != nil {
				return err
			}
		}
	}
}

func (s *Subagent) answered(h header, r *reader) {
	r.u32() // the master's sysUpTime
	status := r.u16()
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.waiting[h.Packet]; c != nil {
		delete(s.waiting, h.Packet)
		c <- response{h.Session, status}
	}
}
