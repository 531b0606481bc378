package local

import "drydock/internal/procedure"

// Place is where a run stands.
type Place struct {
	Step  procedure.Step
	Phase procedure.Phase
	Cause procedure.Cause // of the question that is open; empty: none is
}

// Tally counts the active runs by where they stand.
func (r *Runtime) Tally() map[Place]int {
	counts := map[Place]int{}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, run := range r.runs {
		place := Place{Step: run.state.Step, Phase: run.state.Phase}
		if q := run.state.Question; q != nil {
			place.Cause = q.Cause
		}
		counts[place]++
	}
	return counts
}
