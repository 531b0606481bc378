package ftp

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	ftpserver "github.com/fclairamb/ftpserverlib"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

// Config of a Server. Zero values mean the defaults.
type Config struct {
	Addr         netip.AddrPort // to listen on; port 0 = any
	PassivePorts [2]uint16      // first and last port for passive data connections; any where zero
	PublicAddr   netip.Addr     // IPv4 address told in answer to PASV; the control connection's own where invalid

	MaxConns     int           // control connections in all; 512
	MaxPerPeer   int           // of one address; 4
	IdleTimeout  time.Duration // without a command or transfer, whole seconds; 60 s
	LoginTimeout time.Duration // from connect to login; 30 s
	DataTimeout  time.Duration // to open a data connection, whole seconds; 10 s
	FailureDelay time.Duration // before the first 530; doubles with each failure of an address up to 64 times; 500 ms
	CheckEvery   time.Duration // between looks at deadline and rate; 1 s

	Logger *slog.Logger // discarded where nil
}

const maxFailures = 3 // then the control connection is closed

func (c Config) withDefaults() (Config, error) {
	set(&c.MaxConns, 512)
	set(&c.MaxPerPeer, 4)
	set(&c.IdleTimeout, time.Minute)
	set(&c.LoginTimeout, 30*time.Second)
	set(&c.DataTimeout, 10*time.Second)
	set(&c.FailureDelay, 500*time.Millisecond)
	set(&c.CheckEvery, time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	switch {
	case !c.Addr.Addr().IsValid():
		return c, fault.New(fault.Invalid, "ftp", "", "address to listen on is missing")
	case c.PassivePorts[0] > c.PassivePorts[1]:
		return c, fault.New(fault.Invalid, "ftp", "", "passive ports %d to %d are no range", c.PassivePorts[0], c.PassivePorts[1])
	case c.PublicAddr.IsValid() && !c.PublicAddr.Is4():
		return c, fault.New(fault.Invalid, "ftp", "", "public address %v: PASV can tell an IPv4 address only", c.PublicAddr)
	}
	return c, nil
}

func set[T int | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// Server serves a registry's grants on one TCP address.
type Server struct {
	cfg Config
	reg *transfer.Registry
	ln  net.Listener
	log *slog.Logger

	wg sync.WaitGroup // control connections and files in transfer

	mu       sync.Mutex // owns what follows
	controls map[string]*control
	perPeer  map[netip.Addr]int
	failures map[netip.Addr]failure
	closing  bool
}

type failure struct {
	n    int
	last time.Time
}

// Listen binds the address; nothing is answered until Serve.
func Listen(cfg Config, reg *transfer.Registry) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(cfg.Addr))
	if err != nil {
		return nil, fault.New(fault.Unavailable, "ftp", "", "%w", err).
			WithHint("another FTP server may hold the port; ports below 1024 need root or CAP_NET_BIND_SERVICE")
	}
	return &Server{
		cfg: cfg, reg: reg, ln: ln, log: cfg.Logger, controls: map[string]*control{},
		perPeer: map[netip.Addr]int{}, failures: map[netip.Addr]failure{},
	}, nil
}

// Addr is the address listened on.
func (s *Server) Addr() netip.AddrPort { return s.ln.Addr().(*net.TCPAddr).AddrPort() }

// Serve answers until ctx ends, then closes every connection and waits for
// them. Call it once.
func (s *Server) Serve(ctx context.Context) error {
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { defer close(stopped); s.closeAll() })
	lib := ftpserver.NewFtpServer(&driver{srv: s, ctx: ctx})
	lib.Logger = s.log.With("part", "ftp")
	err := lib.Listen()
	if err == nil {
		err = lib.Serve()
	}
	if stop() {
		s.closeAll()
	} else {
		<-stopped
	}
	s.wg.Wait()
	if err != nil {
		return fault.New(fault.Internal, "ftp", s.Addr().String(), "%w", err)
	}
	return nil
}

func (s *Server) closeAll() {
	_ = s.ln.Close()
	s.mu.Lock()
	s.closing = true
	all := make([]*control, 0, len(s.controls))
	for _, c := range s.controls {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}

// settings are the library's.
func (s *Server) settings() *ftpserver.Settings {
	set := &ftpserver.Settings{
		Listener: listener{s.ln, s}, Banner: "ready",
		IdleTimeout: seconds(s.cfg.IdleTimeout), ConnectionTimeout: seconds(s.cfg.DataTimeout),
		ActiveTransferPortNon20: true, DefaultTransferType: ftpserver.TransferTypeBinary,
		DisableMLSD: true, DisableMLST: true, DisableMFMT: true, DisableSite: true, DisableSTAT: true,
		ActiveConnectionsCheck: ftpserver.IPMatchRequired, PasvConnectionsCheck: ftpserver.IPMatchRequired,
	}
	if s.cfg.PublicAddr.IsValid() {
		set.PublicHost = s.cfg.PublicAddr.String()
	}
	if p := s.cfg.PassivePorts; p[1] > 0 {
		set.PassiveTransferPortRange = ftpserver.PortRange{Start: int(p[0]), End: int(p[1])}
	}
	return set
}

func seconds(d time.Duration) int { return max(1, int(d/time.Second)) }

// listener hands the library only connections within the caps, each wrapped.
type listener struct {
	net.Listener
	srv *Server
}

// Accept gives the next connection within the caps; others are told 421.
func (l listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.srv.admit(conn); c != nil {
			return c, nil
		}
		_ = conn.SetWriteDeadline(time.Now().Add(time.Second))
		_, _ = conn.Write([]byte("421 Too many connections\r\n"))
		_ = conn.Close()
	}
}

func (s *Server) admit(conn net.Conn) *control {
	peer := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	addr := peer.Addr().Unmap()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || len(s.controls) >= s.cfg.MaxConns || s.perPeer[addr] >= s.cfg.MaxPerPeer {
		return nil
	}
	c := newControl(s, conn, netip.AddrPortFrom(addr, peer.Port()))
	s.controls[conn.RemoteAddr().String()] = c
	s.perPeer[addr]++
	s.wg.Add(1)
	return c
}

func (s *Server) dismiss(c *control) {
	s.mu.Lock()
	delete(s.controls, c.RemoteAddr().String())
	if s.perPeer[c.peer.Addr()]--; s.perPeer[c.peer.Addr()] == 0 {
		delete(s.perPeer, c.peer.Addr())
	}
	s.mu.Unlock()
	s.wg.Done()
}

// hold has Serve wait for a file in transfer; false once it is ending.
func (s *Server) hold() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	s.wg.Add(1)
	return true
}

func (s *Server) control(addr net.Addr) *control {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.controls[addr.String()]
}

// failed counts a failed login of the address and says how long to wait before
// the answer. An address is forgiven after a quarter of an hour.
func (s *Server) failed(addr netip.Addr) time.Duration {
	const forgive, most = 15 * time.Minute, 4096
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if len(s.failures) >= most {
		clear(s.failures) // bounded memory goes before a longer delay
	}
	f := s.failures[addr]
	if now.Sub(f.last) > forgive {
		f.n = 0
	}
	s.failures[addr] = failure{f.n + 1, now}
	return s.cfg.FailureDelay << min(f.n, 6)
}
