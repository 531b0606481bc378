package tftp

import (
	"context"
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

// Config of a Server. Zero values mean the defaults.
type Config struct {
	Addr       netip.AddrPort // to listen on; port 0 = any
	SinglePort bool           // answer from the listening port, for firewalls without TFTP helpers
	MaxBlksize int            // 1468: one Ethernet frame with IPv4 or IPv6; at most 65464
	MaxWindow  int            // windowsize, 32; at most 64
	Loops      int            // event loops that share the transfers; half the processors, at least 1

	// Retransmission: the first interval, the least and the most that a
	// measured round trip may make of it, and how often in a row. A timeout
	// option of the device takes their place (RFC 2349).
	FirstRTO, MinRTO, MaxRTO time.Duration // 1 s, 200 ms, 5 s
	Retries                  int           // 6

	Logger *slog.Logger // discarded where nil
}

const (
	transfersPerLoop = 512 // then another loop is started, so that no socket buffer overflows
	maxLoops         = 64
	loopLife         = 4096 // transfers until a loop gives way to one on a fresh random port
	unheardLimit     = 3    // datagrams before the first answer (RELIABILITY.md T9)
	supersedeAfter   = time.Second
)

func (c Config) withDefaults() (Config, error) {
	set(&c.MaxBlksize, 1468)
	set(&c.MaxWindow, 32)
	set(&c.Loops, max(1, runtime.GOMAXPROCS(0)/2))
	set(&c.Retries, 6)
	set(&c.FirstRTO, time.Second)
	set(&c.MinRTO, 200*time.Millisecond)
	set(&c.MaxRTO, 5*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case !c.Addr.Addr().IsValid():
		return c, fault.New(fault.Invalid, "tftp", "", "address to listen on is missing")
	case c.MaxBlksize < defaultBlksize || c.MaxBlksize > maxBlksize:
		return c, fault.New(fault.Invalid, "tftp", "", "blksize cap %d is not in 512..65464", c.MaxBlksize)
	case c.MaxWindow < 1 || c.MaxWindow > 64:
		return c, fault.New(fault.Invalid, "tftp", "", "windowsize cap %d is not in 1..64", c.MaxWindow)
	}
	return c, nil
}

func set[T int | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// Stats are the server's counters since Listen.
type Stats struct {
	Malformed  int64 // packets to the listening port that are no request
	WrongPort  int64 // packets to a transfer port from an unknown peer
	Repeated   int64 // requests of which the transfer lives
	Superseded int64 // transfers given up because their device asked again from elsewhere
	Loops      int64 // running now
}

// Server serves a registry's grants on one UDP address.
type Server struct {
	cfg   Config
	reg   *transfer.Registry
	entry *socket // the listening port
	start time.Time
	log   *slog.Logger

	malformed, wrongPort, repeated, superseded, running atomic.Int64

	wg    sync.WaitGroup // loops, and goroutines that create and commit uploads
	mu    sync.Mutex     // owns what follows
	loops []*loop
	live  map[*transfer.Grant]*session
}

// Listen binds the address; nothing is answered until Serve.
func Listen(cfg Config, reg *transfer.Registry) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	size := maxRequest + 1
	if cfg.SinglePort {
		size = max(size, cfg.MaxBlksize+headerSize+1)
	}
	entry, err := openSocket(cfg.Addr, size)
	if err != nil {
		return nil, fault.New(fault.Unavailable, "tftp", "", "%w", err).
			WithHint("another TFTP server may hold the port; ports below 1024 need root or CAP_NET_BIND_SERVICE")
	}
	return &Server{
		cfg: cfg, reg: reg, entry: entry, start: time.Now(), log: cfg.Logger,
		live: map[*transfer.Grant]*session{},
	}, nil
}

// Addr is the address listened on.
func (s *Server) Addr() netip.AddrPort { return s.entry.local }

// Stats gives the counters.
func (s *Server) Stats() Stats {
	return Stats{s.malformed.Load(), s.wrongPort.Load(), s.repeated.Load(), s.superseded.Load(), s.running.Load()}
}

// Serve answers requests until ctx ends, then gives up the living transfers,
// waits for every goroutine, and closes the address. Call it once.
func (s *Server) Serve(ctx context.Context) error {
	l := newLoop(s, s.entry, true)
	s.mu.Lock()
	s.loops = append(s.loops, l)
	s.mu.Unlock()
	l.run(ctx)
	s.wg.Wait()
	return nil
}

// now is the time since Listen, which the loops count in.
func (s *Server) now() time.Duration { return time.Since(s.start) }

// pick gives a loop with a place taken in it, starting one where all are full
// or where fewer than the configured number run.
func (s *Server) pick(ctx context.Context) (*loop, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.SinglePort {
		s.loops[0].places.Add(1)
		return s.loops[0], nil
	}
	var best *loop
	usable := 0
	for _, l := range s.loops[1:] {
		if l.served >= loopLife {
			continue
		}
		usable++
		n := l.places.Load()
		if n < transfersPerLoop && (best == nil || n < best.places.Load()) {
			best = l
		}
	}
	if (best == nil || usable < s.cfg.Loops) && len(s.loops) <= maxLoops && ctx.Err() == nil {
		sock, err := openSocket(netip.AddrPortFrom(s.cfg.Addr.Addr(), 0), s.cfg.MaxBlksize+headerSize+1)
		if err == nil {
			best = newLoop(s, sock, false)
			s.loops = append(s.loops, best)
			s.wg.Go(func() { best.run(ctx) })
		} else if best == nil {
			return nil, fault.New(fault.Unavailable, "tftp", "", "open a transfer port: %w", err)
		}
	}
	if best == nil {
		return nil, transfer.ErrBusy
	}
	best.places.Add(1)
	best.served++
	return best, nil
}

// retire takes the loop off the list unless a place in it is taken.
func (s *Server) retire(l *loop) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.places.Load() > 0 {
		return false
	}
	for i, other := range s.loops {
		if other == l {
			s.loops = append(s.loops[:i], s.loops[i+1:]...)
			break
		}
	}
	return true
}

func (s *Server) setLive(g *transfer.Grant, t *session) {
	s.mu.Lock()
	s.live[g] = t
	s.mu.Unlock()
}

// endLive forgets t, if it is still the grant's.
func (s *Server) endLive(t *session) {
	s.mu.Lock()
	if s.live[t.grant] == t {
		delete(s.live, t.grant)
	}
	s.mu.Unlock()
}

func (s *Server) liveOf(g *transfer.Grant) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live[g]
}
