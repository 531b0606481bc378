// Package invariant checks what must hold of every run whatever was killed and
// whatever failed, from the runs' journals and from what the simulated
// equipment says has happened to it (RELIABILITY.md I2, I5, I9). The kill test
// and the soak share it.
package invariant

import (
	"fmt"
	"hash/fnv"
	"reflect"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// Ledger gathers what the journals order, and everything that is broken.
type Ledger struct {
	Runs, Probes, Effects int     // journals read; effects that were asked after; effects on the equipment
	Broken                []error // empty when every invariant holds

	ordered map[uint32]bool // rows that some journal orders
}

func (l *Ledger) fault(format string, args ...any) {
	l.Broken = append(l.Broken, fmt.Errorf(format, args...))
}

// Run takes a run's journal through the procedure: it must lead to the stored
// state, come to an end, and repeat no effect blindly.
func (l *Ledger) Run(r client.Run, journal []client.Entry) {
	l.Runs++
	var st procedure.State
	settled := true // the newest effect has an outcome, was probed, or a person decided
	for _, e := range journal {
		next, actions, err := procedure.Next(st, e.Event)
		if err != nil {
			l.fault("run %s entry %d does not replay: %w", r.ID, e.Seq, err)
			return
		}
		switch ev := e.Event; {
		case ev.Kind == procedure.Probed:
			l.Probes++
			settled = true
		case ev.Kind == procedure.Finished, ev.Kind == procedure.Faulted && !ev.Unclear, ev.Kind == procedure.Answered:
			settled = true
		}
		for _, a := range actions {
			if a.Kind != procedure.Perform {
				continue
			}
			if !settled {
				l.fault("run %s entry %d: %s is ordered, and nobody knows what became of the effect before it", r.ID, e.Seq, a.Op)
			}
			settled = false
			l.order(r.ID, a.Effect)
		}
		st = next
	}
	if st.Phase != procedure.Ended {
		l.fault("run %s has not ended", r.ID)
	}
	if !reflect.DeepEqual(st.Result, r.State.Result) {
		l.fault("run %s: the journal leads to %+v, stored is %+v", r.ID, st.Result, r.State.Result)
	}
}

func (l *Ledger) order(run fleet.RunID, effect uint64) {
	if l.ordered == nil {
		l.ordered = map[uint32]bool{}
	}
	l.ordered[row(run, effect)] = true
}

// row is the index that an effect has in the device's table: as the engine
// derives it.
func row(run fleet.RunID, effect uint64) uint32 {
	h := fnv.New32a()
	fmt.Fprintf(h, "%s/%d", run, effect)
	return max(1, h.Sum32()&0x7fffffff)
}

// Equipment holds what the equipment has begun against the journals, all of
// which Run has seen: each effect has an intent and was started once.
func (l *Ledger) Equipment(list []sim.Effect) {
	type place struct {
		device int
		row    uint32
	}
	started := map[place]int{}
	for _, e := range list {
		if e.What != "start" {
			continue
		}
		l.Effects++
		at := place{e.Device, e.Row}
		if started[at]++; started[at] > 1 {
			l.fault("row %d: %s was started %d times on device %d", e.Row, e.Op, started[at], e.Device)
		}
		if !l.ordered[e.Row] {
			l.fault("row %d: %s was started on device %d, and no journal has its intent", e.Row, e.Op, e.Device)
		}
	}
}
