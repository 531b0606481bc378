package driver

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"drydock/internal/procedure"
	"drydock/internal/strictyaml"
)

// actionKinds are the actions of the language.
func actionKinds() []string {
	return []string{"get", "find", "set", "command", "poll", "expect", "wait", "fail"}
}

// compiler reads the actions of one operation.
type compiler struct {
	*reader
	driver *Driver
	op     Operation
	scope  *scope
	gets   map[string]bool // what "get" is to read, also where the object is wrong
}

// actions reads a list of actions.
func (c *compiler) actions(n strictyaml.Node, what string) []action {
	list, ok := n.Items()
	if !ok {
		c.unexpected(n, what, "a list of actions, each begun by \"- \"")
		return nil
	}
	var all []action
	for _, e := range list {
		if a, ok := c.action(e); ok {
			all = append(all, a)
		}
	}
	return all
}

func (c *compiler) action(n strictyaml.Node) (action, bool) {
	o := c.object(n, "an action", append(actionKinds(), "when")...)
	a := action{at: o.at}
	if f, ok := o.fields["when"]; ok {
		a.when = c.condition(f.value)
		delete(o.fields, "when")
	}
	switch len(o.fields) {
	case 1:
	case 0:
		if _, isMap := n.Fields(); isMap {
			c.Wrong(o.at, "", "this action does nothing; expected one of %s", oneOf(actionKinds()))
		}
		return a, false
	default:
		c.Wrong(o.at, "begin each action with its own \"- \"", "this action has %s; expected one", strings.Join(slices.Sorted(maps.Keys(o.fields)), " and "))
		return a, false
	}
	for kind, f := range o.fields {
		a.do = c.step(kind, f.value)
	}
	return a, a.do != nil
}

func (c *compiler) step(kind string, n strictyaml.Node) any {
	switch kind {
	case "get":
		return c.get(n)
	case "find":
		return c.find(n)
	case "set", "command":
		return c.set(n, kind == "command")
	case "poll":
		return c.poll(n)
	case "expect":
		return c.expect(n)
	case "wait":
		return c.wait(n)
	}
	o := c.object(n, "fail", "cause", "text")
	if _, ok := o.need("text", "what a person is told"); !ok {
		return nil
	}
	return &failStep{c.failureOf(o)}
}

// ref reads "object" or "object.instance", which is to be read. Without an instance a scalar has 0
// and a column the operation's index.
func (c *compiler) ref(n strictyaml.Node, what string) (ref, bool) {
	text, ok := c.text(n, what)
	if !ok {
		return ref{}, false
	}
	r, ok := c.refOf(text, n.Place(), what)
	if ok {
		c.scope.schema.mayRead(c.reader, r.object, n.Place(), what)
	}
	return r, ok
}

func (c *compiler) refOf(text string, at place, what string) (ref, bool) {
	name, instance, given := strings.Cut(text, ".")
	o := c.scope.schema.object(c.reader, name, at, what)
	if o == nil {
		return ref{}, false
	}
	switch {
	case given:
		t, ok := c.compileTemplate(instance, at, what, c.scope)
		if ok && t.isFixed() {
			if err := checkOID("1." + t.String()); err != nil {
				c.Wrong(at, "", "%s: %q is not an instance of %s", what, instance, name)
			}
		}
		return ref{o, t}, ok
	case o.scalar:
		return ref{o, fixed("0")}, true
	}
	return ref{o, template{[]part{{variable: "index"}}}}, true
}

func (c *compiler) get(n strictyaml.Node) any {
	var step getStep
	for _, f := range c.fields(n, "get") {
		item := getItem{as: f.key, unit: 1}
		ok := false
		if _, isMap := f.value.Fields(); isMap {
			o := c.object(f.value, "get "+f.key, "object", "pattern", "optional", "unit")
			var obj strictyaml.Node
			if obj, ok = o.need("object", "the object to read"); ok {
				item.ref, ok = c.ref(obj, "object")
			}
			if p, has := o.fields["pattern"]; has {
				item.pattern = c.pattern(p.value, "pattern")
			}
			item.optional, item.unit = o.boolean("optional"), o.integer("unit", 1, 1<<40, 1)
		} else {
			item.ref, ok = c.ref(f.value, "get "+f.key)
		}
		if !isName(f.key) {
			c.Wrong(f.at, "use letters, digits, - and _", "%q cannot be the name of a variable", f.key)
			continue
		}
		if ok {
			step.items = append(step.items, item)
		}
		c.scope.locals[f.key] = true
		if c.gets == nil {
			c.gets = map[string]bool{}
		}
		c.gets[f.key] = true
	}
	return &step
}

func (c *compiler) find(n strictyaml.Node) any {
	o := c.object(n, "find", "column", "equals", "file", "matches", "as", "max-rows", "missing")
	step := findStep{as: o.text("as"), maxRows: int(o.integer("max-rows", 1, 10000, 256))}
	if col, ok := o.need("column", "the column to search"); ok {
		if r, ok := c.ref(col, "column"); ok {
			step.column = r.object
			if r.object.scalar {
				c.Wrong(col.Place(), "", "%s is a scalar; find searches a column", r.object.name)
			}
		}
	}
	if _, ok := o.need("as", "the variable that gets the row's instance"); !ok || !isName(step.as) {
		step.as = "row"
	}
	switch {
	case count(o.has("equals"), o.has("file"), o.has("matches")) != 1:
		c.Wrong(o.at, "", "find needs one of \"equals\", \"file\" and \"matches\"")
	case o.has("file"):
		step.equals, _ = c.template(o.fields["file"].value, "file", c.scope)
		step.file = true
	case o.has("equals"):
		step.equals, _ = c.template(o.fields["equals"].value, "equals", c.scope)
	default:
		step.matches = c.pattern(o.fields["matches"].value, "matches")
	}
	step.missing = failure{procedure.DeviceFailed, fmt.Sprintf("the device has no row that %s asks for", step.as)}
	if f, ok := o.fields["missing"]; ok {
		step.missing = c.failure(f.value, "missing")
	}
	c.scope.locals[step.as] = true
	return &step
}

// count counts how many are there.
func count(there ...bool) (n int) {
	for _, is := range there {
		if is {
			n++
		}
	}
	return n
}

// failure reads a cause: a text, or a mapping with cause and text.
func (c *compiler) failure(n strictyaml.Node, what string) failure {
	if _, isMap := n.Fields(); !isMap {
		text, _ := c.text(n, what)
		return failure{procedure.DeviceFailed, text}
	}
	return c.failureOf(c.object(n, what, "cause", "text"))
}

func (c *compiler) failureOf(o object) failure {
	var causes []string
	for _, cause := range procedure.Causes() {
		causes = append(causes, string(cause))
	}
	cause := o.word("cause", string(procedure.DeviceFailed), causes...)
	return failure{procedure.Cause(cause), o.text("text")}
}

// failures reads a mapping from names to failures.
func (c *compiler) failures(n strictyaml.Node, what string) map[string]failure {
	all := map[string]failure{}
	for _, f := range c.fields(n, what) {
		all[f.key] = c.failure(f.value, what+" "+f.key)
	}
	return all
}

func (c *compiler) expect(n strictyaml.Node) any {
	step := expectStep{}
	roles := append([]string{"all"}, c.scope.schema.roles...)
	if _, isMap := n.Fields(); !isMap {
		step.role = c.word(n, "expect", roles...)
	} else {
		o := c.object(n, "expect", "file", "within")
		step.role = o.word("file", "all", roles...)
		step.within = o.duration("within", 0)
	}
	if step.role == "all" {
		step.role = ""
	}
	return &step
}

func (c *compiler) wait(n strictyaml.Node) any {
	if _, isMap := n.Fields(); !isMap {
		return &pauseStep{c.duration(n, "wait")}
	}
	o := c.object(n, "wait", "reboot")
	f, ok := o.fields["reboot"]
	if !ok {
		c.Wrong(o.at, "write \"wait: 5s\" or \"wait: {reboot: {down-within: 1m, up-within: 10m}}\"", "wait needs a duration or \"reboot\"")
		return nil
	}
	b := c.object(f.value, "reboot", "down-within", "up-within")
	var step rebootStep
	if d, ok := b.need("down-within", "how long it may go on answering"); ok {
		step.down = c.duration(d, "down-within")
	}
	if d, ok := b.need("up-within", "how long it may be silent"); ok {
		step.up = c.duration(d, "up-within")
	}
	return &step
}

func (c *compiler) condition(n strictyaml.Node) *condition {
	o := c.object(n, "when", "protocol", "address", "version", "model", "file", "has", "variable", "not")
	cond := condition{
		protocols: o.words("protocol", "tftp", "ftp"),
		addresses: o.word("address", "", "ipv4", "ipv6"),
		file:      o.word("file", "", c.scope.schema.roles...),
	}
	if f, ok := o.fields["version"]; ok {
		cond.version = c.pattern(f.value, "version")
	}
	if f, ok := o.fields["model"]; ok {
		cond.model = c.pattern(f.value, "model")
	}
	if f, ok := o.fields["has"]; ok {
		if r, ok := c.ref(f.value, "has"); ok {
			cond.has = &r
		}
	}
	if f, ok := o.fields["not"]; ok {
		cond.not = c.condition(f.value)
	}
	if f, ok := o.fields["variable"]; ok {
		cond.variable = map[string]*regexp.Regexp{}
		for _, v := range c.fields(f.value, "variable") {
			if known := c.scope.variables(); !slices.Contains(known, v.key) {
				c.Wrong(v.at, didYouMean(v.key, known), "there is no variable %q here", v.key)
			}
			cond.variable[v.key] = c.pattern(v.value, v.key)
		}
	}
	return &cond
}
