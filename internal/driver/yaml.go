package driver

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"drydock/internal/driver/mib"
)

// reader walks the YAML tree and gathers mistakes with their places.
type reader struct {
	file     string
	modules  *mib.Library // nil: there are none
	mistakes Mistakes
}

// place is where something stands in the file.
type place struct{ line, column int }

func (r *reader) wrong(at place, hint, format string, args ...any) {
	r.mistakes = append(r.mistakes, Mistake{r.file, at.line, at.column, fmt.Sprintf(format, args...), hint})
}

func placeOf(n ast.Node) place {
	if n == nil || n.GetToken() == nil || n.GetToken().Position == nil {
		return place{1, 1}
	}
	t := n.GetToken()
	if m, ok := mapOf(n); ok { // its own token is a colon
		if it := m.MapRange(); it.Next() {
			return placeOf(it.Key())
		}
	}
	return place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}

// mapOf takes only mappings that are written out: anchors and aliases, which
// can make a short file endless, are not part of the language.
func mapOf(n ast.Node) (ast.MapNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m, true
	case *ast.MappingValueNode:
		return m, true
	}
	return nil, false
}

// parseTree gives the file's one document. The parser is a foreign one that
// reads foreign bytes: if it should panic, that is a mistake of the file.
func (r *reader) parseTree(data []byte) (root ast.Node) {
	defer func() {
		if p := recover(); p != nil {
			r.wrong(place{1, 1}, "", "this is not YAML that can be read: %v", p)
			root = nil
		}
	}()
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		at, text := place{1, 1}, err.Error()
		if located, ok := err.(interface {
			GetToken() *token.Token
			GetMessage() string
		}); ok {
			text = located.GetMessage()
			if t := located.GetToken(); t != nil && t.Position != nil {
				at = place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
			}
		}
		r.wrong(at, "", "this is not YAML: %s", firstLine(text))
		return nil
	}
	if len(file.Docs) == 0 || file.Docs[0].Body == nil {
		r.wrong(place{1, 1}, "", "the file is empty; a driver begins with \"driver: NAME\"")
		return nil
	}
	if len(file.Docs) > 1 {
		r.wrong(placeOf(file.Docs[1].Body), "put each driver into a file of its own", "a driver file has one document")
	}
	return file.Docs[0].Body
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// field is one key of a mapping and its value.
type field struct {
	key   string
	at    place
	value ast.Node
}

// fields gives the entries of a mapping in the file's order.
func (r *reader) fields(n ast.Node, what string) []field {
	m, ok := mapOf(n)
	if !ok {
		r.unexpected(n, what, "a mapping (key: value)")
		return nil
	}
	var all []field
	for it := m.MapRange(); it.Next(); {
		key := it.Key()
		if _, merge := key.(*ast.MergeKeyNode); merge {
			r.wrong(placeOf(key), "write the keys out", "%s: merge keys (<<) are not supported", what)
			continue
		}
		name := strings.Trim(key.String(), `"'`)
		if t := key.GetToken(); t != nil {
			name = t.Value
		}
		all = append(all, field{name, placeOf(key), it.Value()})
	}
	return all
}

// object is a mapping whose keys are fixed.
type object struct {
	r      *reader
	at     place
	what   string
	fields map[string]field
}

// object reads a mapping; a key that is not known is a mistake.
func (r *reader) object(n ast.Node, what string, known ...string) object {
	o := object{r, placeOf(n), what, map[string]field{}}
	for _, f := range r.fields(n, what) {
		if !slices.Contains(known, f.key) {
			r.wrong(f.at, didYouMean(f.key, known), "%s has no key %q", what, f.key)
			continue
		}
		o.fields[f.key] = f
	}
	return o
}

func (o object) has(key string) bool { _, ok := o.fields[key]; return ok }

func (o object) placeOf(key string) place {
	if f, ok := o.fields[key]; ok {
		return placeOf(f.value)
	}
	return o.at
}

// need is get for a key that must be there.
func (o object) need(key, meaning string) (ast.Node, bool) {
	f, ok := o.fields[key]
	if !ok {
		o.r.wrong(o.at, fmt.Sprintf("add %q: %s", key, meaning), "%s has no %q", o.what, key)
		return nil, false
	}
	return f.value, true
}

func (r *reader) unexpected(n ast.Node, what, wanted string) {
	if n == nil || n.Type() == ast.NullType {
		r.wrong(placeOf(n), "", "%s is empty; expected %s", what, wanted)
		return
	}
	kind := map[ast.NodeType]string{
		ast.MappingType: "a mapping", ast.MappingValueType: "a mapping", ast.SequenceType: "a list",
		ast.AliasType: "an alias", ast.AnchorType: "an anchor", ast.TagType: "a tag",
	}[n.Type()]
	if kind == "" {
		kind = "a value"
	}
	hint := ""
	if m, ok := n.(*ast.MappingNode); ok && m.IsFlowStyle {
		hint = `a text that begins with { needs quotes: "{server.address}"`
	}
	r.wrong(placeOf(n), hint, "%s is %s; expected %s", what, kind, wanted)
}

// text reads a scalar as it is written.
func (r *reader) text(n ast.Node, what string) (string, bool) {
	switch v := n.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.LiteralNode:
		return strings.TrimRight(v.Value.Value, "\n"), true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	r.unexpected(n, what, "a text")
	return "", false
}

func (o object) text(key string) string {
	f, ok := o.fields[key]
	if !ok {
		return ""
	}
	s, _ := o.r.text(f.value, key)
	return s
}

func (r *reader) integer(n ast.Node, what string, low, high int64) int64 {
	s, ok := r.text(n, what)
	if !ok {
		return low
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < low || v > high {
		r.wrong(placeOf(n), "", "%s is %q; expected a number from %d to %d", what, s, low, high)
		return low
	}
	return v
}

func (o object) integer(key string, low, high, fallback int64) int64 {
	if f, ok := o.fields[key]; ok {
		return o.r.integer(f.value, key, low, high)
	}
	return fallback
}

func (o object) boolean(key string) bool {
	f, ok := o.fields[key]
	if !ok {
		return false
	}
	if b, ok := f.value.(*ast.BoolNode); ok {
		return b.Value
	}
	o.r.unexpected(f.value, key, "true or false")
	return false
}

// longest is the longest duration that a driver may ask for.
const longest = 24 * time.Hour

func (r *reader) duration(n ast.Node, what string) time.Duration {
	s, ok := r.text(n, what)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		r.wrong(placeOf(n), `write a number with a unit: "90s", "5m", "1h30m"`, "%s is %q; expected a duration", what, s)
		return 0
	}
	if d < 100*time.Millisecond || d > longest {
		r.wrong(placeOf(n), "", "%s is %s; expected 100ms to 24h", what, d)
		return 0
	}
	return d
}

func (o object) duration(key string, fallback time.Duration) time.Duration {
	if f, ok := o.fields[key]; ok {
		return o.r.duration(f.value, key)
	}
	return fallback
}

// word reads a text that must be one of a few.
func (r *reader) word(n ast.Node, what string, known ...string) string {
	s, ok := r.text(n, what)
	if ok && !slices.Contains(known, s) {
		r.wrong(placeOf(n), didYouMean(s, known), "%s cannot be %q", what, s)
		return ""
	}
	return s
}

func (o object) word(key, fallback string, known ...string) string {
	if f, ok := o.fields[key]; ok {
		return o.r.word(f.value, key, known...)
	}
	return fallback
}

func (r *reader) pattern(n ast.Node, what string) *regexp.Regexp {
	s, ok := r.text(n, what)
	if !ok {
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		r.wrong(placeOf(n), "patterns are those of Go's regexp package (RE2)", "%s is not a pattern: %v", what, err)
		return nil
	}
	return re
}

// list gives the elements of a list; a single value is a list of one.
func (r *reader) list(n ast.Node, what string) []ast.Node {
	switch v := n.(type) {
	case *ast.SequenceNode:
		return v.Values
	case *ast.StringNode, *ast.IntegerNode, *ast.LiteralNode, *ast.BoolNode, *ast.FloatNode:
		return []ast.Node{n}
	}
	r.unexpected(n, what, "a list")
	return nil
}

func (r *reader) texts(n ast.Node, what string) []string {
	var all []string
	for _, e := range r.list(n, what) {
		if s, ok := r.text(e, what); ok {
			all = append(all, s)
		}
	}
	return all
}

func (o object) texts(key string) []string {
	if f, ok := o.fields[key]; ok {
		return o.r.texts(f.value, key)
	}
	return nil
}

func (o object) words(key string, known ...string) []string {
	f, ok := o.fields[key]
	if !ok {
		return nil
	}
	var all []string
	for _, e := range o.r.list(f.value, key) {
		if s := o.r.word(e, key, known...); s != "" {
			all = append(all, s)
		}
	}
	return all
}
