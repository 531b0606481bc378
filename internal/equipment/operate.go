package equipment

import (
	"context"
	"errors"
	"time"

	"drydock/internal/secret"
	"drydock/internal/snmp"
)

// errRestart is the cause with which a restart ends an operation.
var errRestart = errors.New("the equipment restarted")

// start begins a row's operation. The lock is held.
func (e *Equipment) start(r *row, dev Deviation) {
	r.state = Running
	e.observe(Effect{What: "start", Order: r.Order})
	if dev.Hang {
		return
	}
	e.current, e.cancel, e.doomed = r, nil, false
	e.opts.Go(func(ctx context.Context) { e.operate(ctx, r, dev) })
}

// operate does a row's operation from its start to its notification.
func (e *Equipment) operate(owner context.Context, r *row, dev Deviation) {
	ctx, cancel := context.WithCancelCause(owner)
	defer cancel(nil)
	e.mu.Lock()
	e.cancel = cancel
	order := r.Order
	if e.doomed {
		cancel(errRestart)
	}
	e.mu.Unlock()

	if e.opts.Box != nil {
		e.operateBox(ctx, r, order, false)
		return
	}
	err := e.do(ctx, order, dev)
	if errors.Is(context.Cause(ctx), errRestart) || errors.Is(err, errRestart) {
		err = failed(InternalError, "interrupted by a restart")
		e.restart(owner, dev)
	}
	e.finish(owner, r, err, dev.Silent)
}

// do is the operation itself.
func (e *Equipment) do(ctx context.Context, o Order, dev Deviation) error {
	if err := e.misbehave(ctx, o, dev); err != nil {
		return err
	}
	u := UpdateControl{e: e, dev: dev}
	switch o.Type {
	case Backup:
		return u.Transmit(ctx, o.Server, o.Names[0])
	case Update:
		if err := u.Load(ctx, o.Server, o.Names, o.Digests); err != nil {
			return err
		}
		e.progress(80)
		if changed := e.restart(ctx, dev); !changed && !dev.Lie {
			return failed(BadImage, "the new image did not come up: the old one runs again")
		}
		return nil
	case Recover:
		var digest string
		if len(o.Digests) > 0 {
			digest = o.Digests[0]
		}
		return u.Recover(ctx, o.Server, o.Names[0], digest)
	case Keep:
		return u.Keep(ctx)
	case RestoreFiles:
		if err := u.Restore(ctx); err != nil {
			return err
		}
		e.progress(50)
		if changed := e.restart(ctx, dev); !changed && !dev.Lie {
			return failed(BadImage, "the kept image did not come up: the other one runs again")
		}
		return nil
	case Reboot:
		e.restart(ctx, dev)
		return nil
	case Modify:
		return u.AssessAndModify(ctx, e.opts.Pack)
	}
	return failed(InternalError, "there is no operation %d", o.Type)
}

// restarts says whether an operation of the type restarts the equipment.
func (t Type) restarts() bool { return t == Update || t == RestoreFiles || t == Reboot }

// misbehave is what a simulated deviation does before the operation.
func (e *Equipment) misbehave(ctx context.Context, o Order, dev Deviation) error {
	if err := wait(ctx, dev.Slow); err != nil {
		return err
	}
	switch {
	case dev.Fail != nil:
		return dev.Fail
	case dev.Restart:
		return errRestart
	}
	if dev.As != nil && !o.Type.restarts() {
		e.mu.Lock()
		e.become(*dev.As)
		e.mu.Unlock()
	}
	return nil
}

// progress notes how much of the running operation is done, in percent.
func (e *Equipment) progress(percent int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.current != nil {
		e.current.progress = percent
	}
}

// finish notes the operation's end in its row and notifies of it.
func (e *Equipment) finish(ctx context.Context, r *row, err error, silent bool) {
	e.mu.Lock()
	e.current, e.cancel = nil, nil
	r.Server.Password = secret.String{}
	r.state, r.progress, r.failure = Succeeded, 100, Failure{}
	if err != nil {
		r.state, r.failure = Failed, *causeOf(err)
	}
	e.observe(Effect{What: "end", Order: r.Order, State: r.state, Cause: r.failure.Cause})
	n := e.notification(r)
	if err := e.remember(); err != nil {
		e.opts.Log.Error("operation table was not saved", "err", err)
	}
	e.mu.Unlock()
	e.opts.Log.Debug("operation ended", "device", e.Identity().Serial, "row", r.Index, "type", r.Type.String(), "err", err)
	if !silent {
		e.notify(ctx, n)
	}
}

// notification is what the MIB says is sent at the end of an operation.
func (e *Equipment) notification(r *row) Notification {
	n := Notification{Type: deOperationFinished}
	if r.state == Failed {
		n.Type = deOperationFailed
	}
	n.Bindings = []snmp.Varbind{
		{OID: deOperationEntry.Append(deOperType, r.Index), Value: integer(int(r.Type))},
		{OID: deOperationEntry.Append(deOperState, r.Index), Value: integer(int(r.state))},
		{OID: deOperationEntry.Append(deOperFailureCause, r.Index), Value: integer(int(r.failure.Cause))},
		{OID: deIdentity.Append(deSerialNumber, 0), Value: octets(e.identity.Serial)},
	}
	return n
}

func (e *Equipment) notify(ctx context.Context, n Notification) {
	if e.opts.Notifier != nil && ctx.Err() == nil {
		e.opts.Notifier.Notify(ctx, n)
	}
}

// PowerCycle restarts the equipment as a power cut does. An operation that runs
// ends as failed. While the equipment restarts anyway, nothing happens.
func (e *Equipment) PowerCycle() {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case !e.up:
	case e.current == nil:
		e.up = false
		e.opts.Go(func(ctx context.Context) { e.restart(ctx, Deviation{}) })
	case e.cancel != nil:
		e.cancel(errRestart)
	default:
		e.doomed = true
	}
}

// restart lets the equipment be silent for a time and come back with the image
// that was loaded, if any. It says whether that is another bank's.
func (e *Equipment) restart(ctx context.Context, dev Deviation) (changed bool) {
	e.mu.Lock()
	e.up = false
	e.mu.Unlock()
	_ = wait(ctx, e.opts.Timings.Restart) // a restart that is cut short is one
	e.mu.Lock()
	changed = e.flash.Start(!dev.OldBank)
	e.up, e.started = true, time.Now()
	e.boots++
	if dev.As != nil {
		e.become(*dev.As)
	}
	e.observe(Effect{What: "restart"})
	e.mu.Unlock()
	if !dev.Silent {
		e.notify(ctx, Notification{Type: coldStart})
	}
	return changed
}
