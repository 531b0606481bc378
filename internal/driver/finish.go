package driver

import (
	"cmp"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// succeed ends the operation well.
func (m *Machine) succeed() Ask {
	r := Result{Verdict: procedure.Succeeded, Accepted: !m.program.op.IsRead(), Progress: 100, Detail: m.detail}
	switch m.program.op {
	case Identify:
		return m.done(m.observed(r))
	case FreeSpace:
		if text, ok := m.values.locals["free"]; ok {
			n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
			if err != nil || n < 0 {
				return m.fail(failure{procedure.DeviceFailed, fmt.Sprintf("free space reads %q, which is no size", text)}, false)
			}
			free := fleet.Bytes(n)
			r.Free = &free
		}
	case Health:
		r.Health = maps.Clone(m.values.locals)
	}
	return m.cleanUp(0, r)
}

// observed makes the observation of what identify has read.
func (m *Machine) observed(r Result) Result {
	l := m.values.locals
	o := &procedure.Observation{
		Identity: fleet.Identity{Serial: strings.TrimSpace(l["serial"]), EngineID: l["engine-id"], SysObjectID: l["sys-object-id"]},
		Model:    strings.TrimSpace(l["model"]), Version: strings.TrimSpace(l["version"]),
	}
	if m.driver.quirks.EngineIDChanges {
		o.Identity.EngineID = ""
	}
	r.Observed = o
	return r
}

// fail ends the operation badly. unclear: it may have had its effect.
func (m *Machine) fail(f failure, unclear bool) Ask {
	r := Result{Verdict: procedure.Failed, Cause: f.cause, Detail: f.text, Unclear: unclear || m.doubtful,
		Accepted: m.accepted, Progress: m.progress}
	if m.mode == Probe && !m.program.op.IsRead() {
		return m.inscrutable(f)
	}
	// A row whose fate is not known is what a probe will look at.
	if !m.touched && !m.accepted || m.doubtful || f.cause == procedure.NoAnswer || f.cause == procedure.OutcomeUnknown {
		return m.done(r)
	}
	return m.cleanUp(0, r)
}

// failRead ends the operation because a read brought nothing.
func (m *Machine) failRead(err *AnswerError) Ask {
	text := cmp.Or(err.Text, string(err.Kind))
	switch err.Kind {
	case Denied:
		return m.fail(failure{procedure.Refused, "the device does not accept the credentials: " + text}, m.accepted)
	case Refused:
		return m.fail(failure{procedure.DeviceFailed, "the device refuses to be read: " + cmp.Or(err.Status, text)}, m.accepted)
	}
	return m.fail(failure{procedure.NoAnswer, "the device does not answer: " + text}, m.accepted)
}

// failInput ends the operation because what it was given does not fit the
// family; nothing was sent for this action.
func (m *Machine) failInput(err error) Ask {
	return m.fail(failure{procedure.ServerFailed, err.Error()}, false)
}

// refuse ends the operation because the device refused a SET. named are the
// driver's own words for error statuses.
func (m *Machine) refuse(err *AnswerError, vars []setVar, named map[string]failure) Ask {
	if err.Kind == Denied {
		return m.fail(failure{procedure.Refused, "the device does not accept the credentials: " + cmp.Or(err.Text, err.Status)}, false)
	}
	where := ""
	if i := err.Index - 1; i >= 0 && i < len(vars) {
		where = " for " + vars[i].object.name
	}
	detail := "the device refused the command: " + cmp.Or(err.Status, err.Text, "no reason given") + where
	f, ok := named[err.Status]
	if !ok {
		return m.fail(failure{procedure.Refused, detail}, false)
	}
	f.text += " (" + cmp.Or(err.Status, "refused") + where + ")"
	if f.cause == procedure.DeviceFailed {
		f.cause = procedure.Refused
	}
	return m.fail(f, false)
}

// cleanUp carries out the driver's cleanup from the i-th action on, whatever
// comes of it, and then ends the operation.
func (m *Machine) cleanUp(i int, r Result) Ask {
	if m.mode == Probe || i >= len(m.program.cleanup) {
		return m.done(r)
	}
	next := func() Ask { return m.cleanUp(i+1, r) }
	vars, ok := m.cleanupVars(m.program.cleanup[i])
	if !ok {
		return next()
	}
	return m.sendCleanup(vars, 1, next)
}

// cleanupVars fills in a cleanup action; one that does not apply or cannot be
// filled in is left out, for the operation's outcome stands already.
func (m *Machine) cleanupVars(a action) ([]setVar, bool) {
	applies := func(c *condition) bool {
		return c == nil || m.holds(c) && (c.has == nil || m.has[c.has.object.name]) && (c.not == nil || !m.holds(c.not))
	}
	if !applies(a.when) {
		return nil, false
	}
	var vars []setVar
	for _, g := range a.do.(*setStep).groups {
		if !applies(g.when) {
			continue
		}
		for _, spec := range g.vars {
			v, err := m.encodeVar(spec)
			if err != nil {
				return nil, false
			}
			vars = append(vars, v)
		}
	}
	return vars, len(vars) > 0
}

func (m *Machine) sendCleanup(vars []setVar, try int, then func() Ask) Ask {
	return m.ask(AskSet{Varbinds: varbinds(vars)}, func(a Answer) Ask {
		if a.Err != nil && (a.Err.Kind == NoAnswer || a.Err.Kind == Unclear) && try < setTries {
			return m.sendCleanup(vars, try+1, then)
		}
		return then()
	})
}

// done hands out the result.
func (m *Machine) done(r Result) Ask {
	m.ended = true
	return m.ask(AskDone{r}, nil)
}
