package migrate

import (
	"fmt"

	"go.starlark.net/starlark"
)

type nodeMethod func(s *scriptNode, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error)

// nodeMethodNames are what scripts can ask of a node and do to it;
// docs/migration-scripts.md describes them.
func nodeMethodNames() []string {
	return []string{
		"children", "has", "get", "find", "match", "first", "str", "strs", "set", "add", "ensure",
		"delete", "prune", "rename", "open", "move", "copy", "before", "after",
	}
}

// nodeMethodNamed gives a method; nil = there is none of that name.
func nodeMethodNamed(name string) nodeMethod {
	switch name {
	case "children":
		return (*scriptNode).children
	case "has":
		return (*scriptNode).has
	case "get":
		return (*scriptNode).get
	case "find":
		return (*scriptNode).find
	case "match":
		return (*scriptNode).match
	case "first":
		return (*scriptNode).firstMatch
	case "str":
		return (*scriptNode).str
	case "strs":
		return (*scriptNode).strs
	case "set":
		return (*scriptNode).set
	case "add":
		return (*scriptNode).add
	case "ensure":
		return (*scriptNode).ensure
	case "delete":
		return (*scriptNode).delete
	case "prune":
		return (*scriptNode).prune
	case "rename":
		return (*scriptNode).rename
	case "open":
		return (*scriptNode).open
	case "move":
		return (*scriptNode).move
	case "copy":
		return (*scriptNode).copy
	case "before":
		return (*scriptNode).before
	case "after":
		return (*scriptNode).after
	}
	return nil
}

// wordsOf reads arguments that are words.
func wordsOf(args starlark.Tuple) ([]string, error) {
	if n := len(args); n > 1 && args[n-1] == starlark.None { // the value of a line that has none
		args = args[:n-1]
	}
	words := make([]string, len(args))
	for i, a := range args {
		w, ok := starlark.AsString(a)
		if !ok {
			return nil, fmt.Errorf("word %d is %s, not a string", i+1, a.Type())
		}
		words[i] = w
	}
	return words, nil
}

// someWords are words of which there must be one.
func someWords(args starlark.Tuple, kwargs []starlark.Tuple) ([]string, error) {
	if len(kwargs) > 0 {
		return nil, fmt.Errorf("there is no parameter %s", kwargs[0][0])
	}
	if len(args) == 0 {
		return nil, fmt.Errorf("words are expected")
	}
	return wordsOf(args)
}

func (s *scriptNode) list(nodes []*node) *starlark.List {
	values := make([]starlark.Value, len(nodes))
	for i, n := range nodes {
		values[i] = s.x.handle(n)
	}
	return starlark.NewList(values)
}

func (s *scriptNode) maybe(n *node) starlark.Value {
	if n == nil {
		return starlark.None
	}
	return s.x.handle(n)
}

func (s *scriptNode) children(args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
	words, err := wordsOf(args)
	if err != nil {
		return nil, err
	}
	return s.list(s.with(words)), nil
}

func (s *scriptNode) has(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.Bool(len(s.with(words)) > 0), nil
}

// get gives the child with exactly these words, else the first that begins
// with them.
func (s *scriptNode) get(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	if n := s.exactly(words); n != nil {
		return s.x.handle(n), nil
	}
	if found := s.with(words); len(found) > 0 {
		return s.x.handle(found[0]), nil
	}
	return starlark.None, nil
}

// search gives the lines beneath the node that fit the pattern in the
// arguments, or only the first of them.
func (s *scriptNode) search(args starlark.Tuple, kwargs []starlark.Tuple, first bool) ([]match, error) {
	var text string
	if err := starlark.UnpackPositionalArgs("find", args, kwargs, 1, &text); err != nil {
		return nil, err
	}
	return s.x.find(s.n, text, first)
}

func (s *scriptNode) find(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	found, err := s.search(args, kwargs, false)
	if err != nil {
		return nil, err
	}
	nodes := make([]*node, len(found))
	for i := range found {
		nodes[i] = found[i].n
	}
	return s.list(nodes), nil
}

// match gives pairs of a node and what the pattern's holes held.
func (s *scriptNode) match(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	found, err := s.search(args, kwargs, false)
	if err != nil {
		return nil, err
	}
	pairs := make([]starlark.Value, len(found))
	for i := range found {
		pairs[i] = starlark.Tuple{s.x.handle(found[i].n), dictOf(found[i].caps)}
	}
	return starlark.NewList(pairs), nil
}

func dictOf(caps captures) *starlark.Dict {
	d := starlark.NewDict(len(caps))
	for _, c := range caps {
		_ = d.SetKey(starlark.String(c.name), starlark.String(unquoteWord(c.value))) // strings are hashable, d is not frozen
	}
	return d
}

func (s *scriptNode) firstMatch(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	found, err := s.search(args, kwargs, true)
	if err != nil || len(found) == 0 {
		return starlark.None, err
	}
	return s.x.handle(found[0].n), nil
}

// values are the words that stand behind the given ones, by child.
func (s *scriptNode) values(words []string) (values []string) {
	for _, c := range s.with(words) {
		if all := plainWords(c.text); len(all) > len(words) {
			values = append(values, all[len(words)])
		}
	}
	return values
}

func (s *scriptNode) str(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := wordsOf(args)
	if err != nil {
		return nil, err
	}
	var otherwise starlark.Value = starlark.None
	for _, kw := range kwargs {
		if kw[0] != starlark.String("default") {
			return nil, fmt.Errorf("there is no parameter %s", kw[0])
		}
		otherwise = kw[1]
	}
	if values := s.values(words); len(values) > 0 {
		return starlark.String(values[0]), nil
	}
	return otherwise, nil
}

func (s *scriptNode) strs(args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	words, err := someWords(args, kwargs)
	if err != nil {
		return nil, err
	}
	return starlark.NewList(tupleOf(s.values(words))), nil
}
