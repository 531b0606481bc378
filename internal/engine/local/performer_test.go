package local

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// devices are a Performer and the equipment behind it, in memory: they outlive
// the runtime, as equipment does. They watch the runtime: an effect that is not
// on record, that follows one whose outcome nobody looked for, or that comes
// after the end, is a violation, and so are two actions of a run at once.
type devices struct {
	journal *memory

	mu         sync.Mutex
	known      map[fleet.DeviceID]*device
	begun      int // calls of Do
	busy       map[fleet.RunID]int
	atOnce     int // most actions at once
	wakes      map[fleet.RunID]int
	finished   map[fleet.RunID]int
	violations []string
	// trouble is asked, with the lock held, before each action.
	trouble func(a procedure.Action) trouble
	// delay is how long each action takes; nil: no time.
	delay func(a procedure.Action) time.Duration
}

type trouble int

const (
	none        trouble = iota
	fails               // the device refuses: no effect
	loseCommand         // no effect, and nobody is told until the deadline
	loseOutcome         // the effect happens, and nobody is told until the deadline
	failUnclear         // the effect happens, and its answer is lost
	lostUnclear         // no effect, and its answer is lost
	twice               // the outcome is told twice
	late                // the effect happens, and its outcome is told after the deadline
	lingers             // all is well, and Do does not return before ctx ends
	silent              // the effect happens, and Do returns without a word
	panics
)

type device struct {
	version string
	effects map[uint64]bool // what was done, by token
	newest  uint64
	done    map[procedure.Op]int
}

func newDevices(journal *memory) *devices {
	return &devices{journal: journal, known: map[fleet.DeviceID]*device{}, busy: map[fleet.RunID]int{}, wakes: map[fleet.RunID]int{},
		finished: map[fleet.RunID]int{}}
}

// troubled makes the first n performs of op go wrong.
func (d *devices) troubled(op procedure.Op, how trouble, n int) *devices {
	d.trouble = func(a procedure.Action) trouble {
		if a.Op == op && (a.Kind == procedure.Perform || a.Kind == procedure.Read) && n > 0 {
			n--
			return how
		}
		return none
	}
	return d
}

func (d *devices) device(id fleet.DeviceID) *device {
	x := d.known[id]
	if x == nil {
		x = &device{version: "1.4", effects: map[uint64]bool{}, done: map[procedure.Op]int{}}
		d.known[id] = x
	}
	return x
}

// times is how often op was done to the device of plan(n).
func (d *devices) times(n int, op procedure.Op) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.device(plan(n).Device).done[op]
}

func (d *devices) check(t testing.TB) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, v := range d.violations {
		t.Error(v)
	}
}

func (d *devices) Wake(run fleet.RunID, _ uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.wakes[run]++
}

func (d *devices) Finish(run fleet.RunID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.finished[run]++
	if d.busy[run] > 0 {
		d.violate("run %s was finished while an action was under way", run)
	}
}

func (d *devices) violate(format string, args ...any) {
	d.violations = append(d.violations, fmt.Sprintf(format, args...))
}

// enter and leave count the actions under way.
func (d *devices) enter(run fleet.RunID, a procedure.Action) trouble {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.begun++
	if left := time.Until(a.Deadline); left > time.Hour {
		d.violate("run %s: %s %s has its deadline in %s: that is another clock's", run, a.Kind, a.Op, left)
	}
	d.busy[run]++
	if d.busy[run] > 1 {
		d.violate("run %s: two actions at once, the second is %s %s", run, a.Kind, a.Op)
	}
	sum := 0
	for _, n := range d.busy {
		sum += n
	}
	d.atOnce = max(d.atOnce, sum)
	if d.trouble == nil {
		return none
	}
	return d.trouble(a)
}

func (d *devices) leave(run fleet.RunID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.busy[run]--
}

func (d *devices) Do(ctx context.Context, st procedure.State, a procedure.Action, report func(procedure.Event)) {
	run := st.Plan.Run
	how := d.enter(run, a)
	defer d.leave(run)
	if d.delay != nil {
		pause(ctx, d.delay(a))
	}
	if how == loseCommand || ctx.Err() != nil {
		<-ctx.Done()
		return
	}
	if how == fails && a.Kind == procedure.Perform {
		report(procedure.Event{Kind: procedure.Faulted, Cause: procedure.Refused})
		return
	}
	if a.Kind == procedure.Perform && how != lostUnclear {
		d.perform(st, a)
	}
	d.tell(ctx, how, d.outcome(st, a), report)
}

// tell reports an outcome, with whatever goes wrong about it.
func (d *devices) tell(ctx context.Context, how trouble, ev procedure.Event, report func(procedure.Event)) {
	switch how {
	case panics:
		panic("trouble")
	case silent:
		return
	case failUnclear, lostUnclear:
		report(procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Unclear: true})
		return
	case loseOutcome:
		report(procedure.Event{Kind: procedure.Accepted})
		<-ctx.Done()
		return
	case late:
		<-ctx.Done()
	case twice:
		report(ev)
	}
	report(procedure.Event{Kind: procedure.Accepted})
	report(ev)
	if how == lingers {
		<-ctx.Done()
	}
}

// perform is the effect on the device.
func (d *devices) perform(st procedure.State, a procedure.Action) {
	record := d.journal.state(st.Plan.Run)
	entries := d.journal.entries(st.Plan.Run)
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.device(st.Plan.Device)
	if record.Effect != a.Token || record.Phase == procedure.Ended {
		d.violate("run %s: %s under token %d is not on record: the journal is %s with effect %d", st.Plan.Run, a.Op, a.Token, record.Phase, record.Effect)
	}
	if x.newest != 0 && !settled(entries, x.newest) {
		d.violate("run %s: %s under token %d follows effect %d, which nobody looked into", st.Plan.Run, a.Op, a.Token, x.newest)
	}
	x.effects[a.Token], x.newest = true, a.Token
	x.done[a.Op]++
	switch a.Op {
	case procedure.OpUpdate:
		x.version = st.Plan.Target
	case procedure.OpRestoreFiles:
		x.version = st.From
	}
}

// settled says whether the journal knows what became of an effect: its own
// outcome, or what a probe found or an await brought under a later token.
func settled(entries []procedure.Event, effect uint64) bool {
	for _, ev := range entries {
		clear := ev.Kind == procedure.Finished || ev.Kind == procedure.Probed || ev.Kind == procedure.Faulted && !ev.Unclear
		if clear && ev.Token >= effect {
			return true
		}
	}
	return false
}

// outcome is what a device tells when all goes well.
func (d *devices) outcome(st procedure.State, a procedure.Action) procedure.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.device(st.Plan.Device)
	ev := procedure.Event{Kind: procedure.Finished}
	if a.Kind == procedure.Probe {
		ev.Kind, ev.Verdict = procedure.Probed, procedure.NotStarted
		if x.effects[a.Effect] {
			ev.Verdict = procedure.Succeeded
		}
	}
	ref := &procedure.BackupRef{ID: "b", Run: st.Plan.Run, Device: st.Plan.Device}
	switch a.Op {
	case procedure.OpPreflight, procedure.OpIdentify:
		ev.Observed = &procedure.Observation{Identity: fleet.Identity{Serial: string(st.Plan.Device)}, Version: x.version}
	case procedure.OpBackup:
		ev.Backup = ref
	case procedure.OpAssess:
		ev.Assessment = &procedure.Assessment{Needed: true, Expected: ref}
	case procedure.OpVerify, procedure.OpProveRestore:
		ev.Comparison = &procedure.Comparison{Backup: ref, Carried: 10}
	}
	return ev
}
