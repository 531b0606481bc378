package driver

import (
	"fmt"

	"drydock/internal/procedure"
)

// finding is what a look at a part of an operation showed.
type finding struct {
	verdict procedure.Verdict
	cause   procedure.Cause
	detail  string
}

// survey looks at the stages in order, and stops at the first that has not
// succeeded; past the last one where all have. Reads that stand before a
// command are done again, for the variables that they set.
func (m *Machine) survey(k, from int, then func(stage int, f finding) Ask) Ask {
	if k >= len(m.program.stages) {
		return then(k, finding{verdict: procedure.Succeeded})
	}
	s := m.program.stages[k]
	return m.reads(from, s.command, func() Ask {
		return m.check(m.program.actions[s.command].when, func(holds bool) Ask {
			if !holds {
				return m.survey(k+1, s.command+1, then)
			}
			return m.lookStage(s, func(f finding) Ask {
				if f.verdict == procedure.Succeeded {
					return m.survey(k+1, s.command+1, then)
				}
				return then(k, f)
			})
		})
	})
}

// reads carries out the get and find actions in a range, leniently.
func (m *Machine) reads(i, end int, then func() Ask) Ask {
	if i >= end {
		m.lenient = false
		return then()
	}
	a := m.program.actions[i]
	next := func() Ask { return m.reads(i+1, end, then) }
	switch a.do.(type) {
	case *getStep, *findStep:
		m.lenient = true
		return m.check(a.when, func(holds bool) Ask {
			if !holds {
				return next()
			}
			return m.do(i, a, next)
		})
	}
	return next()
}

// lookStage looks once at everything that a stage waits for.
func (m *Machine) lookStage(s stage, then func(finding) Ask) Ask {
	return m.lookTransfers(func() Ask {
		return m.lookWaits(s, s.command+1, nil, func(all []finding) Ask {
			if len(all) > 0 {
				return then(combine(all))
			}
			return m.lookProof(m.program.actions[s.command].do.(*setStep), then)
		})
	})
}

func (m *Machine) lookWaits(s stage, i int, have []finding, then func([]finding) Ask) Ask {
	if i >= s.end {
		return then(have)
	}
	a := m.program.actions[i]
	next := func(f ...finding) Ask { return m.lookWaits(s, i+1, append(have, f...), then) }
	return m.check(a.when, func(holds bool) Ask {
		if !holds {
			return next()
		}
		switch step := a.do.(type) {
		case *pollStep:
			return m.look(step, readTries, func(seen sighting) Ask {
				if seen.progress >= 0 {
					m.progress = seen.progress
				}
				return next(step.finding(seen, m.evidence(step.role)))
			})
		case *expectStep:
			return next(m.evidence(step.role).finding())
		case *rebootStep:
			return m.lookReboot(step, func(f finding) Ask { return next(f) })
		}
		return next()
	})
}

// lookProof looks at a command that nothing waits for.
func (m *Machine) lookProof(step *setStep, then func(finding) Ask) Ask {
	return m.encode(step.groups, nil, func(vars []setVar) Ask {
		oids, err := m.proofOIDs(step, vars)
		if err != nil || len(oids) == 0 {
			return then(finding{verdict: procedure.Inscrutable, detail: "nothing shows whether the command was taken"})
		}
		return m.get(oids, readTries, func(v []Varbind, err *AnswerError) Ask {
			switch {
			case err != nil:
				return then(silent())
			case step.proven(vars, v):
				return then(finding{verdict: procedure.Succeeded})
			}
			return then(finding{verdict: procedure.NotStarted})
		})
	})
}

func silent() finding {
	return finding{procedure.Inscrutable, procedure.NoAnswer, "the device does not answer"}
}

// finding is what a single sighting of the status shows, with the server's
// evidence beside it.
func (p *pollStep) finding(s sighting, ev evidence) finding {
	of := func(v procedure.Verdict) finding { return finding{verdict: v, detail: "the device says " + s.value} }
	doubtful := p.shared || s.stale
	switch s.class {
	case isSilent:
		return silent()
	case isRunning:
		return of(procedure.Running)
	case isAbsent:
		return p.absentFinding(ev)
	case isSuccess, isFailure, isIdle:
		switch {
		case doubtful && !p.takeTransfer:
			return finding{verdict: procedure.Inscrutable, detail: "the device says " + s.value + ", which may be from an operation before"}
		case (doubtful || s.class == isIdle) && !ev.began:
			return of(procedure.NotStarted)
		case s.class == isFailure:
			return finding{procedure.Failed, s.failure.cause, s.failure.text}
		case s.class == isIdle:
			return ev.finding()
		}
		return of(procedure.Succeeded)
	}
	return of(procedure.Inscrutable)
}

func (p *pollStep) absentFinding(ev evidence) finding {
	text := "the device does not know the operation"
	switch p.absent {
	case absentNotStarted:
		if ev.began {
			return finding{verdict: procedure.Inscrutable, detail: text + ", but a file was moved"}
		}
		return finding{verdict: procedure.NotStarted, detail: text}
	case absentTransfer:
		return ev.finding()
	case absentUnknown:
		return finding{procedure.Inscrutable, procedure.OutcomeUnknown, text}
	case absentFailed:
		return finding{procedure.Failed, procedure.DeviceFailed, text}
	}
	return finding{verdict: procedure.Verdict(p.absent), detail: text}
}

func (ev evidence) finding() finding {
	switch {
	case ev.finished:
		return finding{verdict: procedure.Succeeded, detail: "the server has the file whole"}
	case ev.failed:
		return finding{procedure.Failed, procedure.TransferFailed, ev.text}
	case ev.began:
		return finding{verdict: procedure.Running, detail: ev.text}
	}
	return finding{verdict: procedure.NotStarted, detail: ev.text}
}

// lookReboot judges from sysUpTime and the time since the intent.
func (m *Machine) lookReboot(step *rebootStep, then func(finding) Ask) Ask {
	return m.readClocks(readTries, func(is *baseline, err *AnswerError) Ask {
		since := m.now.Sub(m.commandAt)
		switch {
		case err != nil && since < step.down+step.up:
			return then(finding{verdict: procedure.Running, detail: "the device does not answer: it may be restarting"})
		case err != nil:
			return then(silent())
		case m.restarted(is):
			return then(finding{verdict: procedure.Succeeded, detail: "the device has restarted"})
		case since < step.down:
			return then(finding{verdict: procedure.Running, detail: "the device has not gone down yet"})
		}
		return then(finding{verdict: procedure.NotStarted, detail: "the device has not restarted"})
	})
}

// combine makes one finding of those of a stage's waits, in their order.
func combine(all []finding) finding {
	first := all[0]
	count := map[procedure.Verdict]int{}
	byVerdict := map[procedure.Verdict]finding{}
	for _, f := range all {
		if count[f.verdict]++; count[f.verdict] == 1 {
			byVerdict[f.verdict] = f
		}
	}
	switch {
	case first.verdict == procedure.Failed, count[first.verdict] == len(all):
		return first
	case count[procedure.Inscrutable] > 0:
		return byVerdict[procedure.Inscrutable]
	case first.verdict == procedure.Running:
		return first // a transfer that failed may be tried again by the device
	case count[procedure.Failed] > 0:
		return byVerdict[procedure.Failed]
	case first.verdict == procedure.NotStarted && count[procedure.Running] == 0:
		return first
	}
	return finding{verdict: procedure.Running, detail: first.detail}
}

// probe says what became of the command, from one look.
func (m *Machine) probe() Ask {
	return m.survey(0, 0, func(k int, f finding) Ask {
		if f.verdict == procedure.NotStarted && k > 0 {
			f = finding{verdict: procedure.Running, detail: fmt.Sprintf("part %d of %d is done, the next has not begun", k, len(m.program.stages))}
		}
		r := Result{Verdict: f.verdict, Cause: f.cause, Detail: f.detail, Progress: m.progress}
		r.Accepted = f.verdict == procedure.Running || f.verdict == procedure.Succeeded || f.verdict == procedure.Failed
		return m.done(r)
	})
}

// inscrutable ends a probe that could not look.
func (m *Machine) inscrutable(f failure) Ask {
	return m.done(Result{Verdict: procedure.Inscrutable, Cause: f.cause, Detail: f.text, Progress: m.progress})
}

// resume goes on waiting for a command that was given before. With one stage
// there is nothing to find out: its waits begin. With several the stage that
// was reached is found first.
func (m *Machine) resume() Ask {
	stages := m.program.stages
	if len(stages) == 1 {
		return m.reads(0, stages[0].command, func() Ask { return m.run(stages[0].command + 1) })
	}
	return m.survey(0, 0, func(k int, f finding) Ask {
		switch {
		case k >= len(stages):
			return m.succeed()
		case f.verdict == procedure.Failed:
			return m.fail(failure{f.cause, f.detail}, false)
		case f.verdict == procedure.NotStarted && k > 0:
			return m.run(m.afterWaits(stages[k-1]))
		}
		return m.run(stages[k].command + 1)
	})
}

// afterWaits is the action after a stage's last wait.
func (m *Machine) afterWaits(s stage) int {
	after := s.command + 1
	for i := after; i < s.end; i++ {
		switch m.program.actions[i].do.(type) {
		case *pollStep, *expectStep, *rebootStep:
			after = i + 1
		}
	}
	return after
}
