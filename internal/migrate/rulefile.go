package migrate

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drydock/internal/strictyaml"
)

// verbs are the keys of which a rule has exactly one.
func verbs() []string {
	return []string{"rename", "set-default", "delete", "move", "add", "copy", "set", "split", "join", "wrap", "manual", "script"}
}

func (l *loader) rule(n strictyaml.Node) *Rule {
	known := append([]string{"id", "why", "category", "severity", "detect", "when", "message"}, verbs()...)
	o := l.object(n, "a rule", known...)
	r := &Rule{ID: o.need("id", "the rule's name, by which reports call it"), Why: o.need("why", "what changed in the new version")}
	r.Category = Category(l.word(&o, "category", "", "user", "port", "protocol", "default"))
	r.Severity = Severity(l.word(&o, "severity", string(Info), "info", "warning", "manual"))
	l.detect(&o, r)
	l.when(&o, r)
	names := r.detect.names()
	if o.has("message") {
		r.message = l.template(&o, "message", names)
	}
	r.act = l.action(&o, r, names)
	return r
}

func (l *loader) word(o *object, key, fallback string, known ...string) string {
	if !o.has(key) {
		return fallback
	}
	word := o.text(key)
	if !slices.Contains(known, word) {
		l.Wrong(o.spot(key), oneOf("it can be", known), "%s cannot be %q", key, word)
	}
	return word
}

// line reads a pattern for one line.
func (l *loader) line(o *object, key string) linePattern {
	p, err := parseLine(o.text(key))
	if err != nil {
		l.Wrong(o.spot(key), "", "%s: %v", key, err)
	}
	return p
}

func (l *loader) optionalLine(o *object, key string) *linePattern {
	if !o.has(key) {
		return nil
	}
	p := l.line(o, key)
	return &p
}

func (l *loader) template(o *object, key string, names []string) template {
	t, err := parseTemplate(o.text(key), names)
	if err != nil {
		l.Wrong(o.spot(key), "", "%s: %v", key, err)
	}
	return t
}

// detect reads the place that a rule is matched by: in, the blocks from the
// top, and line.
func (l *loader) detect(rule *object, r *Rule) {
	n, ok := rule.values["detect"]
	if !ok && rule.has("script") {
		return // it is called once, with the whole configuration
	}
	if !ok {
		l.Wrong(rule.at, `add "detect" with "line" and, for a line in a block, "in"`, "a rule has no %q", "detect")
		return
	}
	o := l.object(n, "detect", "in", "line")
	line := o.need("line", "the line's pattern, for example: tx-gain {db}")
	if line == "" {
		return
	}
	p, err := parsePlace(append(o.texts("in"), line))
	if err != nil {
		l.Wrong(o.spot("line"), "", "detect: %v", err)
		return
	}
	names := p.names()
	slices.Sort(names)
	if len(slices.Compact(names)) != len(p.names()) {
		l.Wrong(o.spot("line"), "give each hole a name of its own", "detect: a hole stands twice")
	}
	l.learn(o.spot("line"), p.lines...)
	r.detect = p
}

// learn notes how names are spelled, where case does not count.
func (l *loader) learn(at spot, lines ...linePattern) {
	if l.p.spelling == nil {
		return
	}
	for i := range lines {
		if other := l.p.spelling.learn(&lines[i]); other != "" {
			l.Wrong(at, "spell it the same everywhere: case is ignored in configurations, not among patterns", "%q is %q elsewhere in this pack", lines[i].source, other)
		}
	}
}

// action reads the one thing that a rule does.
func (l *loader) action(o *object, r *Rule, names []string) action {
	var has []string
	for _, v := range verbs() {
		if o.has(v) {
			has = append(has, v)
		}
	}
	if len(has) != 1 {
		found := "nothing"
		if len(has) > 1 {
			found = strings.Join(has, " and ")
		}
		l.Wrong(o.at, oneOf("a rule has one of", verbs()), "rule %q does %s", r.ID, found)
		return nil
	}
	if r.Severity == Manual && has[0] != "manual" {
		l.Wrong(o.spot("severity"), `use "manual" instead of the other verb`, "rule %q is of severity manual, but acts by itself", r.ID)
	}
	if has[0] == "script" {
		return l.script(o)
	}
	if len(r.detect.lines) == 0 {
		return nil // said already
	}
	switch n := o.values[has[0]]; has[0] {
	case "rename":
		return l.rename(n, names)
	case "set":
		b := l.object(n, "set", "line")
		b.need("line", "the text that the line gets")
		return &rename{line: l.template(&b, "line", names), plain: true}
	case "copy":
		b := l.object(n, "copy", "to", "line", "after")
		return &duplicate{target: l.target(&b, names), line: l.optionalTemplate(&b, "line", names)}
	case "split":
		b, line, capture := l.listed(n, "split", r, names)
		return &split{line: line, capture: capture, separator: b}
	case "join":
		b, line, capture := l.listed(n, "join", r, names)
		return &joining{line: line, capture: capture, separator: b}
	case "wrap":
		b := l.object(n, "wrap", "block", "line")
		b.need("block", "the text of the block that the line is put into")
		return &wrap{block: l.template(&b, "block", names), line: l.optionalTemplate(&b, "line", names)}
	case "set-default":
		return l.setDefault(n, r)
	case "delete":
		b := l.object(n, "delete", "because")
		return &deletion{because: b.need("because", "why nothing is lost by it")}
	case "move":
		return l.move(n, names)
	case "add":
		return l.addition(n, names)
	default:
		m := l.object(n, "manual", "message")
		m.need("message", "what the person has to decide")
		r.Severity, r.message = Manual, l.template(&m, "message", names)
		return &leaveToPerson{}
	}
}

func (l *loader) rename(n strictyaml.Node, names []string) action {
	o := l.object(n, "rename", "line", "map", "scale")
	o.need("line", "the line's new text")
	a := &rename{line: l.template(&o, "line", names), maps: map[string]map[string]string{}}
	if o.has("scale") {
		a.factors = l.scale(o.values["scale"], names)
	}
	if !o.has("map") {
		return a
	}
	m := l.object(o.values["map"], "map")
	for _, hole := range m.keys {
		if !slices.Contains(names, hole) {
			l.Wrong(m.spots[hole], oneOf("holes are", names), "map: nothing is captured as {%s}", hole)
		}
		values := l.object(m.values[hole], "map of "+hole)
		a.maps[hole] = map[string]string{}
		for _, old := range values.keys {
			a.maps[hole][old] = values.text(old)
		}
	}
	l.settles(&o, a.maps)
	return a
}

// settles refuses maps whose new values are old values again: applied twice
// they would not be what they were applied once.
func (l *loader) settles(o *object, all map[string]map[string]string) {
	for _, hole := range slices.Sorted(maps.Keys(all)) {
		for _, old := range slices.Sorted(maps.Keys(all[hole])) {
			value := all[hole][old]
			if next, again := all[hole][value]; again && next != value && l.p.version == nil {
				l.Wrong(o.spot("map"), "", "map of %s: %s becomes %s, which becomes %s when the rule is applied again", hole, old, value, next)
			}
		}
	}
}

func (l *loader) setDefault(n strictyaml.Node, r *Rule) action {
	o := l.object(n, "set-default", "capture", "old", "new")
	a := &setDefault{
		capture: o.need("capture", "the hole of detect's line that holds the value"),
		old:     o.need("old", "the default of the version before"), new: o.need("new", "the default of the version after"),
	}
	line := r.detect.lines[len(r.detect.lines)-1]
	if names := line.names(); a.capture != "" && !slices.Contains(names, a.capture) {
		l.Wrong(o.spot("capture"), oneOf("holes are", names), "detect's line captures nothing as {%s}", a.capture)
	}
	a.line = l.writable(&o, "capture", line)
	return a
}

func (l *loader) move(n strictyaml.Node, names []string) action {
	o := l.object(n, "move", "to", "line", "after")
	return &move{target: l.target(&o, names), line: l.optionalTemplate(&o, "line", names)}
}

func (l *loader) optionalTemplate(o *object, key string, names []string) *template {
	if !o.has(key) {
		return nil
	}
	t := l.template(o, key, names)
	return &t
}

// listed reads "split" and "join": which capture holds the list or its
// elements, what stands between them, and the line that is made.
func (l *loader) listed(n strictyaml.Node, verb string, r *Rule, names []string) (separator string, line template, capture string) {
	o := l.object(n, verb, "capture", "separator", "line")
	capture = o.need("capture", "the hole with the list, or with its elements")
	separator = o.need("separator", "what stands between the elements")
	if capture != "" && !slices.Contains(names, capture) {
		l.Wrong(o.spot("capture"), oneOf("holes are", names), "detect captures nothing as {%s}", capture)
	}
	if o.has("line") {
		return separator, l.template(&o, "line", names), capture
	}
	return separator, l.writable(&o, "line", r.detect.lines[len(r.detect.lines)-1]), capture
}

func (l *loader) addition(n strictyaml.Node, names []string) action {
	o := l.object(n, "add", "to", "line", "unless", "after")
	o.need("line", "the text of the line that the new version needs")
	a := &addition{target: l.target(&o, names), line: l.template(&o, "line", names), unless: l.optionalLine(&o, "unless")}
	if a.unless != nil {
		l.learn(o.spot("unless"), *a.unless)
	}
	return a
}

// target reads where something is put; an empty "to" is the top.
func (l *loader) target(o *object, names []string) target {
	t := target{after: l.optionalLine(o, "after")}
	if !o.has("to") {
		l.Wrong(o.at, `add "to": the blocks from the top, [] for the top`, "%s has no %q", o.what, "to")
		return t
	}
	for _, e := range o.list("to") {
		element, err := parseTemplate(l.text(e, "to"), names)
		if err != nil {
			l.Wrong(e.Place(), "", "to: %v", err)
		}
		t.to = append(t.to, element)
	}
	if path := t.path(nil); l.format != nil && len(path) > 1 && !l.format.nests(path...) {
		l.Wrong(o.spot("to"), "", "to: %s", fmt.Sprintf("format %s has no block inside of a block", l.format.name()))
	}
	return t
}
