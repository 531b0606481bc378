package equipment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"
)

// Identity is who the equipment is.
type Identity struct {
	Serial   string
	Model    string
	Name     string // sysName
	EngineID string // snmpEngineID, RFC 3411: 5 to 32 octets
	Ports    int    // FXS ports
}

// Timings are how long things take beside the transfers. Real equipment takes
// the time it takes and has zero here.
type Timings struct {
	Restart    time.Duration // no answer meanwhile
	Backup     time.Duration // before the first octet
	LoadPerMiB time.Duration
	Recover    time.Duration // also modify
	Keep       time.Duration // also the writing of restoreFiles
}

// Options are what an Equipment is made of. Identity, Image, Config, Factory,
// Capacity, Files and Go are needed.
type Options struct {
	Identity Identity
	Image    Image         // runs at first
	Config   Configuration // of that image
	Factory  func(generation int) Configuration
	Capacity int64 // of the flash, in octets
	Timings  Timings
	Strict   bool     // new software refuses the old form of the configuration
	Pack     Migrator // for modify; that operation fails without one

	// Box is real equipment. Where there is one, Image, Config, Factory,
	// Capacity, Timings, Strict, Pack, Files and Deviate are not used.
	Box      Box
	Memory   Memory             // what Remember was last given; zero for new equipment
	Remember func(Memory) error // makes it durable; nil: nothing outlives the process

	Files    FileClient
	Notifier Notifier // nil: no notifications
	// Go runs work in a goroutine of its owner, who cancels its context at the
	// end and waits for it. It is called with locks held and must not block on
	// the equipment.
	Go  func(work func(context.Context))
	Log *slog.Logger // nil: none

	// Deviate is asked at the start of every operation what goes wrong in it;
	// nil: nothing does. It and Observe are called with the equipment's lock held.
	Deviate func(Order) Deviation
	Observe func(Effect) // nil: nobody looks
}

// Deviation is what the equipment does otherwise than it should in one
// operation. Only a simulation has any.
type Deviation struct {
	Refuse  bool          // the Set is refused
	Slow    time.Duration // later than otherwise
	Fail    *Failure      // fails so, and nothing was changed
	Silent  bool          // sends no notification at its end
	Hang    bool          // never begins: its row says running for ever, and another operation may start
	Lie     bool          // says that it succeeded and has changed nothing
	Restart bool          // restarts in the middle
	OldBank bool          // the loaded image does not come up
	As      *Identity     // is somebody else from the next restart on, or at once where there is none
	Lose    int           // loses as many lines of the configuration that it recovers
	Files   FileClient    // transfers go this way
}

// Effect is something that happened to the equipment, for tests.
type Effect struct {
	Time   time.Time
	Serial string
	What   string // "start", "end", "restart", "identity"
	Order  Order  // of start and end
	State  State  // of end
	Cause  Cause  // of end

	Identity Identity // of identity: who it is from now on
}

// Equipment is one device. Its methods may be called at once.
type Equipment struct {
	opts Options

	mu       sync.Mutex // owns what follows
	identity Identity
	flash    Flash
	up       bool
	boots    uint32
	started  time.Time
	rows     []*row                  // by index
	born     uint64                  // rows made so far
	current  *row                    // running, or nil
	cancel   context.CancelCauseFunc // ends the running operation; nil until its goroutine runs
	doomed   bool                    // it is to be ended as soon as it runs
}

// New makes an Equipment that is up and runs its first image.
func New(o Options) *Equipment {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	e := &Equipment{
		opts: o, identity: o.Identity, up: true, boots: o.Memory.Boots + 1, started: time.Now(),
		flash: NewFlash(o.Capacity, Bank{Image: o.Image, Config: o.Config}),
	}
	for _, m := range o.Memory.Rows {
		e.addRow(m.row())
	}
	return e
}

// Interface is the interface unit.
func (e *Equipment) Interface() InterfaceUnit { return InterfaceUnit{e} }

// Control is the update control unit. While the management system commands it
// through the interface unit, nobody else should.
func (e *Equipment) Control() UpdateControl { return UpdateControl{e: e} }

// Up says whether the equipment answers: not while it restarts.
func (e *Equipment) Up() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.up
}

// Identity is who the equipment says it is.
func (e *Equipment) Identity() Identity {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.identity
}

// Engine gives snmpEngineBoots and snmpEngineTime in seconds (RFC 3414).
func (e *Equipment) Engine() (boots, seconds uint32) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.boots, uint32(time.Since(e.started) / time.Second)
}

// Flash gives a copy of the flash.
func (e *Equipment) Flash() *Flash {
	e.mu.Lock()
	defer e.mu.Unlock()
	f := e.flash
	return &f
}

// Configuration is the running configuration.
func (e *Equipment) Configuration() Configuration {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.configuration()
}

// configuration is the running configuration. What was found out about a lazy
// one is remembered.
func (e *Equipment) configuration() Configuration {
	c := e.flash.Running().Config
	if c.generate != nil && c.version == "" {
		c = c.known()
		e.flash.Save(c)
	}
	return c
}

// Uptime is sysUpTime.
func (e *Equipment) Uptime() uint32 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.uptime()
}

// become makes the equipment somebody else. The lock is held.
func (e *Equipment) become(id Identity) {
	e.identity = id
	e.observe(Effect{What: "identity", Identity: id})
}

// uptime is sysUpTime: hundredths of a second since the start, modulo 2^32.
func (e *Equipment) uptime() uint32 { return uint32(time.Since(e.started) / (10 * time.Millisecond)) }

func (e *Equipment) deviation(o Order) Deviation {
	if e.opts.Deviate == nil {
		return Deviation{}
	}
	return e.opts.Deviate(o)
}

func (e *Equipment) observe(effect Effect) {
	if e.opts.Observe != nil {
		effect.Time, effect.Serial = time.Now(), e.identity.Serial
		e.opts.Observe(effect)
	}
}

func hexDigest(d [sha256.Size]byte) string { return hex.EncodeToString(d[:]) }
