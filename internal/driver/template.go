package driver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drydock/internal/strictyaml"
)

// template is a text with variables in braces, "{server.address}"; "{{" is one
// brace.
type template struct{ parts []part }

type part struct{ literal, variable string }

// isFixed says whether the template has no variables.
func (t template) isFixed() bool {
	return len(t.parts) == 0 || len(t.parts) == 1 && t.parts[0].variable == ""
}

func (t template) uses(variable string) bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return p.variable == variable })
}

func (t template) String() string {
	var b strings.Builder
	for _, p := range t.parts {
		if b.WriteString(p.literal); p.variable != "" {
			b.WriteString("{" + p.variable + "}")
		}
	}
	return b.String()
}

func fixed(text string) template { return template{[]part{{literal: text}}} }

// scope is what can be named at one place of an operation.
type scope struct {
	schema *schema
	locals map[string]bool // set by get and find before this place
}

// fileProperties are the properties of a file that templates read.
func fileProperties() []string {
	return []string{"name", "digest", "size", "user", "password", "target"}
}

// variables lists every variable that can be named.
func (sc *scope) variables() []string {
	all := []string{"server.address", "server.port", "protocol", "index", "version", "model", "files.names", "files.digests"}
	for _, role := range sc.schema.roles {
		for _, p := range fileProperties() {
			all = append(all, "file."+role+"."+p)
		}
	}
	for name := range sc.schema.vars {
		all = append(all, "vars."+name)
	}
	all = slices.AppendSeq(all, maps.Keys(sc.locals))
	slices.Sort(all)
	return all
}

// template reads a text with variables; one that is not known here is a mistake.
func (r *reader) template(n strictyaml.Node, what string, sc *scope) (template, bool) {
	text, ok := r.text(n, what)
	if !ok {
		return template{}, false
	}
	return r.compileTemplate(text, n.Place(), what, sc)
}

func (r *reader) compileTemplate(text string, at place, what string, sc *scope) (template, bool) {
	var t template
	literal := strings.Builder{}
	for rest := text; rest != ""; {
		switch i := strings.IndexAny(rest, "{}"); {
		case i < 0:
			literal.WriteString(rest)
			rest = ""
		case i+1 < len(rest) && rest[i+1] == rest[i]:
			literal.WriteString(rest[:i+1])
			rest = rest[i+2:]
		case rest[i] == '}':
			r.Wrong(at, "write }} for the brace itself", "%s %q has a } without {", what, text)
			return t, false
		default:
			literal.WriteString(rest[:i])
			name, after, closed := strings.Cut(rest[i+1:], "}")
			if !closed {
				r.Wrong(at, "write {{ for the brace itself", "%s %q has a { without }", what, text)
				return t, false
			}
			if known := sc.variables(); !slices.Contains(known, name) {
				r.Wrong(at, didYouMean(name, known), "%s: there is no variable {%s} here", what, name)
				return t, false
			}
			t.parts = append(t.parts, part{literal.String(), name})
			literal.Reset()
			rest = after
		}
	}
	if literal.Len() > 0 {
		t.parts = append(t.parts, part{literal: literal.String()})
	}
	return t, true
}

// values is what variables stand for while an operation runs.
type values struct {
	in     Inputs
	index  uint32
	locals map[string]string
	order  []string // roles, in the driver's order
}

// expand fills the template in.
func (v *values) expand(t template) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		b.WriteString(p.literal)
		if p.variable == "" {
			continue
		}
		text, err := v.lookup(p.variable)
		if err != nil {
			return "", err
		}
		b.WriteString(text)
	}
	return b.String(), nil
}

// secret says whether the template reads a password.
func (t template) secret() bool {
	return slices.ContainsFunc(t.parts, func(p part) bool { return strings.HasSuffix(p.variable, ".password") })
}

func (v *values) lookup(name string) (string, error) {
	switch name {
	case "server.address":
		if !v.in.ServerAddress.IsValid() {
			return "", fmt.Errorf("the address of the file server is not known")
		}
		return v.in.ServerAddress.Unmap().String(), nil
	case "server.port":
		return fmt.Sprint(v.port()), nil
	case "protocol":
		return v.in.Protocol, nil
	case "index":
		return fmt.Sprint(v.index), nil
	case "version":
		return v.in.Version, nil
	case "model":
		return v.in.Model, nil
	case "files.names":
		return v.joined(func(f FileInput) string { return f.Name }), nil
	case "files.digests":
		return v.joined(func(f FileInput) string { return hexOf(f.Digest) }), nil
	}
	if local, ok := v.locals[name]; ok {
		return local, nil
	}
	if key, ok := strings.CutPrefix(name, "vars."); ok {
		text, set := v.in.Vars[key]
		if !set {
			return "", fmt.Errorf("variable %s is not set for this device", key)
		}
		return text, nil
	}
	if rest, ok := strings.CutPrefix(name, "file."); ok {
		role, property, _ := strings.Cut(rest, ".")
		return v.fileProperty(role, property)
	}
	return "", fmt.Errorf("nothing is known of {%s}: the device did not tell it", name)
}

func (v *values) port() int {
	if v.in.Protocol == "ftp" {
		return v.in.FTPPort
	}
	return v.in.TFTPPort
}

func (v *values) file(role string) (FileInput, bool) {
	i := slices.IndexFunc(v.in.Files, func(f FileInput) bool { return f.Role == role })
	if i < 0 {
		return FileInput{}, false
	}
	return v.in.Files[i], true
}

func (v *values) fileProperty(role, property string) (string, error) {
	f, ok := v.file(role)
	if !ok {
		return "", fmt.Errorf("there is no file in the role %q", role)
	}
	switch property {
	case "name":
		return f.Name, nil
	case "digest":
		return hexOf(f.Digest), nil
	case "size":
		return fmt.Sprint(int64(f.Size)), nil
	case "user":
		return f.User, nil
	case "password":
		return f.Password.Reveal(), nil
	}
	return f.TargetName, nil
}

// joined gives one property of all files, in the driver's order of roles,
// separated by one space.
func (v *values) joined(of func(FileInput) string) string {
	files := slices.Clone(v.in.Files)
	slices.SortStableFunc(files, func(a, b FileInput) int {
		return slices.Index(v.order, a.Role) - slices.Index(v.order, b.Role)
	})
	var all []string
	for _, f := range files {
		all = append(all, of(f))
	}
	return strings.Join(all, " ")
}
