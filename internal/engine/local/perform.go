package local

import (
	"context"
	"runtime/debug"
	"sync/atomic"

	"drydock/internal/procedure"
)

// letOut starts an action, or ends one. The writer calls it, for entries that
// are durable.
func (r *Runtime) letOut(ctx context.Context, run *live, state procedure.State, a procedure.Action) {
	switch a.Kind {
	case procedure.Perform, procedure.Await, procedure.Probe, procedure.Read:
		run.end()
		ctx, cancel := context.WithCancel(ctx)
		run.cancel = cancel
		state.Deadline, a.Deadline, state.EffectAt = r.clock.local(state.Deadline), r.clock.local(a.Deadline), r.clock.local(state.EffectAt)
		r.actions.submit(&run.lane, func() {
			defer cancel()
			if ctx.Err() == nil {
				r.do(ctx, state, a)
			}
		})
	case procedure.Abandon:
		run.end()
	case procedure.Wake:
		r.contained(state, a, func() { r.Performer.Wake(run.id, a.Token) })
	case procedure.Finish:
		run.end()
		r.actions.finish(&run.lane, func() {
			r.contained(state, a, func() { r.Performer.Finish(run.id) })
		})
	case procedure.Ask, procedure.Withdraw:
		// the journal has the question, and watchers have seen the change
	}
}

// end ends what is under way for the run.
func (l *live) end() {
	if l.cancel != nil {
		l.cancel()
		l.cancel = nil
	}
}

// do carries an action out and sees to it that it has an outcome, unless ctx
// has ended.
func (r *Runtime) do(ctx context.Context, state procedure.State, a procedure.Action) {
	var settled atomic.Bool
	report := func(ev procedure.Event) {
		ev.Token = a.Token
		if ev.Kind != procedure.Accepted {
			settled.Store(true)
		}
		r.send(ctx, request{run: state.Plan.Run, event: ev})
	}
	detail := "a defect of drydock: it came to no outcome"
	defer func() {
		if !settled.Load() && ctx.Err() == nil {
			report(procedure.Event{Kind: procedure.Faulted, Cause: procedure.ServerFailed, Detail: detail, Unclear: !a.Op.IsRead()})
		}
	}()
	if r.contained(state, a, func() { r.Performer.Do(ctx, state, a, report) }) {
		detail = "a defect of drydock: see its log"
	}
}

// contained calls fn; a panic in it is that call's failure, not the server's
// (RELIABILITY.md F45).
func (r *Runtime) contained(state procedure.State, a procedure.Action, fn func()) (panicked bool) {
	defer func() {
		if p := recover(); p != nil {
			panicked = true
			r.Log.Error("action panicked", "run", state.Plan.Run, "device", state.Plan.Device, "step", state.Step, "action", a.Kind, "op", a.Op, "panic", p, "stack", string(debug.Stack()))
		}
	}()
	fn()
	return false
}
