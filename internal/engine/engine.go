// Package engine does what the procedure asks for: it turns an action into
// SNMP exchanges through a driver, grants for the transfers, sealed backups and
// migrated configurations, and reports what came of it as an event.
//
// It keeps no state of a run: that is in the journal. A runtime (engine/local)
// advances runs and calls Performer; another runtime can call it as well.
//
// Invariants: the identity is read again before every effect (RELIABILITY.md
// I6); a load begins only if the run's backup can be opened at that moment
// (I1); names of grants follow from the run and the token of the effect, so
// that a process that takes a run over serves the same files.
package engine

import (
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/tracing"
	"drydock/internal/transfer"
)

// Config is what an Engine stands on.
type Config struct {
	Store   *store.Store
	Drivers *driver.Set
	Packs   map[string]*migrate.Pack
	Grants  *transfer.Registry
	// NameKey derives the names of grants; it must outlive the process.
	NameKey [32]byte
	// ServerAddress is where devices reach this server; zero: the local address
	// that routes to each device.
	ServerAddress netip.Addr
	TFTPPort      int // 0: no TFTP server
	FTPPort       int // 0: no FTP server
	// ProvisioningPort is where the TFTP servers are that provision devices; 0: 69.
	ProvisioningPort uint16
	// SNMPTimeout and SNMPRetries bound one request; zero: 2 s and 2.
	SNMPTimeout time.Duration
	SNMPRetries int
	// Paces gives what the downloads of a run's images are bounded by; nil: by
	// nothing.
	Paces func(fleet.RunID) []*transfer.Pace
	// Exchanged is told of every SNMP request once it is over; nil: nobody.
	Exchanged func(snmp.Exchange)
	Tracer    *tracing.Tracer  // nil: nothing is traced
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger
}

// Engine is the part of drydock that knows how things are done. It may be used
// by many goroutines.
type Engine struct {
	Config

	buffers  snmp.Pool
	held     atomic.Bool
	mu       sync.Mutex // owns what follows
	holds    map[fleet.RunID]*hold
	at       map[sender]map[fleet.RunID]*hold // the same by what the device sends from; several devices may share an address
	progress map[fleet.RunID]Progress
	trying   map[fleet.DeviceID]bool // a trial is at work on it
}

// Runtime advances runs. engine/local implements it.
type Runtime interface {
	// Start makes a run durable and lets it go; the same key gives the same run.
	Start(ctx context.Context, plan procedure.Plan, requestKey string) (fleet.RunID, error)
	// Answer answers a question; the first answer wins, a later one gets
	// fault.Conflict.
	Answer(ctx context.Context, run fleet.RunID, reply procedure.Reply) (procedure.State, error)
	// Cancel stops a run before its next effect.
	Cancel(ctx context.Context, run fleet.RunID, by string) (procedure.State, error)
	// CancelGently stops a run that has not begun to load; fault.Conflict if it
	// has: that one goes through to its end.
	CancelGently(ctx context.Context, run fleet.RunID, by string) (procedure.State, error)
	// Watch gives changes until ctx ends; a slow watcher loses some and is told.
	Watch(ctx context.Context) <-chan Change
	// WatchAfter is Watch that goes on after the change with number no: those
	// since come first. Where they are not kept any more, a bare Gap does.
	WatchAfter(ctx context.Context, no uint64) <-chan Change
}

// Change is one step of one run, as watchers see it.
type Change struct {
	No    uint64 // counts the changes of all runs; larger after every start of the server
	Run   fleet.RunID
	Seq   int
	Event procedure.Event
	State procedure.State
	Gap   bool // changes before this one were left out
}

// New makes an engine.
func New(c Config) *Engine {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.SNMPTimeout == 0 {
		c.SNMPTimeout = 2 * time.Second
	}
	if c.SNMPRetries == 0 {
		c.SNMPRetries = 2
	}
	return &Engine{Config: c, holds: map[fleet.RunID]*hold{}, at: map[sender]map[fleet.RunID]*hold{}, progress: map[fleet.RunID]Progress{}, trying: map[fleet.DeviceID]bool{}}
}

// Hold has the engine begin no effect from now on: what it is told to perform
// waits until its context ends. What it has begun goes on. The next process
// finds an intent of which the device knows nothing, and performs it.
func (e *Engine) Hold() { e.held.Store(true) }

// Progress of the operation that is under way; nil where nothing is known.
func (e *Engine) Progress(st procedure.State) *Progress {
	e.mu.Lock()
	defer e.mu.Unlock()
	p, ok := e.progress[st.Plan.Run]
	if !ok || p.Op != st.Op || st.Phase == procedure.Ended {
		return nil
	}
	return &p
}

func (e *Engine) setProgress(run fleet.RunID, p Progress) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.progress[run] = p
}

// Families describes the families that can be commanded.
func (e *Engine) Families() []Family {
	var list []Family
	for _, name := range e.Drivers.Names() {
		if d, ok := e.Drivers.Get(name); ok {
			list = append(list, family(d))
		}
	}
	return list
}

// Family describes one family; fault.NotFound if there is no driver for it.
func (e *Engine) Family(name string) (Family, error) {
	d, err := e.driver(name)
	if err != nil {
		return Family{}, err
	}
	return family(d), nil
}

// CheckFiles refuses a release with a file whose role its family does not know,
// or with two in one role (fault.Invalid); fault.NotFound if there is no driver
// for it. What is found here would otherwise be found at the first load.
func (e *Engine) CheckFiles(r fleet.Release) error {
	d, err := e.driver(r.Driver)
	if err != nil {
		return err
	}
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "release "+string(r.ID), format, args...)
	}
	count, known := map[string]int{}, []string(nil)
	for _, f := range r.Files {
		count[f.Role]++
	}
	for _, role := range d.Files() {
		known = append(known, role.Role)
		if n := count[role.Role]; n > 1 {
			return wrong("%d files have the role %q", n, role.Role)
		}
	}
	for _, f := range r.Files {
		if !slices.Contains(known, f.Role) {
			return wrong("file %s has the role %q; it can be %s", f.Name, f.Role, listed(known))
		}
	}
	return nil
}

// CheckCredentials refuses credentials of an SNMP version that a family does
// not speak (fault.Invalid); fault.NotFound if there is no driver for it.
func (e *Engine) CheckCredentials(name string, c fleet.Credentials) error {
	d, err := e.driver(name)
	if err != nil {
		return err
	}
	if spoken := d.Quirks().SNMPVersions; len(spoken) > 0 && !slices.Contains(spoken, c.Version) {
		return fault.New(fault.Invalid, "", "", "driver %s: the family does not speak SNMP%s, but %s", name, c.Version, listed(spoken)).
			WithHint("give credentials of a version that it speaks, as --snmp %s", spoken[len(spoken)-1])
	}
	return nil
}

func (e *Engine) driver(name string) (*driver.Driver, error) {
	d, ok := e.Drivers.Get(name)
	if !ok {
		return nil, fault.New(fault.NotFound, "", "driver "+name, "there is no such driver").
			WithHint("drydock driver list names them; drydock serve --drivers DIR adds those of a folder")
	}
	return d, nil
}

// CheckPack says whether there is a migration pack of that name.
func (e *Engine) CheckPack(name string) error {
	_, err := e.pack(name)
	return err
}

func (e *Engine) pack(name string) (*migrate.Pack, error) {
	if p := e.Packs[name]; p != nil {
		return p, nil
	}
	return nil, fault.New(fault.NotFound, "", "migration pack "+name, "there is no such pack").
		WithHint("drydock serve --migrations DIR adds packs")
}
