package strictyaml

import (
	"strings"
	"testing"
)

const sample = `# a comment
name: iad
"quoted": 'text with: colon'
list: [1, true, 2.5]
inner:
  deep: |
    two
    lines
  none:
braces: {a: b}
`

func one(t *testing.T, text string) Node {
	t.Helper()
	r := &Reader{File: "f.yaml"}
	docs, ok := r.Parse([]byte(text))
	if !ok || len(docs) != 1 {
		t.Fatalf("%d documents, %v", len(docs), r.Mistakes)
	}
	return docs[0]
}

func fields(t *testing.T, n Node) map[string]Field {
	t.Helper()
	list, ok := n.Fields()
	if !ok {
		t.Fatalf("no mapping but %s", n.Kind())
	}
	all := map[string]Field{}
	for _, f := range list {
		all[f.Key] = f
	}
	return all
}

func TestNodesAndTheirPlaces(t *testing.T) {
	root := fields(t, one(t, sample))
	inner := fields(t, root["inner"].Value)
	for what, c := range map[string]struct {
		n     Node
		text  string // "" = no scalar
		kind  string
		place Place
	}{
		"name":   {root["name"].Value, "iad", "a value", Place{2, 7}},
		"quoted": {root["quoted"].Value, "text with: colon", "a value", Place{3, 11}},
		"list":   {root["list"].Value, "", "a list", Place{4, 7}},
		"inner":  {root["inner"].Value, "", "a mapping", Place{6, 3}},
		"deep":   {inner["deep"].Value, "two\nlines", "a value", Place{6, 9}},
		"braces": {root["braces"].Value, "", "a mapping", Place{10, 10}},
	} {
		if text, ok := c.n.Text(); text != c.text || ok != (c.text != "") {
			t.Errorf("%s: text %q, %v", what, text, ok)
		}
		if c.n.Kind() != c.kind || c.n.Place() != c.place {
			t.Errorf("%s is %s at %v; want %s at %v", what, c.n.Kind(), c.n.Place(), c.kind, c.place)
		}
	}
	if !root["braces"].Value.InBraces() || root["inner"].Value.InBraces() {
		t.Error("braces are not told from indentation")
	}
	if !inner["none"].Value.IsEmpty() || root["name"].Value.IsEmpty() || !(Node{}).IsEmpty() || !(Node{}).IsZero() {
		t.Error("what is empty is not told")
	}
	items, ok := root["list"].Value.Items()
	if !ok || len(items) != 3 {
		t.Fatalf("%d items, %v", len(items), ok)
	}
	if b, ok := items[1].Bool(); !b || !ok {
		t.Error("true is not true")
	}
	if _, ok := items[0].Bool(); ok {
		t.Error("1 is a truth value")
	}
}

func TestWhatIsNotYAMLHasAPlace(t *testing.T) {
	for text, want := range map[string]string{
		"a: b\nc: [1, 2\n": "f.yaml:2:4: this is not YAML: ",
		"a: 'b\n":          "f.yaml:1:4: this is not YAML: ",
		"\ta: b\n":         "f.yaml:1:",
	} {
		r := &Reader{File: "f.yaml"}
		if _, ok := r.Parse([]byte(text)); ok || len(r.Mistakes) != 1 || !strings.HasPrefix(r.Mistakes.Error(), want) {
			t.Errorf("%q: %v", text, r.Mistakes)
		}
	}
}

// A few lines of aliases stand for more nodes than there is room for.
func TestAliasesAreNotFollowed(t *testing.T) {
	root := fields(t, one(t, "a: &a {x: y}\nb: *a\nc:\n  <<: *a\n  z: 1\n"))
	for key, kind := range map[string]string{"a": "an anchor", "b": "an alias"} {
		if _, ok := root[key].Value.Fields(); ok || root[key].Value.Kind() != kind {
			t.Errorf("%s is %s, and has fields: %v", key, root[key].Value.Kind(), ok)
		}
	}
	if c := fields(t, root["c"].Value); !c["<<"].Merge || c["z"].Merge || len(c) != 2 {
		t.Errorf("%v", c)
	}
}

func TestMistakesAreSorted(t *testing.T) {
	r := &Reader{File: "f.yaml"}
	r.Wrong(Place{3, 1}, "write %", "last")
	r.Wrong(Place{1, 2}, "", "%d things", 2)
	r.Wrong(Place{3, 1}, "write %", "last")
	if got, want := r.Mistakes.Sorted().Error(), "f.yaml:1:2: 2 things\nf.yaml:3:1: last; write %"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Fuzz(func(_ *testing.T, data []byte) {
		r := &Reader{}
		docs, _ := r.Parse(data)
		var visit func(n Node, depth int)
		visit = func(n Node, depth int) {
			_, _, _ = n.Place(), n.Kind(), n.IsEmpty()
			if depth > 20 {
				return
			}
			items, _ := n.Items()
			list, _ := n.Fields()
			for _, f := range list {
				items = append(items, f.Value)
			}
			for _, i := range items {
				visit(i, depth+1)
			}
		}
		for _, d := range docs {
			visit(d, 0)
		}
	})
}
