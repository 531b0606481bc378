package migrate

import (
	"strings"
	"testing"
	"testing/fstest"
)

// applied runs a script on a configuration of version 1, and holds the account
// to law 7.
func applied(t *testing.T, format, source, input string) *Result {
	t.Helper()
	p, err := scripted(format, "", source)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Apply("", "2", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	checkAccount(t, []byte(input), r)
	return r
}

// TestScriptsOfOnePattern: two rules with the same detect are two rules.
func TestScriptsOfOnePattern(t *testing.T) {
	p, err := LoadPack(fstest.MapFS{
		"p/pack.yaml": {Data: []byte("pack: p\nformat: indented\nversion: version {version}\nsteps:\n  - from: \"1\"\n    to: \"2\"\n    rules:\n" +
			"      - {id: a, why: w, detect: {line: 'mtu {n}'}, script: s.star:a}\n" +
			"      - {id: b, why: w, detect: {line: 'mtu {n}'}, script: s.star:b}\n")},
		"p/s.star": {Data: []byte("def a(c, n):\n    c.first('mtu {x}')\n    c.root.add('a')\ndef b(c, n):\n    c.root.add('b')\n")},
	}, "p")
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Apply("", "2", []byte("version 1\nmtu 5\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "version 2\nmtu 5\na\nb\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
	if len(r.Rules) != 3 || r.Rules[1].ID != "b" {
		t.Errorf("rules %+v", r.Rules)
	}
}

// TestScriptMergesIntoWhatIsAround: a block may become one with a block that it
// stands in, and nothing of it is lost.
func TestScriptMergesIntoWhatIsAround(t *testing.T) {
	r := applied(t, "braces", "def f(c):\n    c.first('a > b > x').move(c.root, 'a')\n", "version 1\na {\n    b {\n        x {\n            b {\n                y\n            }\n        }\n    }\n}\n")
	if want := "version 2\na {\n    b {\n        y\n    }\n}\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
}

// TestScriptCopiesWhole: what is taken whole is copied whole.
func TestScriptCopiesWhole(t *testing.T) {
	input := "version 1\nbanner motd ^C\nhello\n^C\nvrf a\n x\n"
	r := applied(t, "indented", "def f(c):\n    c.first('banner motd {x}').copy(c.root, 'banner', 'login', '^C')\n", input)
	if want := "version 2\nbanner motd ^C\nhello\n^C\nvrf a\n x\nbanner login ^C\nhello\n^C\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
}

func TestScriptFindings(t *testing.T) {
	r := applied(t, "braces", `
def f(c, node):
    c.finding(node.add("new"), "manual", "of a line that was made")
    n = node.get("system", "x")
    n.delete()
    c.finding(n, "warning", "of a line that is gone")
    c.finding(node, "info", "of everything")
    print("printed")
`, "version 1\nsystem x\n")
	var all []string
	for _, f := range r.Findings {
		all = append(all, string(f.Severity)+" "+strings.Join(f.Path, ">")+" "+f.Text+" "+f.Message)
	}
	want := "manual new new of a line that was made|info   of everything|info   printed|warning system x system x of a line that is gone"
	if got := strings.Join(all, "|"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestScriptNodesAreKeys: a node is itself whatever its words are.
func TestScriptNodesAreKeys(t *testing.T) {
	r := applied(t, "braces", `
def f(c):
    n = c.root.get("a")
    seen = {n: "yes"}
    n.rename("b")
    c.root.add(seen[c.root.get("b")])
`, "version 1\na\n")
	if want := "version 2\nb\nyes\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
}

// TestScriptOrderStays: what is added after a change of order stands last.
func TestScriptOrderStays(t *testing.T) {
	r := applied(t, "indented", `
def f(c):
    c.root.add("x").before(c.root.get("a"))
    c.root.add("y")
    c.root.get("b").after(c.root.get("y"))
`, "version 1\na\nb\n c\nd\n")
	if want := "version 2\nx\na\nd\ny\nb\n c\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
	if f := r.Fates[3]; f.Fate != Changed || f.Rule != "s" {
		t.Errorf("a line in a block that was moved: %+v", f)
	}
}

// TestScriptDropsATable: a key behind the table stays where it is.
func TestScriptDropsATable(t *testing.T) {
	const table = "[ T ]\nFORMAT T_Index = A;\nT 0 = 1;\n[ \\T ]\n"
	r := applied(t, "ini", "def f(c):\n    c.root.get('T').delete()\n", "version=1\n[S]\na=1\n"+table+"b=2\n")
	if want := "version=2\n[S]\na=1\nb=2\n"; string(r.Output) != want {
		t.Errorf("got\n%s\nwant\n%s", r.Output, want)
	}
	for _, move := range []string{"c.root.get('b').after(c.root.get('S'))", "c.root.get('S').before(c.root.get('b'))"} {
		p, err := scripted("ini", "", "def f(c):\n    "+move+"\n")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Apply("1", "2", []byte("b=2\n[S]\na=1\n")); err == nil || !strings.Contains(err.Error(), `"b 2" there: it would be read as "S > b 2"`) {
			t.Errorf("%s puts a key behind a section: %v", move, err)
		}
	}
}
