// Package strictyaml is how drydock reads YAML files that people write, drivers
// and migration packs: as a tree whose nodes know their places, so that whoever
// knows the language can say of every mistake where it is. It gives facts; what
// is allowed, and the words for what is not, are the language's.
//
// Anchors, aliases and merge keys, by which a short file can be endless, are
// not followed.
package strictyaml

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Place is where something stands in a file.
type Place struct{ Line, Column int } // from 1

// Node is a part of a document: a mapping, a list or a value. The zero Node is
// nothing.
type Node struct{ ast ast.Node }

// Field is one key of a mapping and its value.
type Field struct {
	Key   string
	At    Place // of the key
	Value Node
	Merge bool // it is a merge key (<<)
}

// parse gives the documents, or what is wrong, and where. The parser is a
// foreign one that reads foreign bytes: if it should panic, that is a mistake
// of the file.
func parse(data []byte) (documents []Node, at Place, wrong string) {
	defer func() {
		if p := recover(); p != nil {
			documents, at, wrong = nil, Place{1, 1}, fmt.Sprintf("this is not YAML that can be read: %v", p)
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		at, text := located(err)
		first, _, _ := strings.Cut(text, "\n")
		return nil, at, "this is not YAML: " + first
	}
	for _, d := range file.Docs {
		documents = append(documents, Node{d.Body})
	}
	return documents, Place{}, ""
}

// located takes the place out of the parser's error.
func located(err error) (Place, string) {
	e, ok := err.(interface {
		GetToken() *token.Token
		GetMessage() string
	})
	if !ok {
		return Place{1, 1}, err.Error()
	}
	return placeOf(e.GetToken()), e.GetMessage()
}

func placeOf(t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{1, 1}
	}
	return Place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// IsZero says whether there is nothing at all.
func (n Node) IsZero() bool { return n.ast == nil }

// IsEmpty says whether there is no value.
func (n Node) IsEmpty() bool { return n.ast == nil || n.ast.Type() == ast.NullType }

// Place is where the node begins.
func (n Node) Place() Place {
	if n.ast == nil {
		return Place{1, 1}
	}
	if m, ok := n.mapping(); ok { // its own token is a colon
		if it := m.MapRange(); it.Next() {
			return Node{it.Key()}.Place()
		}
	}
	return placeOf(n.ast.GetToken())
}

// mapping takes only mappings that are written out.
func (n Node) mapping() (ast.MapNode, bool) {
	switch m := n.ast.(type) {
	case *ast.MappingNode:
		return m, true
	case *ast.MappingValueNode:
		return m, true
	}
	return nil, false
}

// Fields gives the entries of a mapping in the file's order; false for what is
// no mapping.
func (n Node) Fields() (all []Field, ok bool) {
	m, ok := n.mapping()
	if !ok {
		return nil, false
	}
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		_, merge := key.(*ast.MergeKeyNode)
		name := strings.Trim(key.String(), `"'`)
		if t := key.GetToken(); t != nil {
			name = t.Value
		}
		all = append(all, Field{name, Node{key}.Place(), Node{it.Value()}, merge})
	}
	return all, true
}

// Items gives the elements of a list; false for what is no list.
func (n Node) Items() ([]Node, bool) {
	s, ok := n.ast.(*ast.SequenceNode)
	if !ok {
		return nil, false
	}
	items := make([]Node, len(s.Values))
	for i, v := range s.Values {
		items[i] = Node{v}
	}
	return items, true
}

// Text gives a scalar as it is written; false for what is none.
func (n Node) Text() (string, bool) {
	switch v := n.ast.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(v.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.ast.GetToken().Value, true
	}
	return "", false
}

// Bool gives true or false; ok is false for what is neither.
func (n Node) Bool() (value, ok bool) {
	b, ok := n.ast.(*ast.BoolNode)
	return ok && b.Value, ok
}

// InBraces says whether the node is a mapping that is written as {key: value},
// as a text that begins with a brace is taken.
func (n Node) InBraces() bool {
	m, ok := n.ast.(*ast.MappingNode)
	return ok && m.IsFlowStyle
}

// Kind is what the node is, for messages: "a mapping", "a list", "a value".
func (n Node) Kind() string {
	if n.ast == nil {
		return "nothing"
	}
	switch n.ast.Type() {
	case ast.MappingType, ast.MappingValueType:
		return "a mapping"
	case ast.SequenceType:
		return "a list"
	case ast.AliasType:
		return "an alias"
	case ast.AnchorType:
		return "an anchor"
	case ast.TagType:
		return "a tag"
	}
	return "a value"
}
