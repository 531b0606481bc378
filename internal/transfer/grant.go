package transfer

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Direction is the way the file moves.
type Direction string

// The two directions.
const (
	Upload   Direction = "upload"   // device to server
	Download Direction = "download" // server to device
)

// Protocol is a file transfer protocol.
type Protocol string

// The protocols.
const (
	TFTP Protocol = "tftp"
	FTP  Protocol = "ftp"
)

// Spec says what a grant allows. Name, User, Password, MinRate and MaxAttempts
// may be left zero.
type Spec struct {
	Name      string // what the device asks for; NewName's where empty
	Direction Direction
	Peer      netip.Addr // the only address that may use it
	File      string     // logical name, for logs only
	Deadline  time.Time
	Protocols []Protocol // those that may serve it; both where empty

	Source Source                                  // Download: the content
	Digest [32]byte                                // Download: SHA-256 of Source, handed on in Result
	Create func(ctx context.Context) (Temp, error) // Upload: called once for each attempt

	Paces []*Pace // Download: that it goes by, together with others

	MaxBytes    int64 // Upload: more octets than this fail the attempt; required
	MinRate     int64 // octets a second, over Config.RateWindow; Config.MinRate where 0
	MaxAttempts int   // Config.MaxAttempts where 0

	User     string // FTP login; NewName's where empty
	Password secret.String
	// Group: the FTP login of one grant of a group is good for the files of all.
	// Many devices are told one login for all files of an operation. Empty: of
	// none.
	Group string

	TFTP TFTPOptions

	// Observe is told of every attempt as it begins and ends. It is called on
	// a server's event loop and must return at once.
	Observe func(Event)
}

// TFTPOptions are the quirks of a device's TFTP client.
type TFTPOptions struct {
	RolloverToOne bool // block 65535 is followed by 1 and not by 0
	MaxBlksize    int  // cap below the server's own; 0 = none
}

// EventKind says what happened to an attempt.
type EventKind string

// The kinds of events.
const (
	Began    EventKind = "began"
	Failed   EventKind = "failed"
	Finished EventKind = "finished"
)

// Event is one turn in the life of a grant's attempts.
type Event struct {
	Kind    EventKind
	Grant   string // its name
	Attempt int    // 1, 2, …
	Result  Result // so far
	Err     error  // the cause, of Failed
}

// Counters are what a server counted in one attempt. A packet is a datagram in
// TFTP; FTP has none.
type Counters struct {
	Sent       int64 // packets sent, Resent among them
	Resent     int64
	Duplicates int64 // packets received a second time
}

// Result is what is known of the last attempt.
type Result struct {
	Octets   int64
	SHA256   [32]byte // of the upload; Spec.Digest of a download
	Began    time.Time
	Duration time.Duration
	Peer     netip.AddrPort
	Protocol Protocol
	Attempts int
	Counters
}

// Grant is one right to move a file. Its methods may be called at once from
// many goroutines.
type Grant struct {
	Spec Spec // as opened, with defaults filled in; not to be changed

	reg     *Registry
	done    chan struct{} // closed when over
	over    atomic.Bool
	hintBlk atomic.Int32

	mu     sync.Mutex // owns what follows
	live   *Attempt
	tries  int
	result Result
	last   error // cause of the last failed attempt
	end    error // why the grant is over; nil = finished whole
}

// Name is what the device asks for.
func (g *Grant) Name() string { return g.Spec.Name }

// Done is closed when the grant is over: finished, expired or closed.
func (g *Grant) Done() <-chan struct{} { return g.done }

// Over says whether the grant is over.
func (g *Grant) Over() bool { return g.over.Load() }

// Wait waits until the grant is over or ctx ends. The error is nil only when
// the file was moved whole; its code is fault.Timeout after the deadline,
// fault.Conflict after Close, and the last attempt's cause is part of its text.
func (g *Grant) Wait(ctx context.Context) (Result, error) {
	select {
	case <-g.done:
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.result, g.end
	case <-ctx.Done():
		return g.Progress(), fault.New(fault.Timeout, "wait for grant", g.Spec.File, "%w", context.Cause(ctx))
	}
}

// Progress gives what is known of the living or else the last attempt. Began
// is zero before the first one.
func (g *Grant) Progress() Result {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.live != nil && g.end == nil && !g.over.Load() {
		return g.live.snapshot()
	}
	return g.result
}

// BlksizeHint is the largest blksize that seems to reach the device, 0 where
// nothing is known (RELIABILITY.md F43).
func (g *Grant) BlksizeHint() int { return int(g.hintBlk.Load()) }

// SetBlksizeHint keeps the hint for the next attempt.
func (g *Grant) SetBlksizeHint(n int) { g.hintBlk.Store(int32(n)) }

func (g *Grant) serves(p Protocol) bool {
	for _, q := range g.Spec.Protocols {
		if p == q {
			return true
		}
	}
	return false
}

// fits compares addresses without their zone where the grant names none.
func (g *Grant) fits(peer netip.Addr) bool {
	peer = peer.Unmap()
	if g.Spec.Peer.Zone() == "" {
		peer = peer.WithZone("")
	}
	return peer == g.Spec.Peer
}

// finish ends the grant; the first reason stays.
func (g *Grant) finish(reason error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over.Swap(true) {
		return
	}
	if reason != nil && g.live != nil {
		g.result = g.live.snapshot()
	}
	g.end = reason
	close(g.done)
}
