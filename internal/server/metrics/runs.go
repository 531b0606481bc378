package metrics

import (
	"drydock/internal/engine"
	"drydock/internal/procedure"
)

func (m *Metrics) makeRuns() {
	m.started = m.counters("drydock_runs_started_total", "Runs that were started.", "goal")
	m.ended = m.counters("drydock_runs_ended_total", "Runs that have ended.", "goal", "outcome")
	m.failed = m.counters("drydock_step_failures_total", "Attempts at a step that ended badly.", "step", "cause")
	m.asked = m.counters("drydock_questions_asked_total", "Questions that runs have asked.", "cause")
	m.answered = m.counters("drydock_questions_answered_total", "Questions that people have answered.", "choice")
	for _, outcome := range procedure.Outcomes() { // a rate needs the 0 before the first one
		m.ended.WithLabelValues(string(procedure.GoalUpdate), string(outcome))
	}
}

// Change counts one durable change of a run.
func (m *Metrics) Change(c engine.Change) {
	ev, st := c.Event, c.State
	switch ev.Kind {
	case procedure.Started:
		m.started.WithLabelValues(string(st.Plan.Goal)).Inc()
	case procedure.Answered:
		m.answered.WithLabelValues(string(ev.Choice)).Inc()
	case procedure.Faulted:
		m.failed.WithLabelValues(string(st.Step), string(ev.Cause)).Inc()
	case procedure.Overdue:
		m.failed.WithLabelValues(string(st.Step), string(procedure.Timeout)).Inc()
	}
	if q := st.Question; q != nil && q.AskedAt.Equal(ev.At) {
		m.asked.WithLabelValues(string(q.Cause)).Inc()
	}
	if st.Result != nil {
		m.ended.WithLabelValues(string(st.Plan.Goal), string(st.Result.Outcome)).Inc()
	}
}
