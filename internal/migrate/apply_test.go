package migrate

import (
	"fmt"
	"strings"
	"testing"
)

// rules gives a pack of one step with the rules, without a version line.
func rules(t *testing.T, list ...string) *Pack {
	t.Helper()
	text := "pack: p\nformat: indented\nend: end\nsteps:\n  - from: \"1\"\n    to: \"2\"\n    rules:\n"
	for _, r := range list {
		text += "      - {why: because, " + r + "}\n"
	}
	return packFrom(t, text)
}

func TestRules(t *testing.T) {
	for name, c := range map[string]struct {
		rules       []string
		input, want string
	}{
		"the first rule that fits takes the line": {
			[]string{`id: a, detect: {line: "x {n}"}, rename: {line: "y {n}"}`, `id: b, detect: {line: "x 1"}, rename: {line: "z"}`},
			"x 1\nx 2\n", "y 1\ny 2\n",
		},
		"the first rule also where blocks are entered": {
			[]string{`id: a, detect: {line: "x {n}"}, rename: {line: "y {n}"}`, `id: b, detect: {line: "x 1"}, rename: {line: "z"}`, `id: c, detect: {in: ["x 1"], line: q}, rename: {line: r}`},
			"x 1\n q\n", "y 1\n r\n",
		},
		"rules see the tree before the step": {
			[]string{`id: a, detect: {in: [old], line: x}, move: {to: [new]}`, `id: b, detect: {line: old}, delete: {because: b}`},
			"old\n x\n y\nend\n", "new\n x\nend\n",
		},
		"a renamed block keeps what is in it": {
			[]string{`id: a, detect: {line: "port {n}"}, rename: {line: "line {n}"}`, `id: b, detect: {in: ["port {n}"], line: "x {v}"}, rename: {line: "x {n} {v}"}`},
			"port 1\n  ! note\n  x a\n  y\n", "line 1\n  ! note\n  x 1 a\n  y\n",
		},
		"a moved block takes its lines along": {
			[]string{`id: a, detect: {line: "acl {n}"}, move: {to: [security], line: "list {n}"}`},
			"acl 1\n    permit x\n     deep\n! note\nacl 2\nz\n", "! note\nz\nsecurity\n    list 1\n        permit x\n         deep\n    list 2\n",
		},
		"moved lines keep their order behind after": {
			[]string{`id: a, detect: {in: [b], line: "s {n}"}, move: {to: [], after: "q {n}"}`},
			"q 1\nb\n s 1\n s 2\n s 3\nend\n", "q 1\ns 1\ns 2\ns 3\nb\nend\n",
		},
		"blocks are made where they are not there": {
			[]string{`id: a, detect: {line: "s {n}"}, move: {to: [a, "b {n}", c]}`},
			"s 1\ns 2\nend\n", "a\n b 1\n  c\n   s 1\n b 2\n  c\n   s 2\nend\n",
		},
		"an added line is not added twice": {
			[]string{`id: a, detect: {line: "port {n}"}, add: {to: ["port {n}"], line: "id {n}", unless: "id {x}"}`},
			"port 1\nport 2\n id 7\nport 3\n id 3\n", "port 1\n id 1\nport 2\n id 7\nport 3\n id 3\n",
		},
		"additions see what the others made": {
			[]string{`id: a, detect: {line: new}, add: {to: [new], line: z}`, `id: b, detect: {line: old}, rename: {line: new}`},
			"old\n", "new\n z\n",
		},
		"values that a map does not name stay": {
			[]string{`id: a, detect: {line: "c {v}"}, rename: {line: "codec {v}", map: {v: {a: b}}}`},
			"c a\nc x\n", "codec b\nc x\n",
		},
		"quoted words are one word": {
			[]string{`id: a, detect: {line: "name {n}"}, rename: {line: "label {n}"}`},
			"name \"a b\"\nname a b\nname \"a \\\" b\"\nname \"open\n", "label \"a b\"\nname a b\nlabel \"a \\\" b\"\nlabel \"open\n",
		},
		"banners keep their lines": {
			[]string{`id: a, detect: {line: "banner motd {d}"}, rename: {line: "banner login {d}"}`, `id: b, detect: {line: x}, delete: {because: b}`},
			"banner motd ^C\nx\n^C\nx\n", "banner login ^C\nx\n^C\n",
		},
		"line ends and indentation of the file": {
			[]string{`id: a, detect: {line: "s {n}"}, move: {to: [t]}`},
			"s 1\r\na\r\n\tb\r\nend", "a\r\n\tb\r\nt\r\n\ts 1\r\nend",
		},
		"blanks between words": {
			[]string{`id: a, detect: {line: "s {n}"}, move: {to: [a b]}`}, "s 1\na  b\n x\n", "a  b\n x\n s 1\n",
		},
		"a last line without an end": {
			[]string{`id: a, detect: {line: "s {n}"}, move: {to: [t]}`}, "t\ns 1", "t\n s 1",
		},
		"blocks at any depth": {
			[]string{`id: a, detect: {in: ["**"], line: shutdown}, rename: {line: admin down}`},
			"shutdown\na\n shutdown\n b\n  shutdown\n", "admin down\na\n admin down\n b\n  admin down\n",
		},
		"everything may go": {
			[]string{`id: a, detect: {line: "{x}"}, delete: {because: b}`}, "a\n b\nc\n", "",
		},
	} {
		p := rules(t, c.rules...)
		r, err := p.Apply("1", "2", []byte(c.input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(r.Output) != c.want {
			t.Errorf("%s: %q, want %q", name, r.Output, c.want)
		}
		checkAccount(t, []byte(c.input), r)
		reread, err := Parse("indented", r.Output)
		if err != nil || string(reread.Bytes()) != string(r.Output) {
			t.Errorf("%s: read again: %v", name, err)
		}
	}
}

func TestChainOfSteps(t *testing.T) {
	p := packFrom(t, `
pack: p
format: indented
version: ver {version}
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: rename, why: renamed in 2, detect: {line: "a {n}"}, rename: {line: "b {n}"}}
      - {id: add, why: new in 2, detect: {line: "b {n}"}, add: {to: [], line: "x {n}"}}
  - from: "2"
    to: "3"
    rules:
      - {id: drop, why: w, category: user, detect: {line: "b 1"}, delete: {because: gone in 3}}
      - {id: drop-added, why: w, detect: {line: "x 2"}, delete: {because: gone in 3}}
`)
	r, err := p.Apply("", "3", []byte("ver 1\na 1\na 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "ver 3\nb 2\nx 1\n"; string(r.Output) != want {
		t.Errorf("%q, want %q", r.Output, want)
	}
	checkAccount(t, []byte("ver 1\na 1\na 2\n"), r)
	got := fmt.Sprint(r.Fates[1].Fate, r.Fates[1].Rule, r.Fates[1].Because, r.Fates[2].Fate, r.Fates[2].Rule)
	if want := "dropped drop gone in 3 changed rename"; strings.Join(strings.Fields(got), "") != strings.ReplaceAll(want, " ", "") {
		t.Errorf("fates: %s, want %s", got, want)
	}
}

// TestLastRuleDecides: of two rules that change a line, the later step's is
// named; a line that has a rule of its own is not ascribed to its block's.
func TestLastRuleDecides(t *testing.T) {
	p := packFrom(t, `
pack: p
format: indented
version: ver {version}
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: one, why: w, detect: {line: a}, rename: {line: b}}
      - {id: inner, why: w, detect: {in: [m], line: x}, rename: {line: y}}
      - {id: outer, why: w, detect: {line: m}, move: {to: [n]}}
  - from: "2"
    to: "3"
    rules:
      - {id: two, why: w, detect: {line: b}, rename: {line: c}}
`)
	r, err := p.Apply("", "3", []byte("ver 1\na\nm\n x\n z\n"))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"version", "two", "outer", "inner", "outer"} {
		if got := r.Fates[i]; got.Rule != want || got.Fate != Changed {
			t.Errorf("line %d: %+v, want rule %s", i+1, got, want)
		}
	}
}

func TestFindingTellsPlaceAndMessage(t *testing.T) {
	p := rules(t, `id: a, category: port, detect: {in: ["port {n}"], line: "echo {v}"}, manual: {message: "port {n} has echo {v}"}`)
	input := "port 1\n  echo off  \nport 2\n  echo off\n"
	r, err := p.Apply("1", "2", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if !r.NeedsPerson() || r.Needed || len(r.Findings) != 2 {
		t.Fatalf("needs a person %v, needed %v, findings %+v", r.NeedsPerson(), r.Needed, r.Findings)
	}
	f := r.Findings[1]
	if f.Line != 4 || f.Text != "echo off" || f.Message != "port 2 has echo off" || f.Severity != Manual || f.Category != PortData ||
		strings.Join(f.Path, ">") != "port 2>echo off" {
		t.Errorf("finding %+v", f)
	}
	if r.Fates[3].Fate != Undone || r.Fates[3].Outputs[0] != 4 {
		t.Errorf("fate %+v", r.Fates[3])
	}
}

func TestNothingToDo(t *testing.T) {
	p := iadPack(t)
	for name, c := range map[string]struct{ from, to, file string }{
		"already there": {"2.0", "2.0", "expected.conf"},
		"told by file":  {"1.4", "2.0", "expected.conf"},
		"patch release": {"1.4.1", "1.4.2", "input.conf"},
	} {
		input := fixture(t, "drydock-iad/tests/iad-4-fxs/"+c.file)
		r, err := p.Apply(c.from, c.to, input)
		if err != nil || r.Needed || len(r.Rules) != 0 || string(r.Output) != string(input) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
