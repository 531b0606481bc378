package local

import (
	"context"
	"sync"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// devices are a Performer and the equipment behind it, in memory: it outlives
// the runtime, as equipment does, and counts what was done to it.
type devices struct {
	mu    sync.Mutex
	known map[fleet.DeviceID]*device
	// troubles is asked before an outcome is reported.
	trouble func(a procedure.Action) trouble
}

type trouble int

const (
	none        trouble = iota
	fails               // the device refuses: no effect
	loseOutcome         // the effect happens, and nobody is told until the deadline
	failUnclear         // the effect happens, and its answer is lost
	panics
)

type device struct {
	version string
	effects map[uint64]procedure.Op // by token: what was done
	done    map[procedure.Op]int
}

func newDevices() *devices {
	return &devices{known: map[fleet.DeviceID]*device{}, trouble: func(procedure.Action) trouble { return none }}
}

func (d *devices) device(id fleet.DeviceID) *device {
	x := d.known[id]
	if x == nil {
		x = &device{version: "1.4", effects: map[uint64]procedure.Op{}, done: map[procedure.Op]int{}}
		d.known[id] = x
	}
	return x
}

func (d *devices) Wake(fleet.RunID, uint64) {}
func (d *devices) Finish(fleet.RunID)       {}

func (d *devices) Do(ctx context.Context, st procedure.State, a procedure.Action, report func(procedure.Event)) {
	d.mu.Lock()
	how := d.trouble(a)
	d.mu.Unlock()
	ev := procedure.Event{Format: procedure.Format, At: st.Deadline.Add(-procedure.DefaultTimeout), Token: a.Token, Kind: procedure.Finished}
	switch {
	case how == panics:
		panic("trouble")
	case a.Kind == procedure.Probe:
		ev.Kind, ev.Verdict = procedure.Probed, d.probe(st, a)
	case how == fails && !a.Op.IsRead():
		ev.Kind, ev.Cause = procedure.Faulted, procedure.Refused
	case a.Kind == procedure.Perform:
		d.perform(st, a)
		if how == failUnclear {
			ev.Kind, ev.Cause, ev.Unclear = procedure.Faulted, procedure.NoAnswer, true
			break
		}
		report(procedure.Event{Format: procedure.Format, At: ev.At, Token: a.Token, Kind: procedure.Accepted})
	}
	if how == loseOutcome {
		<-ctx.Done()
		return
	}
	if ev.Kind != procedure.Faulted {
		d.facts(st, a, &ev)
	}
	report(ev)
}

func (d *devices) perform(st procedure.State, a procedure.Action) {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.device(st.Plan.Device)
	x.effects[a.Effect] = a.Op
	x.done[a.Op]++
	switch a.Op {
	case procedure.OpUpdate:
		x.version = st.Plan.Target
	case procedure.OpRestoreFiles:
		x.version = st.From
	}
}

func (d *devices) probe(st procedure.State, a procedure.Action) procedure.Verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, ok := d.device(st.Plan.Device).effects[a.Effect]; ok {
		return procedure.Succeeded
	}
	return procedure.NotStarted
}

func (d *devices) facts(st procedure.State, a procedure.Action, ev *procedure.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ref := &procedure.BackupRef{ID: "b", Run: st.Plan.Run, Device: st.Plan.Device}
	switch a.Op {
	case procedure.OpPreflight, procedure.OpIdentify:
		ev.Observed = &procedure.Observation{Identity: fleet.Identity{Serial: string(st.Plan.Device)}, Version: d.device(st.Plan.Device).version}
	case procedure.OpBackup:
		ev.Backup = ref
	case procedure.OpAssess:
		ev.Assessment = &procedure.Assessment{Needed: true, Expected: ref}
	case procedure.OpVerify, procedure.OpProveRestore:
		ev.Comparison = &procedure.Comparison{Backup: ref, Carried: 10}
	}
}
