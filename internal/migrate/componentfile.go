package migrate

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"drydock/internal/strictyaml"
)

// readComponents reads "components" and "releases" of a pack, and the files of
// the components.
func (l *loader) readComponents(root *object) {
	o := l.object(root.values["components"], "components", "footer", "order", "files")
	if kind := o.need("footer", "how versions are told: vyos"); kind != "" && kind != "vyos" {
		l.Wrong(o.spot("footer"), "the one footer that drydock knows is vyos", "there is no footer %q", kind)
	}
	set := &componentSet{}
	l.p.components = set
	l.p.stamp = &Rule{ID: versionRule, Why: "the configuration tells the versions whose form it has", Severity: Info}
	ids := map[string]bool{versionRule: true}
	for _, e := range o.list("files") {
		l.componentFiles(e, ids)
	}
	if len(set.order) == 0 {
		l.Wrong(o.at, `for example files: [components/*.yaml]`, "components has no files")
	}
	l.sortComponents(&o)
	l.readReleases(root)
}

// componentFiles reads the files that a glob names.
func (l *loader) componentFiles(e strictyaml.Node, ids map[string]bool) {
	glob := l.text(e, "files")
	names, err := fs.Glob(l.scripts.fsys, path.Join(l.scripts.dir, glob))
	if err != nil || len(names) == 0 {
		l.Wrong(e.Place(), "", "files: there is no file %s", glob)
		return
	}
	for _, name := range names {
		data, err := fs.ReadFile(l.scripts.fsys, name)
		if err != nil {
			l.Wrong(e.Place(), "", "files: %v", err)
			continue
		}
		part := &loader{strict: strict{strictyaml.Reader{File: name}}, p: &Pack{Format: l.p.Format, components: l.p.components}, format: l.format, scripts: l.scripts}
		if root, ok := part.parse(data); ok {
			part.component(root, ids)
		}
		l.Mistakes = append(l.Mistakes, part.Mistakes...)
	}
}

func (l *loader) component(root strictyaml.Node, ids map[string]bool) {
	o := l.object(root, "a component", "component", "steps")
	c := &component{name: o.need("component", "the component's name, as footers have it")}
	if slices.ContainsFunc(l.p.components.order, func(have *component) bool { return have.name == c.name }) {
		l.Wrong(o.spot("component"), "put its steps into one file", "component %q is in another file too", c.name)
	}
	for _, n := range o.list("steps") {
		s := l.step(n, ids)
		for _, v := range []string{s.From, s.To} {
			if _, err := strconv.Atoi(v); err != nil && v != "" {
				l.Wrong(n.Place(), "versions of components are numbers", "%q is not a number", v)
			}
		}
		c.graph.Steps = append(c.graph.Steps, s)
	}
	c.graph.Name = c.name
	if chain := c.graph.cycle(); chain != nil {
		l.Wrong(o.spot("steps"), "", "the steps go in a circle: %v", chain)
	}
	l.p.components.order = append(l.p.components.order, c)
}

// sortComponents brings them into the order in which they are migrated: by
// name, but those that "order" names stand as it says, at the place of the
// first of them.
func (l *loader) sortComponents(o *object) {
	list := l.p.components.order
	slices.SortFunc(list, func(a, b *component) int { return cmp.Compare(a.name, b.name) })
	var named []*component
	for _, e := range o.list("order") {
		name := l.text(e, "order")
		i := slices.IndexFunc(list, func(c *component) bool { return c.name == name })
		if i < 0 {
			l.Wrong(e.Place(), "", "order: there is no component %q", name)
			continue
		}
		named = append(named, list[i])
	}
	if len(named) == 0 {
		return
	}
	var sorted []*component
	for _, c := range list {
		switch {
		case !slices.Contains(named, c):
			sorted = append(sorted, c)
		case !slices.Contains(sorted, named[0]):
			sorted = append(sorted, named...)
		}
	}
	l.p.components.order = sorted
}

// readReleases reads the named sets of versions; the last is the newest.
func (l *loader) readReleases(root *object) {
	if !root.has("releases") {
		l.Wrong(root.at, `add "releases": names of releases with the versions of their components`, `a pack with components has no "releases"`)
		return
	}
	o := l.object(root.values["releases"], "releases")
	for _, name := range o.keys {
		r := release{name: name, versions: componentVersions{}}
		v := l.object(o.values[name], "release "+name)
		for _, c := range v.keys {
			n, err := strconv.Atoi(v.text(c))
			if err != nil || n < 0 {
				l.Wrong(v.spot(c), "", "release %s: the version of %s is a number", name, c)
			}
			r.versions[c] = n
		}
		l.p.components.releases = append(l.p.components.releases, r)
	}
	if len(o.keys) == 0 {
		l.Wrong(root.spot("releases"), "", "there is no release")
	}
}
