package driver

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/internal/procedure"
)

// run carries out the actions from the i-th on.
func (m *Machine) run(i int) Ask {
	if i >= len(m.program.actions) {
		if m.mode == Rehearse && !m.program.op.IsRead() {
			return m.showCleanup(0)
		}
		return m.succeed()
	}
	a := m.program.actions[i]
	return m.check(a.when, func(holds bool) Ask {
		if !holds {
			return m.run(i + 1)
		}
		return m.do(i, a, func() Ask { return m.run(i + 1) })
	})
}

// do carries out one action.
func (m *Machine) do(i int, a action, then func() Ask) Ask {
	if m.mode == Rehearse && !m.isAsked(a) {
		return m.rehearse(a, then)
	}
	switch step := a.do.(type) {
	case *getStep:
		return m.read(step, then)
	case *findStep:
		return m.find(step, then)
	case *setStep:
		if step.command {
			return m.command(i, step, then)
		}
		return m.prepare(step, then)
	case *pollStep:
		return m.poll(step, then)
	case *expectStep:
		return m.expect(step, then)
	case *rebootStep:
		return m.awaitReboot(step, then)
	case *pauseStep:
		return m.wait(step.d, "pausing as the driver says", then)
	}
	return m.fail(a.do.(*failStep).failure, false)
}

// check finds out whether a condition holds; no condition always does.
func (m *Machine) check(c *condition, then func(bool) Ask) Ask {
	if c == nil {
		return then(true)
	}
	if !m.holds(c) {
		return then(false)
	}
	inner := func(holds bool) Ask {
		if !holds || c.not == nil {
			return then(holds)
		}
		return m.check(c.not, func(excluded bool) Ask { return then(!excluded) })
	}
	if c.has == nil {
		return inner(true)
	}
	return m.checkHas(*c.has, inner)
}

// holds looks at the parts of a condition that need no reading.
func (m *Machine) holds(c *condition) bool {
	in := m.values.in
	switch {
	case len(c.protocols) > 0 && !slices.Contains(c.protocols, in.Protocol):
		return false
	case c.addresses == "ipv4" && !in.ServerAddress.Unmap().Is4():
		return false
	case c.addresses == "ipv6" && !in.ServerAddress.Unmap().Is6():
		return false
	case c.version != nil && !c.version.MatchString(in.Version):
		return false
	case c.model != nil && !c.model.MatchString(in.Model):
		return false
	}
	if c.file != "" {
		if _, there := m.values.file(c.file); !there {
			return false
		}
	}
	for name, pattern := range c.variable {
		if text, err := m.values.lookup(name); err != nil || !pattern.MatchString(text) {
			return false
		}
	}
	return true
}

// checkHas finds out whether the agent has an object: a scalar or a given
// instance is read, of a column any row will do.
func (m *Machine) checkHas(r ref, then func(bool) Ask) Ask {
	if known, asked := m.has[r.object.name]; asked {
		return then(known)
	}
	found := func(has bool) Ask {
		m.has[r.object.name] = has
		return then(has)
	}
	if !r.object.scalar && r.instance.uses("index") {
		return m.walk(r.object.oid, 1, func(rows []Varbind, err *AnswerError) Ask {
			if err != nil {
				return m.failRead(err)
			}
			return found(len(rows) > 0)
		})
	}
	return m.withOIDs([]ref{r}, func(oids []string) Ask {
		return m.get(oids, readTries, func(v []Varbind, err *AnswerError) Ask {
			if err != nil {
				return m.failRead(err)
			}
			return found(!v[0].missing())
		})
	})
}

// readTries is how often a read is tried where nothing is answered.
const readTries = 4

// get reads objects; the values come in the order of oids. tries counts the
// first one. An SNMPv1 agent that refuses the whole PDU for one object is asked
// for each by itself.
func (m *Machine) get(oids []string, tries int, then func([]Varbind, *AnswerError) Ask) Ask {
	return m.getAgain(oids, 1, tries, then)
}

func (m *Machine) getAgain(oids []string, try, tries int, then func([]Varbind, *AnswerError) Ask) Ask {
	asked := m.now
	return m.ask(AskGet{OIDs: oids}, func(a Answer) Ask {
		pause := time.Second << (try - 1)
		switch {
		case a.Err == nil:
			return then(inOrder(oids, a.Varbinds), nil)
		case a.Err.Kind == Refused && a.Err.Status == "noSuchName" && len(oids) == 1:
			return then([]Varbind{{OID: oids[0], Type: TypeMissing}}, nil)
		case a.Err.Kind == Refused && len(oids) > 1:
			return m.getEach(oids, tries, nil, then)
		case a.Err.Kind == Refused || a.Err.Kind == Denied || try >= tries || !m.leaves(pause+m.now.Sub(asked)):
			return then(nil, a.Err)
		}
		return m.wait(pause, "the device does not answer; asking again", func() Ask {
			return m.getAgain(oids, try+1, tries, then)
		})
	})
}

// leaves says whether the operation's time leaves room for so much: who asks
// in vain says what went unanswered, before the deadline says that it passed.
func (m *Machine) leaves(d time.Duration) bool { return m.now.Add(d).Before(m.deadline) }

func (m *Machine) getEach(oids []string, tries int, have []Varbind, then func([]Varbind, *AnswerError) Ask) Ask {
	if len(have) == len(oids) {
		return then(have, nil)
	}
	return m.get(oids[len(have):len(have)+1], tries, func(v []Varbind, err *AnswerError) Ask {
		if err != nil {
			return then(nil, err)
		}
		return m.getEach(oids, tries, append(have, v[0]), then)
	})
}

// inOrder arranges an agent's varbinds as they were asked for.
func inOrder(oids []string, answered []Varbind) []Varbind {
	all := make([]Varbind, len(oids))
	for i, oid := range oids {
		all[i] = Varbind{OID: oid, Type: TypeMissing}
		for _, v := range answered {
			if strings.TrimPrefix(v.OID, ".") == oid {
				all[i] = v
				break
			}
		}
	}
	return all
}

// walk reads the rows of a column, trying again where nothing is answered.
func (m *Machine) walk(oid string, rows int, then func([]Varbind, *AnswerError) Ask) Ask {
	return m.walkAgain(oid, rows, 1, then)
}

func (m *Machine) walkAgain(oid string, rows, try int, then func([]Varbind, *AnswerError) Ask) Ask {
	asked := m.now
	return m.ask(AskWalk{OID: oid, MaxRows: rows}, func(a Answer) Ask {
		pause := time.Second << (try - 1)
		switch {
		case a.Err == nil:
			below := slices.DeleteFunc(slices.Clone(a.Varbinds), func(v Varbind) bool {
				return v.missing() || !strings.HasPrefix(strings.TrimPrefix(v.OID, "."), oid+".")
			})
			return then(below[:min(rows, len(below))], nil)
		case a.Err.Kind == Refused && a.Err.Status == "noSuchName": // the end of an SNMPv1 walk
			return then(nil, nil)
		case a.Err.Kind == Refused || a.Err.Kind == Denied || try >= readTries || !m.leaves(pause+m.now.Sub(asked)):
			return then(nil, a.Err)
		}
		return m.wait(pause, "the device does not answer; asking again", func() Ask {
			return m.walkAgain(oid, rows, try+1, then)
		})
	})
}

// withOIDs fills in the instances.
func (m *Machine) withOIDs(refs []ref, then func([]string) Ask) Ask {
	var oids []string
	for _, r := range refs {
		oid, err := m.oid(r)
		if err != nil {
			return m.failInput(err)
		}
		oids = append(oids, oid)
	}
	return then(oids)
}

func (m *Machine) oid(r ref) (string, error) {
	instance, err := m.values.expand(r.instance)
	if err != nil {
		return "", fmt.Errorf("object %s: %w", r.object.name, err)
	}
	oid := r.object.oid + "." + instance
	if err := checkOID(oid); err != nil {
		return "", fmt.Errorf("object %s: %w", r.object.name, err)
	}
	return oid, nil
}

// read carries out "get".
func (m *Machine) read(step *getStep, then func() Ask) Ask {
	var refs []ref
	for _, item := range step.items {
		refs = append(refs, item.ref)
	}
	return m.withOIDs(refs, func(oids []string) Ask {
		return m.get(oids, readTries, func(v []Varbind, err *AnswerError) Ask {
			if err != nil && m.lenient {
				return then()
			}
			if err != nil {
				return m.failRead(err)
			}
			for i, item := range step.items {
				text, problem := item.take(v[i])
				switch {
				case problem == "":
					m.values.locals[item.as] = text
				case !item.optional && !m.lenient:
					return m.fail(failure{procedure.DeviceFailed, problem}, false)
				}
			}
			return then()
		})
	})
}

// take makes the variable's text of a value; the problem says why it cannot.
func (item getItem) take(v Varbind) (text, problem string) {
	o := item.ref.object
	if v.missing() {
		return "", fmt.Sprintf("the device has no %s, from which %s is read", o.name, item.as)
	}
	text = o.show(v)
	if item.pattern != nil {
		groups := item.pattern.FindStringSubmatch(text)
		if groups == nil {
			return "", fmt.Sprintf("%s reads %q, in which %q does not find %s", o.name, text, item.pattern, item.as)
		}
		text = groups[min(1, len(groups)-1)]
	}
	if item.unit != 1 {
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
		if err != nil || n > (1<<62)/item.unit || n < 0 {
			return "", fmt.Sprintf("%s reads %q, which is not a count of units", o.name, text)
		}
		text = strconv.FormatInt(n*item.unit, 10)
	}
	return text, ""
}

// show is a value as the driver's templates and conditions see it: named
// values by name, octets in hexadecimal.
func (o *mibObject) show(v Varbind) string {
	if o.kind == kindOctets {
		return hex.EncodeToString([]byte(v.textOf()))
	}
	if n, ok := v.number(); ok && len(o.values) > 0 {
		return o.label(n)
	}
	return v.textOf()
}

// find carries out "find".
func (m *Machine) find(step *findStep, then func() Ask) Ask {
	return m.search(step, func(found bool, err *AnswerError) Ask {
		switch {
		case found || m.lenient:
			return then()
		case err != nil:
			return m.failRead(err)
		}
		return m.fail(step.missing, false)
	})
}

// search looks for the row and, where it is there, sets its variable.
func (m *Machine) search(step *findStep, then func(bool, *AnswerError) Ask) Ask {
	wanted := ""
	if step.matches == nil {
		var err error
		if wanted, err = m.values.expand(step.equals); err != nil {
			return m.failInput(err)
		}
	}
	return m.walk(step.column.oid, step.maxRows, func(rows []Varbind, err *AnswerError) Ask {
		for _, row := range rows {
			if text := step.column.show(row); step.fits(wanted, text) {
				m.values.locals[step.as] = strings.TrimPrefix(strings.TrimPrefix(row.OID, "."), step.column.oid+".")
				return then(true, nil)
			}
		}
		return then(false, err)
	})
}

func (step *findStep) fits(wanted, text string) bool {
	if step.matches != nil {
		return step.matches.MatchString(text)
	}
	if at := strings.LastIndexAny(text, ":/\\"); step.file && at >= 0 && !strings.ContainsAny(wanted, ":/\\") {
		text = text[at+1:]
	}
	return text == wanted
}
