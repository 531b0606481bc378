package migrate

// phase orders what the rules of a step do once all of them are matched, so
// that their result does not hang on the order in which they stand.
type phase int

const (
	copying   phase = iota // lines are made again elsewhere, as they were
	rewriting              // lines get their new text where they are
	placing                // lines move
	removing               // what is left of blocks that are dropped
	adding                 // lines come in, where the others have not made them
	scripting              // functions act on what the rules have made, one after the other
)

// action is what a rule does to a line that fits its pattern.
type action interface {
	verb() string
	phase() phase
	// fits says whether the captures meet what the pattern cannot say.
	fits(captures) bool
	// apply does it, and says whether it did anything.
	apply(p *pass, m *match) bool
}

// rename gives a line a new text.
type rename struct {
	line    template
	maps    map[string]map[string]string // capture -> old value -> new value
	factors map[string]factor            // capture -> change of unit
	plain   bool                         // it is written as "set"
}

func (r *rename) verb() string {
	if r.plain {
		return "set"
	}
	return "rename"
}

func (*rename) phase() phase { return rewriting }

// fits refuses values that the map does not name, and numbers that are not
// whole in the new unit: they stay as they are.
func (r *rename) fits(c captures) bool {
	for name, values := range r.maps {
		value, _ := c.get(name)
		if _, ok := values[value]; !ok {
			return false
		}
	}
	for name, f := range r.factors {
		value, _ := c.get(name)
		if _, whole := f.of(value); !whole {
			return false
		}
	}
	return true
}

func (r *rename) apply(p *pass, m *match) bool {
	return p.rewrite(m, r.line.fill(m.caps, func(name, value string) string {
		if values, ok := r.maps[name]; ok {
			return values[value]
		}
		if f, ok := r.factors[name]; ok {
			value, _ = f.of(value)
		}
		return value
	}))
}

// setDefault follows a changed default: it touches a value only where that
// still equals the old default.
type setDefault struct {
	line     template
	capture  string
	old, new string
}

func (*setDefault) verb() string { return "set-default" }
func (*setDefault) phase() phase { return rewriting }

func (s *setDefault) fits(c captures) bool {
	value, _ := c.get(s.capture)
	return value == s.old
}

func (s *setDefault) apply(p *pass, m *match) bool {
	return p.rewrite(m, s.line.fill(m.caps, func(name, value string) string {
		if name == s.capture {
			return s.new
		}
		return value
	}))
}

// deletion drops a line, with what stands beneath it.
type deletion struct{ because string }

func (*deletion) verb() string       { return "delete" }
func (*deletion) phase() phase       { return removing }
func (*deletion) fits(captures) bool { return true }

func (*deletion) apply(p *pass, m *match) bool {
	m.n.walk(func(below *node) { below.decide(removed, m.rule) }, nil)
	m.n.decide(removed, m.rule)
	m.n.detach()
	return true
}

// target is a place in the tree, in the words of the new version.
type target struct {
	to    []template
	after *linePattern // what is added stands behind the last sibling that fits
}

func (t *target) path(c captures) []string {
	path := make([]string, len(t.to))
	for i := range t.to {
		path[i] = t.to[i].fill(c, nil)
	}
	return path
}

// move takes a line, with what stands beneath it, to another block, which is
// made where it is not there.
type move struct {
	target
	line *template // nil = the text stays
}

func (*move) verb() string       { return "move" }
func (*move) phase() phase       { return placing }
func (*move) fits(captures) bool { return true }

func (a *move) apply(p *pass, m *match) bool {
	text := m.n.text
	if a.line != nil {
		text = a.line.fill(m.caps, nil)
	}
	m.n.walk(func(below *node) {
		if below.fate == untouched {
			below.decide(altered, m.rule)
		}
	}, nil)
	p.rewrite(m, text)
	m.n.decide(altered, m.rule)
	m.n.detach()
	p.place(m, &a.target, m.n)
	return true
}

// addition puts in a line that the new version needs.
type addition struct {
	target
	line   template
	unless *linePattern // not where the block has a line that fits
}

func (*addition) verb() string       { return "add" }
func (*addition) phase() phase       { return adding }
func (*addition) fits(captures) bool { return true }

func (a *addition) apply(p *pass, m *match) bool {
	text := a.line.fill(m.caps, nil)
	if parent := p.lookUp(a.path(m.caps)); parent != nil {
		normal := p.d.normal(parent, text, false)
		for n := range parent.commands {
			if oneBlank(n.text) == normal {
				return false
			}
			if a.unless != nil {
				if _, ok := a.unless.match(n.text, nil); ok {
					return false
				}
			}
		}
	}
	p.place(m, &a.target, &node{text: text})
	return true
}

// leaveToPerson changes nothing: the line needs a person.
type leaveToPerson struct{}

func (*leaveToPerson) verb() string       { return "manual" }
func (*leaveToPerson) phase() phase       { return rewriting }
func (*leaveToPerson) fits(captures) bool { return true }

func (*leaveToPerson) apply(_ *pass, m *match) bool {
	m.n.decide(leftToPerson, m.rule)
	return true
}
