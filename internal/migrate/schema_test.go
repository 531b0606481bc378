package migrate

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"drydock/migrations"
)

const schemaFile = "../../migrations/pack.schema.json"

func packSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// valid says whether the schema takes a YAML text.
func valid(t *testing.T, s *jsonschema.Schema, text []byte) error {
	t.Helper()
	raw, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

// TestSchemaTakesAllPacks: editors find no mistake in what drydock loads.
func TestSchemaTakesAllPacks(t *testing.T) {
	s := packSchema(t)
	seen := 0
	err := fs.WalkDir(migrations.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".yaml" || strings.Contains(name, "/tests/") {
			return err
		}
		text, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			return err
		}
		seen++
		if err := valid(t, s, text); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return nil
	})
	if err != nil || seen < 10 {
		t.Fatalf("%d files, %v", seen, err)
	}
	for _, wrong := range []string{"pack: p\n", "pack: p\nformat: word\nsteps: []\n",
		stepped("      - {id: r, why: w, detect: {line: a}}\n"), stepped("      - {id: r, why: w, detect: {line: a}, delete: {because: b}, set: {line: c}}\n"),
		stepped("      - {id: r, why: w, detect: {line: a}, delete: {becuase: b}}\n")} {
		if valid(t, s, []byte(wrong)) == nil {
			t.Errorf("the schema takes\n%s", wrong)
		}
	}
}

// TestSchemaHasTheLoadersKeys holds the schema to the loader, key by key: an
// unknown key makes the loader tell those that it knows.
func TestSchemaHasTheLoadersKeys(t *testing.T) {
	text, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var schema struct {
		Defs map[string]subschema `json:"$defs"`
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	rule := schema.Defs["rule"]
	cases := map[string]struct {
		schema subschema
		pack   string
	}{
		"pack":      {schema.Defs["pack"], "zz: 1\npack: p\n"},
		"step":      {schema.Defs["step"], "pack: p\nformat: ini\nsteps: [{zz: 1}]\n"},
		"rule":      {rule, stepped("      - {zz: 1}\n")},
		"detect":    {rule.Properties["detect"], stepped("      - {id: r, why: w, detect: {zz: 1, line: a}, delete: {because: b}}\n")},
		"condition": {*rule.Properties["when"].Items, stepped("      - {id: r, why: w, when: [{zz: 1}], detect: {line: a}, delete: {because: b}}\n")},
		"scale": {*rule.Properties["rename"].Properties["scale"].Additional(),
			stepped("      - {id: r, why: w, detect: {line: \"a {b}\"}, rename: {line: \"a {b}\", scale: {b: {zz: 1}}}}\n")},
		"components": {schema.Defs["pack"].Properties["components"], "pack: p\nformat: braces\ncomponents: {zz: 1}\n"},
	}
	for _, verb := range verbs() {
		if verb != "script" {
			cases[verb] = struct {
				schema subschema
				pack   string
			}{rule.Properties[verb], stepped("      - {id: r, why: w, detect: {line: \"a {b}\"}, " + verb + ": {zz: 1}}\n")}
		}
	}
	for name, c := range cases {
		_, err := LoadPack(fstest.MapFS{"p/pack.yaml": {Data: []byte(c.pack)}}, "p")
		if err == nil {
			t.Errorf("%s: an unknown key is taken", name)
			continue
		}
		found := regexp.MustCompile(`no key "zz"; keys are (.*)`).FindStringSubmatch(err.Error())
		if found == nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		known := strings.Split(strings.ReplaceAll(found[1], " or ", ", "), ", ")
		slices.Sort(known)
		if got := slices.Sorted(maps.Keys(c.schema.Properties)); !slices.Equal(got, known) {
			t.Errorf("%s: the schema has %v, the loader %v", name, got, known)
		}
	}
	if got := schema.Defs["pack"].Properties["format"].Enum; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(Formats()))) {
		t.Errorf("formats of the schema %v, of the loader %v", got, Formats())
	}
}

// subschema is the part of a schema that the test looks at.
type subschema struct {
	Properties           map[string]subschema `json:"properties"`
	Items                *subschema           `json:"items"`
	AdditionalProperties json.RawMessage      `json:"additionalProperties"`
	Enum                 []string             `json:"enum"`
}

// Additional is the schema of properties that have no name of their own.
func (o subschema) Additional() *subschema {
	var inner subschema
	if json.Unmarshal(o.AdditionalProperties, &inner) != nil {
		return &subschema{}
	}
	return &inner
}
