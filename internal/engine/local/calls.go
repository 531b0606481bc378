package local

import (
	"context"
	"errors"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Start makes a run durable and lets it go. The same request key gives the run
// that it started before (RELIABILITY.md I12); a device with an active run is
// refused with fault.Conflict (I5).
func (r *Runtime) Start(ctx context.Context, plan procedure.Plan, requestKey string) (fleet.RunID, error) {
	if requestKey != "" {
		if id, ok, err := r.Journal.RunByRequestKey(ctx, requestKey); err != nil || ok {
			return id, err
		}
	}
	ev := r.event(procedure.Started)
	ev.Plan = &plan
	_, err := r.ask(ctx, request{run: plan.Run, event: ev, key: requestKey})
	var clash *store.Clash
	if errors.As(err, &clash) && clash.Kind == store.ClashRequestKey {
		return clash.Run, nil
	}
	return plan.Run, err
}

// Answer answers a question; durable on return. The first answer wins: a later
// one gets fault.Conflict.
func (r *Runtime) Answer(ctx context.Context, run fleet.RunID, question string, choice procedure.Choice, by string) (procedure.State, error) {
	ev := r.event(procedure.Answered)
	ev.Question, ev.Choice, ev.By = question, choice, by
	return r.ask(ctx, request{run: run, event: ev})
}

// Cancel stops a run before its next effect; durable on return.
func (r *Runtime) Cancel(ctx context.Context, run fleet.RunID, by string) (procedure.State, error) {
	ev := r.event(procedure.Cancelled)
	ev.By = by
	return r.ask(ctx, request{run: run, event: ev})
}

// Notice says that a notification of the run's device was heard: what waits
// for it polls now. A notification is lost where the runtime is busy; the poll
// comes all the same.
func (r *Runtime) Notice(run fleet.RunID) {
	r.mu.RLock()
	live := r.runs[run]
	var state procedure.State
	if live != nil {
		state = live.state
	}
	r.mu.RUnlock()
	if state.Phase != procedure.Awaiting && state.Phase != procedure.Commanding {
		return
	}
	select {
	case r.inbox <- request{run: run, event: r.event(procedure.Noticed)}:
	default:
	}
}

// State gives an active run's newest durable state.
func (r *Runtime) State(run fleet.RunID) (procedure.State, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if live := r.runs[run]; live != nil {
		return live.state, true
	}
	return procedure.State{}, false
}
