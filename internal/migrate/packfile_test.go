package migrate

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/internal/fault"
)

const goodPack = `pack: p
format: indented
version: ver {version}
end: end
categories:
  user: [users]
steps:
  - from: "1"
    to: "2"
    rules:
      - id: a
        why: w
        category: port
        detect:
          in: ["port {n}"]
          line: gain {db}
        rename:
          line: level {db}
`

func TestPackMistakesSayWhereAndWhat(t *testing.T) {
	if _, err := loadText(goodPack); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":       {"format:", "fromat:", `p/pack.yaml:2:1: a pack has no key "fromat"; keys are pack, format,`},
		"unknown format":    {"indented", "runes", `p/pack.yaml:2:9: there is no format "runes"; formats are indented, ini`},
		"no steps":          {goodPack[strings.Index(goodPack, "steps:"):], "", `p/pack.yaml:1:1: a pack has no "steps"; add "steps"`},
		"version hole":      {"ver {version}", "ver {v}", "p/pack.yaml:3:10: version must have one hole, {version}"},
		"unknown category":  {"  user: ", "  wares: ", `p/pack.yaml:6:3: categories has no key "wares"; keys are user, port,`},
		"rule's category":   {"category: port", "category: ports", `p/pack.yaml:13:19: category cannot be "ports"; it can be user, port, protocol or default`},
		"rule's key":        {"why: w", "wherefore: w", `p/pack.yaml:12:9: a rule has no key "wherefore"`},
		"no why":            {"        why: w\n", "", `p/pack.yaml:11:9: a rule has no "why"; add "why": what changed`},
		"two verbs":         {"          line: level {db}\n", "          line: level {db}\n        delete: {because: b}\n", `rule "a" does rename and delete; a rule has one of rename,`},
		"no verb":           {"        rename:\n          line: level {db}\n", "", `rule "a" does nothing`},
		"unknown hole":      {"level {db}", "level {bd}", `p/pack.yaml:18:17: line: "level {bd}": nothing is captured as {bd}; holes are n or db`},
		"hole in a word":    {"gain {db}", "gain x{db}", `p/pack.yaml:16:17: detect: "x{db}" is not a hole`},
		"hole twice":        {"gain {db}", "gain {n}", "detect: a hole stands twice"},
		"rest in between":   {"gain {db}", "gain {db...} x", "must be the last word"},
		"flow braces":       {"line: level {db}", "line: {db}", `a text that begins with { needs quotes`},
		"same id":           {"        rename:\n          line: level {db}\n", "        rename: {line: \"level {db}\"}\n      - {id: a, why: w, detect: {line: x}, delete: {because: b}}\n", `p/pack.yaml:18:10: there is already a rule "a"`},
		"step to itself":    {`to: "2"`, `to: "1"`, "a step leads from version 1 to itself"},
		"circle":            {"steps:\n", "steps:\n  - {from: \"2\", to: \"3\"}\n  - {from: \"3\", to: \"1\"}\n", "p/pack.yaml:8:"},
		"not YAML":          {"pack: p", "pack: [p", "p/pack.yaml:"},
		"a key twice":       {"end: end", "end: end\nend: fin", "p/pack.yaml:5:1: "},
		"manual acts":       {"category: port", "category: port\n        severity: manual", `rule "a" is of severity manual, but acts by itself`},
		"no detect":         {"        detect:\n          in: [\"port {n}\"]\n          line: gain {db}\n", "", `a rule has no "detect"`},
		"ends in **":        {"users", "users > **", "ends in **"},
		"a list is wanted":  {"[users]", "users", "user is not a list"},
		"a second document": {"pack: p", "pack: q\n---\npack: p", "second document"},
	} {
		text := strings.Replace(goodPack, c.old, c.new, 1)
		p, err := loadText(text)
		if p != nil || !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v\nwant %s", name, err, c.want)
		}
	}
}

func TestPackMistakesAreAllTold(t *testing.T) {
	_, err := loadText("pack: p\nformat: runes\ncolour: red\nsteps: []\n")
	var all Mistakes
	if !errors.As(err, &all) || len(all) != 2 || all[0].Line != 2 || all[1].Line != 3 {
		t.Errorf("%d mistakes: %v", len(all), err)
	}
}

func TestNoPack(t *testing.T) {
	if _, err := LoadPack(fstest.MapFS{}, "nowhere"); !fault.Is(err, fault.NotFound) {
		t.Errorf("error %v", err)
	}
}

func TestPathOfSteps(t *testing.T) {
	p := packFrom(t, `
pack: p
format: indented
steps:
  - {from: "1.2", to: "1.3"}
  - {from: "1.3", to: "1.4"}
  - {from: "1.4", to: "2.0"}
  - {from: "1.2", to: "1.4"}
  - {from: "3.0", to: "3.1"}
  - {from: "3", to: "3.0"}
`)
	for _, c := range []struct{ from, to, want string }{
		{"1.2", "2.0", "1.2>1.4>2.0"},
		{"1.3", "2.0", "1.3>1.4>2.0"},
		{"1.4.7", "2.0.1", "1.4>2.0"},
		{"2.0", "2.0", ""},
		{"7", "7", ""},
		{"1.4.1", "1.4.2", ""},
		{"1.4", "3.1", "no steps lead from version 1.4 to 3.1; from 1.4 they reach 2.0; 3.1 is reached from 3.0"},
		{"2.0", "1.4", "no steps lead from version 2.0 to 1.4; from 2.0 they reach none"},
		{"1.40", "2.0", "no step begins or ends at version 1.40"},
		{"1.4", "4", "no step begins or ends at version 4; the pack knows 1.2, 1.3,"},
		{"3.1.5.2", "3.2", "no steps lead from version 3.1 to 3;"},
	} {
		steps, err := p.Path(c.from, c.to)
		var got []string
		for i, s := range steps {
			if i == 0 {
				got = append(got, s.From)
			}
			got = append(got, s.To)
		}
		if err == nil {
			if strings.Join(got, ">") != c.want {
				t.Errorf("from %s to %s: %v, want %s", c.from, c.to, got, c.want)
			}
			continue
		}
		if text := err.Error() + "; " + fault.HintOf(err); !strings.Contains(text, c.want) || c.want == "" {
			t.Errorf("from %s to %s: %s, want %q", c.from, c.to, text, c.want)
		}
	}
}
