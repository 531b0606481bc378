package migrate

import (
	"fmt"

	"go.starlark.net/starlark"
)

// set makes the last word the one value of the words before it: a line with
// another value is changed, further ones are dropped.
func (s *scriptNode) set(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	text := textOf(words)
	var have []*node
	for _, c := range s.with(words[:len(words)-1]) {
		if n := len(Words(c.text)); n == len(words) || n == len(words)-1 && len(words) > 1 && c.first == nil {
			have = append(have, c)
		}
	}
	if len(words) == 1 || len(have) == 0 {
		return s.added(text)
	}
	keep := have[0]
	for _, c := range have {
		if oneBlank(c.text) == text {
			keep = c
			break
		}
	}
	s.rewrite(keep, text)
	for _, c := range have {
		if c != keep {
			s.drop(c, "the value is set anew")
		}
	}
	return s.x.handle(keep), nil
}

// rewrite gives a line another text.
func (s *scriptNode) rewrite(n *node, text string) {
	if oneBlank(n.text) == text {
		return
	}
	s.x.p.rewrite(&match{n: n, rule: s.x.rule}, text)
	s.x.wrote(text)
	s.x.p.file(n)
	s.x.did()
}

func (s *scriptNode) add(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	return s.added(textOf(words))
}

// added puts a line in where it is not there yet.
func (s *scriptNode) added(text string) (starlark.Value, error) {
	text = s.x.p.d.normal(s.n, text, false)
	if c := s.x.child(s.n, text, nil); c != nil {
		return s.x.handle(c), nil
	}
	n, err := s.put(s.n, text, false)
	if err != nil {
		return nil, err
	}
	return s.x.handle(n), nil
}

func (s *scriptNode) ensure(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	if n := s.exactly(words); n != nil {
		return s.x.handle(n), nil
	}
	n, err := s.put(s.n, textOf(words), true)
	if err != nil {
		return nil, err
	}
	return s.x.handle(n), nil
}

func because(args starlark.Tuple, kwargs []starlark.Tuple) (string, error) {
	var why string
	return why, starlark.UnpackArgs("delete", args, kwargs, "because?", &why)
}

func (s *scriptNode) delete(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	why, err := because(args, kwargs)
	if err != nil {
		return nil, err
	}
	if s.n.parent == nil {
		return nil, fmt.Errorf("the whole configuration cannot be deleted")
	}
	s.drop(s.n, why)
	return starlark.None, nil
}

// drop takes a line out, with what is beneath it; each line is told to be
// dropped because of why.
func (s *scriptNode) drop(n *node, why string) {
	n.detach()
	s.gone(n, why)
}

// gone tells it of a line that is no longer in the tree.
func (s *scriptNode) gone(n *node, why string) {
	n.walk(func(below *node) {
		below.decide(removed, s.x.rule)
		below.why = why
	}, nil)
	n.decide(removed, s.x.rule)
	n.why = why
	s.x.did()
}

// prune drops a block that has become empty, and the blocks around it that
// become empty by that.
func (s *scriptNode) prune(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	why, err := because(args, kwargs)
	if err != nil {
		return nil, err
	}
	for n := s.n; n.parent != nil && !n.means(); {
		parent := n.parent
		s.drop(n, why)
		n = parent
	}
	return starlark.None, nil
}

// means says whether something that means something stands beneath a node.
func (n *node) means() bool {
	for range n.commands {
		return true
	}
	return false
}

func (s *scriptNode) rename(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	if s.n.parent == nil {
		return nil, fmt.Errorf("the whole configuration has no name")
	}
	s.rewrite(s.n, textOf(words))
	return s, nil
}

// open makes of a line a block with nothing in it; a block stays as it is.
func (s *scriptNode) open(starlark.Tuple, []starlark.Tuple) (starlark.Value, error) {
	if s.n.first != nil || s.n.tail != "" || s.n.parent == nil {
		return s, nil
	}
	if !s.x.p.d.format.holds(s.n) {
		return nil, fmt.Errorf("format %s has no lines beneath %q", s.x.p.d.format.name(), s.n.text)
	}
	s.n.decide(altered, s.x.rule)
	s.x.p.d.format.write(s.x.p.d, s.n, true)
	s.x.did()
	return s, nil
}

// destination reads a parent and, perhaps, new words.
func (s *scriptNode) destination(args starlark.Tuple, kwargs []starlark.Tuple) (*node, string, error) {
	if len(args) == 0 || len(kwargs) > 0 {
		return nil, "", fmt.Errorf("a node is expected, and perhaps words")
	}
	to, ok := args[0].(*scriptNode)
	if !ok {
		return nil, "", fmt.Errorf("a node is expected, not %s", args[0].Type())
	}
	if err := to.there(); err != nil {
		return nil, "", err
	}
	for at := to.n; at != nil; at = at.parent {
		if at == s.n {
			return nil, "", fmt.Errorf("%q cannot be put into itself", s.n.text)
		}
	}
	words, err := wordsOf(args[1:])
	if err != nil || len(words) == 0 {
		return to.n, oneBlank(s.n.text), err
	}
	return to.n, textOf(words), nil
}

func (s *scriptNode) move(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	to, text, err := s.destination(args, kwargs)
	if err != nil {
		return nil, err
	}
	n, err := s.moved(s.n, to, text)
	return s.maybe(n), err
}

// moved puts a line under another parent. Where that has a block of the same
// words, the two become one.
func (s *scriptNode) moved(n, to *node, text string) (*node, error) {
	if c := s.x.same(to, text, n); c != nil {
		n.detach() // first, for it may stand in c
		for k := range n.commands {
			if _, err := s.moved(k, c, oneBlank(k.text)); err != nil {
				return nil, err
			}
		}
		s.gone(n, "it is one with what is there")
		return c, nil
	}
	if err := s.x.fits(to, text, n.first != nil); err != nil {
		return nil, err
	}
	s.rewrite(n, text)
	n.displace(s.x.rule)
	n.detach()
	s.x.p.put(&match{rule: s.x.rule}, to, n, n.first != nil, nil)
	s.x.p.file(n)
	s.x.did()
	return n, nil
}

// displace notes that a rule took the line, with what is beneath it, to another
// place.
func (n *node) displace(r *Rule) {
	n.walk(func(below *node) {
		if below.fate == untouched {
			below.decide(altered, r)
		}
	}, nil)
	n.decide(altered, r)
}

// copy makes the line again, with what is beneath it, under another parent.
func (s *scriptNode) copy(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	to, text, err := s.destination(args, kwargs)
	if err != nil {
		return nil, err
	}
	if c := s.x.same(to, text, s.n); c != nil {
		return s.x.handle(c), s.copyBelow(s.n, c)
	}
	n, err := s.put(to, text, s.n.first != nil || s.n.tail != "")
	if err != nil {
		return nil, err
	}
	n.from = s.n.origin()
	s.x.p.d.copyWhole(s.n, n)
	return s.x.handle(n), s.copyBelow(s.n, n)
}

// origin is the line of the input that a node comes from; 0 = none.
func (n *node) origin() int32 {
	if n.line > 0 {
		return n.line
	}
	return n.from
}

func (s *scriptNode) copyBelow(from, to *node) error {
	for c := range from.commands {
		text := oneBlank(c.text)
		same := s.x.child(to, text, nil)
		if same == nil {
			var err error
			if same, err = s.put(to, text, c.first != nil || c.tail != ""); err != nil {
				return err
			}
			same.from = c.origin()
			s.x.p.d.copyWhole(c, same)
		}
		if err := s.copyBelow(c, same); err != nil {
			return err
		}
	}
	return nil
}

func (s *scriptNode) before(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return s.beside(args, kwargs, func(at *node) *node { return at.prev })
}

func (s *scriptNode) after(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	return s.beside(args, kwargs, func(at *node) *node { return at })
}

// beside gives a line another place among its siblings.
func (s *scriptNode) beside(args starlark.Tuple, kwargs []starlark.Tuple, behind func(*node) *node) (starlark.Value, error) {
	at, _, err := s.destination(args, kwargs)
	if err != nil {
		return nil, err
	}
	if at == s.n || at.parent == nil || at.parent != s.n.parent {
		return nil, fmt.Errorf("%q and %q are not in one block", s.n.text, at.text)
	}
	parent := at.parent
	s.n.detach()
	parent.insert(s.n, behind(at))
	s.x.p.file(s.n)
	s.x.p.latest = nil // what comes next stands where it would have stood
	s.n.displace(s.x.rule)
	s.x.did()
	return s, nil
}
