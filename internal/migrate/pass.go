package migrate

import (
	"slices"
	"strings"

	"drydock/internal/fault"
)

// match is a line that a rule of the step takes.
type match struct {
	n    *node
	rule *Rule
	caps captures
	path []string // before the step; only where there is something to say
}

// pass is one step on its way through one document.
type pass struct {
	d        *Document
	pack     *Pack
	step     *Step
	matches  []match
	acted    bool // a rule did something
	doubtful bool // a script wrote what the format may not hold
	used     map[*Rule]int
	findings []Finding
	err      error
	quiet    bool // only matches are wanted

	patterns map[string]*placeSet  // of scripts, compiled
	regexps  regexps               // the same
	numbers  map[*node]uint32      // that scripts tell nodes apart by
	wide     map[*node]*childIndex // blocks in which scripts have looked for lines
	looked   int                   // lines that collect has been to
	once     bool                  // the first match is enough
	seen     map[sighted][]match   // by conditions
	children map[childKey]*node    // what lookUp has found
	latest   map[slot]*node        // what was put there last
}

type childKey struct {
	parent *node
	text   string
}

// slot is where new lines of one kind stand in a block.
type slot struct {
	parent *node
	after  *linePattern
	block  bool
}

// run matches the rules that take lines and lets them act, phase by phase;
// then those that add lines.
func (p *pass) run() error {
	p.collect(&p.d.root, &p.step.taking, p.step.taking.set.start())
	for ph := range adding {
		p.act(ph)
	}
	p.matches, p.seen = nil, nil
	p.collect(&p.d.root, &p.step.adding, p.step.adding.set.start())
	p.act(adding)
	p.script()
	if p.acted {
		p.d.format.mend(p.d)
	}
	return p.err
}

// script calls the step's scripts, one after the other: each sees what the one
// before it has made.
func (p *pass) script() {
	for _, r := range p.step.scripts {
		p.matches, p.seen = nil, nil
		if len(r.detect.lines) == 0 {
			if p.allowed(r, &p.d.root, nil) {
				p.matches = []match{{rule: r}}
			}
		} else {
			found, err := (&scriptCall{p: p, rule: r}).find(&p.d.root, r.detect.source, false)
			if err != nil && p.err == nil {
				p.err = err
			}
			p.matches = slices.DeleteFunc(found, func(m match) bool { return !p.allowed(r, m.n.parent, m.caps) })
		}
		p.act(scripting)
	}
}

// act lets the matches of one phase act. One whose action does nothing (what
// it would add is there) leaves no trace.
func (p *pass) act(ph phase) {
	for i := range p.matches {
		m := &p.matches[i]
		if p.err == nil && m.rule.act.phase() == ph && m.rule.act.apply(p, m) {
			p.used[m.rule]++
			p.acted = true
			p.find(m)
		}
	}
}

// collect matches the lines of a block in printed order. It goes deeper only
// where a rule may still fit.
func (p *pass) collect(parent *node, rules *ruleSet, states []state) {
	var buffer [8]capture
	var refuse refusal
	if rules.conditional {
		refuse = func(index int, caps captures) bool { return !p.allowed(rules.rules[index], parent, caps) }
	}
	for n := parent.first; n != nil && !(p.once && len(p.matches) > 0); n = n.next {
		if n.kind != command {
			continue
		}
		p.looked++
		h, below := step(states, n.text, n.first != nil, buffer[:0], refuse)
		if h.index >= 0 {
			m := match{n: n, rule: rules.rules[h.index], caps: h.caps}
			if !p.quiet && m.rule.speaks() {
				m.path = n.path()
			}
			p.matches = append(p.matches, m)
		}
		if len(below) > 0 && !(p.once && len(p.matches) > 0) {
			p.collect(n, rules, below)
		}
	}
}

// speaks says whether the rule gives a finding each time it fires.
func (r *Rule) speaks() bool { return r.message.source != "" || r.Severity != Info }

func (p *pass) find(m *match) {
	if !m.rule.speaks() {
		return
	}
	f := Finding{
		Rule: m.rule.ID, Why: m.rule.Why, Severity: m.rule.Severity, Category: m.rule.Category,
		Line: int(m.n.line), Path: m.path, Text: m.path[len(m.path)-1], Message: m.rule.Why,
	}
	if m.n.line > 0 {
		f.Text = p.d.lineAt(m.n.offset)
	}
	if m.rule.message.source != "" {
		f.Message = m.rule.message.fill(m.caps, nil)
	}
	p.findings = append(p.findings, f)
}

// lineAt gives the input line that begins at an offset, without white space
// around it.
func (d *Document) lineAt(offset int) string {
	line, _, _ := strings.Cut(d.src[offset:], "\n")
	return strings.TrimSpace(line)
}

// rewrite gives the match's line a new text, if that is another one.
func (p *pass) rewrite(m *match, text string) bool {
	if m.n.text == text {
		return false
	}
	m.n.text = text
	p.d.format.write(p.d, m.n, m.n.first != nil)
	m.n.decide(altered, m.rule)
	return true
}

// lookUp gives the block at a path, nil where there is none.
func (p *pass) lookUp(path []string) *node {
	at := &p.d.root
	for _, text := range path {
		if at = p.child(at, p.d.normal(at, text, true)); at == nil {
			return nil
		}
	}
	return at
}

// normal gives the text that a new line of a block would have once it is
// written: formats have one text for what can be written in several ways.
func (d *Document) normal(parent *node, text string, block bool) string {
	n := node{text: text, parent: parent}
	d.format.write(d, &n, block)
	return n.text
}

// child gives a block's first line with a text, however wide its blanks are. It remembers, so that many
// moves to one block do not each search the whole file.
func (p *pass) child(parent *node, text string) *node {
	key := childKey{parent, text}
	if n := p.children[key]; n != nil && n.parent == parent && oneBlank(n.text) == text {
		return n
	}
	for n := range parent.commands {
		if oneBlank(n.text) == text {
			p.remember(key, n)
			return n
		}
	}
	return nil
}

func (p *pass) remember(key childKey, n *node) {
	if p.children == nil {
		p.children = map[childKey]*node{}
	}
	p.children[key] = n
}

// place puts n, new or detached, into the target's block. Blocks that are not
// there are made. The pattern "after" is for what comes first: the outermost
// block that is made, or else n.
func (p *pass) place(m *match, t *target, n *node) {
	at, after := &p.d.root, t.after
	for _, text := range t.path(m.caps) {
		next := p.child(at, p.d.normal(at, text, true))
		if next == nil {
			next = &node{text: text}
			p.put(m, at, next, true, after)
			after = nil
		}
		at = next
	}
	if n.first != nil && at != &p.d.root && !p.d.format.nests(append(at.path(), n.text)...) {
		p.err = fault.New(fault.Invalid, "migrate.Apply", "rule "+m.rule.ID,
			"format %s has no block inside of a block: %q cannot be in %q", p.d.format.name(), n.text, at.text)
	}
	if !p.d.format.holds(at) {
		p.err = fault.New(fault.Invalid, "migrate.Apply", "rule "+m.rule.ID,
			"%q is a line, not a block: %q cannot be in it", at.text, n.text)
	}
	p.put(m, at, n, n.first != nil, after)
}

// put hangs n into a block, indented as its new neighbours are.
func (p *pass) put(m *match, parent, n *node, block bool, after *linePattern) {
	indent := p.d.format.indent(p.d, parent)
	n.parent = parent
	if n.line == 0 && n.rule == nil { // new
		n.lines, n.rest = 1, p.d.eol
		n.decide(altered, m.rule)
		p.d.format.write(p.d, n, block)
	} else {
		p.d.refit(n)
	}
	old := n.indent
	n.walk(func(below *node) {
		if rest, ok := strings.CutPrefix(below.indent, old); ok && below.kind != blank && !(below.prev == nil && below.parent.inline) {
			below.indent = indent + rest
		}
		p.d.hang(below, old, indent)
		below.shift(old, indent)
	}, nil)
	n.indent = indent
	n.shift(old, indent)
	p.d.hang(n, old, indent)
	key := slot{parent, after, block}
	behind := p.latest[key]
	if behind == nil || behind == n || behind.parent != parent {
		behind = p.behind(parent, block, after)
	}
	parent.insert(n, behind)
	if p.latest == nil {
		p.latest = map[slot]*node{}
	}
	p.latest[key] = n
}

// behind gives the child behind which something new stands in a block: the
// last that fits after, or else the last command, but before the end marker.
func (p *pass) behind(parent *node, block bool, after *linePattern) *node {
	top := parent == &p.d.root
	var last, fitting *node
	for n := range parent.commands {
		if top && !block && n.first != nil && !p.d.format.nests("", "") {
			break // below the first section, a line would be the section's
		}
		if top && len(p.pack.end.words) > 0 {
			if _, ok := p.pack.end.match(n.text, nil); ok {
				break
			}
		}
		last = n
		if after != nil {
			if _, ok := after.match(n.text, nil); ok {
				fitting = n
			}
		}
	}
	switch {
	case fitting != nil:
		return fitting
	case last != nil:
		return last
	case top:
		return nil
	}
	return parent.last
}
