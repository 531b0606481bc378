// Package server wires drydock's parts together and runs them: for drydock
// serve, for the demonstration and for tests. It holds no rule of its own; it
// is the one package, with main, that may import everything.
package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"drydock/internal/access"
	"drydock/internal/api"
	"drydock/internal/engine"
	"drydock/internal/engine/campaigns"
	"drydock/internal/engine/local"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/notify"
	"drydock/internal/secret"
	"drydock/internal/server/metrics"
	otlp "drydock/internal/server/tracing"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/tracing"
	"drydock/internal/transfer"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/tftp"
)

// Options are what a server is told. Empty addresses of TFTP, FTP and Trap
// leave that part out.
type Options struct {
	Data          string // directory: key, token, database, blobs
	Database      string // store URL; empty: drydock.db in Data
	HTTP          string
	URL           string // where people reach the page and the API, for links in notifications; empty: where HTTP listens
	Metrics       string // address that serves /metrics without a token; empty: none
	TFTP          string
	FTP           string
	FTPPassive    string // "FIRST-LAST"
	Trap          string
	ServerAddress string
	Drivers       string // directory with more drivers
	MIBDir        string // directory with MIB modules for the names in those
	Migrations    string // directory with more packs
	KeyFile       string // empty: key in Data
	Key           string // base64; instead of the file
	// ProvisioningPort is where TFTP servers that provision devices are; 0: 69.
	ProvisioningPort uint16
	SinglePort       bool
	ApproveAbove     int      // devices that one person may update in a campaign alone; 0: any number
	Rate             float64  // requests a second of one user or token; 0: 200
	TLSCert          string   // file with the certificate and what leads to its CA; empty: no TLS, unless OwnCA
	TLSKey           string   // file with its key
	OwnCA            bool     // TLS by a CA that is made in Data
	Proxies          []string // networks of proxies that end TLS before it
	TLSNames         []string // more names and addresses for the own CA's certificate
	Version          string
	// Drain is how long a server that is asked to stop lets the transfers under
	// way go on; 0: it breaks them off.
	Drain time.Duration
	Log   *slog.Logger
}

// Server is a running server.
type Server struct {
	URL        string
	Token      secret.String
	TFTPAddr   netip.AddrPort // where TFTP is served; invalid if nowhere
	FTPAddr    netip.AddrPort // where FTP is served; invalid if nowhere
	TrapAddr   netip.AddrPort // where notifications are heard; invalid if nowhere
	FirstStart bool           // there is no user yet
	// MetricsAddr is where /metrics is served without a token; invalid if nowhere.
	MetricsAddr netip.AddrPort

	store    *store.Store
	metrics  *metrics.Metrics
	ready    []part
	outbox   *notify.Outbox
	notifier *notify.Notifier
	tracer   *tracing.Tracer
	untrace  func(context.Context) error // sends the spans that there are
	grants   *transfer.Registry
	engine   *engine.Engine
	group    *errgroup.Group
	stop     context.CancelFunc // asks it to stop
	end      context.CancelFunc // ends everything at once
	stopping atomic.Bool
}

// Start starts every part; the server runs until ctx ends, and Drain at most
// longer, or until a part fails. On an error nothing is left running.
func Start(ctx context.Context, o Options) (s *Server, err error) {
	if o.Rate < 0 {
		return nil, fault.New(fault.Invalid, "", fmt.Sprintf("--rate %g", o.Rate), "it cannot be negative")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	keys, token, err := dataDirectory(o)
	if err != nil {
		return nil, unusable(o.Data, err)
	}
	database := o.Database
	if database == "" {
		database = filepath.Join(o.Data, "drydock.db")
	}
	meter, outbox := metrics.New(o.Version), &notify.Outbox{}
	st, err := store.Open(ctx, database, store.Options{Keyring: keys, Holder: holder(), Dir: o.Data, Log: o.Log, Observe: meter.Transaction, Outbox: outbox})
	if err != nil {
		return nil, err
	}
	s = &Server{Token: token, store: st, metrics: meter, outbox: outbox}
	if s.tracer, s.untrace, err = otlp.Start(ctx, o.Version, os.Getenv, o.Log); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	asked, stop := context.WithCancel(ctx)
	run, end := context.WithCancel(context.WithoutCancel(ctx))
	s.stop, s.end = stop, end
	s.group, run = errgroup.WithContext(run)
	err = s.parts(run, o, keys)
	if err == nil {
		var users []access.User
		users, err = st.Users(ctx)
		s.FirstStart = len(users) == 0
	}
	if err != nil {
		end()
		return nil, errors.Join(err, s.Wait())
	}
	s.group.Go(func() error { return s.untilStopped(asked, run, o) })
	return s, nil
}

// parts starts the listeners, then the runtime, then the API: a device that
// was told to come before a restart finds the file server up.
func (s *Server) parts(ctx context.Context, o Options, keys *secret.Keyring) error {
	config := engine.Config{ProvisioningPort: o.ProvisioningPort, Store: s.store, NameKey: keys.Derive("grant names"), Log: o.Log, Exchanged: s.metrics.Exchange, Tracer: s.tracer}
	var err error
	if config.Drivers, err = loadDrivers(o.Drivers, o.MIBDir); err != nil {
		return err
	}
	if config.Packs, err = loadPacks(o.Migrations); err != nil {
		return err
	}
	if o.ServerAddress != "" {
		if config.ServerAddress, err = netip.ParseAddr(o.ServerAddress); err != nil {
			return fault.New(fault.Invalid, "", "--server-address", "%w", err)
		}
	}
	s.add("server", s.goesOn)
	config.Grants = transfer.NewRegistry(transfer.Config{Observe: s.metrics.Transfer})
	s.group.Go(func() error { <-ctx.Done(); config.Grants.Shutdown(); return nil })
	if config.TFTPPort, err = s.serveTFTP(ctx, o, config.Grants); err != nil {
		return err
	}
	if config.FTPPort, err = s.serveFTP(ctx, o, config.Grants); err != nil {
		return err
	}
	var conductor *campaigns.Conductor
	config.Paces = func(run fleet.RunID) []*transfer.Pace { return conductor.Paces(run) }
	if err := s.tell(ctx, o, keys); err != nil {
		return err
	}
	eng := engine.New(config)
	s.grants, s.engine = config.Grants, eng
	runtime := local.New(local.Options{Journal: s.store, Performer: eng, Log: o.Log, Observe: s.metrics.Change})
	conductor = campaigns.New(campaigns.Config{Store: s.store, Engine: eng, Runtime: runtime, Log: o.Log, ApproveAbove: o.ApproveAbove})
	if err := conductor.Load(ctx); err != nil {
		return err
	}
	s.add("database", s.store.CheckDatabase)
	s.add("blobs", s.store.CheckBlobs)
	s.serving("engine", func() error { return runtime.Run(ctx) })
	s.group.Go(func() error { return lost(ctx, s.store) })
	s.serving("campaigns", func() error { return conductor.Run(ctx) })
	traps, err := s.receiveTraps(ctx, o, eng, runtime, conductor)
	if err != nil {
		return err
	}
	proxies, err := trusted(o.Proxies)
	if err != nil {
		return err
	}
	if err := s.observe(ctx, o, runtime, config.Grants, traps); err != nil {
		return err
	}
	return s.waysIn(ctx, o, api.Parts{Store: s.store, Engine: eng, Runtime: runtime, Campaigns: conductor, Token: s.Token, Rate: o.Rate, Proxies: proxies,
		Version: o.Version, Log: o.Log, Ready: s.Ready, Metrics: s.metrics.Handler()})
}

// Wait waits until the server has stopped and gives why, nil after a stop that
// was asked for.
func (s *Server) Wait() error {
	err := s.group.Wait()
	s.stop()
	s.end()
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	last, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	_ = s.untrace(last) // a collector that is not there must not make a stop a failure
	return errors.Join(err, s.store.Close())
}

// Stop stops the server and waits for it.
func (s *Server) Stop() error {
	s.stop()
	return s.Wait()
}

// lost ends the server when another process has taken the store.
func lost(ctx context.Context, st *store.Store) error {
	select {
	case err := <-st.Held():
		return err
	case <-ctx.Done():
		return nil
	}
}

func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	return fmt.Sprintf("%s, process %d, since %s", host, os.Getpid(), time.Now().Format(time.RFC3339))
}

// headerTimeout bounds how long a client may take for its request's header.
const headerTimeout = 10 * time.Second

func (s *Server) serveHTTP(ctx context.Context, o Options, handler http.Handler) error {
	secure, err := transport(o)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.HTTP)
	if err != nil {
		return cannotListen("HTTP", "--http", o.HTTP, err)
	}
	s.URL = "http://" + listener.Addr().String()
	if secure != nil {
		s.URL = "https://" + listener.Addr().String()
	} else if addr, ok := listener.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		o.Log.Warn("passwords and tokens cross the network in clear text: give --tls-cert and --tls-key, or --tls-own-ca", "http", o.HTTP)
	}
	server := &http.Server{Handler: strictTransport(handler), TLSConfig: secure, ReadHeaderTimeout: headerTimeout, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelWarn),
		BaseContext: func(net.Listener) context.Context { return ctx }}
	s.group.Go(func() error {
		serve := server.Serve
		if secure != nil {
			serve = func(l net.Listener) error { return server.ServeTLS(l, "", "") }
		}
		if err := serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	s.group.Go(func() error {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
		defer cancel()
		if server.Shutdown(end) != nil {
			return server.Close()
		}
		return nil
	})
	return nil
}

// stopTime is how long requests under way may take when the server stops.
const stopTime = 3 * time.Second

func (s *Server) serveTFTP(ctx context.Context, o Options, grants *transfer.Registry) (port int, err error) {
	if o.TFTP == "" {
		return 0, nil
	}
	addr, err := listenAddress("--tftp", o.TFTP)
	if err != nil {
		return 0, err
	}
	server, err := tftp.Listen(tftp.Config{Addr: addr, SinglePort: o.SinglePort, Logger: o.Log}, grants)
	if err != nil {
		return 0, cannotListen("TFTP", "--tftp", o.TFTP, err)
	}
	s.serving("tftp", func() error { return server.Serve(ctx) })
	s.TFTPAddr = server.Addr()
	return int(s.TFTPAddr.Port()), nil
}

func (s *Server) serveFTP(ctx context.Context, o Options, grants *transfer.Registry) (port int, err error) {
	if o.FTP == "" {
		return 0, nil
	}
	addr, err := listenAddress("--ftp", o.FTP)
	if err != nil {
		return 0, err
	}
	config := ftp.Config{Addr: addr, Logger: o.Log}
	if o.FTPPassive != "" {
		if _, err := fmt.Sscanf(o.FTPPassive, "%d-%d", &config.PassivePorts[0], &config.PassivePorts[1]); err != nil {
			return 0, fault.New(fault.Invalid, "", "--ftp-passive "+o.FTPPassive, "FIRST-LAST is expected, as 50000-50999")
		}
	}
	server, err := ftp.Listen(config, grants)
	if err != nil {
		return 0, cannotListen("FTP", "--ftp", o.FTP, err)
	}
	s.serving("ftp", func() error { return server.Serve(ctx) })
	s.FTPAddr = server.Addr()
	return int(s.FTPAddr.Port()), nil
}

// receiveTraps wakes the runs of the devices that send notifications, and the
// campaigns that wait for them to come back. A notification does nothing else
// (RELIABILITY.md I7).
func (s *Server) receiveTraps(ctx context.Context, o Options, eng *engine.Engine, runtime *local.Runtime, conductor *campaigns.Conductor) (*snmp.TrapReceiver, error) {
	if o.Trap == "" {
		return nil, nil
	}
	addr, err := listenAddress("--trap", o.Trap)
	if err != nil {
		return nil, err
	}
	users := func(from netip.Addr, engineID []byte) []snmp.User {
		return append(eng.UsersOf(from, engineID), conductor.UsersOf(from, engineID)...)
	}
	receiver, err := snmp.ListenTraps(snmp.TrapConfig{Addr: addr, Log: o.Log, UsersOf: users, Handler: func(n snmp.Notification) {
		for _, run := range eng.RunsOf(n) {
			runtime.Notice(run)
		}
		conductor.Heard(n)
	}})
	if err != nil {
		return nil, cannotListen("SNMP notifications", "--trap", o.Trap, err)
	}
	s.TrapAddr = receiver.Addr()
	s.serving("traps", func() error { return receiver.Serve(ctx) })
	return receiver, nil
}

// listenAddress reads HOST:PORT or :PORT; HOST is an address.
func listenAddress(flag, text string) (netip.AddrPort, error) {
	if strings.HasPrefix(text, ":") {
		text = "0.0.0.0" + text
	}
	addr, err := netip.ParseAddrPort(text)
	if err != nil {
		return addr, fault.New(fault.Invalid, "", flag+" "+text, "ADDRESS:PORT or :PORT is expected: %w", err)
	}
	return addr, nil
}

func cannotListen(what, flag, addr string, err error) error {
	e := fault.New(fault.Unavailable, "", what+" at "+addr, "%w", err)
	var form *net.AddrError
	var name *net.DNSError
	switch {
	case errors.As(err, &form), errors.As(err, &name):
		return e.WithHint("ADDRESS:PORT or :PORT is expected: %s 127.0.0.1:8480", flag)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return e.WithHint("this machine has no such address; all that it has: %s :PORT", flag)
	case errors.Is(err, fs.ErrPermission):
		return e.WithHint("ports below 1024 need root or the capability CAP_NET_BIND_SERVICE; another port: %s :PORT", flag)
	default:
		return e.WithHint("is another server there? another address: %s ADDRESS:PORT", flag)
	}
}
