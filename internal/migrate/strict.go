package migrate

import (
	"fmt"
	"slices"

	"drydock/internal/strictyaml"
)

// Mistake is one thing that is wrong in a pack's file.
type Mistake = strictyaml.Mistake

// Mistakes is everything that is wrong in a pack's file, in the file's order.
type Mistakes = strictyaml.Mistakes

// strict walks a YAML tree: what is not known is a mistake, and all mistakes
// of a file are gathered.
type strict struct{ strictyaml.Reader }

type spot = strictyaml.Place

// parse gives the file's one document.
func (r *strict) parse(data []byte) (root strictyaml.Node, ok bool) {
	documents, ok := r.Parse(data)
	switch {
	case !ok:
		return root, false
	case len(documents) == 0 || documents[0].IsZero():
		r.Wrong(spot{Line: 1, Column: 1}, "", "the file is empty")
	case len(documents) > 1:
		r.Wrong(documents[1].Place(), "", "the file has a second document")
	default:
		return documents[0], true
	}
	return root, false
}

// object is a mapping with its place and what it is called in messages.
type object struct {
	r      *strict
	what   string
	at     spot
	keys   []string // in the file's order
	values map[string]strictyaml.Node
	spots  map[string]spot
}

// object reads a mapping. With known keys, others are mistakes.
func (r *strict) object(n strictyaml.Node, what string, known ...string) object {
	o := object{r, what, n.Place(), nil, map[string]strictyaml.Node{}, map[string]spot{}}
	fields, ok := n.Fields()
	if !ok {
		r.unexpected(n, what, "a mapping (key: value)")
		return o
	}
	for _, f := range fields {
		switch {
		case len(known) > 0 && !slices.Contains(known, f.Key):
			r.Wrong(f.At, oneOf("keys are", known), "%s has no key %q", what, f.Key)
		case o.has(f.Key):
			r.Wrong(f.At, "", "%s has the key %q twice", what, f.Key)
		default:
			o.keys = append(o.keys, f.Key)
			o.values[f.Key], o.spots[f.Key] = f.Value, f.At
		}
	}
	return o
}

func (o *object) has(key string) bool { _, ok := o.values[key]; return ok }

// spot is where the value of a key stands; the object where it is missing.
func (o *object) spot(key string) spot {
	if v, ok := o.values[key]; ok {
		return v.Place()
	}
	return o.at
}

func (r *strict) unexpected(n strictyaml.Node, what, wanted string) {
	if n.IsEmpty() {
		r.Wrong(n.Place(), "", "%s is empty; expected %s", what, wanted)
		return
	}
	hint := ""
	if n.InBraces() {
		hint = `a text that begins with { needs quotes: "{name}"`
	}
	r.Wrong(n.Place(), hint, "%s is not %s", what, wanted)
}

// text reads a scalar as it is written.
func (r *strict) text(n strictyaml.Node, what string) string {
	s, ok := n.Text()
	if !ok {
		r.unexpected(n, what, "a text")
	}
	return s
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
		o.r.Wrong(o.at, fmt.Sprintf("add %q: %s", key, meaning), "%s has no %q", o.what, key)
		return ""
	}
	before := len(o.r.Mistakes)
	text := o.text(key)
	if text == "" && len(o.r.Mistakes) == before {
		o.r.Wrong(o.spot(key), meaning, "%q is empty", key)
	}
	return text
}

// list gives the elements of a sequence.
func (o *object) list(key string) []strictyaml.Node {
	v, ok := o.values[key]
	if !ok {
		return nil
	}
	items, ok := v.Items()
	if !ok {
		o.r.unexpected(v, key, "a list")
	}
	return items
}

// texts gives a sequence of scalars.
func (o *object) texts(key string) []string {
	var all []string
	for _, e := range o.list(key) {
		all = append(all, o.r.text(e, key))
	}
	return all
}
