package driver

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"drydock/internal/driver/mib"
	"drydock/internal/strictyaml"
)

// reader walks the YAML tree and gathers mistakes with their places.
type reader struct {
	strictyaml.Reader
	modules *mib.Library // nil: there are none
}

type place = strictyaml.Place

// parseTree gives the file's one document.
func (r *reader) parseTree(data []byte) (root strictyaml.Node, ok bool) {
	documents, ok := r.Parse(data)
	switch {
	case !ok:
		return root, false
	case len(documents) == 0 || documents[0].IsZero():
		r.Wrong(place{Line: 1, Column: 1}, "", "the file is empty; a driver begins with \"driver: NAME\"")
		return root, false
	case len(documents) > 1:
		r.Wrong(documents[1].Place(), "put each driver into a file of its own", "a driver file has one document")
	}
	return documents[0], true
}

// field is one key of a mapping and its value.
type field struct {
	key   string
	at    place
	value strictyaml.Node
}

// fields gives the entries of a mapping in the file's order.
func (r *reader) fields(n strictyaml.Node, what string) []field {
	list, ok := n.Fields()
	if !ok {
		r.unexpected(n, what, "a mapping (key: value)")
		return nil
	}
	all := make([]field, 0, len(list))
	for _, f := range list {
		if f.Merge {
			r.Wrong(f.At, "write the keys out", "%s: merge keys (<<) are not supported", what)
			continue
		}
		all = append(all, field{f.Key, f.At, f.Value})
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
func (r *reader) object(n strictyaml.Node, what string, known ...string) object {
	o := object{r, n.Place(), what, map[string]field{}}
	for _, f := range r.fields(n, what) {
		if !slices.Contains(known, f.key) {
			r.Wrong(f.at, didYouMean(f.key, known), "%s has no key %q", what, f.key)
			continue
		}
		o.fields[f.key] = f
	}
	return o
}

func (o object) has(key string) bool { _, ok := o.fields[key]; return ok }

func (o object) placeOf(key string) place {
	if f, ok := o.fields[key]; ok {
		return f.value.Place()
	}
	return o.at
}

// need is get for a key that must be there.
func (o object) need(key, meaning string) (strictyaml.Node, bool) {
	f, ok := o.fields[key]
	if !ok {
		o.r.Wrong(o.at, fmt.Sprintf("add %q: %s", key, meaning), "%s has no %q", o.what, key)
		return strictyaml.Node{}, false
	}
	return f.value, true
}

func (r *reader) unexpected(n strictyaml.Node, what, wanted string) {
	if n.IsEmpty() {
		r.Wrong(n.Place(), "", "%s is empty; expected %s", what, wanted)
		return
	}
	hint := ""
	if n.InBraces() {
		hint = `a text that begins with { needs quotes: "{server.address}"`
	}
	r.Wrong(n.Place(), hint, "%s is %s; expected %s", what, n.Kind(), wanted)
}

// text reads a scalar as it is written.
func (r *reader) text(n strictyaml.Node, what string) (string, bool) {
	s, ok := n.Text()
	if !ok {
		r.unexpected(n, what, "a text")
	}
	return s, ok
}

func (o object) text(key string) string {
	f, ok := o.fields[key]
	if !ok {
		return ""
	}
	s, _ := o.r.text(f.value, key)
	return s
}

func (r *reader) integer(n strictyaml.Node, what string, low, high int64) int64 {
	s, ok := r.text(n, what)
	if !ok {
		return low
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v < low || v > high {
		r.Wrong(n.Place(), "", "%s is %q; expected a number from %d to %d", what, s, low, high)
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
	if b, ok := f.value.Bool(); ok {
		return b
	}
	o.r.unexpected(f.value, key, "true or false")
	return false
}

// longest is the longest duration that a driver may ask for.
const longest = 24 * time.Hour

func (r *reader) duration(n strictyaml.Node, what string) time.Duration {
	s, ok := r.text(n, what)
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		r.Wrong(n.Place(), `write a number with a unit: "90s", "5m", "1h30m"`, "%s is %q; expected a duration", what, s)
		return 0
	}
	if d < 100*time.Millisecond || d > longest {
		r.Wrong(n.Place(), "", "%s is %s; expected 100ms to 24h", what, d)
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
func (r *reader) word(n strictyaml.Node, what string, known ...string) string {
	s, ok := r.text(n, what)
	if ok && !slices.Contains(known, s) {
		r.Wrong(n.Place(), didYouMean(s, known), "%s cannot be %q", what, s)
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

func (r *reader) pattern(n strictyaml.Node, what string) *regexp.Regexp {
	s, ok := r.text(n, what)
	if !ok {
		return nil
	}
	re, err := regexp.Compile(s)
	if err != nil {
		r.Wrong(n.Place(), "patterns are those of Go's regexp package (RE2)", "%s is not a pattern: %v", what, err)
		return nil
	}
	return re
}

// list gives the elements of a list; a single value is a list of one.
func (r *reader) list(n strictyaml.Node, what string) []strictyaml.Node {
	if items, ok := n.Items(); ok {
		return items
	}
	if _, ok := n.Text(); ok {
		return []strictyaml.Node{n}
	}
	r.unexpected(n, what, "a list")
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
