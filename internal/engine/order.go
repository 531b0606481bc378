package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/tracing"
	"drydock/internal/transfer"
)

func rehearsable(device fleet.DeviceID) store.BackupFilter {
	return store.BackupFilter{Device: device, Limit: 10}
}

// Start starts a run for each device of the order. An error is of the order
// itself; each device's own error stands in its row.
func (e *Engine) Start(ctx context.Context, runtime Runtime, o Order) ([]Started, error) {
	check, err := e.checkOrder(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Key == "" && len(o.Devices) > 1 {
		o.Key = "o" + transfer.NewName() // by it one can tell when all of them have ended
	}
	rows := make([]Started, 0, len(o.Devices))
	named := map[fleet.DeviceID]bool{}
	for _, id := range o.Devices {
		if !named[id] {
			rows = append(rows, Started{Device: id})
		}
		named[id] = true
	}
	var group errgroup.Group
	group.SetLimit(startsAtOnce)
	for i := range rows {
		group.Go(func() error { // its error stands in its row
			rows[i].Run, rows[i].Err = e.startOne(ctx, runtime, o, check, rows[i].Device)
			if rows[i].Err != nil {
				rows[i].Run = ""
			}
			return nil
		})
	}
	return rows, group.Wait()
}

// startsAtOnce is how many runs of an order are started at the same time: they
// share the journal's commits.
const startsAtOnce = 256

// checkedOrder is what an order leads to, the same for every device.
type checkedOrder struct {
	release fleet.Release
	source  *procedure.BackupRef
}

// checkOrder finds what is wrong with an order before any device is looked at.
func (e *Engine) checkOrder(ctx context.Context, o Order) (c checkedOrder, err error) {
	wrong := func(format string, args ...any) error { return fault.New(fault.Invalid, "", "order", format, args...) }
	if err := checkTimeouts(o); err != nil {
		return c, err
	}
	if err := checkStanding(o.Standing); err != nil {
		return c, err
	}
	switch o.Goal {
	case procedure.GoalUpdate, "":
		if o.Release == "" {
			return c, wrong("it names no release")
		}
		c.release, err = e.Store.Release(ctx, o.Release)
		return c, err
	case procedure.GoalRevert:
		for _, id := range o.Devices {
			if o.Sources[id] == "" {
				return c, wrong("it names no backup that device %s goes back to", id)
			}
		}
		c.release, err = e.Store.Release(ctx, o.Release)
		return c, err
	case procedure.GoalBackup:
		return c, nil
	case procedure.GoalRestore:
		if len(o.Devices) != 1 {
			return c, wrong("a backup is restored to one device, not to %d", len(o.Devices))
		}
		c.source, err = e.source(ctx, o.Backup, o.Devices[0])
		return c, err
	}
	return c, wrong("goal %q; it can be update, backup, restore or revert", o.Goal)
}

// source is a stored configuration that a device is to be given again.
func (e *Engine) source(ctx context.Context, id fleet.BackupID, device fleet.DeviceID) (*procedure.BackupRef, error) {
	b, err := e.Store.Backup(ctx, id)
	if err != nil {
		return nil, err
	}
	if b.Device != device {
		return nil, fault.New(fault.Invalid, "", "order", "backup %s is of device %s and can be restored to no other", b.ID, b.Device)
	}
	ref := refTo(b)
	return &ref, nil
}

// fits says whether a release fits a device. Going back to an older version is
// not held to the versions that may come before it.
func fits(goal procedure.Goal, r fleet.Release, driver, model, version string) error {
	if goal == procedure.GoalRevert {
		return r.FitsModel(driver, model)
	}
	return r.Fits(driver, model, version)
}

func checkTimeouts(o Order) error {
	for op, limit := range o.Timeouts {
		switch {
		case !slices.Contains(procedure.Ops(), op):
			return fault.New(fault.Invalid, "", "timeout", "there is no operation %q; the operations are %s", op, listed(procedure.Ops()))
		case limit < time.Second:
			return fault.New(fault.Invalid, "", "timeout of "+string(op), "%s: at least 1s is expected", limit)
		}
	}
	if o.QuestionTimeout < 0 {
		return fault.New(fault.Invalid, "", "question timeout", "%s: it cannot be negative", o.QuestionTimeout)
	}
	return nil
}

func checkStanding(list []procedure.Standing) error {
	choices := []procedure.Choice{"", procedure.Repeat, procedure.Stop, procedure.Restore, procedure.Proceed}
	for _, a := range list {
		switch {
		case !slices.Contains(procedure.Steps(), a.Step):
			return fault.New(fault.Invalid, "", "standing answer", "there is no step %q; the steps are %s", a.Step, listed(procedure.Steps()))
		case a.Cause != "" && !slices.Contains(procedure.Causes(), a.Cause):
			return fault.New(fault.Invalid, "", "standing answer", "there is no cause %q; the causes are %s", a.Cause, listed(procedure.Causes()))
		case !slices.Contains(choices, a.Then):
			return fault.New(fault.Invalid, "", "standing answer", "there is no answer %q", a.Then)
		case a.Repeat < 0 || a.Repeat > 1000:
			return fault.New(fault.Invalid, "", "standing answer", "repeat %d: between 0 and 1000", a.Repeat)
		}
	}
	return nil
}

func (e *Engine) startOne(ctx context.Context, runtime Runtime, o Order, c checkedOrder, id fleet.DeviceID) (run fleet.RunID, err error) {
	ctx, span := e.Tracer.Start(ctx, "start run", tracing.Internal, tracing.String("drydock.device", id), tracing.String("drydock.release", o.Release))
	defer func() {
		span.Say(tracing.String("drydock.run", run))
		span.End(string(fault.CodeOf(err)))
	}()
	device, err := e.Store.Device(ctx, id)
	if err != nil {
		return "", err
	}
	key := ""
	if o.Key != "" {
		key = o.Key + "/" + string(id)
	}
	if run, found, err := e.again(ctx, o, id, key); found || err != nil {
		return run, err
	}
	plan, err := e.plan(device, o, c)
	if err != nil {
		return "", err
	}
	if source := o.Sources[id]; source != "" {
		if plan.Source, err = e.source(ctx, source, id); err != nil {
			return "", err
		}
	}
	if e.isTried(id) {
		return "", fault.New(fault.Conflict, "", "device "+string(id), "a driver is being tried on it").WithHint("wait until drydock driver try has ended")
	}
	plan.Trace = tracing.Carry(ctx)
	run, err = runtime.Start(ctx, plan, key)
	if err == nil && run != plan.Run { // two of this key came at once
		return run, e.sameOrder(ctx, o, id, run)
	}
	var clash *store.Clash
	if errors.As(err, &clash) && clash.Kind == store.ClashDevice {
		return "", fault.New(fault.Conflict, "", "device "+string(id), "%w", clash).
			WithHint("drydock update watch %s shows it, drydock update cancel %s stops it", clash.Run, clash.Run)
	}
	if errors.As(err, &clash) && clash.Kind == store.ClashPair {
		return "", fault.New(fault.Conflict, "", "device "+string(id), "%w", clash).
			WithHint("start it when %s is done; drydock campaign show %s shows it", clash.Device, clash.Campaign)
	}
	return run, err
}

// plan fixes what one run is to do.
func (e *Engine) plan(device fleet.Device, o Order, c checkedOrder) (procedure.Plan, error) {
	d, err := e.driver(device.Driver)
	if err != nil {
		return procedure.Plan{}, err
	}
	protocol, err := e.protocol(d, o.Protocol)
	if err != nil {
		return procedure.Plan{}, err
	}
	p := procedure.Plan{
		Run: fleet.RunID("r" + transfer.NewName()[:9]), Device: device.ID, Goal: o.Goal, Release: o.Release, Source: c.source,
		Identity: device.Identity, Protocol: protocol, CanKeep: d.CanKeep(), Provisioned: provisioned(d), KeepText: strings.Join(unkept(d), "; "), RebootAfter: d.RebootAfter(),
		Timeouts: map[procedure.Op]time.Duration{}, QuestionTimeout: o.QuestionTimeout, Standing: o.Standing,
		Target: c.release.Version, Recover: c.release.Recover, Windows: o.Windows[device.ID],
	}
	if p.Goal == "" {
		p.Goal = procedure.GoalUpdate
	}
	for _, op := range procedure.Ops() {
		if limit := d.Timeout(op); limit > 0 {
			p.Timeouts[op] = limit
		}
	}
	maps.Copy(p.Timeouts, o.Timeouts)
	if p.Goal != procedure.GoalUpdate && p.Goal != procedure.GoalRevert {
		return p, nil
	}
	if c.release.Driver != device.Driver || device.Model != "" && device.Version != "" {
		return p, fits(p.Goal, c.release, device.Driver, device.Model, device.Version)
	}
	return p, nil // preflight reads them
}

// protocol chooses the transfers' protocol: the wanted one, or the first of
// the family's that this server serves.
func (e *Engine) protocol(d *driver.Driver, wanted string) (string, error) {
	served := map[string]int{"tftp": e.TFTPPort, "ftp": e.FTPPort}
	if wanted != "" {
		switch {
		case !slices.Contains(d.Protocols(), wanted):
			return "", fault.New(fault.Invalid, "", "protocol "+wanted, "driver %s has %s", d.Name(), strings.Join(d.Protocols(), ", "))
		case served[wanted] == 0:
			return "", fault.New(fault.Conflict, "", "protocol "+wanted, "this server does not serve it").
				WithHint("give drydock serve --%s ADDR", wanted)
		}
		return wanted, nil
	}
	for _, p := range d.Protocols() {
		if served[p] != 0 {
			return p, nil
		}
	}
	return "", fault.New(fault.Conflict, "", "driver "+d.Name(), "it transfers files by %s, and this server serves none of these",
		strings.Join(d.Protocols(), ", ")).WithHint("give drydock serve --tftp ADDR or --ftp ADDR")
}

// Preview says what an order would do, from what is known now.
func (e *Engine) Preview(ctx context.Context, o Order) ([]Preview, error) {
	c, err := e.checkOrder(ctx, o)
	if err != nil {
		return nil, err
	}
	if c.release.ID == "" {
		return nil, fault.New(fault.Invalid, "", "order", "only an update has a plan")
	}
	plans := make([]Preview, 0, len(o.Devices))
	for _, id := range o.Devices {
		plans = append(plans, e.previewOne(ctx, o, c, id))
	}
	return plans, nil
}

func (e *Engine) previewOne(ctx context.Context, o Order, c checkedOrder, id fleet.DeviceID) Preview {
	p := Preview{Device: id, To: c.release.Version, Bytes: c.release.Size(), Modify: ModifyUnknown}
	device, err := e.Store.Device(ctx, id)
	if err != nil {
		p.Blockers = append(p.Blockers, err.Error())
		return p
	}
	p.Model, p.From = device.Model, device.Version
	if _, err := e.plan(device, o, c); err != nil {
		p.Blockers = append(p.Blockers, err.Error())
		return p
	}
	if d, err := e.driver(device.Driver); err == nil {
		blockers, concerns := limits(d, device, c.release)
		p.Blockers, p.Concerns = append(p.Blockers, blockers...), append(p.Concerns, append(concerns, unkept(d)...)...)
	}
	if device.Version == c.release.Version {
		p.Concerns = append(p.Concerns, "it runs this version already")
	}
	if device.Version == "" {
		p.Concerns = append(p.Concerns, "it was never read: preflight will find model and version")
	}
	backup, result, err := e.rehearsal(ctx, device, c.release)
	switch {
	case err != nil:
		p.Blockers = append(p.Blockers, fmt.Sprintf("the migration fails on the newest backup: %v", err))
	case backup == nil:
		p.Concerns = append(p.Concerns, "there is no backup to rehearse the migration on")
	case result == nil:
		p.Backup, p.Modify = backup.ID, ModifyNo
	default:
		p.Backup, p.Modify, p.Rules = backup.ID, ModifyNo, ruleNames(result)
		if result.Needed {
			p.Modify = ModifyYes
		}
		if n := manual(result); n > 0 {
			p.Modify = ModifyManual
			p.Concerns = append(p.Concerns, fmt.Sprintf("%d findings need a person", n))
		}
	}
	return p
}

// listed is a list of names for a message.
func listed[N ~string](names []N) string {
	texts := make([]string, 0, len(names))
	for _, n := range names {
		texts = append(texts, string(n))
	}
	return strings.Join(texts, ", ")
}
