package migrate

import (
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"

	"drydock/internal/fault"
)

// scriptCall is one call of a script: what it does to the tree is done in the
// name of its rule.
type scriptCall struct {
	p    *pass
	rule *Rule
}

func (x *scriptCall) handle(n *node) *scriptNode { return &scriptNode{x, n} }

// did counts an operation.
func (x *scriptCall) did() {
	x.p.used[x.rule]++
	x.p.acted = true
}

func (x *scriptCall) finding(n *node, severity Severity, message string) {
	f := Finding{Rule: x.rule.ID, Why: x.rule.Why, Severity: severity, Category: x.rule.Category, Message: message}
	if n != nil && n.parent != nil {
		f.Line, f.Path = int(n.line), n.path()
		f.Text = f.Path[len(f.Path)-1]
		if n.line > 0 {
			f.Text = x.p.d.lineAt(n.offset)
		}
		if severity == Manual {
			n.decide(leftToPerson, x.rule)
		}
	}
	x.p.used[x.rule]++
	x.p.findings = append(x.p.findings, f)
}

// find gives the lines beneath a node that a pattern fits, in their order.
func (x *scriptCall) find(from *node, pattern string) ([]match, error) {
	rules := x.p.patterns[pattern]
	if rules == nil {
		parsed, err := ParsePattern(pattern)
		if err != nil {
			return nil, err
		}
		x.p.pack.spellFor(x.p.d, &parsed)
		rules = &ruleSet{rules: []*Rule{x.rule}}
		rules.set.add(parsed, nil)
		if x.p.patterns == nil {
			x.p.patterns = map[string]*ruleSet{}
		}
		x.p.patterns[pattern] = rules
	}
	search := pass{d: x.p.d, quiet: true}
	search.collect(from, rules, rules.set.start())
	return search.matches, nil
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
func (s *scriptNode) Hash() (uint32, error) { return starlark.String(s.n.text).Hash() }

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
	for name := range nodeMethods() {
		names = append(names, name)
	}
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
		if s.n.parent == nil {
			return starlark.None, nil
		}
		return s.x.handle(s.n.parent), nil
	case "path":
		var list []starlark.Value
		for _, text := range s.n.path() {
			list = append(list, starlark.String(text))
		}
		return starlark.NewList(list), nil
	}
	method, ok := nodeMethods()[name]
	if !ok {
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
	for c := range s.n.commands {
		if beginsWith(c.text, words) {
			found = append(found, c)
		}
	}
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

// put makes a new line or block.
func (s *scriptNode) put(parent *node, text string, block bool) (*node, error) {
	if !s.x.p.d.format.holds(parent) {
		return nil, fault.New(fault.Invalid, "", "", "format %s has no lines beneath %q", s.x.p.d.format.name(), parent.text)
	}
	n := &node{text: text}
	s.x.p.put(&match{rule: s.x.rule}, parent, n, block, nil)
	s.x.did()
	return n, nil
}
