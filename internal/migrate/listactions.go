package migrate

import "strings"

// duplicate makes a line again in another block: one becomes two.
type duplicate struct {
	target
	line *template // nil = the text stays
}

func (*duplicate) verb() string       { return "copy" }
func (*duplicate) phase() phase       { return copying }
func (*duplicate) fits(captures) bool { return true }

func (a *duplicate) apply(p *pass, m *match) bool {
	text := oneBlank(m.n.text)
	if a.line != nil {
		text = a.line.fill(m.caps, nil)
	}
	if parent := p.lookUp(a.path(m.caps)); parent != nil && p.child(parent, p.d.normal(parent, text, m.n.first != nil)) != nil {
		return false
	}
	n := &node{text: text, from: m.n.origin()}
	p.place(m, &a.target, n)
	p.d.copyWhole(m.n, n)
	p.duplicateBelow(m, m.n, n)
	return true
}

// duplicateBelow makes what stands beneath one node again beneath another.
func (p *pass) duplicateBelow(m *match, from, to *node) {
	for c := range from.commands {
		n := &node{text: oneBlank(c.text), from: c.origin()}
		p.put(m, to, n, c.first != nil, nil)
		p.d.copyWhole(c, n)
		p.duplicateBelow(m, c, n)
	}
}

// split makes a line for each element of a list: the first stays in its place,
// the others follow.
type split struct {
	line      template
	capture   string
	separator string
}

func (*split) verb() string { return "split" }
func (*split) phase() phase { return rewriting }

// fits refuses values that are no list: they stay as they are.
func (s *split) fits(c captures) bool {
	value, _ := c.get(s.capture)
	return strings.Contains(unquoteWord(value), s.separator)
}

func (s *split) apply(p *pass, m *match) bool {
	value, _ := m.caps.get(s.capture)
	at := m.n
	for i, element := range strings.Split(unquoteWord(value), s.separator) {
		text := s.line.fill(m.caps, func(name, value string) string {
			if name == s.capture {
				return quoteWord(strings.TrimSpace(element))
			}
			return value
		})
		if i == 0 {
			p.rewrite(m, text)
			continue
		}
		n := &node{text: text, from: m.n.origin()}
		parent := at.parent
		p.put(m, parent, n, false, nil)
		n.detach()
		parent.insert(n, at)
		at = n
	}
	m.n.decide(altered, m.rule)
	return true
}

// joining makes one line of several that stand in one block: the first of them
// holds the values of all, the others go.
type joining struct {
	line      template
	capture   string
	separator string
}

func (*joining) verb() string       { return "join" }
func (*joining) phase() phase       { return rewriting }
func (*joining) fits(captures) bool { return true }

func (j *joining) apply(p *pass, m *match) bool {
	if m.n.fate == removed {
		return false // joined already
	}
	var values []string
	for i := range p.matches {
		other := &p.matches[i]
		if other.rule != m.rule || other.n.parent != m.n.parent || other.n.fate == removed {
			continue
		}
		value, _ := other.caps.get(j.capture)
		values = append(values, unquoteWord(value))
		if other.n != m.n {
			other.n.why = "its value is in the one line " + m.rule.ID + " makes"
			other.n.walk(func(below *node) { below.decide(removed, m.rule) }, nil)
			other.n.decide(removed, m.rule)
			other.n.detach()
		}
	}
	return p.rewrite(m, j.line.fill(m.caps, func(name, value string) string {
		if name == j.capture {
			return quoteWord(strings.Join(values, j.separator))
		}
		return value
	}))
}

// wrap puts a line into a block of its own, in the block in which it stands.
type wrap struct {
	block template
	line  *template // nil = the text stays
}

func (*wrap) verb() string       { return "wrap" }
func (*wrap) phase() phase       { return placing }
func (*wrap) fits(captures) bool { return true }

func (w *wrap) apply(p *pass, m *match) bool {
	parent := m.n.parent
	text := w.block.fill(m.caps, nil)
	block := p.child(parent, p.d.normal(parent, text, true))
	if block == m.n {
		return false
	}
	if block == nil {
		block = &node{text: text}
		at := m.n
		p.put(m, parent, block, true, nil)
		block.detach()
		parent.insert(block, at)
		block.placed = false
	}
	if w.line != nil {
		p.rewrite(m, w.line.fill(m.caps, nil))
	}
	m.n.walk(func(below *node) {
		if below.fate == untouched {
			below.decide(altered, m.rule)
		}
	}, nil)
	m.n.decide(altered, m.rule)
	m.n.detach()
	p.put(m, block, m.n, m.n.first != nil, nil)
	return true
}
