package migrate

import (
	"cmp"
	"io/fs"
	"path"
	"slices"
	"strings"

	"drydock/internal/fault"
	"drydock/internal/strictyaml"
)

// PackFile is the name of a pack's file in its folder.
const PackFile = "pack.yaml"

// LoadPack reads the pack in a folder. The error is fault.NotFound where there
// is none, else fault.Invalid; errors.As finds the Mistakes in it, all of the
// file's, each with its place.
func LoadPack(fsys fs.FS, dir string) (*Pack, error) {
	name := path.Join(dir, PackFile)
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fault.New(fault.NotFound, "migrate.LoadPack", "pack "+dir, "%w", err).
			WithHint("a pack is a folder with %s", PackFile)
	}
	l := loader{strict: strict{strictyaml.Reader{File: name}}, p: &Pack{}, scripts: &scripts{fsys: fsys, dir: dir, modules: map[string]*module{}}}
	if root, ok := l.parse(data); ok {
		l.pack(root)
	}
	if len(l.Mistakes) > 0 {
		slices.SortStableFunc(l.Mistakes, func(a, b Mistake) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return nil, fault.New(fault.Invalid, "", "", "%w", l.Mistakes)
	}
	return l.p, nil
}

// loader reads a pack's file.
type loader struct {
	strict
	p       *Pack
	format  format
	scripts *scripts
}

func (l *loader) pack(root strictyaml.Node) {
	o := l.object(root, "a pack", "pack", "format", "case", "version", "assume", "end", "categories", "steps", "components", "releases")
	l.p.Name = o.need("pack", "the pack's name")
	l.p.Format = o.need("format", oneOf("the configuration's format,", Formats()))
	f, ok := formatNamed(l.p.Format)
	if !ok && l.p.Format != "" {
		l.Wrong(o.spot("format"), oneOf("formats are", Formats()), "there is no format %q", l.p.Format)
	}
	l.format = f
	if l.word(&o, "case", "counts", "counts", "ignored") == "ignored" {
		l.p.spelling = spelling{}
	}
	if o.has("version") {
		l.version(&o)
	}
	if o.has("assume") {
		l.p.assumed = o.text("assume")
	}
	if o.has("end") {
		l.p.end = l.line(&o, "end")
	}
	if o.has("categories") {
		l.categories(o.values["categories"])
	}
	if o.has("components") {
		l.readComponents(&o)
		return
	}
	if !o.has("steps") {
		l.Wrong(o.at, `add "steps": what changes from version to version`, "a pack has no %q", "steps")
	}
	ids := map[string]bool{versionRule: true}
	for _, n := range o.list("steps") {
		l.p.Steps = append(l.p.Steps, l.step(n, ids))
		l.p.noteFormats()
	}
	if c := l.p.cycle(); c != nil && len(l.Mistakes) == 0 {
		l.Wrong(o.spot("steps"), "", "the steps go in a circle: %s", strings.Join(c, " -> "))
	}
}

// versionRule is the name of the rule that every pack with a version line has.
const versionRule = "version"

func (l *loader) version(o *object) {
	p, err := ParsePattern(o.need("version", "where a configuration tells its version, with the hole {version}"))
	if err != nil {
		l.Wrong(o.spot("version"), "", "version: %v", err)
		return
	}
	last := p.lines[len(p.lines)-1]
	if names := last.names(); len(p.names()) != 1 || len(names) != 1 || names[0] != "version" {
		l.Wrong(o.spot("version"), "for example: config-version {version}", "version must have one hole, {version}, in its last element")
		return
	}
	l.p.version, l.p.versionLine = &p, l.writable(o, "version", last)
	l.p.stamp = &Rule{ID: versionRule, Why: "the configuration tells the version whose form it has", Severity: Info}
}

// writable makes a template of a pattern: words that are not kept cannot be
// written.
func (l *loader) writable(o *object, key string, p linePattern) template {
	for _, w := range p.words {
		if w.any {
			l.Wrong(o.spot(key), "use a hole with a name", "%s: the line is written anew, but * does not keep its word", key)
		}
	}
	t, err := parseTemplate(strings.ReplaceAll(p.source, "...}", "}"), p.names())
	if err != nil {
		l.Wrong(o.spot(key), "", "%s: %v", key, err)
	}
	return t
}

func (l *loader) categories(n strictyaml.Node) {
	o := l.object(n, "categories", "user", "port", "protocol", "default")
	c := Categoriser{set: &placeSet{}}
	for _, key := range o.keys {
		for _, e := range o.list(key) {
			p, err := parsePlace(strings.Split(l.text(e, key), separator))
			if err != nil {
				l.Wrong(e.Place(), "", "%s: %v", key, err)
				continue
			}
			c.add(Category(key), p)
		}
	}
	l.p.Categories = c
}

func (l *loader) step(n strictyaml.Node, ids map[string]bool) Step {
	o := l.object(n, "a step", "from", "to", "rules", "convert")
	s := Step{From: o.need("from", "the version before"), To: o.need("to", "the version after")}
	if s.From == s.To && s.From != "" {
		l.Wrong(o.at, "", "a step leads from version %s to itself", s.From)
	}
	if f, ok := formatNamed(l.p.formatAt(s.From)); ok {
		l.format = f
	}
	if o.has("convert") {
		if s.Convert = o.text("convert"); !convertible(s.Convert) || !convertible(l.p.Format) {
			l.Wrong(o.spot("convert"), oneOf("formats that are converted are", convertibles()), "convert: format %s to %s", l.p.Format, s.Convert)
		}
	}
	for _, e := range o.list("rules") {
		r := l.rule(e)
		if r.ID != "" && ids[r.ID] {
			l.Wrong(e.Place(), "a rule's id stands once in a pack", "there is already a rule %q", r.ID)
		}
		ids[r.ID] = true
		s.Rules = append(s.Rules, r)
		switch r.act.(type) {
		case nil:
		case *addition:
			s.adding.add(r)
		case *script:
			s.scripts = append(s.scripts, r)
		default:
			s.taking.add(r)
		}
	}
	return s
}
