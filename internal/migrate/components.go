package migrate

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"drydock/internal/fault"
)

// componentSet is how a pack versions the parts of a configuration apart from
// each other, each by a number: the footer of a VyOS configuration has
// "interfaces@13:system@19:...".
type componentSet struct {
	order    []*component // as they are migrated, one wholly before the next
	releases []release    // the last is the newest
}

// component is one part with a version of its own: a graph of steps.
type component struct {
	name  string
	graph Pack // only its steps are used
}

// release is a set of component versions with a name.
type release struct {
	name     string
	versions componentVersions
}

// componentVersions are versions by the component's name.
type componentVersions map[string]int

// String gives "a@1:b@2", by name.
func (v componentVersions) String() string {
	parts := make([]string, 0, len(v))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		parts = append(parts, fmt.Sprintf("%s@%d", name, v[name]))
	}
	return strings.Join(parts, ":")
}

// parseComponents reads "a@1:b@2". A component that stands twice has the
// highest of its versions.
func parseComponents(text string) (componentVersions, error) {
	v := componentVersions{}
	for part := range strings.SplitSeq(text, ":") {
		name, number, ok := strings.Cut(part, "@")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 0 || name == "" {
			return nil, fmt.Errorf("%q is not NAME@VERSION", part)
		}
		v[name] = max(v[name], n)
	}
	return v, nil
}

// newest is the release that the pack leads to.
func (s *componentSet) newest() release { return s.releases[len(s.releases)-1] }

func (s *componentSet) names() []string {
	var names []string
	for _, r := range s.releases {
		names = append(names, r.name)
	}
	return names
}

// versionsOf reads a version of a whole configuration: a release's name, or
// the versions of components, of which those not named are the newest.
func (p *Pack) versionsOf(text string) (release, error) {
	for _, r := range p.components.releases {
		if r.name == text {
			return r, nil
		}
	}
	given, err := parseComponents(text)
	if err != nil {
		return release{}, fault.New(fault.Invalid, "migrate.Path", "pack "+p.Name, "version %q is neither a release nor versions of components: %w", text, err).
			WithHint("%s, or for example interfaces@33:nat@7", oneOf("releases are", p.components.names()))
	}
	all := maps.Clone(p.components.newest().versions)
	maps.Copy(all, given)
	return release{versions: all}, nil
}

// componentPath gives the steps from a file's versions to a release's, one
// component after the other. One that the file does not name has version 0.
func (p *Pack) componentPath(from, to componentVersions) ([]Step, error) {
	var steps []Step
	for _, c := range p.components.order {
		goal, wanted := to[c.name]
		if !wanted || from[c.name] == goal {
			continue
		}
		if from[c.name] > goal {
			return nil, fault.New(fault.Invalid, "migrate.Path", "pack "+p.Name,
				"component %s has version %d, newer than the wanted %d", c.name, from[c.name], goal).
				WithHint("a configuration is not taken back to an older form")
		}
		path, err := c.path(from[c.name], goal)
		if err != nil {
			return nil, fault.New(fault.Invalid, "migrate.Path", "pack "+p.Name+" component "+c.name, "%w", err)
		}
		steps = append(steps, path...)
	}
	return steps, nil
}

// path gives a component's steps. Versions before its first step had no other
// form.
func (c *component) path(from, to int) ([]Step, error) {
	if len(c.graph.Steps) == 0 {
		return nil, nil
	}
	first := to
	for i := range c.graph.Steps {
		if n, err := strconv.Atoi(c.graph.Steps[i].From); err == nil {
			first = min(first, n)
		}
	}
	if from = max(from, first); from == to {
		return nil, nil
	}
	return c.graph.Path(strconv.Itoa(from), strconv.Itoa(to))
}

// footer is where a configuration tells its components' versions: comments at
// its end.
type footer struct {
	lines    []*node // the comments that belong to it, in order
	versions componentVersions
	release  string
}

// The comments of a footer: as Vyatta wrote them, and as VyOS does.
const (
	footerWarning  = "Warning: Do not remove the following line."
	footerVersions = "vyos-config-version:"
	footerVyatta   = "=== vyatta-config-version:"
	footerRelease  = "Release version:"
)

// readFooter finds a configuration's footer; nil = it has none.
func readFooter(d *Document) (*footer, error) {
	f := &footer{}
	for n := d.root.first; n != nil; n = n.next {
		if n.kind != comment {
			continue
		}
		text := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(n.text, "/*"), "//"), "*/"))
		switch {
		case text == footerWarning:
		case strings.HasPrefix(text, footerVersions) || strings.HasPrefix(text, footerVyatta):
			_, quoted, _ := strings.Cut(text, `"`)
			list, _, closed := strings.Cut(quoted, `"`)
			versions, err := parseComponents(list)
			if err != nil || !closed {
				return nil, d.malformed(n.offset, "versions of components that cannot be read", `"name@number:name@number"`)
			}
			f.versions = versions
		case strings.HasPrefix(text, footerRelease):
			f.release = strings.TrimSpace(strings.TrimPrefix(text, footerRelease))
		default:
			continue
		}
		f.lines = append(f.lines, n)
	}
	if f.versions == nil {
		return nil, nil
	}
	return f, nil
}

// applyComponents is Apply for packs with components.
func (p *Pack) applyComponents(d *Document, from, to string) (*Result, error) {
	f, err := readFooter(d)
	if err != nil {
		return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name, "%w", err)
	}
	current, err := p.currentVersions(f, from)
	if err != nil {
		return nil, err
	}
	goal := p.components.newest()
	if to != "" {
		if goal, err = p.versionsOf(to); err != nil {
			return nil, err
		}
	}
	steps, err := p.componentPath(current, goal.versions)
	if err != nil {
		return nil, err
	}
	p.Categories.mark(d)
	used, findings, err := p.transform(d, steps)
	if err != nil {
		return nil, err
	}
	p.writeFooter(d, f, goal, used)
	result, err := p.report(d, steps, used, findings)
	if err != nil {
		return nil, err
	}
	result.From, result.To = cmp.Or(from, current.String()), cmp.Or(to, p.Newest())
	return result, nil
}

// currentVersions are those that the footer tells, or that the caller knows.
func (p *Pack) currentVersions(f *footer, from string) (componentVersions, error) {
	switch {
	case f == nil && from == "":
		return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name, "the configuration does not tell the versions of its components").
			WithHint("name the version that it comes from: %s, or versions of components", oneOf("one of", p.components.names()))
	case from == "":
		return f.versions, nil
	}
	given, err := p.versionsOf(from)
	if err != nil {
		return nil, err
	}
	if f == nil {
		return given.versions, nil
	}
	for name, v := range given.versions {
		if told := f.versions[name]; told != v {
			return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name,
				"line %d says that component %s has version %d, not %d", f.lines[0].line, name, told, v).
				WithHint("leave the version away: the configuration tells it")
		}
	}
	return f.versions, nil
}

// writeFooter tells the versions that the configuration has now, in VyOS's
// form. Components that there no longer are are not told.
func (p *Pack) writeFooter(d *Document, f *footer, goal release, used map[*Rule]int) {
	if f == nil {
		f = &footer{}
	}
	if f.versions != nil && maps.Equal(f.versions, goal.versions) {
		return
	}
	lines := []string{"// " + footerWarning, "// " + footerVersions + ` "` + goal.versions.String() + `"`,
		"// " + footerRelease + " " + cmp.Or(goal.name, f.release, p.components.newest().name)}
	for i, text := range lines {
		var n *node
		if i < len(f.lines) {
			n = f.lines[i]
		} else {
			n = &node{kind: comment, lines: 1, rest: d.eol}
			d.root.append(n)
		}
		if n.raw != text {
			n.raw, n.text = text, text
			n.decide(altered, p.stamp)
			used[p.stamp]++
		}
	}
	d.format.mend(d)
}
