package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Mistake is one thing that is wrong in a pack's file.
type Mistake struct {
	File         string
	Line, Column int // from 1
	Message      string
	Hint         string // what to write instead; may be empty
}

// Error gives "file:line:column: message; hint".
func (m Mistake) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Message)
	if m.Hint != "" {
		text += "; " + m.Hint
	}
	return text
}

// Mistakes is everything that is wrong in a pack's file, in the file's order.
type Mistakes []Mistake

// Error gives one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// strict walks a YAML tree: what is not known is a mistake, and all mistakes
// of a file are gathered.
type strict struct {
	file     string
	mistakes Mistakes
}

type spot struct{ line, column int }

func (r *strict) wrong(at spot, hint, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{r.file, at.line, at.column, fmt.Sprintf(format, args...), hint})
}

func spotOf(n ast.Node) spot {
	if m, ok := n.(ast.MapNode); ok { // its own token is a colon
		if it := m.MapRange(); it.Next() {
			return spotOf(it.Key())
		}
	}
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return spot{1, 1}
	}
	at := n.GetToken().Position
	return spot{max(at.Line, 1), max(at.Column, 1)}
}

// parse gives the file's one document. The parser is a foreign one that reads
// foreign bytes: if it should panic, that is a mistake of the file.
func (r *strict) parse(data []byte) (root ast.Node) {
	defer func() {
		if p := recover(); p != nil {
			r.wrong(spot{1, 1}, "", "this YAML cannot be read: %v", p)
			root = nil
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	switch {
	case err != nil:
		r.notYAML(err)
	case len(file.Docs) == 0 || file.Docs[0].Body == nil:
		r.wrong(spot{1, 1}, "", "the file is empty")
	case len(file.Docs) > 1:
		r.wrong(spotOf(file.Docs[1].Body), "", "the file has a second document")
	default:
		return file.Docs[0].Body
	}
	return nil
}

func (r *strict) notYAML(err error) {
	at, text := spot{1, 1}, err.Error()
	if located, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	}); ok {
		text = located.GetMessage()
		if t := located.GetToken(); t != nil && t.Position != nil {
			at = spot{max(t.Position.Line, 1), max(t.Position.Column, 1)}
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	r.wrong(at, "", "this is not YAML: %s", first)
}

// object is a mapping with its place and what it is called in messages.
type object struct {
	r      *strict
	what   string
	at     spot
	keys   []string // in the file's order
	values map[string]ast.Node
	spots  map[string]spot
}

// object reads a mapping. With known keys, others are mistakes.
func (r *strict) object(n ast.Node, what string, known ...string) object {
	o := object{r, what, spotOf(n), nil, map[string]ast.Node{}, map[string]spot{}}
	m, ok := n.(ast.MapNode)
	if !ok {
		r.unexpected(n, what, "a mapping (key: value)")
		return o
	}
	for it := m.MapRange(); it.Next(); {
		key, at := it.Key().String(), spotOf(it.Key())
		if t := it.Key().GetToken(); t != nil {
			key = t.Value
		}
		switch {
		case len(known) > 0 && !slices.Contains(known, key):
			r.wrong(at, oneOf("keys are", known), "%s has no key %q", what, key)
		case o.has(key):
			r.wrong(at, "", "%s has the key %q twice", what, key)
		default:
			o.keys = append(o.keys, key)
			o.values[key], o.spots[key] = it.Value(), at
		}
	}
	return o
}

func (o *object) has(key string) bool { _, ok := o.values[key]; return ok }

// spot is where the value of a key stands; the object where it is missing.
func (o *object) spot(key string) spot {
	if v, ok := o.values[key]; ok {
		return spotOf(v)
	}
	return o.at
}

func (r *strict) unexpected(n ast.Node, what, wanted string) {
	if n == nil || n.Type() == ast.NullType {
		r.wrong(spotOf(n), "", "%s is empty; expected %s", what, wanted)
		return
	}
	hint := ""
	if m, ok := n.(*ast.MappingNode); ok && m.IsFlowStyle {
		hint = `a text that begins with { needs quotes: "{name}"`
	}
	r.wrong(spotOf(n), hint, "%s is not %s", what, wanted)
}

// text reads a scalar as it is written.
func (r *strict) text(n ast.Node, what string) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value
	case *ast.LiteralNode:
		return strings.TrimRight(v.Value.Value, "\n")
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value
	}
	r.unexpected(n, what, "a text")
	return ""
}

// text gives the value of a key, "" where it is missing.
func (o *object) text(key string) string {
	if v, ok := o.values[key]; ok {
		return o.r.text(v, key)
	}
	return ""
}

// need is text for a key that must be there and not be empty.
func (o *object) need(key, meaning string) string {
	if !o.has(key) {
		o.r.wrong(o.at, fmt.Sprintf("add %q: %s", key, meaning), "%s has no %q", o.what, key)
		return ""
	}
	before := len(o.r.mistakes)
	text := o.text(key)
	if text == "" && len(o.r.mistakes) == before {
		o.r.wrong(o.spot(key), meaning, "%q is empty", key)
	}
	return text
}

// list gives the elements of a sequence.
func (o *object) list(key string) []ast.Node {
	v, ok := o.values[key]
	if !ok {
		return nil
	}
	if s, ok := v.(*ast.SequenceNode); ok {
		return s.Values
	}
	o.r.unexpected(v, key, "a list")
	return nil
}

// texts gives a sequence of scalars.
func (o *object) texts(key string) []string {
	var all []string
	for _, e := range o.list(key) {
		all = append(all, o.r.text(e, key))
	}
	return all
}
