package personality

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"drydock/internal/secret"
	"drydock/internal/snmp"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
)

// Options say where a simulated device stands and how it is.
type Options struct {
	Address   netip.Addr // its own, in 127.0.0.0/8
	Port      uint16     // of its SNMP agent; 0: any free one
	Community string     // reads and writes; "" = public
	Serial    string
	Model     string
	// TFTPPort and FTPPort are the server's: the families' MIBs have no objects
	// for them, the well-known ports are meant. 0: 69 and 21.
	TFTPPort, FTPPort uint16
	Restart           time.Duration // how long it does not answer while it restarts
	Flash             int64         // octets of flash memory
	Config            string        // the startup configuration
	Image             string        // name of the image that it runs
	Version           string        // of that image
	Faults            map[string]int
	Age               time.Duration  // how long rows stay after their end; 0: 5 minutes, as the MIBs have it
	TrapSink          netip.AddrPort // where notifications go; nowhere where invalid
	Inform            bool           // notifications are informs, not traps
	User              *snmp.User     // of SNMPv3; nil: it is not spoken
}

// Box is a simulated device. Its methods may be called by many goroutines.
type Box struct {
	o     Options
	agent *snmp.Agent
	dev   *snmp.Device
	ctx   context.Context //nolint:containedctx // the device's own life, from Start to Close
	stop  context.CancelFunc
	work  sync.WaitGroup

	mu      sync.Mutex // owns what follows
	up      bool
	booted  time.Time
	boots   uint32
	scalars map[string]*scalar
	tables  []*table
	// judge looks at a whole SET before it is taken, settle acts on it after;
	// they may be nil.
	judge  func([]snmp.Varbind) (snmp.Status, int)
	settle func([]snmp.Varbind)
	faults map[string]int // what goes wrong, and how often yet
	done   []string       // what the device was made to do
}

// scalar is an object of its own.
type scalar struct {
	oid   snmp.OID // with .0, or a fixed instance
	read  func() snmp.Value
	check func(snmp.Value) snmp.Status // nil: not writable
	write func(snmp.Value)

	listed bool // an instance of a table that lists something
}

// start runs the device's agent.
func (b *Box) start(ctx context.Context, o Options) error {
	b.o, b.up, b.boots = o, true, 1
	b.booted = time.Now().Add(-40 * 24 * time.Hour) // a restart shows in sysUpTime
	b.faults = map[string]int{}
	for k, n := range o.Faults {
		b.faults[k] = n
	}
	if o.Age > 0 {
		for _, t := range b.tables {
			if t.age > 0 {
				t.age = o.Age
			}
		}
	}
	b.ctx, b.stop = context.WithCancel(ctx)
	community := o.Community
	if community == "" {
		community = "public"
	}
	b.dev = &snmp.Device{MIB: b, ReadCommunity: secret.New(community), WriteCommunity: secret.New(community), Uptime: b.sysUpTime}
	if o.User != nil {
		b.speakV3()
	}
	var err error
	b.agent, err = snmp.ListenAgent(snmp.AgentConfig{Addr: netip.AddrPortFrom(o.Address, o.Port), Log: slog.New(slog.DiscardHandler),
		Resolver: func(netip.Addr) (*snmp.Device, bool) {
			b.mu.Lock()
			defer b.mu.Unlock()
			return b.dev, b.up
		}})
	if err != nil {
		b.stop()
		return err
	}
	b.work.Go(func() { _ = b.agent.Serve(b.ctx) }) // it ends with ctx
	return nil
}

// Addr is where the device's SNMP agent answers.
func (b *Box) Addr() netip.AddrPort { return b.agent.Addr() }

// Close ends the device and waits until nothing of it is left.
func (b *Box) Close() {
	b.stop()
	b.work.Wait()
}

// Done lists what the device was made to do, in order.
func (b *Box) Done() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.done)
}

func (b *Box) uptime() uint32 { return uint32(time.Since(b.booted) / (10 * time.Millisecond)) }

// fault says whether something is to go wrong this time. It is called with the
// lock held.
func (b *Box) fault(name string) bool {
	if b.faults[name] == 0 {
		return false
	}
	b.faults[name]--
	return true
}

// later does something that takes time, without the lock.
func (b *Box) later(do func(ctx context.Context)) { b.work.Go(func() { do(b.ctx) }) }

// restart takes the device away for a while; on its return back is called with
// the lock held. It is called with the lock held.
func (b *Box) restart(back func()) {
	b.up = false
	b.done = append(b.done, "restart")
	b.later(func(ctx context.Context) {
		t := time.NewTimer(b.o.Restart)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		for _, t := range b.tables {
			clear(t.rows) // rows of requests do not survive
		}
		b.boots++
		b.up, b.booted = true, time.Now()
		back()
		b.notify(coldStart)
	})
}

// login is a server to move files with, and how.
type login struct {
	server         netip.Addr
	ftp            bool
	user, password string
}

func (b *Box) fetch(ctx context.Context, l login, name string, w io.Writer) error {
	if l.ftp {
		c := ftpclient.Client{LocalAddr: b.o.Address}
		_, err := c.Get(ctx, b.ftpLogin(l), name, 0, w)
		return err
	}
	c := tftp.Client{LocalAddr: netip.AddrPortFrom(b.o.Address, 0)}
	_, err := c.Get(ctx, netip.AddrPortFrom(l.server, orPort(b.o.TFTPPort, 69)), name, w)
	return err
}

func (b *Box) send(ctx context.Context, l login, name string, r interface {
	io.Reader
	io.ReaderAt
}, size int64) error {
	if l.ftp {
		c := ftpclient.Client{LocalAddr: b.o.Address}
		_, err := c.Put(ctx, b.ftpLogin(l), name, r)
		return err
	}
	c := tftp.Client{LocalAddr: netip.AddrPortFrom(b.o.Address, 0)}
	_, err := c.Put(ctx, netip.AddrPortFrom(l.server, orPort(b.o.TFTPPort, 69)), name, r, size)
	return err
}

func (b *Box) ftpLogin(l login) ftpclient.Login {
	return ftpclient.Login{Server: netip.AddrPortFrom(l.server, orPort(b.o.FTPPort, 21)), User: l.user, Password: secret.New(l.password)}
}

func orPort(port, otherwise uint16) uint16 {
	if port == 0 {
		return otherwise
	}
	return port
}
