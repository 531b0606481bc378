package local

import (
	"context"
	"errors"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Start makes a run durable and lets it go. The same request key gives the run
// that it started before (RELIABILITY.md I12); a device with an active run is
// refused with fault.Conflict (I5). After an error nobody knows whether the
// run was started: ask again with the same key.
func (r *Runtime) Start(ctx context.Context, plan procedure.Plan, requestKey string) (fleet.RunID, error) {
	if requestKey != "" {
		if id, found, err := r.Journal.RunByRequestKey(ctx, requestKey); err != nil || found {
			return id, err
		}
	}
	_, err := r.ask(ctx, request{run: plan.Run, event: procedure.Event{Kind: procedure.Started, Plan: &plan}, key: requestKey})
	var clash *store.Clash
	switch {
	case err == nil:
		return plan.Run, nil
	case errors.As(err, &clash) && clash.Kind == store.ClashRequestKey:
		return clash.Run, nil
	}
	return "", err
}

// Answer answers a question; durable on return. The first answer wins: a later
// one gets fault.Conflict, which says who answered what. A run that is not
// there is fault.NotFound.
func (r *Runtime) Answer(ctx context.Context, run fleet.RunID, reply procedure.Reply) (procedure.State, error) {
	question := reply.Question
	st, err := r.ask(ctx, request{run: run, event: reply.Event()})
	if !fault.Is(err, fault.Conflict) {
		return st, err
	}
	records, lookup := r.Journal.Questions(ctx, store.QuestionFilter{ID: question, Run: run})
	if lookup != nil || len(records) == 0 {
		return st, r.explain(ctx, run, err)
	}
	switch q := records[0]; {
	case q.Open:
		return st, err // the choice does not fit, or the deadline has passed
	case q.Choice != "":
		return st, fault.New(fault.Conflict, "", "question "+question, "%s has answered it with %q", q.AnsweredBy, q.Choice)
	default:
		return st, fault.New(fault.Conflict, "", "question "+question, "it is no longer open: %w", r.explain(ctx, run, err))
	}
}

// Cancel stops a run before its next effect; durable on return. A run that has
// ended is fault.Conflict, one that is not there fault.NotFound.
func (r *Runtime) Cancel(ctx context.Context, run fleet.RunID, by string) (procedure.State, error) {
	st, err := r.ask(ctx, request{run: run, event: procedure.Event{Kind: procedure.Cancelled, By: by}})
	return st, r.explain(ctx, run, err)
}

// CancelGently stops a run that has not begun to load.
func (r *Runtime) CancelGently(ctx context.Context, run fleet.RunID, by string) (procedure.State, error) {
	st, err := r.ask(ctx, request{run: run, event: procedure.Event{Kind: procedure.Cancelled, By: by, Gently: true}})
	return st, r.explain(ctx, run, err)
}

// explain says of a conflict what is the case now, for runs that are no longer
// in memory.
func (r *Runtime) explain(ctx context.Context, run fleet.RunID, err error) error {
	if _, active := r.State(run); active || !fault.Is(err, fault.Conflict) {
		return err
	}
	record, lookup := r.Journal.Run(ctx, run)
	switch {
	case fault.Is(lookup, fault.NotFound):
		return fault.New(fault.NotFound, "", "run "+string(run), "there is no such run").WithHint("drydock update list shows the runs")
	case lookup != nil || record.State.Result == nil:
		return err
	}
	result := record.State.Result
	if result.By != "" {
		return fault.New(fault.Conflict, "", "run "+string(run), "it has ended: %s by %s", result.Outcome, result.By)
	}
	return fault.New(fault.Conflict, "", "run "+string(run), "it has ended: %s", result.Outcome)
}

// Notice says that a notification of the run's device was heard: what waits
// for it polls now. It never blocks. Notices that come together are one; one
// is lost where the runtime is busy, and the poll comes all the same.
func (r *Runtime) Notice(run fleet.RunID) {
	r.mu.RLock()
	l := r.runs[run]
	heard := l != nil && noticeable(l.state)
	r.mu.RUnlock()
	if !heard || !l.noticed.CompareAndSwap(false, true) {
		return
	}
	select {
	case r.inbox <- request{run: run, event: procedure.Event{Kind: procedure.Noticed}}:
	default:
		l.noticed.Store(false)
	}
}

// State gives an active run's newest durable state.
func (r *Runtime) State(run fleet.RunID) (procedure.State, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if l := r.runs[run]; l != nil {
		return l.state, true
	}
	return procedure.State{}, false
}

// ask sends an event and waits until it is durable, or refused.
func (r *Runtime) ask(ctx context.Context, req request) (procedure.State, error) {
	answer := make(chan reply, 1)
	req.reply = answer
	select {
	case <-r.started:
	case <-r.stopped:
		return procedure.State{}, stopping()
	case <-ctx.Done():
		return procedure.State{}, ctx.Err()
	}
	if !r.send(ctx, req) {
		if ctx.Err() != nil {
			return procedure.State{}, ctx.Err()
		}
		return procedure.State{}, stopping()
	}
	select {
	case a := <-answer:
		return a.state, a.err
	case <-ctx.Done():
		return procedure.State{}, ctx.Err()
	case <-r.stopped:
	}
	select {
	case a := <-answer: // it came with the stop
		return a.state, a.err
	default:
		return procedure.State{}, stopping()
	}
}

func stopping() error {
	return fault.New(fault.Unavailable, "", "", "the server is stopping").WithHint("what was acknowledged before is durable; ask again when it is up")
}
