package transfer

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"net/netip"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
)

// Reasons why an attempt is not begun or does not go on.
var (
	ErrUnknown  = errors.New("no grant fits")
	ErrLive     = errors.New("the grant has a living transfer")
	ErrBusy     = errors.New("too many transfers at once")
	ErrTooMany  = errors.New("too many attempts")
	ErrOver     = errors.New("the grant is over")
	ErrTooBig   = errors.New("more octets than the grant allows")
	ErrTooSlow  = errors.New("slower than the minimum rate")
	ErrDeadline = errors.New("the grant's deadline has passed")
)

// Attempt is one transfer under a grant. It belongs to one server goroutine at
// a time; only Octets may be read from others.
type Attempt struct {
	Grant *Grant

	number             int
	began              time.Time
	peer               netip.AddrPort
	proto              Protocol
	octets             atomic.Int64
	sent, resent, dups atomic.Int64

	temp Temp
	sum  hash.Hash

	rateFrom   time.Time // start of the current rate window
	rateOctets int64     // octets at rateFrom
	ended      bool
}

// Begin starts an attempt from the peer's port. ErrLive, ErrBusy, ErrTooMany
// and ErrOver say why not.
func (g *Grant) Begin(proto Protocol, peer netip.AddrPort) (*Attempt, error) {
	now := time.Now()
	if g.over.Load() || !now.Before(g.Spec.Deadline) {
		return nil, ErrOver
	}
	if !g.reg.enter(g.Spec.Peer) {
		return nil, ErrBusy
	}
	g.mu.Lock()
	var err error
	switch {
	case g.over.Load():
		err = ErrOver
	case g.live != nil:
		err = ErrLive
	case g.tries >= g.Spec.MaxAttempts:
		err = ErrTooMany
	}
	if err != nil {
		g.mu.Unlock()
		g.reg.leave(g.Spec.Peer)
		return nil, err
	}
	g.tries++
	a := &Attempt{Grant: g, number: g.tries, began: now, rateFrom: now, peer: peer, proto: proto}
	g.live = a
	g.mu.Unlock()
	g.reg.stats.began.Add(1)
	a.tell(Began, nil)
	return a, nil
}

// Open makes the upload's temporary object; it does nothing for a download.
func (a *Attempt) Open(ctx context.Context) error {
	if a.Grant.Spec.Direction != Upload {
		return nil
	}
	temp, err := a.Grant.Spec.Create(ctx)
	if err != nil {
		return fault.New(fault.Internal, "create upload", a.Grant.Spec.File, "%w", err)
	}
	a.temp, a.sum = temp, sha256.New()
	return nil
}

// Write adds octets to the upload; ErrTooBig when they pass the cap, and then
// nothing of p is written.
func (a *Attempt) Write(p []byte) (int, error) {
	if a.temp == nil || a.ended {
		return 0, ErrOver
	}
	if a.octets.Load()+int64(len(p)) > a.Grant.Spec.MaxBytes {
		return 0, fault.New(fault.Full, "upload", a.Grant.Spec.File, "%w (%d)", ErrTooBig, a.Grant.Spec.MaxBytes)
	}
	n, err := a.temp.Write(p)
	a.sum.Write(p[:n])
	a.octets.Add(int64(n))
	return n, err
}

// Moved sets the number of octets that a download has moved.
func (a *Attempt) Moved(octets int64) { a.octets.Store(octets) }

// Octets moved so far.
func (a *Attempt) Octets() int64 { return a.octets.Load() }

// Count adds to the counters.
func (a *Attempt) Count(c Counters) {
	a.sent.Add(c.Sent)
	a.resent.Add(c.Resent)
	a.dups.Add(c.Duplicates)
}

// Check says why the attempt may not go on, as of now: the grant is over or
// past its deadline, or the last window moved less than the minimum rate.
func (a *Attempt) Check(now time.Time) error {
	spec := &a.Grant.Spec
	switch {
	case !now.Before(spec.Deadline):
		return fault.New(fault.Timeout, "transfer", spec.File, "%w", ErrDeadline)
	case a.Grant.over.Load():
		return fault.New(fault.Conflict, "transfer", spec.File, "%w", ErrOver)
	}
	window := a.Grant.reg.cfg.RateWindow
	elapsed := now.Sub(a.rateFrom)
	if elapsed < window {
		return nil
	}
	moved := a.octets.Load() - a.rateOctets
	a.rateFrom, a.rateOctets = now, a.octets.Load()
	if float64(moved) < float64(spec.MinRate)*elapsed.Seconds() {
		return fault.New(fault.Timeout, "transfer", spec.File, "%w: %d octets in %v, wanted %d a second",
			ErrTooSlow, moved, elapsed.Round(time.Millisecond), spec.MinRate)
	}
	return nil
}

// Finish ends the attempt as whole: an upload is committed, the grant used up.
// Where the commit fails, the attempt has failed and the grant stays open.
func (a *Attempt) Finish(ctx context.Context) error {
	if a.ended {
		return ErrOver
	}
	if err := a.Check(time.Now()); err != nil && !errors.Is(err, ErrTooSlow) {
		a.Fail(err)
		return err
	}
	if a.temp != nil {
		temp := a.temp
		a.temp = nil
		if err := temp.Commit(ctx); err != nil {
			err = fault.New(fault.CodeOf(err), "commit upload", a.Grant.Spec.File, "%w", err)
			a.Fail(err)
			return err
		}
	}
	a.close(nil)
	a.Grant.reg.stats.finished.Add(1)
	a.tell(Finished, nil)
	a.Grant.reg.drop(a.Grant, nil)
	return nil
}

// Fail ends the attempt: an upload is thrown away, the grant stays open.
func (a *Attempt) Fail(cause error) {
	if a.ended {
		return
	}
	if a.temp != nil {
		a.temp.Abort()
		a.temp = nil
	}
	a.close(cause)
	a.Grant.reg.stats.failed.Add(1)
	a.tell(Failed, cause)
}

func (a *Attempt) close(cause error) {
	a.ended = true
	g := a.Grant
	g.mu.Lock()
	g.live = nil
	if !g.over.Load() {
		g.result, g.last = a.snapshot(), cause
		if cause == nil {
			g.result.SHA256 = g.Spec.Digest
			if a.sum != nil {
				a.sum.Sum(g.result.SHA256[:0])
			}
		}
	}
	g.mu.Unlock()
	g.reg.leave(g.Spec.Peer)
}

func (a *Attempt) snapshot() Result {
	return Result{
		Octets: a.octets.Load(), Began: a.began, Duration: time.Since(a.began),
		Peer: a.peer, Protocol: a.proto, Attempts: a.number,
		Counters: Counters{Sent: a.sent.Load(), Resent: a.resent.Load(), Duplicates: a.dups.Load()},
	}
}

func (a *Attempt) tell(kind EventKind, err error) {
	all, own := a.Grant.reg.cfg.Observe, a.Grant.Spec.Observe
	if all == nil && own == nil {
		return
	}
	r := a.snapshot()
	if kind == Finished {
		a.Grant.mu.Lock()
		r = a.Grant.result
		a.Grant.mu.Unlock()
	}
	ev := Event{Kind: kind, Grant: a.Grant.Spec.Name, Attempt: a.number, Result: r, Err: err}
	if all != nil {
		all(a.Grant.Spec.Direction, ev)
	}
	if own != nil {
		own(ev)
	}
}
