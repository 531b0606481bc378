package driver

import (
	"maps"
	"slices"
	"strings"
	"time"

	"drydock/internal/procedure"
	"drydock/internal/strictyaml"
)

// Defaults of waiting.
const (
	defaultInterval    = 2 * time.Second
	defaultMaxInterval = 15 * time.Second
	defaultAppears     = 10 * time.Second
	defaultSettle      = 10 * time.Second
)

// poll reads "poll".
func (c *compiler) poll(n strictyaml.Node) any {
	o := c.object(n, "poll", "object", "find", "running", "success", "idle", "failure", "reason", "text", "causes", "progress",
		"absent", "vanished", "appears-within", "within", "interval", "max-interval")
	p := &pollStep{
		absent:      absence(o.word("absent", string(absentUnknown), absences()...)),
		vanished:    absence(o.word("vanished", string(absentUnknown), absences()...)),
		appears:     o.duration("appears-within", defaultAppears),
		within:      o.duration("within", 0),
		interval:    o.duration("interval", c.driver.quirks.PollInterval),
		maxInterval: o.duration("max-interval", c.driver.quirks.MaxInterval),
	}
	p.maxInterval = max(p.maxInterval, p.interval)
	if f, ok := o.fields["find"]; ok {
		p.find, _ = c.find(f.value).(*findStep)
	}
	obj, ok := o.need("object", "the status object")
	if !ok {
		return nil
	}
	if p.status, ok = c.ref(obj, "object"); !ok {
		return nil
	}
	p.shared = p.find == nil && !p.status.instance.uses("index") && !c.usesLocal(p.status.instance)
	p.running, p.success, p.idle = c.states(o, "running", p), c.states(o, "success", p), c.states(o, "idle", p)
	c.failureStates(o, p)
	p.reason, p.text, p.progress = c.optionalRef(o, "reason"), c.optionalRef(o, "text"), c.optionalRef(o, "progress")
	if f, ok := o.fields["causes"]; ok {
		p.reasons = c.failures(f.value, "causes")
		c.checkCauses(f.value, p, o)
	}
	c.checkPoll(o, p)
	return p
}

func (c *compiler) usesLocal(t template) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return c.scope.locals[p.variable] })
}

func (c *compiler) optionalRef(o object, key string) *ref {
	f, ok := o.fields[key]
	if !ok {
		return nil
	}
	r, ok := c.ref(f.value, key)
	if !ok {
		return nil
	}
	return &r
}

// states reads a set of the status object's values.
func (c *compiler) states(o object, key string, p *pollStep) map[string]bool {
	f, ok := o.fields[key]
	if !ok {
		return nil
	}
	all := map[string]bool{}
	for _, e := range c.list(f.value, key) {
		if text, ok := c.text(e, key); ok {
			c.checkState(p.status.object, text, e.Place())
			all[text] = true
		}
	}
	return all
}

func (c *compiler) checkState(o *mibObject, text string, at place) {
	if labels := o.labels(); len(labels) > 0 && !slices.Contains(labels, text) {
		c.Wrong(at, didYouMean(text, labels), "%s has no value %q", o.name, text)
	}
}

// failureStates reads "failure": a list, "others", or a mapping from values to
// causes in which "others" may stand too.
func (c *compiler) failureStates(o object, p *pollStep) {
	f, ok := o.fields["failure"]
	if !ok {
		c.Wrong(o.at, `add "failure": the values that mean failure, or "others" for all that are not named`, "poll has no failure set")
		p.others = true
		return
	}
	p.failures = map[string]failure{}
	if _, isMap := f.value.Fields(); isMap {
		p.failures = c.failures(f.value, "failure")
		for _, e := range c.fields(f.value, "failure") {
			if e.key != "others" {
				c.checkState(p.status.object, e.key, e.at)
			}
		}
	} else {
		for _, e := range c.list(f.value, "failure") {
			text, _ := c.text(e, "failure")
			if text != "others" {
				c.checkState(p.status.object, text, e.Place())
			}
			p.failures[text] = failure{procedure.DeviceFailed, ""}
		}
	}
	_, p.others = p.failures["others"]
}

func (c *compiler) checkCauses(n strictyaml.Node, p *pollStep, o object) {
	if p.reason == nil {
		c.Wrong(n.Place(), `add "reason: OBJECT"`, "causes are given, but no object whose value they name")
		return
	}
	for _, e := range c.fields(n, "causes") {
		if e.key != "others" {
			c.checkState(p.reason.object, e.key, e.at)
		}
	}
}

// checkPoll holds a poll to its duties: it is bounded, and every value of the
// status has a meaning.
func (c *compiler) checkPoll(o object, p *pollStep) {
	if len(p.success) == 0 {
		c.Wrong(o.at, `add "success": the values that mean that it is done`, "poll has no success set")
	}
	if p.within == 0 && !c.driver.explicitTimeout[c.op] {
		c.Wrong(o.at, `add "within" here, or the operation to "timeouts"`, "poll has no deadline")
	}
	meaning := map[string]string{}
	for _, set := range []struct {
		key   string
		names []string
	}{{"running", slices.Sorted(maps.Keys(p.running))}, {"success", slices.Sorted(maps.Keys(p.success))},
		{"failure", slices.Sorted(maps.Keys(p.failures))}} {
		for _, name := range set.names {
			if other := meaning[name]; other != "" {
				c.Wrong(o.placeOf(set.key), "", "%q is in %s and in %s", name, other, set.key)
			}
			meaning[name] = set.key
		}
	}
	var missing []string
	for _, label := range p.status.object.labels() {
		if meaning[label] == "" && !p.idle[label] {
			missing = append(missing, label)
		}
	}
	if len(missing) > 0 && !p.others {
		c.Wrong(o.at, `put them into "running", "success", "idle" or "failure", or add "others" to "failure"`,
			"poll does not say what %s of %s mean", strings.Join(missing, ", "), p.status.object.name)
	}
}
