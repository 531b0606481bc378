package engine

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"net/netip"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/tracing"
)

// hold is what a run has in this process: its open grants and the channel
// that wakes its wait.
type hold struct {
	senders []sender  // that the device is known by
	user    snmp.User // SNMPv3, that it is known by
	wake    chan struct{}
	grants  map[string]*file // by name of the grant
	// seen is what became of files whose grants are closed, by name: an effect
	// that is awaited or probed later may have had its transfer before.
	seen    map[string]driver.Transfer
	blksize int // TFTP's, that seems to come through to the device; 0 = nothing known
}

func (e *Engine) hold(run fleet.RunID) *hold {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := e.holds[run]
	if h == nil {
		h = &hold{wake: make(chan struct{}, 1), grants: map[string]*file{}, seen: map[string]driver.Transfer{}}
		e.holds[run] = h
	}
	return h
}

// Wake makes the run's wait poll now.
func (e *Engine) Wake(run fleet.RunID, _ uint64) {
	e.mu.Lock()
	h := e.holds[run]
	e.mu.Unlock()
	if h == nil {
		return
	}
	select {
	case h.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Finish closes everything that the run holds.
func (e *Engine) Finish(run fleet.RunID) {
	e.mu.Lock()
	h := e.holds[run]
	delete(e.holds, run)
	delete(e.progress, run)
	if h != nil {
		e.leave(h, run)
	}
	e.mu.Unlock()
	if h != nil {
		e.closeGrants(h)
	}
}

// task is one action being carried out.
type task struct {
	*Engine
	state   procedure.State
	action  procedure.Action
	report  func(procedure.Event)
	device  fleet.Device
	driver  *driver.Driver
	address netip.AddrPort
	session *snmp.Session
	hold    *hold
	ordered []*file         // as given to the driver
	tried   func(TrialStep) // of a trial: told of each step; else nil
	quiet   bool            // of a trial: this part is not told
	log     *slog.Logger
	span    tracing.Span

	evidence store.Evidence // what was said and heard
	source   string         // of the configuration, where it is not the device itself
}

// Do carries out one action and reports what came of it. It reports nothing
// after ctx has ended: whoever ended it knows.
func (e *Engine) Do(ctx context.Context, state procedure.State, action procedure.Action, report func(procedure.Event)) {
	if action.Kind == procedure.Perform && e.held.Load() {
		<-ctx.Done()
		return
	}
	ctx, span := e.Tracer.Start(tracing.Resume(ctx, state.Plan.Trace), fmt.Sprintf("%s %s", action.Kind, action.Op), tracing.Internal,
		tracing.String("drydock.run", state.Plan.Run), tracing.String("drydock.device", state.Plan.Device),
		tracing.String("drydock.step", state.Step), tracing.Int("drydock.attempt", state.Attempts[state.Step]))
	t := &task{Engine: e, state: state, action: action, hold: e.hold(state.Plan.Run), span: span, log: e.Log.With("run", state.Plan.Run,
		"device", state.Plan.Device, "step", state.Step, "op", action.Op, "attempt", state.Attempts[state.Step])}
	if id := tracing.ID(ctx); id != "" {
		t.log = t.log.With("trace", id)
	}
	began := e.Now()
	t.evidence.Began = began
	t.report = func(ev procedure.Event) {
		ev.Format, ev.At, ev.Token = procedure.Format, e.Now(), action.Token
		report(ev)
	}
	ev := t.outcome(ctx)
	t.closeSession()
	span.End(string(ev.Cause))
	t.log.Debug("action ended", "action", action.Kind, "event", ev.Kind, "cause", ev.Cause, "detail", ev.Detail, "elapsed", e.Now().Sub(began))
	if ctx.Err() == nil {
		t.report(ev)
	}
	t.keepEvidence(ctx)
}

// outcome carries the action out and gives its outcome.
func (t *task) outcome(ctx context.Context) procedure.Event {
	var err error
	if t.device, err = t.Store.Device(ctx, t.state.Plan.Device); err != nil {
		return serverFailed(err)
	}
	if t.driver, err = t.Engine.driver(t.device.Driver); err != nil {
		return serverFailed(err)
	}
	if t.action.Op == procedure.OpAssess {
		return t.assess(ctx)
	}
	if t.address, err = resolve(ctx, t.device.Address); err != nil {
		return procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: err.Error()}
	}
	t.known()
	switch t.action.Op {
	case procedure.OpPreflight:
		return t.preflight(ctx)
	case procedure.OpIdentify:
		return t.identifyAgain(ctx)
	}
	return t.effect(ctx)
}

// effect performs, awaits or probes an effect.
func (t *task) effect(ctx context.Context) procedure.Event {
	mode := map[procedure.ActionKind]driver.Mode{
		procedure.Perform: driver.Perform, procedure.Await: driver.Await, procedure.Probe: driver.Probe}[t.action.Kind]
	if mode == driver.Perform {
		if ev := t.mayPerform(ctx); ev != nil {
			return *ev
		}
	}
	if provisioned(t.driver) && isBackup(t.action.Op) {
		return t.backUpProvisioned(ctx, mode)
	}
	op, _ := driver.OperationOf(t.action.Op)
	inputs, err := t.inputs(ctx)
	if err != nil {
		return serverFailed(err)
	}
	result := t.drive(ctx, op, mode, inputs)
	if mode != driver.Probe {
		defer t.endTransfers()
	}
	if result.Verdict == procedure.Succeeded {
		return t.succeeded(ctx, mode, result)
	}
	if mode == driver.Probe {
		return procedure.Event{Kind: procedure.Probed, Verdict: result.Verdict, Cause: result.Cause, Detail: result.Detail}
	}
	return t.failed(result)
}

// mayPerform checks, right before an effect, that it goes to the device that
// the run is for, and before a load that the backup can be opened. It gives the
// failure if not; nothing was commanded then.
func (t *task) mayPerform(ctx context.Context) *procedure.Event {
	seen, ev := t.identify(ctx)
	if ev != nil {
		return ev
	}
	if !t.state.Identity.Matches(seen.Identity) {
		return &procedure.Event{Kind: procedure.Faulted, Cause: procedure.IdentityChanged,
			Detail: fmt.Sprintf("the run is for serial %q, serial %q answers at %s; nothing was commanded",
				t.state.Identity.Serial, seen.Identity.Serial, t.address)}
	}
	if t.action.Op == procedure.OpUpdate {
		if _, _, err := t.Store.OpenBackup(ctx, t.state.Backup.ID); err != nil {
			failed := serverFailed(err)
			return &failed
		}
	}
	return nil
}

// failed is the outcome of an effect that ended badly. What the server saw of
// the transfer says more than the device's own words.
func (t *task) failed(r driver.Result) procedure.Event {
	ev := procedure.Event{Kind: procedure.Faulted, Cause: r.Cause, Detail: r.Detail, Unclear: r.Unclear}
	for _, f := range t.hold.grants {
		if f.upload != nil {
			if err := f.upload.failure(); err != nil {
				ev.Cause, ev.Detail = err.cause, err.Error()
			}
		}
	}
	if ev.Cause == "" {
		ev.Cause = procedure.DeviceFailed
	}
	return ev
}

// succeeded is the outcome of an effect that ended well, with what the
// procedure needs to know of it.
func (t *task) succeeded(ctx context.Context, mode driver.Mode, r driver.Result) procedure.Event {
	kind := procedure.Finished
	if mode == driver.Probe {
		kind = procedure.Probed
	}
	ev := procedure.Event{Kind: kind, Verdict: r.Verdict, Detail: r.Detail}
	if kind == procedure.Finished {
		ev.Verdict = ""
	}
	switch t.action.Op {
	case procedure.OpBackup, procedure.OpVerify, procedure.OpProveRestore:
		backup, err := t.Store.Backup(ctx, t.backupID())
		if err != nil && mode == driver.Probe {
			// without the backup the procedure knows that the transfer failed
			ev.Detail = "the device has sent its configuration, but it did not arrive"
			return ev
		}
		if err != nil {
			return procedure.Event{Kind: procedure.Faulted, Cause: procedure.TransferFailed,
				Detail: fmt.Sprintf("the device says that it has sent its configuration, but it did not arrive: %v", err)}
		}
		return t.received(ctx, ev, backup)
	}
	return ev
}

// received adds the facts of a backup that has arrived.
func (t *task) received(ctx context.Context, ev procedure.Event, b fleet.Backup) procedure.Event {
	ref := refTo(b)
	if t.action.Op == procedure.OpBackup {
		ev.Backup = &ref
		return ev
	}
	comparison, err := t.compare(ctx, ref)
	if err != nil {
		return serverFailed(err)
	}
	ev.Comparison = comparison
	if t.action.Op == procedure.OpVerify && comparison.Lost+comparison.Changed == 0 {
		if problem := t.unhealthy(ctx); problem != "" {
			return procedure.Event{Kind: procedure.Faulted, Cause: procedure.HealthFailed, Detail: problem, Comparison: comparison}
		}
	}
	return ev
}

func refTo(b fleet.Backup) procedure.BackupRef {
	return procedure.BackupRef{ID: b.ID, Run: b.Run, Device: b.Device, Digest: b.Digest}
}

// backupID names what the device sends under the newest effect; a process that
// takes the run over finds it by this.
func (t *task) backupID() fleet.BackupID {
	return fleet.BackupID(fmt.Sprintf("%s-b%d", t.state.Plan.Run, t.action.Effect))
}

// row derives the row index of the operation from the run and the effect's
// token.
func (t *task) row() uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", t.state.Plan.Run, t.action.Effect)
	return max(1, h.Sum32()&0x7fffffff) // row indexes of many families are positive Integer32
}

// serverFailed is the outcome when drydock itself could not do its part.
func serverFailed(err error) procedure.Event {
	detail := err.Error()
	if hint := fault.HintOf(err); hint != "" {
		detail += " (" + hint + ")"
	}
	return procedure.Event{Kind: procedure.Faulted, Cause: procedure.ServerFailed, Detail: detail}
}
