package engine

import (
	"cmp"
	"context"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// again gives the run that a request key has started on a device. A device that
// has its new version by now would not fit the order any more: so the key is
// looked at first. What asks for something else under the same key is refused,
// for whoever sent it would take the old run for the new one.
func (e *Engine) again(ctx context.Context, o Order, device fleet.DeviceID, key string) (run fleet.RunID, found bool, err error) {
	if key == "" {
		return "", false, nil
	}
	run, found, err = e.Store.RunByRequestKey(ctx, key)
	if err != nil || !found {
		return "", false, err
	}
	return run, true, e.sameOrder(ctx, o, device, run)
}

// sameOrder refuses an order whose key has started a run of another order.
func (e *Engine) sameOrder(ctx context.Context, o Order, device fleet.DeviceID, run fleet.RunID) error {
	record, err := e.Store.Run(ctx, run)
	if err != nil {
		return err
	}
	plan := record.State.Plan
	goal, source, had := cmp.Or(o.Goal, procedure.GoalUpdate), o.Backup, fleet.BackupID("")
	if o.Sources[device] != "" {
		source = o.Sources[device]
	}
	if plan.Source != nil {
		had = plan.Source.ID
	}
	if goal == cmp.Or(plan.Goal, procedure.GoalUpdate) && o.Release == plan.Release && source == had {
		return nil
	}
	return fault.New(fault.Conflict, "", "device "+string(device), "the key has started another order: %s is a run of goal %s", run, plan.Goal).
		WithHint("give each order a key of its own; drydock update show %s shows that run", run)
}
