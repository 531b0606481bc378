package migrate

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// scriptCall is one call of a script: what it does to the tree is done in the
// name of its rule.
type scriptCall struct {
	p      *pass
	rule   *Rule
	thread *starlark.Thread // nil while the rule's own pattern is looked for
}

// looked counts lines that were looked at among the call's steps: one such
// costs less than a step does.
func (x *scriptCall) looked(lines int) {
	const perStep = 8
	if x.thread != nil {
		x.thread.Steps += uint64(lines / perStep)
	}
}

func (x *scriptCall) handle(n *node) *scriptNode { return &scriptNode{x, n} }

// did counts an operation.
func (x *scriptCall) did() {
	x.p.used[x.rule]++
	x.p.acted = true
	switch x.p.d.format.(type) {
	case braces, jsonFormat: // plain words can stand anywhere in them
	default:
		x.p.doubtful = true
	}
}

// wrote notes that a line has got a text of a script's making.
func (x *scriptCall) wrote(text string) {
	x.p.doubtful = x.p.doubtful || strings.IndexByte(text, '"') >= 0 || strings.HasSuffix(text, ":")
}

// finding tells a person something about a line, also about one that is gone.
// What a rule has made has no bytes of the input to leave to a person.
func (x *scriptCall) finding(n *node, severity Severity, message string) {
	f := Finding{Rule: x.rule.ID, Why: x.rule.Why, Severity: severity, Category: x.rule.Category, Message: message}
	if n != nil && n != &x.p.d.root {
		f.Line, f.Path, f.Text = int(n.line), n.path(), n.text
		if n.parent == nil {
			f.Path = []string{n.text}
		}
		if n.line > 0 {
			f.Text = x.p.d.lineAt(n.offset)
		}
		if severity == Manual && n.line > 0 {
			n.decide(leftToPerson, x.rule)
		}
	}
	x.p.used[x.rule]++
	x.p.findings = append(x.p.findings, f)
}

// patternSet compiles a pattern, once in a pass.
func (p *pass) patternSet(pattern string) (*placeSet, error) {
	if set := p.patterns[pattern]; set != nil {
		return set, nil
	}
	parsed, err := ParsePattern(pattern)
	if err != nil {
		return nil, err
	}
	p.pack.spellFor(p.d, &parsed)
	if p.pack.spelling != nil {
		p.wide = nil // lines may have got other texts
	}
	set := &placeSet{}
	set.add(parsed, nil)
	if p.patterns == nil {
		p.patterns = map[string]*placeSet{}
	}
	p.patterns[pattern] = set
	return set, nil
}

// find gives the lines beneath a node that a pattern fits, in their order.
// With once only the first.
func (x *scriptCall) find(from *node, pattern string, once bool) ([]match, error) {
	set, err := x.p.patternSet(pattern)
	if err != nil {
		return nil, err
	}
	search := pass{d: x.p.d, quiet: true, once: once}
	search.collect(from, &ruleSet{rules: []*Rule{x.rule}}, set.start())
	x.looked(search.looked)
	return search.matches, nil
}

// number gives what a node is told apart by as a dictionary's key: it stays the
// same whatever becomes of the node.
func (p *pass) number(n *node) uint32 {
	if p.numbers == nil {
		p.numbers = map[*node]uint32{}
	}
	number, known := p.numbers[n]
	if !known {
		number = uint32(len(p.numbers))
		p.numbers[n] = number
	}
	return number
}

// scriptNode is a line or block as scripts see it.
type scriptNode struct {
	x *scriptCall
	n *node
}

// String, Type, Freeze, Truth and Hash are part of starlark.Value.
func (s *scriptNode) String() string        { return fmt.Sprintf("node(%q)", s.n.text) }
func (s *scriptNode) Type() string          { return "node" }
func (s *scriptNode) Freeze()               {}
func (s *scriptNode) Truth() starlark.Bool  { return true }
func (s *scriptNode) Hash() (uint32, error) { return s.x.p.number(s.n), nil }

// CompareSameType makes handles of one line equal.
func (s *scriptNode) CompareSameType(op syntaxToken, y starlark.Value, _ int) (bool, error) {
	same := s.n == y.(*scriptNode).n
	switch op {
	case tokenEqual:
		return same, nil
	case tokenUnequal:
		return !same, nil
	}
	return false, fmt.Errorf("nodes have no order")
}

// AttrNames is part of starlark.HasAttrs.
func (s *scriptNode) AttrNames() []string {
	names := []string{"words", "name", "value", "text", "parent", "path"}
	names = append(names, nodeMethodNames()...)
	slices.Sort(names)
	return names
}

// Attr is part of starlark.HasAttrs.
func (s *scriptNode) Attr(name string) (starlark.Value, error) {
	switch name {
	case "words":
		return tupleOf(s.words()), nil
	case "name":
		return wordAt(s.words(), 0), nil
	case "value":
		return wordAt(s.words(), 1), nil
	case "text":
		return starlark.String(s.n.text), nil
	case "parent":
		if err := s.there(); err != nil || s.n.parent == nil {
			return starlark.None, err
		}
		return s.x.handle(s.n.parent), nil
	case "path":
		if err := s.there(); err != nil {
			return nil, err
		}
		var list []starlark.Value
		for _, text := range s.n.path() {
			list = append(list, starlark.String(text))
		}
		return starlark.NewList(list), nil
	}
	method := nodeMethodNamed(name)
	if method == nil {
		return nil, nil
	}
	return starlark.NewBuiltin(name, func(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
		if err := s.there(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		v, err := method(s, args, kwargs)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return v, nil
	}), nil
}

// there says that a node which was deleted, or stood in one that was, is no
// longer to be used.
func (s *scriptNode) there() error {
	if s.n.detached(s.x.p.d) {
		return fmt.Errorf("%q was deleted before", s.n.text)
	}
	return nil
}

func (s *scriptNode) words() []string { return plainWords(s.n.text) }

// plainWords are a text's words without quotes.
func plainWords(text string) []string {
	words := Words(text)
	for i := range words {
		words[i] = unquoteWord(words[i])
	}
	return words
}

func tupleOf(words []string) starlark.Tuple {
	t := make(starlark.Tuple, len(words))
	for i, w := range words {
		t[i] = starlark.String(w)
	}
	return t
}

func wordAt(words []string, i int) starlark.Value {
	if i >= len(words) {
		return starlark.None
	}
	return starlark.String(words[i])
}

// textOf makes a line's text of words as scripts give them.
func textOf(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = quoteWord(w)
	}
	return strings.Join(quoted, " ")
}

// beginsWith says whether a text's first words are these.
func beginsWith(text string, words []string) bool {
	for _, w := range words {
		var have string
		if have, text = cutWord(text); have == "" || unquoteWord(have) != w {
			return false
		}
	}
	return true
}

// with are the children whose first words are these.
func (s *scriptNode) with(words []string) (found []*node) {
	s.x.candidates(s.n, words, func(c *node) bool {
		if beginsWith(c.text, words) {
			found = append(found, c)
		}
		return true
	})
	return found
}

// exactly is the child with just these words, a block first; nil = none.
func (s *scriptNode) exactly(words []string) *node {
	var line *node
	for _, c := range s.with(words) {
		if len(Words(c.text)) != len(words) {
			continue
		}
		if c.first != nil {
			return c
		}
		if line == nil {
			line = c
		}
	}
	return line
}

// child is the first child with this text, other than one; nil = none.
func (x *scriptCall) child(parent *node, text string, but *node) *node {
	var found *node
	x.candidates(parent, firstTwo(text), func(c *node) bool {
		if c != but && oneBlank(c.text) == text {
			found = c
		}
		return found == nil
	})
	return found
}

// same is the child with this text that a line or block becomes one with when it
// comes there; nil = none. A value in a list takes in no block.
func (x *scriptCall) same(parent *node, text string, n *node) *node {
	c := x.child(parent, text, n)
	if c != nil && n.first != nil && !x.p.d.format.holds(c) {
		return nil
	}
	return c
}

// fits says why a line or block cannot stand in a block.
func (x *scriptCall) fits(parent *node, text string, block bool) error {
	f := x.p.d.format
	if !f.holds(parent) {
		return fmt.Errorf("format %s has no lines beneath %q", f.name(), parent.text)
	}
	if block && parent != &x.p.d.root && !f.nests(append(parent.path(), text)...) {
		return fmt.Errorf("format %s has no block inside of a block: %q cannot be in %q", f.name(), text, parent.text)
	}
	return nil
}

// put makes a new line or block.
func (s *scriptNode) put(parent *node, text string, block bool) (*node, error) {
	if err := s.x.fits(parent, text, block); err != nil {
		return nil, err
	}
	n := &node{text: text}
	s.x.p.put(&match{rule: s.x.rule}, parent, n, block, nil)
	s.x.p.file(n)
	s.x.wrote(text)
	s.x.did()
	return n, nil
}
