package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"drydock/internal/api"
)

// openAPI is what is read of the document.
type openAPI struct {
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID string
	Summary     string
	Parameters  []struct {
		Name, In string
		Schema   schema
	}
	RequestBody *struct{ Content map[string]content }
	Responses   map[string]struct{ Content map[string]content }
}

type content struct{ Schema schema }

type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Items      *schema
	Properties map[string]schema
}

// document asks the API for its own description.
func document() []byte {
	w := httptest.NewRecorder()
	handler := api.New(api.Parts{Log: slog.New(slog.DiscardHandler), Metrics: http.NotFoundHandler(), Version: "0"})
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/openapi.json", nil))
	return w.Body.Bytes()
}

// generator writes methods; dir is where the package's own types are declared.
type generator struct {
	doc      openAPI
	declared map[string]bool // types of the package client
	methods  map[string]string
	used     map[string]bool // packages
	known    map[string]bool // operations that the document has
}

func generate(document []byte, dir string) ([]byte, error) {
	g := generator{declared: map[string]bool{}, methods: map[string]string{}, used: map[string]bool{}, known: map[string]bool{}}
	if err := json.Unmarshal(document, &g.doc); err != nil {
		return nil, err
	}
	if err := g.declarations(dir); err != nil {
		return nil, err
	}
	for path, methods := range g.doc.Paths {
		for method, op := range methods {
			g.known[op.OperationID] = true
			if byHand[op.OperationID] != "" {
				continue
			}
			if err := g.method(strings.ToUpper(method), path, op); err != nil {
				return nil, fmt.Errorf("%s: %w", op.OperationID, err)
			}
		}
	}
	for _, table := range []map[string]bool{keys(overrides), keys(byHand)} {
		for id := range table {
			if !g.known[id] {
				return nil, fmt.Errorf("the API has no operation %s any more", id)
			}
		}
	}
	return g.file()
}

func keys[V any](m map[string]V) map[string]bool {
	out := map[string]bool{}
	for k := range m {
		out[k] = true
	}
	return out
}

// declarations finds the types that the package declares by hand.
func (g *generator) declarations(dir string) error {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return err
	}
	for _, name := range names {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if types, ok := d.(*ast.GenDecl); ok && types.Tok == token.TYPE {
				for _, s := range types.Specs {
					g.declared[s.(*ast.TypeSpec).Name.Name] = true
				}
			}
		}
	}
	return nil
}

// goType names a schema's type.
func (g *generator) goType(s schema) (string, error) {
	if s.Items != nil {
		element, err := g.goType(*s.Items)
		return "[]" + element, err
	}
	name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	if g.declared[name] {
		return name, nil
	}
	for prefix, pkg := range homes {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			g.used[pkg] = true
			return pkg + "." + rest, nil
		}
	}
	return "", fmt.Errorf("the package client has no type for %q of type %v", name, s.Type)
}

// call is a method under construction.
type call struct {
	arguments []string // of the method
	prepare   []string // statements before the request
	path      string   // a Go expression
	query     string
	in        string
	result    string
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

func (g *generator) method(verb, path string, op operation) error {
	o := overrides[op.OperationID]
	c := call{path: g.path(path), query: "nil", in: "nil", result: o.result}
	for _, m := range parameter.FindAllStringSubmatch(path, -1) {
		c.arguments = append(c.arguments, m[1]+" "+g.identifier(path, m[1]))
	}
	g.query(&c, op, o)
	if err := g.body(&c, op); err != nil {
		return err
	}
	if err := g.answer(&c, op); err != nil {
		return err
	}
	name := o.name
	if name == "" {
		name = methodName(op.OperationID)
	}
	if g.methods[name] != "" {
		return fmt.Errorf("there are two methods %s", name)
	}
	send := "call"
	if o.slow {
		send = "slow"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "// %s is %s: %s.\n", name, op.OperationID, sentence(op.Summary))
	arguments := strings.Join(append([]string{"ctx context.Context"}, c.arguments...), ", ")
	out, results, give := "nil", "error", ""
	if c.result != "" {
		out, results, give = "&out", "(out "+c.result+", err error)", "out, "
	}
	fmt.Fprintf(&b, "func (c *Client) %s(%s) %s {\n", name, arguments, results)
	for _, line := range c.prepare {
		fmt.Fprintln(&b, line)
	}
	fmt.Fprintf(&b, "return %sc.%s(ctx, %q, %s, %s, %s, %s)\n}\n", give, send, verb, c.path, c.query, c.in, out)
	g.methods[name] = b.String()
	return nil
}

// path gives the expression that puts the arguments into a path.
func (g *generator) path(path string) string {
	expression := `"` + parameter.ReplaceAllStringFunc(path, func(p string) string {
		g.used["url"] = true
		return `" + url.PathEscape(string(` + p[1:len(p)-1] + `)) + "`
	}) + `"`
	return strings.TrimSuffix(expression, ` + ""`)
}

func (g *generator) identifier(path, name string) string {
	for prefix, kind := range identifiers {
		if name == "id" && strings.HasPrefix(path, prefix) {
			return g.uses(kind)
		}
	}
	return "string"
}

// uses notes the package of a type.
func (g *generator) uses(kind string) string {
	if pkg, _, ok := strings.Cut(strings.TrimLeft(kind, "[]"), "."); ok {
		g.used[pkg] = true
	}
	return kind
}

func (g *generator) query(c *call, op operation, o override) {
	var all []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			all = append(all, p.Name)
		}
	}
	switch {
	case o.form != "":
		c.arguments = append(c.arguments, "q "+o.form)
		for _, name := range all {
			c.prepare = append(c.prepare, fmt.Sprintf("set(v, %q, q.%s)", name, camel(name)))
		}
	default:
		for _, argument := range o.query {
			name, kind, _ := strings.Cut(argument, " ")
			if !slices.Contains(all, name) {
				c.prepare = append(c.prepare, "the API has no parameter "+name) // does not compile
			}
			c.arguments = append(c.arguments, name+" "+g.uses(kind))
			c.prepare = append(c.prepare, fmt.Sprintf("set(v, %q, %s)", name, name))
		}
	}
	if len(c.prepare) > 0 {
		g.used["url"] = true
		c.prepare = append([]string{"v := url.Values{}"}, c.prepare...)
		c.query = "v"
	}
}

// body: a type of its own is an argument; of a body without one, each property.
func (g *generator) body(c *call, op operation) error {
	if op.RequestBody == nil {
		return nil
	}
	s := op.RequestBody.Content["application/json"].Schema
	name := s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	if !strings.Contains(name, "-") {
		kind, err := g.goType(s)
		c.arguments = append(c.arguments, "in "+kind)
		c.in = "in"
		return err
	}
	var fields []string
	for _, property := range slices.Sorted(maps.Keys(g.doc.Components.Schemas[name].Properties)) {
		if property == "$schema" {
			continue
		}
		c.arguments = append(c.arguments, property+" string")
		fields = append(fields, fmt.Sprintf("%q: %s", property, property))
	}
	c.in = "map[string]string{" + strings.Join(fields, ", ") + "}"
	return nil
}

// answer finds the type of what a good answer carries.
func (g *generator) answer(c *call, op operation) error {
	for status, r := range op.Responses {
		if !strings.HasPrefix(status, "2") || c.result != "" || len(r.Content) == 0 {
			continue
		}
		one, isJSON := r.Content["application/json"]
		if !isJSON {
			c.result = "[]byte"
			continue
		}
		kind, err := g.goType(one.Schema)
		if err != nil {
			return err
		}
		c.result = kind
	}
	g.uses(c.result)
	return nil
}

func methodName(id string) string {
	for _, prefix := range []string{"list-", "show-"} {
		id = strings.TrimPrefix(id, prefix)
	}
	var b strings.Builder
	for word := range strings.SplitSeq(id, "-") {
		b.WriteString(camel(word))
	}
	return b.String()
}

// sentence is a summary in the middle of a sentence.
func sentence(summary string) string {
	summary = strings.TrimRight(summary, ".")
	if len(summary) > 1 && strings.ToUpper(summary[1:2]) != summary[1:2] {
		summary = strings.ToLower(summary[:1]) + summary[1:]
	}
	return summary
}

func camel(word string) string {
	if word == "oidc" {
		return "OIDC"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}

// file puts the methods into one file, by name.
func (g *generator) file() ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("// Code generated by tools/client from the API's OpenAPI document; DO NOT EDIT.\n\npackage client\n\nimport (\n\"context\"\n")
	for _, own := range []bool{false, true} {
		if own {
			fmt.Fprintln(&b)
		}
		for _, pkg := range slices.Sorted(maps.Keys(g.used)) {
			if path := imports[pkg]; strings.HasPrefix(path, "drydock/") == own {
				fmt.Fprintf(&b, "%q\n", path)
			}
		}
	}
	b.WriteString(")\n")
	for _, name := range slices.Sorted(maps.Keys(g.methods)) {
		fmt.Fprintf(&b, "\n%s", g.methods[name])
	}
	return format.Source(b.Bytes())
}
