package migrate

import (
	"strings"
)

// condition is one thing that must hold, besides a rule's own pattern, for the
// rule to take a line: that something else is there, or is not.
type condition struct {
	place placeSet // one pattern
	names []string // of its holes
	here  bool     // from the block in which the line stands, else from the top
	wants bool     // that it is there
}

// conditions are the keys of an element of "when".
func conditions() []string { return []string{"exists", "missing", "has", "lacks"} }

// when reads "when": a list of conditions, all of which must hold.
func (l *loader) when(o *object, r *Rule) {
	for _, e := range o.list("when") {
		c := l.object(e, "a condition", conditions()...)
		if len(c.keys) != 1 {
			l.Wrong(c.at, oneOf("it is", conditions()), "a condition is one thing")
			continue
		}
		key := c.keys[0]
		p, err := parsePlace(strings.Split(c.text(key), separator))
		if err != nil {
			l.Wrong(c.spot(key), "", "%s: %v", key, err)
			continue
		}
		l.learn(c.spot(key), p.lines...)
		cond := condition{names: p.names(), here: key == "has" || key == "lacks", wants: key == "exists" || key == "has"}
		cond.place.add(p, nil)
		r.when = append(r.when, cond)
	}
	if o.has("when") && len(r.when) == 0 {
		if _, ok := o.values["when"].Items(); ok && len(l.Mistakes) == 0 {
			l.Wrong(o.spot("when"), "", "when has no condition")
		}
	}
}

// allowed says whether a rule's conditions hold for a line in a block.
func (p *pass) allowed(r *Rule, block *node, caps captures) bool {
	for i := range r.when {
		c := &r.when[i]
		from := &p.d.root
		if c.here {
			from = block
		}
		if p.sees(c, from, caps) != c.wants {
			return false
		}
	}
	return true
}

// sees says whether the condition's pattern fits somewhere beneath a node; a
// hole that the rule has captured too must hold the same.
func (p *pass) sees(c *condition, from *node, caps captures) bool {
	for _, found := range p.sightings(c, from) {
		same := true
		for _, name := range c.names {
			want, bound := caps.get(name)
			have, _ := found.caps.get(name)
			same = same && (!bound || want == have)
		}
		if same {
			return true
		}
	}
	return false
}

// sighted is a condition that was looked for beneath a node.
type sighted struct {
	c    *condition
	from *node
}

// sightings remembers what a condition's pattern fits: rules ask it for each of
// their lines, and the tree stays as it is while they are matched.
func (p *pass) sightings(c *condition, from *node) []match {
	key := sighted{c, from}
	if found, known := p.seen[key]; known {
		return found
	}
	search := pass{d: p.d, quiet: true}
	search.collect(from, &ruleSet{rules: []*Rule{{}}}, c.place.start())
	if p.seen == nil {
		p.seen = map[sighted][]match{}
	}
	p.seen[key] = search.matches
	return search.matches
}
