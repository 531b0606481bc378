package driver

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"drydock/internal/procedure"
)

// sighting is what one look at a status showed.
type sighting struct {
	class    class
	value    string // the status, by name
	stale    bool   // a success that also stands there when nothing was started
	failure  failure
	err      *AnswerError
	progress int // percent, -1 where not told
}

// class is what a status means.
type class string

const (
	isRunning class = "running"
	isSuccess class = "success"
	isFailure class = "failure"
	isIdle    class = "idle"
	isStrange class = "strange" // a value that the driver does not name
	isAbsent  class = "absent"
	isSilent  class = "silent"
)

// look reads the status once.
func (m *Machine) look(p *pollStep, tries int, then func(sighting) Ask) Ask {
	if p.find == nil {
		return m.lookAt(p, tries, then)
	}
	return m.search(p.find, func(found bool, err *AnswerError) Ask {
		switch {
		case err != nil:
			return then(sighting{class: isSilent, err: err, progress: -1})
		case !found:
			return then(sighting{class: isAbsent, progress: -1})
		}
		return m.lookAt(p, tries, then)
	})
}

func (m *Machine) lookAt(p *pollStep, tries int, then func(sighting) Ask) Ask {
	refs := []ref{p.status}
	for _, r := range []*ref{p.reason, p.text, p.progress} {
		if r != nil {
			refs = append(refs, *r)
		}
	}
	return m.withOIDs(refs, func(oids []string) Ask {
		return m.get(oids, tries, func(v []Varbind, err *AnswerError) Ask {
			if err != nil {
				return then(sighting{class: isSilent, err: err, progress: -1})
			}
			return then(p.interpret(v))
		})
	})
}

// interpret makes a sighting of the values of status, reason, text and
// progress, in this order, those that the driver has.
func (p *pollStep) interpret(v []Varbind) sighting {
	s := sighting{progress: -1}
	if v[0].missing() {
		s.class = isAbsent
		return s
	}
	s.value = p.status.object.show(v[0])
	next := 1
	take := func(r *ref) (string, bool) {
		if r == nil {
			return "", false
		}
		got := v[next]
		next++
		return r.object.show(got), !got.missing()
	}
	reason, _ := take(p.reason)
	text, _ := take(p.text)
	if p.progress != nil {
		if n, ok := v[next].number(); ok && n >= 0 && n <= 100 {
			s.progress = int(n)
		}
	}
	s.class, s.stale = p.classOf(s.value), p.idle[s.value]
	if s.class == isFailure {
		s.failure = p.failureOf(s.value, reason, strings.TrimSpace(text))
	}
	return s
}

func (p *pollStep) classOf(value string) class {
	_, named := p.failures[value]
	switch {
	case p.running[value]:
		return isRunning
	case p.success[value]:
		return isSuccess
	case named:
		return isFailure
	case p.idle[value]:
		return isIdle
	case p.others:
		return isFailure
	}
	return isStrange
}

// failureOf names a failure: by the reason where the driver names it, else by
// the status. The device's own words follow in brackets.
func (p *pollStep) failureOf(value, reason, text string) failure {
	f, named := p.reasons[reason]
	if !named {
		f, named = p.reasons["others"]
	}
	if !named {
		f, named = p.failures[value]
	}
	if !named {
		f = p.failures["others"]
	}
	word := value
	if reason != "" {
		word += ", " + reason
	}
	f.cause = cmp.Or(f.cause, procedure.DeviceFailed)
	f.text = cmp.Or(f.text, "the device reports a failure") + " (" + word
	if text != "" {
		f.text += ": " + text
	}
	f.text += ")"
	return f
}

// polling is a poll in progress.
type polling struct {
	*pollStep
	began, deadline time.Time
	interval        time.Duration
	seen, active    bool // the status was there; it was seen running
	last            sighting
}

// poll carries out "poll": it looks until the status is final.
func (m *Machine) poll(step *pollStep, then func() Ask) Ask {
	p := &polling{pollStep: step, began: m.now, deadline: m.deadline, interval: step.interval}
	if step.within > 0 && m.now.Add(step.within).Before(m.deadline) {
		p.deadline = m.now.Add(step.within)
	}
	return m.pollOnce(p, then)
}

func (m *Machine) pollOnce(p *polling, then func() Ask) Ask {
	return m.look(p.pollStep, 1, func(s sighting) Ask {
		if s.class == isSilent && (s.err.Kind == Denied || s.err.Kind == Refused && s.err.Status != "genErr") {
			return m.failRead(s.err)
		}
		if !p.takeTransfer {
			return m.judge(p, s, then)
		}
		return m.lookTransfers(func() Ask { return m.judge(p, s, then) })
	})
}

// judge decides what a sighting means for the operation.
func (m *Machine) judge(p *polling, s sighting, then func() Ask) Ask {
	m.noteProgress(p, s)
	ev := m.evidence(p.role)
	// What a shared status shows may be left over from an operation before this.
	fresh := !p.shared && !s.stale || p.active || ev.began
	early := m.now.Before(p.began.Add(p.appears))
	switch s.class {
	case isSuccess:
		if fresh || !early {
			return then()
		}
	case isFailure:
		if fresh || !early {
			return m.fail(s.failure, false)
		}
	case isIdle:
		if p.active && ev.finished {
			return then()
		}
		if p.active {
			return m.fail(failure{procedure.DeviceFailed, "the device has stopped the operation without saying how it ended (" + s.value + ")"}, true)
		}
	case isAbsent:
		if p.seen || !early {
			return m.judgeAbsent(p, ev, then)
		}
	}
	return m.pollAgain(p, then)
}

// judgeAbsent decides what it means that the status is not there: never was,
// or is no more.
func (m *Machine) judgeAbsent(p *polling, ev evidence, then func() Ask) Ask {
	meaning, text := p.absent, "the device does not know the operation"
	if p.seen {
		meaning, text = p.vanished, "the device has forgotten the operation"
	}
	switch meaning {
	case absentSucceeded:
		return then()
	case absentRunning:
		return m.pollAgain(p, then)
	case absentTransfer:
		switch {
		case ev.finished:
			return then()
		case ev.failed:
			return m.fail(failure{procedure.TransferFailed, text + ", and the server has no whole file: " + ev.text}, false)
		}
		return m.pollAgain(p, then)
	case absentFailed, absentNotStarted:
		return m.fail(failure{procedure.DeviceFailed, text}, false)
	}
	return m.fail(failure{procedure.OutcomeUnknown, text}, true)
}

// pollAgain waits for the next look, or ends at the deadline.
func (m *Machine) pollAgain(p *polling, then func() Ask) Ask {
	if !m.now.Before(p.deadline) {
		return m.pollTimeout(p)
	}
	d := min(p.interval, p.deadline.Sub(m.now))
	p.interval = min(p.interval*3/2, p.maxInterval)
	return m.wait(d, m.waitingFor(p.last), func() Ask { return m.pollOnce(p, then) })
}

func (m *Machine) waitingFor(s sighting) string {
	switch s.class {
	case isSilent:
		return "the device does not answer now"
	case isAbsent:
		return "the device does not show the operation"
	}
	return "the device says " + s.value
}

// pollTimeout is the predetermined time passed: without any answer from the
// device, or with one that is not final.
func (m *Machine) pollTimeout(p *polling) Ask {
	after := m.now.Sub(p.began).Round(time.Second)
	if p.last.class == isSilent {
		return m.fail(failure{procedure.NoAnswer, fmt.Sprintf("the device did not answer at the end of %s", after)}, true)
	}
	return m.fail(failure{procedure.Timeout, fmt.Sprintf("not finished after %s: %s", after, m.waitingFor(p.last))}, true)
}

func (m *Machine) noteProgress(p *polling, s sighting) {
	p.last = s
	if s.class != isSilent && s.class != isAbsent {
		p.seen = true
	}
	if s.class == isRunning {
		p.active = true
	}
	if s.progress >= 0 {
		m.progress = s.progress
	} else if ev := m.evidence(p.role); p.progress == nil && ev.percent >= 0 {
		m.progress = ev.percent
	}
}
