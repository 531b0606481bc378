package tftp

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

var (
	errSuperseded = errors.New("the device began again from another port")
	errShutdown   = errors.New("the server is shutting down")
	errSilent     = errors.New("the device does not answer")
)

// phase of a session. A session is over in phaseLinger: it then only keeps late
// packets from being taken for a stranger's, and repeats an upload's last ACK.
type phase uint8

const (
	phaseOffer  phase = iota // OACK or first ACK sent, nothing heard
	phaseData                // blocks flow
	phaseCommit              // upload whole, being committed
	phaseLinger
)

const lingerFor = int64(3 * time.Second)

// session is one transfer. All but heardAt belongs to the loop's goroutine.
type session struct {
	srv   *Server
	l     *loop
	grant *transfer.Grant
	att   *transfer.Attempt
	key   netip.AddrPort
	to    address
	terms terms
	toOne bool
	phase phase

	heardAt   atomic.Int64
	heard     bool // the device has answered
	unheard   int  // datagrams sent before that
	strangers int
	count     transfer.Counters

	// Retransmission (RFC 6298): times in nanoseconds since the server's start.
	due, sentAt       int64
	rto, srtt, rttvar int64
	tries             int
	paced             bool // the window that is due waits for the grant's pace
	resent            bool // of what is in flight, so it gives no sample (Karn)

	down download
	up   upload
}

func newSession(s *Server, g *transfer.Grant, a *transfer.Attempt, tm terms, peer netip.AddrPort, to address) *session {
	t := &session{
		srv: s, grant: g, att: a, key: peer, to: to, terms: tm,
		toOne: g.Spec.TFTP.RolloverToOne, due: never, rto: int64(s.cfg.FirstRTO),
	}
	t.heardAt.Store(int64(s.now()))
	if tm.timeout > 0 {
		t.rto = int64(tm.timeout)
	}
	return t
}

func (t *session) over() bool { return t.phase == phaseLinger }

func (t *session) start(now int64) {
	if t.grant.Spec.Direction == transfer.Download {
		t.startDownload(now)
	} else {
		t.startUpload(now)
	}
}

func (t *session) packet(ctx context.Context, now int64, op uint16, p []byte) {
	if t.over() {
		t.late(op, p)
		return
	}
	if t.phase == phaseCommit {
		return // the attempt is with the goroutine that commits
	}
	block := binary.BigEndian.Uint16(p[2:])
	switch {
	case op == opERROR:
		t.end(now, fault.New(fault.Unavailable, "tftp", t.grant.Spec.File, "%w", parseError(p)))
	case op == opACK && t.grant.Spec.Direction == transfer.Download:
		t.ack(ctx, now, block)
	case op == opDATA && t.grant.Spec.Direction == transfer.Upload:
		t.data(ctx, now, block, p[headerSize:])
	case op == opRRQ || op == opWRQ: // a repeated request, to a single port
	default:
		t.fail(now, errIllegal, "unexpected packet", fault.New(fault.Unavailable, "tftp", t.grant.Spec.File, "opcode %d does not belong here", op))
	}
}

// sent notes that n packets left, in answer to which the device should act.
func (t *session) sent(now int64, n int, again bool) {
	t.sentAt = now
	t.count.Sent += int64(n)
	if again {
		t.count.Resent += int64(n)
		t.resent = true
	}
	if !t.heard {
		t.unheard += n
	}
	t.wake(now + t.rto)
}

// wake makes the session due at that time.
func (t *session) wake(at int64) {
	t.due = at
	t.l.nextDue = min(t.l.nextDue, at)
}

// progress notes that the device answered what was in flight.
func (t *session) progress(now int64) {
	t.heard = true
	t.tries = 0
	if !t.resent {
		t.sample(now - t.sentAt)
	} else if t.terms.timeout == 0 && t.srtt > 0 {
		t.setRTO()
	}
	t.resent = false
}

// sample takes one round trip into the estimate (RFC 6298 section 2).
func (t *session) sample(r int64) {
	if t.terms.timeout > 0 {
		return
	}
	if t.srtt == 0 {
		t.srtt, t.rttvar = r, r/2
	} else {
		t.rttvar += (max(t.srtt-r, r-t.srtt) - t.rttvar) / 4
		t.srtt += (r - t.srtt) / 8
	}
	t.setRTO()
}

func (t *session) setRTO() {
	t.rto = min(max(t.srtt+4*t.rttvar, int64(t.srv.cfg.MinRTO)), int64(t.srv.cfg.MaxRTO))
}

// timeout acts when nothing came in time.
func (t *session) timeout(now int64) {
	switch {
	case t.over():
		t.leave()
		return
	case t.phase == phaseCommit:
		t.due = never
		return
	case t.paced:
		t.paced = false
		t.sendWindow(now, false)
		return
	}
	t.tries++
	if t.tries >= lowerAfter {
		t.lowerBlksize()
	}
	if t.tries > t.srv.cfg.Retries || !t.heard && t.unheard >= unheardLimit {
		t.fail(now, errUndefined, "timeout", fault.New(fault.Timeout, "tftp", t.grant.Spec.File,
			"%w: %d times nothing came back, last after %v", errSilent, t.tries, time.Duration(t.rto)))
		return
	}
	if t.terms.timeout == 0 {
		t.rto = min(2*t.rto, int64(t.srv.cfg.MaxRTO))
	}
	if t.grant.Spec.Direction == transfer.Download {
		t.repeatDownload(now)
	} else {
		t.repeatUpload(now)
	}
}

// check ends a session that is too slow, past its deadline, or whose grant is
// closed.
func (t *session) check(now int64) {
	if t.over() || t.phase == phaseCommit {
		return
	}
	t.settle()
	if err := t.att.Check(t.srv.start.Add(time.Duration(now))); err != nil {
		t.fail(now, errUndefined, "transfer ended by the server", err)
	}
}

// settle hands the counters to the attempt.
func (t *session) settle() {
	t.att.Count(t.count)
	t.count = transfer.Counters{}
}

// fail tells the device, once it has been heard, and ends the session.
func (t *session) fail(now int64, code uint16, msg string, cause error) {
	if t.over() {
		return
	}
	if t.heard || t.unheard == 0 {
		t.l.sock.sendSmall(&t.to, appendERROR(nil, code, msg))
		t.count.Sent++
	}
	t.end(now, cause)
}

// end fails the attempt and lingers.
func (t *session) end(now int64, cause error) {
	if t.over() {
		return
	}
	t.settle()
	t.att.Fail(cause)
	t.srv.log.Info("tftp transfer failed", "grant", t.grant.Name(), "file", t.grant.Spec.File, "peer", t.key, "err", cause)
	t.linger(now)
}

func (t *session) linger(now int64) {
	t.phase = phaseLinger
	t.srv.endLive(t)
	t.wake(now + lingerFor)
}

// leave gives the place back.
func (t *session) leave() {
	delete(t.l.sessions, t.key)
	t.l.places.Add(-1)
}

// late handles packets after the end: only the repeated last block of a whole
// upload is answered, because the ACK was lost (RFC 1350 section 6).
func (t *session) late(op uint16, p []byte) {
	if op != opDATA || !t.up.whole || t.up.lateACKs >= t.srv.cfg.Retries {
		return
	}
	if last := blockNumber(t.up.expect-1, t.toOne); binary.BigEndian.Uint16(p[2:]) == last {
		t.up.lateACKs++
		t.l.sock.sendSmall(&t.to, appendACK(nil, last))
	}
}

// lowerAfter is how often the first block is lost before the next attempt is
// given smaller ones. The device may give up before the server does.
const lowerAfter = 2

// lowerBlksize remembers that large blocks do not reach the device: the first
// one was never acknowledged although the device answers (RELIABILITY.md F43).
func (t *session) lowerBlksize() {
	if t.grant.Spec.Direction != transfer.Download || t.down.base != 1 || t.terms.blksize <= defaultBlksize {
		return
	}
	lower := defaultBlksize
	if t.terms.blksize > 1428 {
		lower = 1428
	}
	t.grant.SetBlksizeHint(lower)
}
