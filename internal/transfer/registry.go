package transfer

import (
	"container/heap"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Config holds the caps. Zero values mean the defaults.
type Config struct {
	MaxTransfers int           // living attempts in all; 4096
	MaxPerPeer   int           // living attempts of one address; 4
	MinRate      int64         // octets a second; 128
	RateWindow   time.Duration // over which the rate is taken; 20 s
	MaxAttempts  int           // of one grant; 64
	// Observe is told of every attempt of every grant, as Spec.Observe is of its
	// own; nil: nobody.
	Observe func(Direction, Event)
}

func (c Config) withDefaults() Config {
	def := func(p *int, v int) {
		if *p == 0 {
			*p = v
		}
	}
	def(&c.MaxTransfers, 4096)
	def(&c.MaxPerPeer, 4)
	def(&c.MaxAttempts, 64)
	if c.MinRate == 0 {
		c.MinRate = 128
	}
	if c.RateWindow == 0 {
		c.RateWindow = 20 * time.Second
	}
	return c
}

// Stats are the registry's counters since it was made.
type Stats struct {
	Open     int   // grants now
	Living   int   // attempts now
	Opened   int64 // grants
	Began    int64 // attempts
	Finished int64
	Failed   int64
	Expired  int64 // grants
	Unknown  int64 // requests that no grant fitted
	Busy     int64 // requests put off by a cap
}

// Registry holds the open grants. A look-up is one map access; an expired
// grant is swept by one timer for all.
type Registry struct {
	cfg   Config
	stats struct{ opened, began, finished, failed, expired, unknown, busy atomic.Int64 }

	mu     sync.RWMutex // owns what follows
	byName map[string]*Grant
	byUser map[string]*Grant
	due    deadlines
	timer  *time.Timer
	closed bool

	liveMu  sync.Mutex // owns what follows
	living  int
	perPeer map[netip.Addr]int
}

// NewRegistry makes an empty registry. Shut it down when it is no longer used.
func NewRegistry(cfg Config) *Registry {
	return &Registry{
		cfg: cfg.withDefaults(), byName: map[string]*Grant{}, byUser: map[string]*Grant{}, perPeer: map[netip.Addr]int{},
	}
}

// Open makes a grant. Codes: fault.Invalid for a Spec that says too little or
// the impossible, fault.Conflict where the name or user is taken,
// fault.Unavailable after Shutdown.
func (r *Registry) Open(spec Spec) (*Grant, error) {
	if err := r.complete(&spec); err != nil {
		return nil, err
	}
	g := &Grant{Spec: spec, reg: r, done: make(chan struct{})}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.closed:
		return nil, fault.New(fault.Unavailable, "open grant", spec.File, "transfers are shut down")
	case r.byName[spec.Name] != nil, r.byUser[spec.User] != nil:
		return nil, fault.New(fault.Conflict, "open grant", spec.File, "a grant of that name or user is open")
	}
	r.byName[spec.Name], r.byUser[spec.User] = g, g
	heap.Push(&r.due, g)
	r.arm()
	r.stats.opened.Add(1)
	return g, nil
}

func (r *Registry) complete(s *Spec) error {
	invalid := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "open grant", s.File, format, args...)
	}
	if s.Name == "" {
		s.Name = NewName()
	}
	if s.User == "" {
		s.User, s.Password = NewName(), secret.New(NewName())
	}
	if len(s.Protocols) == 0 {
		s.Protocols = []Protocol{TFTP, FTP}
	}
	if s.MinRate == 0 {
		s.MinRate = r.cfg.MinRate
	}
	if s.MaxAttempts == 0 {
		s.MaxAttempts = r.cfg.MaxAttempts
	}
	s.Peer = s.Peer.Unmap()
	switch {
	case !validName(s.Name):
		return invalid("name: 1 to 64 of a-z, 0-9, dot, hyphen and underscore, not beginning with a dot")
	case len(s.User) > 16, !validName(s.User), s.Password.IsZero():
		return invalid("user: 1 to 16 characters as of a name, with a password")
	case !s.Peer.IsValid() || s.Peer.IsUnspecified() || s.Peer.IsMulticast():
		return invalid("peer %v is no device's address", s.Peer)
	case !time.Now().Before(s.Deadline):
		return invalid("deadline %v is not in the future", s.Deadline)
	}
	switch {
	case s.Direction == Download && s.Source != nil && s.Create == nil:
	case s.Direction == Upload && s.Create != nil && s.Source == nil && s.MaxBytes > 0:
	default:
		return invalid("a download needs a source, an upload needs create and a cap, and neither the other's")
	}
	return nil
}

// Close ends the grant of that name, and its living attempt with it. Closing
// what is not open does nothing.
func (r *Registry) Close(name string) {
	r.mu.RLock()
	g := r.byName[name]
	r.mu.RUnlock()
	if g != nil {
		r.drop(g, fault.New(fault.Conflict, "grant", g.Spec.File, "closed before it was used up"))
	}
}

// Lookup finds the grant for a request, or gives ErrUnknown, which is counted
// and must not be answered (RELIABILITY.md T3, T9).
func (r *Registry) Lookup(p Protocol, d Direction, name string, peer netip.Addr) (*Grant, error) {
	if len(name) > 1 && name[0] == '/' { // many boot loaders put one before every name
		name = name[1:]
	}
	r.mu.RLock()
	g := r.byName[name]
	r.mu.RUnlock()
	if g == nil || g.Spec.Direction != d || !g.serves(p) || !g.fits(peer) || g.Over() {
		r.stats.unknown.Add(1)
		return nil, ErrUnknown
	}
	return g, nil
}

// Login finds the grant of an FTP user at that address, or gives ErrUnknown.
func (r *Registry) Login(user, password string, peer netip.Addr) (*Grant, error) {
	r.mu.RLock()
	g := r.byUser[user]
	r.mu.RUnlock()
	if g == nil || !equal(g.Spec.Password.Reveal(), password) || !g.serves(FTP) || !g.fits(peer) || g.Over() {
		r.stats.unknown.Add(1)
		return nil, ErrUnknown
	}
	return g, nil
}

// Beside finds the grant of that name in the group of one that is logged in,
// which may be itself; nil where there is none.
func (r *Registry) Beside(g *Grant, name string) *Grant {
	if name == g.Spec.Name {
		return g
	}
	r.mu.RLock()
	other := r.byName[name]
	r.mu.RUnlock()
	if other == nil || g.Spec.Group == "" || other.Spec.Group != g.Spec.Group || other.Spec.Peer != g.Spec.Peer || !other.serves(FTP) {
		return nil
	}
	return other
}

// Stats gives the counters.
func (r *Registry) Stats() Stats {
	r.mu.RLock()
	open := len(r.byName)
	r.mu.RUnlock()
	r.liveMu.Lock()
	living := r.living
	r.liveMu.Unlock()
	return Stats{
		Open: open, Living: living, Opened: r.stats.opened.Load(), Began: r.stats.began.Load(),
		Finished: r.stats.finished.Load(), Failed: r.stats.failed.Load(), Expired: r.stats.expired.Load(),
		Unknown: r.stats.unknown.Load(), Busy: r.stats.busy.Load(),
	}
}

// Shutdown closes every grant and refuses new ones.
func (r *Registry) Shutdown() {
	r.mu.Lock()
	r.closed = true
	names := make([]string, 0, len(r.byName))
	for name := range r.byName {
		names = append(names, name)
	}
	if r.timer != nil {
		r.timer.Stop()
	}
	r.mu.Unlock()
	for _, name := range names {
		r.Close(name)
	}
}

// enter takes a place for an attempt of peer; leave gives it back.
func (r *Registry) enter(peer netip.Addr) bool {
	r.liveMu.Lock()
	defer r.liveMu.Unlock()
	if r.living >= r.cfg.MaxTransfers || r.perPeer[peer] >= r.cfg.MaxPerPeer {
		r.stats.busy.Add(1)
		return false
	}
	r.living++
	r.perPeer[peer]++
	return true
}

func (r *Registry) leave(peer netip.Addr) {
	r.liveMu.Lock()
	defer r.liveMu.Unlock()
	r.living--
	if r.perPeer[peer]--; r.perPeer[peer] == 0 {
		delete(r.perPeer, peer)
	}
}

// drop takes the grant off the maps and ends it.
func (r *Registry) drop(g *Grant, reason error) {
	r.mu.Lock()
	if r.byName[g.Spec.Name] == g {
		delete(r.byName, g.Spec.Name)
		delete(r.byUser, g.Spec.User)
	}
	r.mu.Unlock()
	g.finish(reason)
}
