package engine

import (
	"context"
	"time"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// inspectTime is how long a device is read without a run.
const inspectTime = 30 * time.Second

// Reach asks a device for one object; fault.Unavailable or fault.Timeout if it
// does not answer.
// Another error is not the device's: it is unknown, or its credentials are.
func (e *Engine) Reach(ctx context.Context, id fleet.DeviceID) error {
	t, err := e.reader(ctx, id)
	if err != nil {
		return err
	}
	defer t.closeSession()
	ctx, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	if err := t.dial(ctx); err != nil {
		return err
	}
	oids, err := parseOIDs([]string{oidSysObjectID})
	if err != nil {
		return err
	}
	_, err = t.session.Get(ctx, oids...)
	return err
}

// Inspect does what preflight does, without a run: it only reads. The event is
// preflight's outcome; what was read of identity and version is recorded.
func (e *Engine) Inspect(ctx context.Context, id fleet.DeviceID, goal procedure.Goal, release fleet.ReleaseID) procedure.Event {
	t, err := e.reader(ctx, id)
	if err != nil {
		if fault.Is(err, fault.Unavailable) {
			return procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: err.Error()}
		}
		return serverFailed(err)
	}
	defer t.closeSession()
	ctx, cancel := context.WithTimeout(ctx, inspectTime)
	defer cancel()
	t.action = procedure.Action{Kind: procedure.Read, Op: procedure.OpPreflight, Deadline: e.Now().Add(inspectTime)}
	t.state.Plan = procedure.Plan{Device: id, Goal: goal, Release: release}
	if t.state.Plan.Protocol, err = e.protocol(t.driver, ""); err != nil {
		return serverFailed(err)
	}
	return t.preflight(ctx)
}

// reader is a task that belongs to no run and only reads.
func (e *Engine) reader(ctx context.Context, id fleet.DeviceID) (*task, error) {
	t := &task{Engine: e, log: e.Log.With("device", id), report: func(procedure.Event) {},
		hold: &hold{wake: make(chan struct{}, 1), grants: map[string]*file{}, seen: map[string]driver.Transfer{}}}
	var err error
	if t.device, err = e.Store.Device(ctx, id); err != nil {
		return nil, err
	}
	if t.driver, err = e.driver(t.device.Driver); err != nil {
		return nil, err
	}
	if t.address, err = resolve(ctx, t.device.Address); err != nil {
		return nil, fault.New(fault.Unavailable, "", "device "+string(id), "%w", err)
	}
	return t, nil
}
