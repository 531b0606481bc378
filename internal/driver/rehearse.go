package driver

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/internal/procedure"
)

// Rehearse shows an operation without having any effect: what is read before
// the first command is really asked for; what would be set, waited for or read
// after it comes as AskShow, in order.
const Rehearse Mode = "rehearse"

// AskShow tells a step that a rehearsal leaves out. The zero Answer goes on.
type AskShow struct{ Step Shown }

func (AskShow) isAsk() {}

// The kinds of a Shown.
const (
	ShownSet     = "set"     // one PDU that prepares
	ShownCommand = "command" // one PDU that is the effect
	ShownRead    = "read"
	ShownPoll    = "poll"
	ShownWait    = "wait"
	ShownCleanup = "cleanup" // one PDU at the end, also after a failure
)

// Shown is one step of a rehearsal.
type Shown struct {
	Kind string
	Line int // of the action in the driver's file; 0 = none
	Vars []ShownVar
	Text string // for a person: what is waited for, and how long
}

// ShownVar is one varbind as a person reads it.
type ShownVar struct {
	Name  string // object and instance, "ccCopyProtocol.7"
	OID   string
	Type  string // in the words of the SMI: "INTEGER", "OCTET STRING"
	Value string // secrets masked; {NAME} for what only the device can tell then
}

// Show gives a varbind as a person reads it, by the driver's names.
func (d *Driver) Show(v Varbind) ShownVar {
	oid := strings.TrimPrefix(v.OID, ".")
	out := ShownVar{Name: oid, OID: oid, Type: smiType(v.Type), Value: v.shown()}
	if v.Type == TypeOctets && !v.Secret {
		out.Value = "0x" + out.Value
	}
	o := d.objectAt(oid)
	if o == nil {
		return out
	}
	out.Name = o.name + strings.TrimPrefix(oid, o.oid)
	if o.writeOnly && !v.missing() {
		out.Value = "********"
		return out
	}
	if o.kind == kindInetType && (v.Int == 1 || v.Int == 2) {
		out.Value = map[int64]string{1: "ipv4(1)", 2: "ipv6(2)"}[v.Int]
	}
	if (o.kind == kindText || o.kind == kindURI) && v.Type == TypeOctets && !v.Secret {
		out.Value = strconv.Quote(string(v.Bytes))
	}
	if n, ok := v.number(); ok && !v.Secret && len(o.values) > 0 {
		out.Value = o.label(n) + "(" + strconv.FormatInt(n, 10) + ")"
	}
	return out
}

// objectAt finds the object that an instance belongs to; nil where the driver
// names none.
func (d *Driver) objectAt(oid string) *mibObject {
	for _, name := range slices.Sorted(maps.Keys(d.schema.objects)) {
		if o := d.schema.objects[name]; strings.HasPrefix(oid, o.oid+".") {
			return o
		}
	}
	return nil
}

// smiType is a type of a varbind in the words of RFC 2578.
func smiType(t string) string {
	words := map[string]string{TypeInteger: "INTEGER", TypeGauge: "Gauge32", TypeCounter: "Counter", TypeTimeTicks: "TimeTicks",
		TypeText: "OCTET STRING", TypeOctets: "OCTET STRING", TypeIPAddress: "IpAddress", TypeOID: "OBJECT IDENTIFIER", TypeMissing: "(none)"}
	if word, ok := words[t]; ok {
		return word
	}
	return t
}

// rehearse shows one action.
func (m *Machine) rehearse(a action, then func() Ask) Ask {
	show := func(kind, text string, vars []ShownVar) Ask {
		return m.ask(AskShow{Shown{Kind: kind, Line: a.at.Line, Vars: vars, Text: text}}, func(Answer) Ask { return then() })
	}
	switch step := a.do.(type) {
	case *getStep:
		return show(ShownRead, m.showReads(step), nil)
	case *findStep:
		m.values.locals[step.as] = "{" + step.as + "}"
		return show(ShownRead, m.showFind(step), nil)
	case *setStep:
		return m.showSet(a, step, then)
	case *pollStep:
		return show(ShownPoll, m.showPoll(step), nil)
	case *expectStep:
		role := step.role
		if role == "" {
			role = "every file"
		}
		return show(ShownWait, fmt.Sprintf("until the server has %s whole, for at most %s", role, m.limit(step.within)), nil)
	case *rebootStep:
		return show(ShownWait, fmt.Sprintf("for the restart: silent within %s, back within %s", step.down, step.up), nil)
	case *pauseStep:
		return show(ShownWait, step.d.String(), nil)
	}
	return m.fail(a.do.(*failStep).failure, false)
}

// isAsked says whether a rehearsal really carries an action out: what is read
// before the first command.
func (m *Machine) isAsked(a action) bool {
	switch a.do.(type) {
	case *getStep, *findStep:
		return !m.shown
	}
	return m.program.op.IsRead()
}

// limit is how long a wait may last.
func (m *Machine) limit(within time.Duration) time.Duration {
	if within == 0 {
		return m.driver.timeouts[m.program.op]
	}
	return within
}

func (m *Machine) showReads(step *getStep) string {
	var parts []string
	for _, item := range step.items {
		m.values.locals[item.as] = "{" + item.as + "}"
		parts = append(parts, fmt.Sprintf("%s into {%s}", m.showRef(item.ref), item.as))
	}
	return strings.Join(parts, ", ")
}

func (m *Machine) showFind(step *findStep) string {
	how := "matches " + strconv.Quote(fmt.Sprint(step.matches))
	switch {
	case step.file:
		how = "is the file " + strconv.Quote(m.template(step.equals)) + ", with its path or without"
	case step.matches == nil:
		how = "is " + strconv.Quote(m.template(step.equals))
	}
	return fmt.Sprintf("the first row of %s (%s) that %s, into {%s}", step.column.name, step.column.oid, how, step.as)
}

func (m *Machine) showPoll(p *pollStep) string {
	var b strings.Builder
	if p.find != nil {
		m.values.locals[p.find.as] = "{" + p.find.as + "}"
		fmt.Fprintf(&b, "find %s; then ", m.showFind(p.find))
	}
	fmt.Fprintf(&b, "%s every %s, slowing down to %s, for at most %s", m.showRef(p.status), p.interval, p.maxInterval, m.limit(p.within))
	for _, set := range []struct {
		word   string
		values []string
	}{{"done", slices.Sorted(maps.Keys(p.success))}, {"goes on", slices.Sorted(maps.Keys(p.running))}, {"failed", slices.Sorted(maps.Keys(p.failures))}} {
		if len(set.values) > 0 {
			fmt.Fprintf(&b, "; %s: %s", set.word, strings.Join(set.values, ", "))
		}
	}
	return b.String()
}

func (m *Machine) showRef(r ref) string {
	instance := m.template(r.instance)
	return fmt.Sprintf("%s.%s (%s.%s)", r.object.name, instance, r.object.oid, instance)
}

// template fills in what is known and leaves the rest in braces.
func (m *Machine) template(t template) string {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.literal)
		if p.variable == "" {
			continue
		}
		text, err := m.values.lookup(p.variable)
		switch {
		case err != nil:
			text = "{" + p.variable + "}"
		case strings.HasSuffix(p.variable, ".password"):
			text = "********"
		}
		b.WriteString(text)
	}
	return b.String()
}

// showSet shows the PDUs of a SET.
func (m *Machine) showSet(a action, step *setStep, then func() Ask) Ask {
	return m.collect(step.groups, nil, func(vars []ShownVar) Ask {
		if len(vars) == 0 {
			return then()
		}
		if step.command {
			m.shown = true
		}
		pdus := [][]ShownVar{vars}
		if step.each {
			pdus = nil
			for i := range vars {
				pdus = append(pdus, vars[i:i+1])
			}
		}
		return m.showPDUs(a, step, pdus, then)
	})
}

func (m *Machine) showPDUs(a action, step *setStep, pdus [][]ShownVar, then func() Ask) Ask {
	if len(pdus) == 0 {
		return then()
	}
	kind := ShownSet
	if step.command && len(pdus) == 1 {
		kind = ShownCommand
	}
	return m.ask(AskShow{Shown{Kind: kind, Line: a.at.Line, Vars: pdus[0]}}, func(Answer) Ask { return m.showPDUs(a, step, pdus[1:], then) })
}

// collect fills in the groups whose conditions hold, as far as it can.
func (m *Machine) collect(groups []varGroup, have []ShownVar, then func([]ShownVar) Ask) Ask {
	if len(groups) == 0 {
		return then(have)
	}
	return m.check(groups[0].when, func(holds bool) Ask {
		if !holds {
			return m.collect(groups[1:], have, then)
		}
		for _, spec := range groups[0].vars {
			v, err := m.encodeVar(spec)
			switch {
			case err == nil:
				have = append(have, m.driver.Show(v.Varbind))
			case m.shown: // the device would have told more by then
				have = append(have, m.unfilled(spec))
			default:
				return m.failInput(err)
			}
		}
		return m.collect(groups[1:], have, then)
	})
}

// unfilled shows a varbind as its template.
func (m *Machine) unfilled(spec varSpec) ShownVar {
	instance := m.template(spec.ref.instance)
	return ShownVar{Name: spec.ref.object.name + "." + instance, OID: spec.ref.object.oid + "." + instance, Type: spec.ref.object.kind, Value: m.template(spec.value)}
}

// showCleanup shows what would be set at the end, and ends the rehearsal.
func (m *Machine) showCleanup(i int) Ask {
	if i >= len(m.program.cleanup) {
		return m.done(Result{Verdict: procedure.Succeeded, Progress: -1})
	}
	a := m.program.cleanup[i]
	vars, ok := m.cleanupVars(a)
	if !ok {
		return m.showCleanup(i + 1)
	}
	shown := make([]ShownVar, 0, len(vars))
	for _, v := range vars {
		shown = append(shown, m.driver.Show(v.Varbind))
	}
	return m.ask(AskShow{Shown{Kind: ShownCleanup, Line: a.at.Line, Vars: shown}}, func(Answer) Ask { return m.showCleanup(i + 1) })
}
