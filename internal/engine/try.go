package engine

import (
	"context"
	"fmt"
	"strings"
	"time"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/transfer"
)

// Trial asks for one operation of a driver, which need not be among the
// server's, on one device. No run is made of it, and nothing follows it.
type Trial struct {
	Device        fleet.DeviceID
	Driver        *driver.Driver
	Operation     driver.Operation
	DryRun        bool            // show what would be sent, and send none of it
	Protocol      string          // empty: the driver's first that is served
	Release       fleet.ReleaseID // update: whose files are offered
	Backup        fleet.BackupID  // recover: what is offered
	Configuration []byte          // recover: instead of a backup
	Timeout       time.Duration   // 0: the driver's
}

// TrialStep is one thing that a trial does, as it happens.
type TrialStep struct {
	Kind string            // of driver.Shown, or "note", "read", "sent", "refused", "transfer", "result"
	Line int               // in the driver's file; 0 = none
	Vars []driver.ShownVar // what is set, or was read
	Text string
	// Result is set in the last step.
	Result *driver.Result
	Backup fleet.BackupID // in the last step of a backup: what has arrived
}

// effects says which of the procedure's operations a trial of a driver's
// operation is.
func effectOp(op driver.Operation) (procedure.Op, bool) {
	ops := map[driver.Operation]procedure.Op{driver.Backup: procedure.OpBackup, driver.Keep: procedure.OpKeep, driver.Update: procedure.OpUpdate,
		driver.Reboot: procedure.OpReboot, driver.Recover: procedure.OpRecover, driver.RestoreFiles: procedure.OpRestoreFiles}
	found, ok := ops[op]
	return found, ok
}

// Try carries a trial out and tells each step as it happens. When ctx ends it
// stops: nothing more is sent, and the file server forgets the files. The error
// says why it could not begin; how the operation ended is in the last step.
func (e *Engine) Try(ctx context.Context, o Trial, report func(TrialStep)) error {
	if text, cannot := o.Driver.Cannot(o.Operation); cannot {
		return fault.New(fault.Invalid, "", "driver "+o.Driver.Name(), "it cannot do %s: %s", o.Operation, text)
	}
	t, err := e.trial(ctx, o)
	if err != nil {
		return err
	}
	if !o.DryRun {
		if err := e.claim(ctx, o); err != nil {
			return err
		}
		defer e.unclaim(o.Device)
	}
	defer t.Finish(t.state.Plan.Run)
	defer t.closeSession()
	defer t.closeGrants(t.hold)
	t.tried = report
	if err := t.meet(ctx, o); err != nil {
		return err
	}
	in, err := t.trialInputs(ctx, o)
	if err != nil {
		return err
	}
	mode := driver.Perform
	if o.DryRun {
		mode = driver.Rehearse
	}
	r := t.drive(ctx, o.Operation, mode, in)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	report(t.trialEnd(o, r))
	return nil
}

// trial makes the task of a trial.
func (e *Engine) trial(ctx context.Context, o Trial) (*task, error) {
	t := &task{Engine: e, log: e.Log.With("device", o.Device), report: func(procedure.Event) {}, driver: o.Driver}
	var err error
	if t.device, err = e.Store.Device(ctx, o.Device); err != nil {
		return nil, err
	}
	if t.address, err = resolve(ctx, t.device.Address); err != nil {
		return nil, fault.New(fault.Unavailable, "", "device "+string(o.Device), "%w", err)
	}
	if missing := unset(o.Driver, t.device); len(missing) > 0 && o.Operation == driver.Update {
		return nil, fault.New(fault.Invalid, "", "device "+string(o.Device), "%s", strings.Join(missing, "; "))
	}
	t.state.Plan = procedure.Plan{Run: fleet.RunID("try-" + transfer.NewName()[:9]), Device: o.Device, Goal: procedure.GoalBackup, Release: o.Release}
	if t.state.Plan.Protocol, err = e.protocol(o.Driver, o.Protocol); err != nil {
		return nil, err
	}
	limit := o.Timeout
	if limit == 0 {
		limit = o.Driver.OperationTimeout(o.Operation)
	}
	op, _ := effectOp(o.Operation)
	t.action = procedure.Action{Kind: procedure.Perform, Op: op, Effect: 1, Token: 1, Deadline: e.Now().Add(limit)}
	if o.DryRun {
		t.action.Kind = procedure.Probe // its files get names, and are offered to nobody
	}
	t.hold = e.hold(t.state.Plan.Run)
	t.known()
	return t, nil
}

// claim takes a device for a trial; fault.Conflict where a run or another trial
// is at work on it.
func (e *Engine) claim(ctx context.Context, o Trial) error {
	e.mu.Lock()
	taken := e.trying[o.Device]
	e.trying[o.Device] = true
	e.mu.Unlock()
	if taken {
		return fault.New(fault.Conflict, "", "device "+string(o.Device), "a driver is being tried on it")
	}
	err := e.idle(ctx, o)
	if err != nil {
		e.unclaim(o.Device)
	}
	return err
}

func (e *Engine) unclaim(id fleet.DeviceID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.trying, id)
}

func (e *Engine) isTried(id fleet.DeviceID) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.trying[id]
}

// idle refuses a trial on a device that a run is at work on.
func (e *Engine) idle(ctx context.Context, o Trial) error {
	active := true
	runs, err := e.Store.Runs(ctx, store.RunFilter{Device: o.Device, Active: &active, Limit: 1})
	if err != nil || len(runs) == 0 {
		return err
	}
	run := runs[0].State.Plan.Run
	return fault.New(fault.Conflict, "", "device "+string(o.Device), "run %s is at work on it", run).
		WithHint("drydock update watch %s shows it, drydock update cancel %s stops it", run, run)
}

// meet finds out who answers: that it is the device that is meant, and that
// the driver is for it.
func (t *task) meet(ctx context.Context, o Trial) error {
	if err := t.dial(ctx); err != nil {
		return err
	}
	oids, err := parseOIDs([]string{oidSysDescr, oidSysObjectID})
	if err != nil {
		return err
	}
	vars, err := t.session.Get(ctx, oids...)
	if err != nil {
		return fault.New(fault.Unavailable, "", "device "+string(o.Device), "%w", err).
			WithHint("is %s its address, does its agent run, and are these its community (or user) and SNMP version? A wrong community is not answered at all", t.address)
	}
	descr, objectID := fromSNMP(vars[0]).Text, fromSNMP(vars[1]).Text
	if descr == "" {
		descr = string(fromSNMP(vars[0]).Bytes)
	}
	t.tried(TrialStep{Kind: "note", Text: fmt.Sprintf("%s answers: sysDescr %q, sysObjectID %s", t.address, descr, objectID)})
	if why, fits := o.Driver.Fits(objectID, descr); !fits {
		if !o.DryRun && !o.Operation.IsRead() && o.Operation != driver.Backup {
			return fault.New(fault.Conflict, "", "device "+string(o.Device), "the driver's match does not fit it: %s; nothing was commanded", why).
				WithHint("if the device is of this family, correct match in the driver")
		}
		t.tried(TrialStep{Kind: "note", Text: "the driver's match does not fit this device: " + why})
	}
	if o.Operation == driver.Identify {
		return nil
	}
	t.quiet = true
	r := t.drive(ctx, driver.Identify, driver.Perform, driver.Inputs{})
	t.quiet = false
	if r.Observed == nil {
		return fault.New(fault.Unavailable, "", "device "+string(o.Device), "it cannot be identified: %s", r.Detail).
			WithHint("try --operation identify first")
	}
	t.state.Seen.Model, t.state.Seen.Version = r.Observed.Model, r.Observed.Version
	t.tried(TrialStep{Kind: "note", Text: fmt.Sprintf("identified: serial %q, model %q, version %q", r.Observed.Identity.Serial, r.Observed.Model, r.Observed.Version)})
	if known := t.device.Identity.Serial; known != "" && !o.DryRun && !o.Operation.IsRead() && known != r.Observed.Identity.Serial {
		return fault.New(fault.Conflict, "", "device "+string(o.Device), "serial %q is expected, serial %q answers at %s; nothing was commanded",
			known, r.Observed.Identity.Serial, t.address)
	}
	return nil
}

// trialInputs opens what the operation moves.
func (t *task) trialInputs(ctx context.Context, o Trial) (driver.Inputs, error) {
	if o.Operation.IsRead() && o.Operation != driver.Reach {
		return driver.Inputs{}, nil
	}
	switch o.Operation {
	case driver.Update:
		if o.Release == "" {
			return driver.Inputs{}, fault.New(fault.Invalid, "", "operation update", "it names no release, whose files the device is to fetch")
		}
		release, err := t.Store.Release(ctx, o.Release)
		if err != nil {
			return driver.Inputs{}, err
		}
		if release.Driver != o.Driver.Name() {
			return driver.Inputs{}, fault.New(fault.Invalid, "", "release "+string(o.Release), "it is for driver %s, not %s", release.Driver, o.Driver.Name())
		}
	case driver.Recover:
		if o.Backup == "" && len(o.Configuration) == 0 {
			return driver.Inputs{}, fault.New(fault.Invalid, "", "operation recover", "it names no configuration, which the device is to fetch")
		}
		if o.Backup == "" {
			return t.inputsWith(func() ([]*file, error) { return one(t.offerContent(o.Configuration, "configuration")) })
		}
		b, err := t.Store.Backup(ctx, o.Backup)
		if err != nil {
			return driver.Inputs{}, err
		}
		if b.Device != o.Device {
			return driver.Inputs{}, fault.New(fault.Invalid, "", "backup "+string(b.ID), "it is of device %s and can be recovered to no other", b.Device)
		}
		ref := refTo(b)
		t.state.Plan.Goal, t.state.Plan.Source = procedure.GoalRestore, &ref
	}
	return t.inputs(ctx)
}

// trialEnd is the last step.
func (t *task) trialEnd(o Trial, r driver.Result) TrialStep {
	end := TrialStep{Kind: "result", Text: r.Detail, Result: &r}
	for _, f := range t.ordered {
		if f.upload == nil {
			continue
		}
		if err := f.upload.failure(); err != nil {
			end.Text = strings.TrimPrefix(r.Detail+"; "+err.Error(), "; ")
			r.Verdict, r.Cause = procedure.Failed, err.cause
		}
		if f.upload.isSealed() && !o.DryRun {
			end.Backup = t.backupID()
		}
	}
	return end
}

// carried tells a trial's step, once it was carried out.
func (t *task) carried(ask driver.Ask, answer driver.Answer) {
	if t.tried == nil || t.quiet {
		return
	}
	switch a := ask.(type) {
	case driver.AskShow:
		t.tried(TrialStep{Kind: a.Step.Kind, Line: a.Step.Line, Vars: a.Step.Vars, Text: a.Step.Text})
	case driver.AskGet, driver.AskWalk:
		t.told("read", answer)
	case driver.AskSet:
		if answer.Err != nil {
			t.told("refused", answer)
		} else {
			t.tried(TrialStep{Kind: "sent", Text: "the device accepted it"})
		}
	case driver.AskTransfer:
		for i, tr := range answer.Transfers {
			if tr.Began && i < len(t.ordered) {
				t.tried(TrialStep{Kind: "transfer", Text: transferText(t.ordered[i].role, tr)})
			}
		}
	}
}

// announce tells a SET before it is sent.
func (t *task) announce(ask driver.Ask) {
	a, isSet := ask.(driver.AskSet)
	if !isSet || t.tried == nil || t.quiet {
		return
	}
	step := TrialStep{Kind: driver.ShownSet}
	if a.Effect {
		step.Kind = driver.ShownCommand
	}
	for _, v := range a.Varbinds {
		step.Vars = append(step.Vars, t.driver.Show(v))
	}
	t.tried(step)
}

func (t *task) told(kind string, answer driver.Answer) {
	if err := answer.Err; err != nil {
		t.tried(TrialStep{Kind: kind, Text: strings.TrimSpace(fmt.Sprintf("%s %s %s", err.Kind, err.Status, err.Text))})
		return
	}
	step := TrialStep{Kind: kind}
	for _, v := range answer.Varbinds {
		step.Vars = append(step.Vars, t.driver.Show(v))
	}
	t.tried(step)
}

func transferText(role string, tr driver.Transfer) string {
	switch {
	case tr.Finished:
		return "file " + role + ": whole on the server's side"
	case tr.Failed:
		return "file " + role + ": " + tr.Text
	}
	return fmt.Sprintf("file %s: %d octets so far", role, tr.Octets)
}
