package local

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// change is one event applied, not yet durable.
type change struct {
	request
	state   procedure.State
	seq     int
	actions []procedure.Action
}

// writeAll writes the requests in transactions of at most MaxBatch. Where the
// disk is full it gives back those that have to be tried again.
func (r *Runtime) writeAll(actions context.Context, batch []request) (again []request, err error) {
	for part := range slices.Chunk(batch, r.MaxBatch) {
		if len(again) > 0 || actions.Err() != nil {
			again = append(again, part...)
			continue
		}
		if again, err = r.write(actions, part); err != nil {
			return nil, err
		}
	}
	return again, nil
}

// write applies a batch, commits it, and lets out what follows. Commit is not
// given a context that ends: a transaction that is cut off by a stop and one
// that fails would look the same.
func (r *Runtime) write(actions context.Context, batch []request) (again []request, err error) {
	changes, unfit := r.apply(batch)
	if len(changes) == 0 {
		unfit.answer(nil)
		return nil, nil
	}
	commits := make([]store.Commit, len(changes))
	for i, c := range changes {
		commits[i] = store.Commit{Run: c.run, Seq: c.seq, Event: c.event, State: c.state, RequestKey: c.key}
	}
	refused, err := r.Journal.Commit(context.WithoutCancel(actions), commits)
	if err != nil {
		unfit.answer(unwritable(err))
		return r.unwritten(changes, err)
	}
	r.counts.commits.Add(1)
	r.counts.entries.Add(uint64(len(changes)))
	taken := make([]*live, len(changes))
	r.mu.Lock()
	for i, c := range changes {
		if refused[i] == nil {
			taken[i] = r.take(c)
		}
	}
	r.mu.Unlock()
	for i, c := range changes {
		if refused[i] != nil {
			err = errors.Join(err, r.refused(c, refused[i]))
			continue
		}
		for _, a := range c.actions {
			r.letOut(actions, taken[i], c.state, a)
		}
		c.answer(c.state, nil)
		r.say(c)
	}
	unfit.answer(nil)
	return nil, err
}

// say logs what whoever runs the server may want to see of a run: that it asks,
// and how it ended. Everything else is in the journal.
func (r *Runtime) say(c change) {
	st := c.state
	switch q, result := st.Question, st.Result; {
	case q != nil && q.AskedAt.Equal(c.event.At):
		r.Log.Info("a run asks", "run", c.run, "device", st.Plan.Device, "step", q.Step, "attempt", q.Attempt, "cause", q.Cause, "detail", q.Detail, "question", q.ID)
	case c.event.Kind == procedure.Answered:
		r.Log.Info("a question is answered", "run", c.run, "device", st.Plan.Device, "step", st.Step, "question", c.event.Question, "choice", c.event.Choice, "by", c.event.By)
	case result != nil:
		r.Log.Info("a run has ended", "run", c.run, "device", st.Plan.Device, "step", result.Step, "outcome", result.Outcome, "cause", result.Cause, "left", result.Left, "by", result.By)
	}
}

// unwritten follows a commit that failed as a whole. Callers are told; what
// devices and clocks brought is kept where it can be tried again.
func (r *Runtime) unwritten(changes []change, err error) (again []request, fatal error) {
	full := fault.Is(err, fault.Full)
	for _, c := range changes {
		switch {
		case c.reply != nil:
			c.answer(procedure.State{}, unwritable(err))
		case full:
			again = append(again, c.request)
		}
	}
	if full {
		r.Log.Warn("no room for the journal: nothing goes on", "events", len(again), "err", err)
		return again, nil
	}
	return nil, err
}

func unwritable(err error) error {
	code := fault.Unavailable
	if fault.Is(err, fault.Full) {
		code = fault.Full
	}
	return fault.New(code, "", "", "the journal cannot be written: %w", err)
}

// refused follows an entry that the journal did not take. A run whose journal
// is not what this process wrote must not go on: somebody else writes it.
func (r *Runtime) refused(c change, why error) error {
	c.answer(procedure.State{}, why)
	if c.event.Kind == procedure.Started {
		return nil
	}
	var clash *store.Clash
	if errors.As(why, &clash) {
		return fmt.Errorf("run %s entry %d: the journal is not what this process has written: %w", c.run, c.seq, why)
	}
	r.Log.Error("the journal refused an entry; the run waits for its deadline", "run", c.run, "device", c.state.Plan.Device, "step", c.state.Step, "event", c.event.Kind, "err", why)
	return nil
}

// unfit are requests that did not fit, with why. They are answered when the
// batch is durable, since what is in their way may be in the same batch.
type unfit []refusal

type refusal struct {
	request
	state procedure.State
	why   error
}

// answer tells the callers why, or that the batch was not written.
func (u unfit) answer(unwritten error) {
	for _, q := range u {
		if unwritten != nil {
			q.request.answer(procedure.State{}, unwritten)
			continue
		}
		q.request.answer(q.state, q.why)
	}
}

// apply gives the changes that the events make, each on top of those before
// it, and the requests that do not fit and change nothing.
func (r *Runtime) apply(batch []request) (changes []change, refused unfit) {
	type head struct {
		state procedure.State
		seq   int
	}
	now := r.clock.now()
	heads := make(map[fleet.RunID]head, len(batch))
	changes = make([]change, 0, len(batch))
	for _, req := range batch {
		run := r.runs[req.run]
		h, ok := heads[req.run]
		if !ok && run != nil {
			h = head{run.state, run.seq}
		}
		if req.event.Kind == procedure.Noticed && (run == nil || !r.hear(run, h.state)) {
			continue
		}
		req.event.Format, req.event.At = procedure.Format, now
		next, actions, err := procedure.Next(h.state, req.event)
		if err != nil {
			r.counts.unfit.Add(1)
			r.Log.Debug("event does not fit", "run", req.run, "device", h.state.Plan.Device, "step", h.state.Step, "event", req.event.Kind, "err", err)
			why := fault.New(fault.Conflict, "", "run "+string(req.run), "%w", err)
			refused = append(refused, refusal{req, h.state, why})
			continue
		}
		heads[req.run] = head{next, h.seq + 1}
		changes = append(changes, change{req, next, h.seq + 1, actions})
	}
	return changes, refused
}

// hear says whether a notice becomes an event. One that comes too soon after
// the last is put off, and those that come meanwhile are one with it.
func (r *Runtime) hear(run *live, st procedure.State) bool {
	if !noticeable(st) {
		run.noticed.Store(false)
		return false
	}
	now := r.clock.now()
	if now.Before(run.noticeAfter) {
		r.alarms.set(&run.notice, run.noticeAfter)
		return false
	}
	run.noticeAfter = now.Add(noticeEvery)
	run.noticed.Store(false)
	return true
}

// noticeable says whether something waits that a notice can wake.
func noticeable(st procedure.State) bool {
	return st.Phase == procedure.Awaiting || st.Phase == procedure.Commanding
}

// take makes a durable change the run's state. It is called with the lock held.
func (r *Runtime) take(c change) *live {
	run := r.runs[c.run]
	if run == nil {
		run = newLive(c.run)
		r.runs[c.run] = run
	}
	run.state, run.seq = c.state, c.seq
	if c.state.Phase == procedure.Ended {
		delete(r.runs, c.run)
		r.alarms.unset(&run.deadline)
		r.alarms.unset(&run.notice)
	} else {
		r.alarms.set(&run.deadline, c.state.Deadline)
	}
	r.publish(engine.Change{Run: c.run, Seq: c.seq, Event: c.event, State: c.state})
	return run
}
