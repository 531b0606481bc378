package procedure

import (
	"unique"

	"drydock/internal/fleet"
)

// world is everything outside the run that matters to it: the device, what the
// process that drives the run is doing, and what has to be remembered to tell
// whether an invariant holds. An outcome on its way to the journal is no part
// of it: it arrives, or it is lost, and nothing that happens in between is seen
// by the run before.
type world struct {
	// the device at the address
	Foreign bool // another one answers
	New     bool // it runs the new version
	Staged  bool // the new version waits for the reboot
	Config  config
	Kept    bool
	Dev     job

	// the process that drives the run
	Work work // what it is doing
	Sent bool // the command of a Perform has left

	// history
	Unsettled settling // the newest effect
	Insisted  bool     // a person knows that the device claims to be at it, and said go on again
	No        bool     // a person has stopped the run
	Met       bool     // it was the planned device that answered when the run last heard
	BackedUp  bool     // this run's backup reached the server
	Ordered   bool     // the device heard an order to load or to recover
}

// job is what the device is doing for the newest effect that it heard of.
type job struct {
	Op    unique.Handle[Op]
	Doing doing
	Past  bool // a newer effect was ordered since
	Known bool // a person, told that nobody can tell, decided about it
}

type (
	work     uint8
	config   uint8
	doing    uint8
	settling uint8
)

const (
	nothing work = iota
	performing
	awaiting
	probing
	reading
)

// workOf is the work that an action begins; nothing where it begins none.
func workOf(kind ActionKind) work {
	switch kind {
	case Perform:
		return performing
	case Await:
		return awaiting
	case Probe:
		return probing
	case Read:
		return reading
	}
	return nothing
}

// noSignal is what the run hears of a move that it does not hear of.
var noSignal = unique.Handle[signal]{}

const (
	original config = iota
	factory         // what loading leaves
	modified        // what the migration makes of it
	damaged         // lines are lost
	supplied        // the source of a restoration
)

const (
	idle doing = iota
	running
	done
	failed
)

const (
	settled   settling = iota
	unsettled          // what became of it is not known
	told               // it cannot be known, and a person is asked
)

// deliveredBy is the configuration that an effect gives the device.
func deliveredBy(s State, op Op) config {
	switch {
	case s.Plan.Goal.WantsSource():
		return supplied
	case op == OpModify, s.Plan.Recover == fleet.RecoverModified && s.Assessment != nil && s.Assessment.Needed:
		return modified
	}
	return original
}

// expected is the configuration that the run must prove.
func expected(s State) config {
	switch {
	case s.Plan.Goal.WantsSource():
		return supplied
	case s.Assessment != nil && s.Assessment.Needed:
		return modified
	}
	return original
}

func (w world) sight() sight {
	switch {
	case w.Foreign:
		return seenForeign
	case w.New:
		return seenNew
	}
	return seenOld
}

// restarts says whether the device restarts for the operation.
func restarts(s State, op Op) bool {
	switch op {
	case OpReboot, OpRecover, OpModify, OpRestoreFiles:
		return true
	case OpUpdate:
		return len(s.Plan.RebootAfter) == 0
	}
	return false
}

// complete is the device doing what it was told.
func (w world) complete(s State) world {
	w.Dev.Doing = done
	switch w.Dev.Op.Value() {
	case OpKeep:
		w.Kept = true
	case OpUpdate:
		w.Staged = true
		if restarts(s, OpUpdate) {
			w = w.boot()
		}
	case OpReboot:
		w = w.boot()
	case OpRecover, OpModify:
		w.Config = deliveredBy(s, w.Dev.Op.Value())
	case OpRestoreFiles:
		if !w.Kept {
			w.Dev.Doing = failed
			return w
		}
		w.New, w.Staged, w.Config = false, false, original
	}
	return w
}

func (w world) boot() world {
	if w.Staged {
		w.New, w.Staged, w.Config = true, false, factory
	}
	return w
}

// fault is something that goes wrong in the device, by name.
type fault struct {
	name string
	w    world
}

// faults are the ways in which the device's work can end badly.
func (w world) faults(s State) []fault {
	var all []fault
	ends := func(name string, d doing, change func(*world)) {
		v := w
		v.Dev.Doing = d
		change(&v)
		all = append(all, fault{name, v})
	}
	unchanged := func(*world) {}
	ends("device: fails", failed, unchanged)
	ends("device: lies that it is done", done, unchanged)
	ends("device: forgets the command", idle, func(v *world) { v.Dev = job{} })
	op := w.Dev.Op.Value()
	if op == OpUpdate || op == OpRecover || op == OpModify || op == OpRestoreFiles {
		ends("device: fails and loses configuration", failed, func(v *world) { v.Config = damaged })
		ends("device: done, but configuration is lost", done, func(v *world) { *v = w.complete(s); v.Config = damaged })
	}
	if restarts(s, op) {
		ends("device: comes back with the version that is not wanted", done, func(v *world) {
			*v = w.complete(s)
			v.New, v.Staged = op == OpRestoreFiles, false
		})
		ends("device: comes back as another one", done, func(v *world) { *v = w.complete(s); v.Foreign = true })
	}
	return all
}

// outcome is what whoever waits for the effect reads from the device when its
// work is done.
func (w world) outcome(s State) signal {
	g := signal{Kind: Finished}
	switch s.Op {
	case OpBackup:
		g.Backup = ownBackup
	case OpVerify, OpProveRestore:
		want := original
		if s.Op == OpVerify {
			want = expected(s)
		}
		g.Compare = lostLines
		if w.Config == want {
			g.Compare = sameConfig
		}
	}
	return g
}

// broken says which invariant the world breaks where the run has ended.
func (w world) broken(s State) string {
	r := s.Result
	waived := false
	for _, f := range r.Accepted {
		waived = waived || f.Op == OpVerify || f.Op == OpProveRestore
	}
	switch r.Outcome {
	case Updated:
		switch {
		case w.Foreign:
			return "I4: updated, but another device answers"
		case !w.New:
			return "I4: updated, but the old version runs"
		case w.Config != expected(s) && !waived:
			return "I4: updated, but the configuration is not the expected one"
		}
	case Restored:
		if w.Foreign || w.New || w.Config != supplied && !waived {
			return "I4: restored, but the device has not that configuration"
		}
	case RolledBack:
		if w.Foreign || w.New || w.Config != original && !waived {
			return "I10: rolled back, but not to the old version with its configuration"
		}
	}
	proven := r.Left == NewProven || r.Left == OldProven || r.Left == ConfigProven
	switch {
	case proven && waived:
		return "I10: called proven, but a person accepted differences"
	case r.Left == Untouched && w.Ordered:
		return "I10: called untouched, but the device was ordered to load"
	}
	return ""
}
