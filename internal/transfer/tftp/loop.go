package tftp

import (
	"context"
	"encoding/binary"
	"math"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/transfer"
)

const (
	checkEvery = int64(time.Second) // between looks at deadlines and rates
	idleLife   = 30 * time.Second   // of a loop without transfers
	never      = math.MaxInt64

	// manySessions is from when on a loop lets packets gather, as network cards
	// do: full batches cost less than prompt ones (14 % of the CPU time with 64
	// devices), and no device waits longer than a local round trip.
	manySessions = 32
)

// loop serves the transfers of one socket. Only its goroutine touches the
// sessions; others reach it through post.
type loop struct {
	srv   *Server
	sock  *socket
	entry bool // the socket is the listening one

	places atomic.Int64 // sessions, and those on their way here
	served int          // places ever taken; owned by srv.mu

	sessions  map[netip.AddrPort]*session
	nextDue   int64 // no session is due before
	nextCheck int64

	mu      sync.Mutex // owns what follows
	inbox   []func(now int64)
	waiting atomic.Bool // inbox is not empty
	closed  bool
}

func newLoop(s *Server, sock *socket, entry bool) *loop {
	return &loop{srv: s, sock: sock, entry: entry, sessions: map[netip.AddrPort]*session{}, nextDue: never}
}

// post has the loop's goroutine call f soon. Whoever posts holds a place, so
// that the loop still runs.
func (l *loop) post(f func(now int64)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	l.inbox = append(l.inbox, f)
	if !l.waiting.Swap(true) {
		l.sock.wake()
	}
}

// run serves until ctx ends and every place is given back; a loop that is not
// the listening one also ends when it has been idle for long.
func (l *loop) run(ctx context.Context) {
	l.srv.running.Add(1)
	defer l.srv.running.Add(-1)
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { l.sock.wake(); close(woken) })
	defer func() {
		if !stop() {
			<-woken
		}
		l.mu.Lock()
		l.closed = true
		l.mu.Unlock()
		l.sock.close()
	}()
	for gathered := 0; ; {
		n := l.sock.receive()
		now := int64(l.srv.now())
		l.turn(ctx, now, n)
		if n > 0 {
			gathered = 0
		}
		switch {
		case ctx.Err() == nil && gathered < 2 && l.gathers(n):
			gathered++
			l.sock.gather()
		case ctx.Err() == nil && n > 0:
		case l.finished(ctx, now):
			return
		default:
			l.sock.wait(l.pause(now))
		}
	}
}

// turn handles the n packets of the last receive and whatever else is due.
func (l *loop) turn(ctx context.Context, now int64, n int) {
	for i := range n {
		p, from := l.sock.packet(i)
		l.packet(ctx, now, p, from)
	}
	l.drain(now)
	l.timers(now)
	l.sock.flush()
}

// gathers says whether more packets should come in before the next batch.
func (l *loop) gathers(n int) bool {
	return len(l.sessions) >= manySessions && n < len(l.sessions)/2
}

// pause is how long the loop may sleep.
func (l *loop) pause(now int64) time.Duration {
	if len(l.sessions) == 0 {
		if l.entry {
			return -1
		}
		return idleLife
	}
	return time.Duration(max(0, min(l.nextDue, l.nextCheck)-now))
}

// finished says whether run may return; when ctx has ended it gives up what
// lives. Commits under way are waited for.
func (l *loop) finished(ctx context.Context, now int64) bool {
	if ctx.Err() != nil {
		for _, t := range l.sessions {
			if t.phase != phaseCommit {
				t.fail(now, errUndefined, "the server is shutting down", errShutdown)
				t.leave()
			}
		}
		l.sock.flush()
		return l.srv.retire(l)
	}
	if l.entry || len(l.sessions) > 0 || now < l.nextCheck+int64(idleLife) {
		return false
	}
	return l.srv.retire(l)
}

func (l *loop) drain(now int64) {
	if !l.waiting.Load() {
		return
	}
	l.mu.Lock()
	inbox := l.inbox
	l.inbox = nil
	l.waiting.Store(false)
	l.mu.Unlock()
	for _, f := range inbox {
		f(now)
	}
}

// adopt begins a session here, instead of an earlier one of the same port.
func (l *loop) adopt(t *session, now int64) {
	if old := l.sessions[t.key]; old != nil {
		if old.phase == phaseCommit {
			t.due, t.phase = never, phaseLinger
			l.srv.endLive(t)
			l.places.Add(-1)
			t.att.Fail(transfer.ErrBusy)
			return
		}
		old.end(now, errSuperseded)
		old.leave()
	}
	if len(l.sessions) == 0 {
		l.nextCheck = now + checkEvery
	}
	l.sessions[t.key] = t
	t.start(now)
}

// timers lets every session that is due act, and once a second looks at
// deadlines and rates.
func (l *loop) timers(now int64) {
	check := now >= l.nextCheck
	if now < l.nextDue && !check {
		return
	}
	if check && len(l.sessions) > 0 {
		l.nextCheck = now + checkEvery
	}
	l.nextDue = never
	for _, t := range l.sessions {
		if check {
			t.check(now)
		}
		if t.due <= now {
			t.timeout(now)
		}
		l.nextDue = min(l.nextDue, t.due)
	}
}

func (l *loop) packet(ctx context.Context, now int64, p []byte, from *address) {
	if len(p) < headerSize {
		return
	}
	op := binary.BigEndian.Uint16(p)
	if l.entry && (op == opRRQ || op == opWRQ) {
		l.srv.request(ctx, l, p, from)
		return
	}
	peer := from.peer()
	t := l.sessions[peer]
	if t == nil {
		l.stranger(now, op, peer, from)
		return
	}
	t.heardAt.Store(now)
	t.packet(ctx, now, op, p)
}

// stranger answers a packet from a port that no session has. Only the device of
// a living session is told, and not more often than that session's packets
// allow (RFC 1350 section 4; RELIABILITY.md T9): anyone else gets silence.
func (l *loop) stranger(now int64, op uint16, peer netip.AddrPort, from *address) {
	l.srv.wrongPort.Add(1)
	if op == opERROR || l.entry {
		return
	}
	for _, t := range l.sessions {
		if t.key.Addr() != peer.Addr() || t.over() {
			continue
		}
		if t.strangers < 16 {
			t.strangers++
			to := from.reply()
			l.sock.sendSmall(&to, appendERROR(nil, errUnknownTID, "bad TID"))
		}
		return
	}
}
