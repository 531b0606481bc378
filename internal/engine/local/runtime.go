package local

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Runtime advances runs. Its methods may be called from many goroutines while
// Run runs.
type Runtime struct {
	Options
	inbox   chan request
	started chan struct{} // closed when every active run is loaded
	stopped chan struct{} // closed when nothing is taken any more

	mu       sync.RWMutex // owns what follows; only the writer changes runs and states
	runs     map[fleet.RunID]*live
	watchers map[*watcher]struct{}
	history  history
	watching sync.WaitGroup // the watchers' goroutines

	actions pool
	counts  struct{ commits, entries, unfit atomic.Uint64 }

	// the writer's alone
	clock  clock
	alarms alarms
}

// live is an active run in memory.
type live struct {
	id      fleet.RunID
	state   procedure.State
	seq     int
	noticed atomic.Bool // a notice is on its way to the writer

	lane lane

	// the writer's alone
	cancel      context.CancelFunc // ends the action under way; nil: there is none
	deadline    alarm
	notice      alarm
	noticeAfter time.Time // a notice before it is put off
}

func newLive(id fleet.RunID) *live {
	l := &live{id: id}
	l.deadline = alarm{run: l, kind: procedure.Overdue}
	l.notice = alarm{run: l, kind: procedure.Noticed}
	return l
}

// request is an event on its way to the writer.
type request struct {
	run   fleet.RunID
	event procedure.Event
	key   string
	reply chan<- reply // has room for one; nil: nobody waits
}

type reply struct {
	state procedure.State
	err   error
}

func (q request) answer(state procedure.State, err error) {
	if q.reply != nil {
		q.reply <- reply{state, err}
	}
}

const (
	inboxSize   = 4096                   // events that may wait; whoever brings more waits himself
	roomPause   = time.Second            // a full disk is tried again after it
	noticeEvery = 200 * time.Millisecond // a run's notices are entries of the journal no more often
	alarmAgain  = time.Minute            // a deadline that came to nothing comes again after it
)

// New makes a runtime; Run runs it.
func New(o Options) *Runtime {
	o = o.withDefaults()
	return &Runtime{Options: o, inbox: make(chan request, inboxSize), started: make(chan struct{}), stopped: make(chan struct{}),
		runs: map[fleet.RunID]*live{}, watchers: map[*watcher]struct{}{}, history: newHistory(time.Now()), actions: pool{max: o.MaxInFlight}}
}

// Run loads the active runs, sends each Restarted, and serves until ctx ends,
// which is no error, or the journal fails. It is called once. On return no
// goroutine of the runtime is left.
func (r *Runtime) Run(ctx context.Context) error {
	actions, stop := context.WithCancel(ctx)
	defer func() {
		r.mu.Lock()
		close(r.stopped)
		r.mu.Unlock()
		stop()
		r.actions.wg.Wait()
		r.watching.Wait()
	}()
	waiting, err := r.load(ctx)
	if err != nil {
		return fmt.Errorf("load active runs: %w", err)
	}
	close(r.started)
	for {
		batch := r.gather(ctx, waiting)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was told to stop
		}
		if waiting, err = r.writeAll(actions, batch); err != nil {
			return fmt.Errorf("write the journal: %w", err)
		}
		if len(waiting) > 0 && !pause(ctx, roomPause) {
			return nil
		}
	}
}

// pause waits; false if ctx has ended.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// load takes over every run that has not ended.
func (r *Runtime) load(ctx context.Context) (restarted []request, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var newest time.Time
	err = r.Journal.ActiveRuns(ctx, func(record store.RunRecord) error {
		l := newLive(record.State.Plan.Run)
		l.state, l.seq = record.State, record.Seq
		r.runs[l.id] = l
		r.alarms.set(&l.deadline, l.state.Deadline)
		if record.UpdatedAt.After(newest) {
			newest = record.UpdatedAt
		}
		restarted = append(restarted, request{run: l.id, event: procedure.Event{Kind: procedure.Restarted}})
		return nil
	})
	r.clock = newClock(r.Now(), newest)
	return restarted, err
}

// gather waits until there is something to do, unless something is, and takes
// all of it. What has come counts before a deadline that has passed since.
func (r *Runtime) gather(ctx context.Context, batch []request) []request {
	if len(batch) == 0 {
		timer := r.timer()
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return nil
		case req := <-r.inbox:
			batch = append(batch, req)
		case <-timer.C:
		}
	}
	for range inboxSize {
		select {
		case req := <-r.inbox:
			batch = append(batch, req)
			continue
		default:
		}
		break
	}
	return append(batch, r.ring()...)
}

// timer fires at the first alarm.
func (r *Runtime) timer() *time.Timer {
	if a := r.alarms.first(); a != nil {
		return time.NewTimer(max(0, a.at.Sub(r.clock.now())))
	}
	return time.NewTimer(time.Hour)
}

// ring gives an event for each alarm whose time has come. A deadline that
// nothing comes of, since its entry was refused, comes again.
func (r *Runtime) ring() (due []request) {
	now := r.clock.now()
	for a := r.alarms.first(); a != nil && !a.at.After(now); a = r.alarms.first() {
		ev := procedure.Event{Kind: a.kind}
		if a.kind == procedure.Overdue {
			ev.Token = a.run.state.Token
			r.alarms.set(a, now.Add(alarmAgain))
		} else {
			r.alarms.unset(a)
		}
		due = append(due, request{run: a.run.id, event: ev})
	}
	return due
}

// send brings a request to the writer; false if that can no longer be.
func (r *Runtime) send(ctx context.Context, req request) bool {
	select {
	case r.inbox <- req:
		return true
	case <-ctx.Done():
	case <-r.stopped:
	}
	return false
}

// Stats says what the runtime has done and what is under way.
func (r *Runtime) Stats() Stats {
	s := Stats{Commits: r.counts.commits.Load(), Entries: r.counts.entries.Load(), Unfit: r.counts.unfit.Load(), Inbox: len(r.inbox)}
	r.mu.RLock()
	s.Active = len(r.runs)
	r.mu.RUnlock()
	s.UnderWay, s.Waiting = r.actions.load()
	return s
}
