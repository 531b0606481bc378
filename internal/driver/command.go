package driver

import (
	"fmt"
	"slices"
	"time"

	"drydock/internal/procedure"
)

// setVar is one varbind to be set, and its object.
type setVar struct {
	Varbind
	object *mibObject
}

// setTries is how often a SET is sent where it is known that a second one can
// have no second effect.
const setTries = 3

// encode fills in the groups whose conditions hold.
func (m *Machine) encode(groups []varGroup, have []setVar, then func([]setVar) Ask) Ask {
	if len(groups) == 0 {
		return then(have)
	}
	return m.check(groups[0].when, func(holds bool) Ask {
		if holds {
			for _, spec := range groups[0].vars {
				v, err := m.encodeVar(spec)
				if err != nil {
					return m.failInput(err)
				}
				have = append(have, v)
			}
		}
		return m.encode(groups[1:], have, then)
	})
}

func (m *Machine) encodeVar(spec varSpec) (setVar, error) {
	oid, err := m.oid(spec.ref)
	if err != nil {
		return setVar{}, err
	}
	text, err := m.values.expand(spec.value)
	if err != nil {
		return setVar{}, fmt.Errorf("object %s: %w", spec.ref.object.name, err)
	}
	vb, err := spec.ref.object.encode(oid, text)
	if err != nil {
		return setVar{}, err
	}
	vb.Secret = spec.value.secret() || spec.ref.object.writeOnly
	return setVar{vb, spec.ref.object}, nil
}

func varbinds(vars []setVar) []Varbind {
	all := make([]Varbind, len(vars))
	for i, v := range vars {
		all[i] = v.Varbind
	}
	return all
}

// prepare carries out "set": objects that have no effect by themselves.
func (m *Machine) prepare(step *setStep, then func() Ask) Ask {
	return m.encode(step.groups, nil, func(vars []setVar) Ask {
		if len(vars) == 0 {
			return then()
		}
		return m.sendPrepared(vars, 1, then)
	})
}

// sendPrepared sends one PDU, again where its answer was lost and reading back
// does not show the values.
func (m *Machine) sendPrepared(vars []setVar, try int, then func() Ask) Ask {
	m.touched = true
	back := readable(vars)
	ask := AskSet{Varbinds: varbinds(vars), ReadBack: oidsOf(back)}
	return m.ask(ask, func(a Answer) Ask {
		if a.Err == nil {
			return then()
		}
		if a.Err.Kind == Denied || len(back) == 0 && a.Err.Kind == Refused {
			return m.refuse(a.Err, vars, nil)
		}
		if len(back) == 0 {
			return m.preparedAgain(a.Err, vars, try, then)
		}
		return m.get(oidsOf(back), readTries, func(v []Varbind, err *AnswerError) Ask {
			switch {
			case err == nil && tookAll(back, v) && (a.Err.Kind != Refused || try > 1 || creates(back)):
				return then()
			case a.Err.Kind == Refused:
				return m.refuse(a.Err, vars, nil)
			case err != nil:
				return m.failRead(err)
			}
			return m.preparedAgain(a.Err, vars, try, then)
		})
	})
}

func (m *Machine) preparedAgain(err *AnswerError, vars []setVar, try int, then func() Ask) Ask {
	if try >= setTries || m.overdue() {
		return m.fail(failure{procedure.NoAnswer, "the device does not answer when it is prepared for the operation: " + err.Text}, false)
	}
	return m.wait(time.Second<<(try-1), "the device does not answer; preparing it again", func() Ask {
		return m.sendPrepared(vars, try+1, then)
	})
}

// command carries out "command": the effect.
func (m *Machine) command(i int, step *setStep, then func() Ask) Ask {
	return m.encode(step.groups, nil, func(vars []setVar) Ask {
		if len(vars) == 0 {
			return then()
		}
		give := func() Ask {
			last := len(vars) - 1
			if !step.each || last == 0 {
				return m.sendCommand(step, vars, 1, then)
			}
			return m.prepareEach(vars[:last], func() Ask { return m.sendCommand(step, vars[last:], 1, then) })
		}
		if m.reboots = m.needsBaseline(i); m.reboots {
			return m.readBaseline(give)
		}
		return give()
	})
}

func (m *Machine) prepareEach(vars []setVar, then func() Ask) Ask {
	if len(vars) == 0 {
		return then()
	}
	return m.sendPrepared(vars[:1], 1, func() Ask { return m.prepareEach(vars[1:], then) })
}

// sendCommand sends the effect once. What follows a lost answer depends on what
// is read back (RELIABILITY.md F9).
func (m *Machine) sendCommand(step *setStep, vars []setVar, try int, then func() Ask) Ask {
	m.touched, m.doubtful = true, true
	if try == 1 {
		m.commandAt = m.now
	}
	proofs, err := m.proofOIDs(step, vars)
	if err != nil {
		m.doubtful = false
		return m.failInput(err)
	}
	ask := AskSet{Varbinds: varbinds(vars), ReadBack: proofs, Effect: true}
	return m.ask(ask, func(a Answer) Ask {
		switch {
		case a.Err == nil:
			return m.taken(then)
		case a.Err.Kind == Refused:
			return m.commandRefused(step, vars, a.Err, then)
		case a.Err.Kind == Denied:
			m.doubtful = false
			return m.refuse(a.Err, vars, nil)
		case step.kind == proofReboot:
			return then() // it may be restarting already: the wait for it decides
		}
		return m.readBack(step, vars, proofs, 1, func(taken, silent bool) Ask {
			switch {
			case taken:
				return m.taken(then)
			case silent && m.reboots:
				return then() // as above
			case silent:
				return m.fail(failure{procedure.NoAnswer, "the command was not answered, and the device does not tell whether it was taken"}, true)
			case step.kind == proofObjects && !step.repeat:
				// That nothing shows the effect does not show that there is none.
				return m.fail(failure{procedure.NoAnswer, "the command was not answered, and nothing shows that it was taken"}, true)
			case try >= setTries || m.overdue():
				m.doubtful = false
				return m.fail(failure{procedure.NoAnswer, "the command was not answered, and reading back shows that it was not taken"}, false)
			}
			return m.wait(time.Second<<(try-1), "the command was lost; giving it again", func() Ask {
				return m.sendCommand(step, vars, try+1, then)
			})
		})
	})
}

func (m *Machine) taken(then func() Ask) Ask {
	m.accepted, m.doubtful = true, false
	return then()
}

// commandRefused believes a refusal, except where the row that the command
// creates is there as it was asked for: then an earlier copy of the same
// request was taken, and this refusal is the answer to its repetition.
func (m *Machine) commandRefused(step *setStep, vars []setVar, refusal *AnswerError, then func() Ask) Ask {
	m.doubtful = false
	own := slices.DeleteFunc(readable(vars), func(v setVar) bool { return v.object.kind == kindRowStatus })
	if step.kind != proofRow || len(own) == 0 {
		return m.refuse(refusal, vars, step.refused)
	}
	return m.get(oidsOf(own), readTries, func(v []Varbind, err *AnswerError) Ask {
		if err == nil && tookAll(own, v) {
			return m.taken(then)
		}
		return m.refuse(refusal, vars, step.refused)
	})
}

// proofOIDs lists what is read back when the command's answer is lost.
func (m *Machine) proofOIDs(step *setStep, vars []setVar) ([]string, error) {
	if step.kind == proofValues {
		return oidsOf(vars), nil
	}
	var oids []string
	for _, p := range step.proofs {
		if p.transfer {
			continue
		}
		oid, err := m.oid(p.ref)
		if err != nil {
			return nil, err
		}
		oids = append(oids, oid)
	}
	return oids, nil
}

// readBack finds out whether a command took effect; silent: nothing answers.
// What the driver names as proof may take a moment to show.
func (m *Machine) readBack(step *setStep, vars []setVar, oids []string, look int, then func(taken, silent bool) Ask) Ask {
	const looks, tries = 2, 6 // a read is tried after 1, 2, 4, 8 and 16 s
	again := func(taken bool) Ask {
		if taken || step.kind != proofObjects || look >= looks || m.overdue() {
			return then(taken, false)
		}
		return m.wait(defaultAppears/2, "the command was not answered; looking again whether it was taken", func() Ask {
			return m.readBack(step, vars, oids, look+1, then)
		})
	}
	read := func() Ask {
		if len(oids) == 0 {
			return again(false)
		}
		return m.get(oids, tries, func(v []Varbind, err *AnswerError) Ask {
			if err != nil {
				return then(false, true)
			}
			return again(step.proven(vars, v))
		})
	}
	if !slices.ContainsFunc(step.proofs, func(p proof) bool { return p.transfer }) {
		return read()
	}
	return m.lookTransfers(func() Ask {
		if m.evidence("").began {
			return then(true, false)
		}
		return read()
	})
}

// proven says whether the values read back show that the command was taken.
func (s *setStep) proven(vars []setVar, read []Varbind) bool {
	switch s.kind {
	case proofValues:
		return tookAll(vars, read)
	case proofRow:
		return !read[0].missing()
	}
	i := 0
	for _, p := range s.proofs {
		if p.transfer {
			continue
		}
		v := read[i]
		i++
		if n, ok := v.number(); ok && p.values[n] {
			return true
		}
		if !v.missing() && slices.Contains(p.texts, p.ref.object.show(v)) {
			return true
		}
	}
	return false
}

// readable leaves out what cannot be read back.
func readable(vars []setVar) []setVar {
	return slices.DeleteFunc(slices.Clone(vars), func(v setVar) bool { return v.object.writeOnly || v.Secret })
}

func creates(vars []setVar) bool {
	return slices.ContainsFunc(vars, func(v setVar) bool { return v.object.kind == kindRowStatus })
}

func oidsOf(vars []setVar) []string {
	all := make([]string, len(vars))
	for i, v := range vars {
		all[i] = v.OID
	}
	return all
}

// tookAll says whether the objects read as they were set. A RowStatus never
// reads as createAndGo, createAndWait or destroy (RFC 2579).
func tookAll(vars []setVar, read []Varbind) bool {
	for i, v := range vars {
		switch {
		case v.object.kind == kindRowStatus && v.Int == rowDestroy:
			if !read[i].missing() {
				return false
			}
		case v.object.kind == kindRowStatus && v.Int != rowActive:
			if read[i].missing() {
				return false
			}
		case !v.same(read[i]):
			return false
		}
	}
	return len(vars) > 0
}
