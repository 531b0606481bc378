// Package local is the runtime that advances runs on one machine.
//
// One goroutine writes: it takes the events that wait, of as many runs as
// there are, applies procedure.Next to each run's state in memory, and commits
// all journal entries in one transaction. Only then does it update memory, let
// the actions out and answer the callers. While one commit runs the next batch
// gathers, so that the cost of an fsync is shared and nothing waits when there
// is nothing to share with.
//
// An action is carried out by a goroutine that the runtime owns and waits for;
// its outcome comes back as an event. Deadlines are absolute and kept in one
// heap with one timer. After a restart every active run gets the event
// Restarted, and that is all: no code runs only after a crash.
//
// If the journal fails, the runtime stops: nothing may be done that is not on
// record.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Journal is what the runtime needs of the store. Commit makes a batch durable
// in one transaction: the first result has an error for each entry that did
// not fit, the second is of the whole, after which nothing is known to be
// durable.
type Journal interface {
	Commit(ctx context.Context, batch []store.Commit) ([]error, error)
	ActiveRuns(ctx context.Context, each func(store.RunRecord) error) error
	RunByRequestKey(ctx context.Context, key string) (fleet.RunID, bool, error)
}

// Performer carries actions out.
type Performer interface {
	// Do carries out a Perform, Await, Probe or Read and reports what comes of
	// it: Accepted perhaps, then one outcome. It returns when ctx ends.
	Do(ctx context.Context, state procedure.State, action procedure.Action, report func(procedure.Event))
	// Wake makes what waits for the run poll now. It does not block.
	Wake(run fleet.RunID, token uint64)
	// Finish closes everything that the run holds.
	Finish(run fleet.RunID)
}

// Options are what a runtime stands on.
type Options struct {
	Journal   Journal
	Performer Performer
	Now       func() time.Time // nil: time.Now
	Log       *slog.Logger     // nil: discarded
	MaxBatch  int              // entries in one transaction; 0: 1000
}

// Runtime advances runs. Its methods may be called from many goroutines while
// Run runs.
type Runtime struct {
	Options
	inbox   chan request
	started chan struct{} // closed when every active run is loaded
	stopped chan struct{} // closed when nothing is taken any more

	work sync.WaitGroup // the actions under way

	mu       sync.RWMutex // owns what follows; only the writer goroutine changes runs
	runs     map[fleet.RunID]*live
	watchers map[*watcher]struct{}

	due deadlines // the writer's alone
}

// live is an active run in memory.
type live struct {
	state   procedure.State
	seq     int
	cancels map[uint64]context.CancelFunc // of the actions under way, by token
}

// request is an event on its way to the writer.
type request struct {
	run   fleet.RunID
	event procedure.Event
	key   string
	reply chan<- reply // nil: nobody waits
}

type reply struct {
	state procedure.State
	err   error
}

// inboxSize is how many events may wait; whoever brings more waits himself.
const inboxSize = 4096

// New makes a runtime; Run runs it.
func New(o Options) *Runtime {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.MaxBatch == 0 {
		o.MaxBatch = 1000
	}
	return &Runtime{Options: o, inbox: make(chan request, inboxSize), started: make(chan struct{}), stopped: make(chan struct{}),
		runs: map[fleet.RunID]*live{}, watchers: map[*watcher]struct{}{}}
}

// Run loads the active runs, sends each Restarted, and serves until ctx ends
// or the journal fails. On return nothing is under way.
func (r *Runtime) Run(ctx context.Context) error {
	actions, stop := context.WithCancel(ctx)
	defer func() {
		close(r.stopped)
		stop()
		r.work.Wait()
		r.closeWatchers()
	}()
	backlog, err := r.load(ctx)
	if err != nil {
		return fmt.Errorf("load active runs: %w", err)
	}
	close(r.started)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		batch, err := r.gather(ctx, backlog, timer)
		if err != nil {
			return nil //nolint:nilerr // ctx has ended
		}
		backlog = nil
		for len(batch) > 0 {
			n := min(len(batch), r.MaxBatch)
			if err := r.write(ctx, actions, batch[:n]); err != nil {
				return err
			}
			batch = batch[n:]
		}
	}
}

// load takes over every run that has not ended.
func (r *Runtime) load(ctx context.Context) (restarted []request, err error) {
	err = r.Journal.ActiveRuns(ctx, func(record store.RunRecord) error {
		id := record.State.Plan.Run
		r.mu.Lock()
		r.runs[id] = &live{state: record.State, seq: record.Seq, cancels: map[uint64]context.CancelFunc{}}
		r.mu.Unlock()
		restarted = append(restarted, request{run: id, event: r.event(procedure.Restarted)})
		return nil
	})
	return restarted, err
}

func (r *Runtime) event(kind procedure.EventKind) procedure.Event {
	return procedure.Event{Format: procedure.Format, Kind: kind, At: r.Now()}
}

// gather waits for something to do and takes all of it.
func (r *Runtime) gather(ctx context.Context, batch []request, timer *time.Timer) ([]request, error) {
	batch = append(batch, r.overdue()...)
	if len(batch) == 0 {
		timer.Reset(r.due.wait(r.Now()))
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case req := <-r.inbox:
			batch = append(batch, req)
		case <-timer.C:
			return r.overdue(), nil
		}
	}
	for len(batch) < inboxSize {
		select {
		case req := <-r.inbox:
			batch = append(batch, req)
		default:
			return batch, nil
		}
	}
	return batch, nil
}

// overdue gives an event for each run whose deadline has passed.
func (r *Runtime) overdue() (batch []request) {
	now := r.Now()
	for {
		d, ok := r.due.pop(now)
		if !ok {
			return batch
		}
		run := r.runs[d.run]
		if run == nil || run.state.Token != d.token {
			continue
		}
		ev := r.event(procedure.Overdue)
		ev.Token = d.token
		batch = append(batch, request{run: d.run, event: ev})
	}
}

// change is one event applied, not yet durable.
type change struct {
	request
	state   procedure.State
	seq     int
	actions []procedure.Action
}

// write applies a batch, commits it, and lets out what follows.
func (r *Runtime) write(ctx, actions context.Context, batch []request) error {
	changes := r.apply(batch)
	if len(changes) == 0 {
		return nil
	}
	commits := make([]store.Commit, len(changes))
	for i, c := range changes {
		commits[i] = store.Commit{Run: c.run, Seq: c.seq, Event: c.event, State: c.state, RequestKey: c.key}
	}
	errs, err := r.Journal.Commit(ctx, commits)
	if err != nil {
		for _, c := range changes {
			c.answer(c.state, fault.New(fault.Unavailable, "", "", "the journal cannot be written: %w", err))
		}
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("write the journal: %w", err)
	}
	for i, c := range changes {
		if len(errs) > i && errs[i] != nil {
			c.answer(c.state, errs[i])
			continue
		}
		r.take(actions, c)
	}
	return nil
}

// apply gives the changes that the events make, each on top of those before
// it. What does not fit is answered at once and changes nothing.
func (r *Runtime) apply(batch []request) []change {
	type head struct {
		state procedure.State
		seq   int
	}
	heads := map[fleet.RunID]head{}
	changes := make([]change, 0, len(batch))
	for _, req := range batch {
		h, ok := heads[req.run]
		if run := r.runs[req.run]; !ok && run != nil {
			h, ok = head{run.state, run.seq}, true
		}
		if !ok && req.event.Kind != procedure.Started {
			req.answer(procedure.State{}, fault.New(fault.Conflict, "", "run "+string(req.run), "it is not active: it has ended, or there is no such run"))
			continue
		}
		next, actions, err := procedure.Next(h.state, req.event)
		if err != nil {
			r.Log.Debug("event does not fit", "run", req.run, "event", req.event.Kind, "err", err)
			req.answer(h.state, fault.New(fault.Conflict, "", "run "+string(req.run), "%w", err))
			continue
		}
		h = head{next, h.seq + 1}
		if req.event.Kind == procedure.Noticed || req.event.Kind == procedure.Restarted {
			h.seq = max(h.seq, 1)
		}
		heads[req.run] = h
		changes = append(changes, change{req, next, h.seq, actions})
	}
	return changes
}

// take makes a durable change the run's state and lets its actions out.
func (r *Runtime) take(ctx context.Context, c change) {
	r.mu.Lock()
	run := r.runs[c.run]
	if run == nil {
		run = &live{cancels: map[uint64]context.CancelFunc{}}
		r.runs[c.run] = run
	}
	run.state, run.seq = c.state, c.seq
	if c.state.Phase == procedure.Ended {
		delete(r.runs, c.run)
	}
	r.publish(engine.Change{Run: c.run, Seq: c.seq, Event: c.event, State: c.state})
	r.mu.Unlock()
	if c.state.Phase != procedure.Ended {
		r.due.push(c.run, c.state.Token, c.state.Deadline)
	}
	for _, a := range c.actions {
		r.letOut(ctx, run, c.state, a)
	}
	c.answer(c.state, nil)
}

// letOut starts an action, or ends one.
func (r *Runtime) letOut(ctx context.Context, run *live, state procedure.State, a procedure.Action) {
	switch a.Kind {
	case procedure.Perform, procedure.Await, procedure.Probe, procedure.Read:
		ctx, cancel := context.WithCancel(ctx)
		run.end()
		run.cancels[a.Token] = cancel
		r.work.Add(1)
		go func() { // ends with the outcome, or when ctx ends
			defer r.work.Done()
			defer cancel()
			r.do(ctx, state, a)
		}()
	case procedure.Abandon:
		run.end()
	case procedure.Wake:
		r.Performer.Wake(state.Plan.Run, a.Token)
	case procedure.Finish:
		run.end()
		r.Performer.Finish(state.Plan.Run)
	case procedure.Ask, procedure.Withdraw:
		// the journal has the question, and watchers have seen the change
	}
}

// end ends whatever is under way for the run.
func (l *live) end() {
	for token, cancel := range l.cancels {
		cancel()
		delete(l.cancels, token)
	}
}

// do carries an action out. A panic in it is the action's failure, not the
// server's.
func (r *Runtime) do(ctx context.Context, state procedure.State, a procedure.Action) {
	report := func(ev procedure.Event) { r.send(ctx, request{run: state.Plan.Run, event: ev}) }
	defer func() {
		if p := recover(); p != nil {
			r.Log.Error("action panicked", "run", state.Plan.Run, "op", a.Op, "panic", p, "stack", string(debug.Stack()))
			ev := r.event(procedure.Faulted)
			ev.Token, ev.Cause, ev.Detail, ev.Unclear = a.Token, procedure.ServerFailed, "a defect of drydock: see its log", !a.Op.IsRead()
			report(ev)
		}
	}()
	r.Performer.Do(ctx, state, a, report)
}

// send brings a request to the writer; false if the runtime has stopped.
func (r *Runtime) send(ctx context.Context, req request) bool {
	select {
	case r.inbox <- req:
		return true
	case <-ctx.Done():
	case <-r.stopped:
	}
	return false
}

func (q request) answer(state procedure.State, err error) {
	if q.reply != nil {
		q.reply <- reply{state, err}
	}
}

// ask sends an event and waits until it is durable, or refused.
func (r *Runtime) ask(ctx context.Context, req request) (procedure.State, error) {
	answer := make(chan reply, 1)
	req.reply = answer
	select {
	case <-r.started:
	case <-r.stopped:
		return procedure.State{}, errStopped()
	case <-ctx.Done():
		return procedure.State{}, ctx.Err()
	}
	if !r.send(ctx, req) {
		return procedure.State{}, errors.Join(ctx.Err(), errStopped())
	}
	select {
	case a := <-answer:
		return a.state, a.err
	case <-r.stopped:
		return procedure.State{}, errStopped()
	case <-ctx.Done():
		return procedure.State{}, ctx.Err()
	}
}

func errStopped() error {
	return fault.New(fault.Unavailable, "", "", "the server is stopping").WithHint("what was acknowledged before is durable; ask again when it is up")
}
