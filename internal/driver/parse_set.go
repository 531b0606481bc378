package driver

import (
	"maps"
	"slices"

	"drydock/internal/strictyaml"
)

// set reads "set" (prepares) or "command" (the effect).
func (c *compiler) set(n strictyaml.Node, command bool) any {
	step := &setStep{command: command}
	if !command {
		step.groups = c.groups(n, "set")
		step.repeat = true
		return c.checkSet(n, step)
	}
	o := c.object(n, "command", "set", "pdu", "proof", "repeat", "refused")
	if s, ok := o.need("set", "the objects and their values"); ok {
		step.groups = c.groups(s, "set")
	}
	step.each = o.word("pdu", "one", "one", "each") == "each"
	step.repeat = o.word("repeat", "never", "never", "harmless") == "harmless"
	if f, ok := o.fields["proof"]; ok {
		step.kind, step.proofs = proofObjects, c.proofs(f.value)
	}
	if f, ok := o.fields["refused"]; ok {
		step.refused = c.failures(f.value, "refused")
		known := []string{"tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
			"wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
			"undoFailed", "authorizationError", "notWritable", "inconsistentName"}
		for _, e := range c.fields(f.value, "refused") {
			if !slices.Contains(known, e.key) {
				c.Wrong(e.at, didYouMean(e.key, known), "%q is no error-status of SNMP", e.key)
			}
		}
	}
	return c.checkSet(n, step)
}

func (c *compiler) checkSet(n strictyaml.Node, step *setStep) any {
	if len(step.groups) == 0 {
		c.Wrong(n.Place(), "", "nothing is set; expected \"object: value\"")
		return nil
	}
	if most := c.driver.quirks.MaxVarbinds; most > 0 && !step.each && step.always() > most {
		c.Wrong(n.Place(), `write "pdu: each" in a command, or several set actions`, "%d objects are set in one PDU; max-varbinds is %d", step.always(), most)
	}
	return step
}

// always is how many objects are set under every condition.
func (s *setStep) always() (n int) {
	for _, g := range s.groups {
		if g.when == nil {
			n += len(g.vars)
		}
	}
	return n
}

// groups reads a mapping from objects to values, or a list of such mappings,
// each of which may have its own "when".
func (c *compiler) groups(n strictyaml.Node, what string) []varGroup {
	if _, isMap := n.Fields(); isMap {
		return []varGroup{c.group(n, what)}
	}
	list, ok := n.Items()
	if !ok {
		c.unexpected(n, what, "\"object: value\", or a list of such mappings")
		return nil
	}
	var all []varGroup
	for _, e := range list {
		all = append(all, c.group(e, what))
	}
	return all
}

func (c *compiler) group(n strictyaml.Node, what string) varGroup {
	var g varGroup
	all := c.fields(n, what)
	for _, f := range all {
		if f.key == "when" {
			g.when = c.condition(f.value)
		}
	}
	for _, f := range all {
		if f.key == "when" {
			continue
		}
		r, known := c.refOf(f.key, f.at, what)
		t, ok := c.template(f.value, f.key, c.scope)
		if !known || !ok {
			continue
		}
		c.scope.schema.mayWrite(c.reader, r.object, f.at)
		if t.isFixed() {
			c.checkValue(r.object, t.String(), f.value.Place())
		} else {
			c.checkSample(r.object, t, g.when, f.value.Place())
		}
		g.vars = append(g.vars, varSpec{r, t})
	}
	return g
}

// checkValue tries a value that has no variables.
func (c *compiler) checkValue(o *mibObject, text string, at place) {
	vb, err := o.encode(o.oid, text)
	switch {
	case err == nil && o.from != "" && vb.Type == TypeInteger && len(o.values) > 0 && !slices.Contains(slices.Collect(maps.Values(o.values)), vb.Int):
		c.Wrong(at, "it can be "+oneOf(o.labels()), "%s has no value %s in %s", o.name, text, o.from)
	case err == nil:
	case len(o.values) > 0:
		c.Wrong(at, didYouMean(text, o.labels()), "%s has no value %q", o.name, text)
	default:
		c.Wrong(at, "", "%v", err)
	}
}

// labels lists an enumeration's names in the order of their numbers.
func (o *mibObject) labels() []string {
	var all []string
	for name := range o.values {
		all = append(all, name)
	}
	slices.SortFunc(all, func(a, b string) int { return int(o.values[a] - o.values[b]) })
	return all
}

// proofs reads what shows that a command was taken: one mapping or a list.
func (c *compiler) proofs(n strictyaml.Node) []proof {
	list := []strictyaml.Node{n}
	if s, ok := n.Items(); ok {
		list = s
	}
	var all []proof
	for _, e := range list {
		o := c.object(e, "proof", "object", "is", "transfer")
		p := proof{values: map[int64]bool{}}
		if o.has("transfer") {
			p.transfer = o.word("transfer", "", "began") != ""
			all = append(all, p)
			continue
		}
		obj, ok := o.need("object", "the object to read back")
		is, ok2 := o.need("is", "the values that it has once the command was taken")
		if !ok || !ok2 {
			continue
		}
		if p.ref, ok = c.ref(obj, "object"); !ok {
			continue
		}
		for _, v := range c.list(is, "is") {
			text, _ := c.text(v, "is")
			if vb, err := p.ref.object.encode(p.ref.object.oid, text); err == nil && vb.Type == TypeInteger {
				p.values[vb.Int] = true
				continue
			}
			if len(p.ref.object.values) > 0 {
				c.checkValue(p.ref.object, text, v.Place())
			}
			p.texts = append(p.texts, text)
		}
		all = append(all, p)
	}
	return all
}
