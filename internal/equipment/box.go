package equipment

import (
	"context"
	"errors"
	"time"

	"drydock/internal/snmp"
)

// Box is real equipment: what does the operations where there is no simulated
// flash.
type Box interface {
	// Facts are what deIdentity shows. It must not block: it is called with the
	// equipment's lock held, for every object that is read.
	Facts() Facts
	// Do carries out one operation to its end and returns a *Failure where it
	// fails. One is called at a time. Where ctx ends before the operation does,
	// the process is about to end: the operation then goes on in the next one,
	// which calls Do with Run.Resumed.
	Do(ctx context.Context, o Order, run Run) error
}

// Run is how an operation tells of itself.
type Run struct {
	Resumed   bool      // it was begun by a process that is no more
	Progress  func(int) // in percent
	Restarted func()    // the equipment has restarted and this process has not
}

// Facts are what a Box is and what runs on it.
type Facts struct {
	Version       string // of the running software
	Kept          string // version of the kept software; empty: nothing is kept
	Free          int64  // room for files, in octets
	Boots         uint32 // starts since it was made
	ConfigVersion string
	PortsUp       int
	ImageDigest   string // hexadecimal SHA-256, or empty where the file is not known
	ConfigDigest  string // hexadecimal SHA-256 of what backup would send
	Interfaces    []InterfaceFact
}

// InterfaceFact is a network interface of a Box.
type InterfaceFact struct {
	Name string
	Up   bool
}

// version is deSoftwareVersion.
func (e *Equipment) version() string {
	if e.opts.Box != nil {
		return e.opts.Box.Facts().Version
	}
	return e.flash.Running().Image.Version
}

// facts are the Box's, or those of the simulated flash.
func (e *Equipment) facts() Facts {
	if e.opts.Box != nil {
		return e.opts.Box.Facts()
	}
	running, config := e.flash.Running(), e.configuration()
	return Facts{Version: running.Image.Version, Kept: e.flash.Kept().Image.Version, Free: e.flash.Free(), Boots: e.boots,
		ConfigVersion: running.Image.ConfigVersion(), PortsUp: config.PortsUp(), ImageDigest: hexDigest(running.Image.Digest),
		ConfigDigest: hexDigest(config.Digest())}
}

// operateBox lets the Box do a row's operation. What does not end because the
// process does stays running in the row, for Resume.
func (e *Equipment) operateBox(ctx context.Context, r *row, o Order, resumed bool) {
	err := e.opts.Box.Do(ctx, o, Run{Resumed: resumed, Progress: e.progress, Restarted: e.restarted})
	if err != nil && ctx.Err() != nil && errors.Is(context.Cause(ctx), context.Canceled) {
		return
	}
	e.finish(ctx, r, err, false)
}

// Resume goes on with the operation that the process before this one did not
// end, if there is one. It is called once, before requests are answered.
func (e *Equipment) Resume() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, r := range e.rows {
		if r.state != Running || e.opts.Box == nil {
			continue
		}
		e.current = r
		e.observe(Effect{What: "start", Order: r.Order})
		e.opts.Go(func(ctx context.Context) { e.operateBox(ctx, r, r.Order, true) })
		return
	}
}

// restarted notes a restart that this process has outlived.
func (e *Equipment) restarted() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.boots++
	e.started = time.Now()
	e.observe(Effect{What: "restart"})
	if err := e.remember(); err != nil {
		e.opts.Log.Error("operation table was not saved", "err", err)
	}
}

// ColdStart is the notification of SNMPv2-MIB that the equipment has started.
func ColdStart() Notification { return Notification{Type: coldStart} }

// Subtree is drydockEquipmentMIB: all objects below it are the equipment's own,
// and none of another agent's.
func Subtree() snmp.OID { return root.Append() }
