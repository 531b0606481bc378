package driver

import (
	"slices"
)

// readProgram compiles one operation: a list of actions, or a mapping with
// "steps" and "cleanup".
func (d *Driver) readProgram(r *reader, op Operation, f field) *program {
	c := &compiler{reader: r, driver: d, op: op, scope: &scope{schema: d.schema, locals: map[string]bool{}}}
	p := &program{op: op}
	if op == Identify {
		p.actions = append(p.actions, action{at: f.at, do: standardIdentity(d)})
		for _, item := range p.actions[0].do.(*getStep).items {
			c.scope.locals[item.as] = true
		}
	}
	if _, isMap := f.value.Fields(); !isMap {
		p.actions = append(p.actions, c.actions(f.value, "operation "+f.key)...)
	} else {
		o := r.object(f.value, "operation "+f.key, "steps", "cleanup")
		if n, ok := o.need("steps", "the actions, in order"); ok {
			p.actions = append(p.actions, c.actions(n, "steps")...)
		}
		if n, ok := o.fields["cleanup"]; ok {
			p.cleanup = c.actions(n.value, "cleanup")
		}
	}
	p.findStages()
	before := len(r.Mistakes)
	c.checkProgram(p, f)
	if len(r.Mistakes) == before {
		c.chooseProofs(p)
	}
	return p
}

// standardIdentity is what identify reads of every device.
func standardIdentity(d *Driver) *getStep {
	get := func(name, as string) getItem {
		return getItem{as: as, ref: ref{d.schema.objects[name], fixed("0")}, optional: as != "sys-object-id", unit: 1}
	}
	return &getStep{items: []getItem{get("sysObjectID", "sys-object-id"), get("snmpEngineID", "engine-id")}}
}

// findStages divides the actions at the commands.
func (p *program) findStages() {
	for i, a := range p.actions {
		if s, ok := a.do.(*setStep); ok && s.command {
			if n := len(p.stages); n > 0 {
				p.stages[n-1].end = i
			}
			p.stages = append(p.stages, stage{command: i})
		}
	}
	if n := len(p.stages); n > 0 {
		p.stages[n-1].end = len(p.actions)
	}
}

// within gives the stage's actions of one kind.
func within[T any](p *program, s stage) []T {
	var all []T
	for _, a := range p.actions[s.command:s.end] {
		if step, ok := a.do.(T); ok {
			all = append(all, step)
		}
	}
	return all
}

// checkProgram holds an operation to the rules of its kind.
func (c *compiler) checkProgram(p *program, f field) {
	if p.op.IsRead() {
		c.checkRead(p, f)
		return
	}
	if len(p.stages) == 0 {
		c.Wrong(f.at, `mark the action that starts it as "command"`, "operation %s has no command", p.op)
		return
	}
	first := p.stages[0].command
	for _, a := range p.actions[:first] {
		switch a.do.(type) {
		case *pollStep, *expectStep, *rebootStep:
			c.Wrong(a.at, "move it behind the command that it waits for", "nothing has been commanded yet that could be waited for")
		}
	}
	for _, s := range p.stages {
		c.checkStage(p, s)
	}
	if p.op == Backup && len(within[*expectStep](p, stage{0, len(p.actions)})) == 0 {
		c.Wrong(f.at, `add "- expect: config" at its end`, "a backup must expect the file on the server: the device's word alone is not enough")
	}
	if p.op == Reboot && len(within[*rebootStep](p, stage{0, len(p.actions)})) == 0 {
		c.Wrong(f.at, `add "- wait: {reboot: {down-within: 1m, up-within: 10m}}" behind its command`, "operation reboot does not wait for the restart")
	}
	for _, a := range p.cleanup {
		if s, ok := a.do.(*setStep); !ok || s.command {
			c.Wrong(a.at, "", "cleanup has only \"set\" actions")
		}
	}
}

func (c *compiler) checkRead(p *program, f field) {
	for _, a := range p.actions {
		switch a.do.(type) {
		case *getStep, *findStep, *failStep:
		default:
			c.Wrong(a.at, "", "operation %s only reads: it has get, find and fail", p.op)
		}
	}
	if len(p.cleanup) > 0 {
		c.Wrong(f.at, "", "operation %s only reads: it has no cleanup", p.op)
	}
	for op, want := range map[Operation]string{Identify: "version", FreeSpace: "free"} {
		if p.op == op && !c.gets[want] {
			c.Wrong(f.at, `add "- get: {`+want+`: OBJECT}"`, "operation %s must read %q", op, want)
		}
	}
}

// checkStage looks for contradictions between a command, its waits and the
// cleanup.
func (c *compiler) checkStage(p *program, s stage) {
	polls := within[*pollStep](p, s)
	if len(polls) > 1 {
		c.Wrong(p.actions[s.command].at, "give the second one a command of its own, or one poll all values", "one command has %d polls", len(polls))
	}
	for _, e := range within[*expectStep](p, s) {
		if e.settles = len(polls) > 0; e.settles && e.within == 0 {
			e.within = defaultSettle
		}
		if e.within == 0 && !c.driver.explicitTimeout[c.op] {
			c.Wrong(p.actions[s.command].at, `add "within" to expect, or the operation to "timeouts"`, "expect has no deadline")
		}
	}
	for _, poll := range polls {
		expects := within[*expectStep](p, s)
		if poll.takeTransfer = len(expects) > 0; len(expects) == 1 {
			poll.role = expects[0].role
		}
		if poll.absent == absentNotStarted && p.destroysRow() {
			c.Wrong(p.actions[s.command].at, `write "absent: as-transfer" or "absent: unknown"`,
				"cleanup destroys the row: that it is absent does not show that the command was not given")
		}
		if (poll.absent == absentTransfer || poll.vanished == absentTransfer) && !poll.takeTransfer {
			c.Wrong(p.actions[s.command].at, `add "- expect: config" or "- expect: all"`, "as-transfer needs an expected transfer")
		}
	}
}

func (p *program) destroysRow() bool {
	for _, a := range p.cleanup {
		if s, ok := a.do.(*setStep); ok && s.rowStatus(rowDestroy) != nil {
			return true
		}
	}
	return false
}

// rowStatus gives the varbind that writes one of these values to a RowStatus.
func (s *setStep) rowStatus(values ...int64) *varSpec {
	for _, g := range s.groups {
		for i, v := range g.vars {
			if v.ref.object.kind == kindRowStatus && v.value.isFixed() &&
				slices.Contains(values, v.ref.object.values[v.value.String()]) {
				return &g.vars[i]
			}
		}
	}
	return nil
}

// chooseProofs decides for each command how it is found out whether it took
// effect when its answer was lost.
func (c *compiler) chooseProofs(p *program) {
	for _, s := range p.stages {
		a := p.actions[s.command]
		set := a.do.(*setStep)
		polls := within[*pollStep](p, s)
		switch {
		case set.kind == proofObjects:
		case set.rowStatus(rowCreateAndGo) != nil:
			set.kind, set.repeat = proofRow, true
			set.proofs = []proof{{ref: set.rowStatus(rowCreateAndGo).ref}}
		case set.rowStatus(rowActive) != nil:
			set.kind = proofValues
		case len(within[*rebootStep](p, s)) > 0 && len(polls) == 0:
			set.kind = proofReboot
		case len(polls) == 0 && len(within[*expectStep](p, s)) == 0 && set.comparable():
			set.kind, set.repeat = proofValues, true
		default:
			c.Wrong(a.at, `add "proof: {object: OBJECT, is: [VALUES]}": what reads so once the command was taken, and only then`,
				"if the answer to this command is lost, nothing tells whether it was taken")
		}
	}
}

// comparable says whether the objects can be read back.
func (s *setStep) comparable() bool {
	for _, g := range s.groups {
		for _, v := range g.vars {
			if v.ref.object.writeOnly || v.ref.object.kind == kindRowStatus {
				return false
			}
		}
	}
	return true
}
