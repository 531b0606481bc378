package migrate

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drydock/internal/fault"
)

// TestBracesCompare: what has no meaning in braces is no difference, what is
// inactive is another thing.
func TestBracesCompare(t *testing.T) {
	rules, err := NewCompareRules("braces", nil, []string{"acl {n}"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ expected, got, want string }{
		"quotes":         {"a {\n b \"c\"\n}\n", "a {\n\tb  c\n}\n// x\n", ""},
		"order":          {"a {\n b 1\n b 2\n}\nc\n", "c\na {\n b 2\n b 1\n}\n", ""},
		"empty is none":  {"a {\n b {\n }\n}\n", "a {\n b\n}\n", ""},
		"changed":        {"a {\n b 1\n}\n", "a {\n b 2\n}\n", "changed a>b 1"},
		"ordered":        {"acl 1 {\n b 1\n b 2\n}\n", "acl 1 {\n b 2\n b 1\n}\n", "changed acl 1>b 1"},
		"inactive":       {"a {\n b 1;\n}\n", "a {\n inactive: b 1;\n}\n", "lost a>b 1;added a>b 1"},
		"inactive blank": {"a {\n inactive: b 1;\n}\n", "a { inactive:   b \"1\"; }", ""},
	} {
		found, err := Compare(rules, Categoriser{}, []byte(c.expected), []byte(c.got))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var all []string
		for _, d := range found {
			all = append(all, fmt.Sprintf("%s %s", d.Kind, strings.Join(d.Path, ">")))
		}
		if got := strings.Join(all, ";"); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// anyBraces draws blocks in one of the two dialects, laid out in many ways, of
// the words that the rules of bracesPlaces fit.
func anyBraces() *rapid.Generator[string] {
	heads := []string{"interfaces", "system", "service", "ethernet old", "ethernet eth0", "loopback lo", "gone", "ntp", `tag "a b"`}
	lines := []string{"gone", "ntp", "one", "mtu 1500", `smp_affinity "auto"`, "to-leaf 5", "leaf 5", "loopback l2", `d "two\nlines"`, "plain 'x y'"}
	return rapid.Custom(func(t *rapid.T) string {
		junos := rapid.Bool().Draw(t, "junos")
		var b strings.Builder
		depth, open := 0, 0
		if junos {
			b.WriteString("v 1;\n")
		}
		gap := func() {
			b.WriteString(rapid.SampledFrom([]string{"\n", "\n", "\n", "\r\n", " /* c */\n", "\n\n", "\n  # x\n", " \n/* a\n b */\n"}).Draw(t, "gap"))
		}
		for range rapid.IntRange(0, 25).Draw(t, "statements") {
			b.WriteString(rapid.SampledFrom([]string{strings.Repeat("    ", depth), "\t", ""}).Draw(t, "indent"))
			switch what := rapid.IntRange(0, 5).Draw(t, "what"); {
			case what == 0 && open > 0:
				b.WriteString("}")
				open, depth = open-1, depth-1
			case what < 3:
				b.WriteString(rapid.SampledFrom(heads).Draw(t, "head") + " {")
				open, depth = open+1, depth+1
				if rapid.IntRange(0, 3).Draw(t, "same line") == 0 {
					b.WriteByte(' ')
					continue
				}
			default:
				b.WriteString(rapid.SampledFrom(lines).Draw(t, "line"))
				if junos {
					b.WriteByte(';')
				}
				if junos && rapid.IntRange(0, 3).Draw(t, "same line") == 0 {
					b.WriteByte(' ')
					continue
				}
			}
			gap()
		}
		b.WriteString(strings.Repeat("}", open) + rapid.SampledFrom([]string{"", "\n", "\n\n// v\n"}).Draw(t, "end"))
		return b.String()
	})
}

// TestBracesLaws: laws 2, 6 and 7 hold however a file is laid out, and what is
// printed is what the rules made.
func TestBracesLaws(t *testing.T) {
	p := packFrom(t, bracesPlaces)
	steps, err := p.Path("1", "2")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		input := anyBraces().Draw(t, "input")
		made, err := Parse("braces", []byte(input))
		if err != nil {
			t.Fatal(err)
		}
		if string(made.Bytes()) != input {
			t.Fatalf("%q became %q", input, made.Bytes())
		}
		r, err := p.Apply("1", "2", []byte(input))
		if err != nil {
			t.Fatal(err)
		}
		checkAccount(t, []byte(input), r)
		if _, _, err := p.transform(made, steps); err != nil {
			t.Fatal(err)
		}
		reread, err := Parse("braces", r.Output)
		if err != nil {
			t.Fatalf("%q became %q: %v", input, r.Output, err)
		}
		if got, want := commandsOf(reread), commandsOf(made); got != want {
			t.Fatalf("%q became %q, read again as\n%s, made as\n%s", input, r.Output, got, want)
		}
	})
}

// TestBracesDeepAndLarge: 10,000 blocks in one another, and 50 MB, are read,
// changed, compared and told as set commands or refused.
func TestBracesDeepAndLarge(t *testing.T) {
	p := packFrom(t, `
pack: p
format: braces
categories: {user: ["** > x"]}
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: r, why: w, detect: {in: ["**"], line: x}, rename: {line: y}}
`)
	for name, input := range map[string]string{
		"deep":       strings.Repeat("a {\n", 10_000) + "x\n" + strings.Repeat("}\n", 10_000),
		"one line":   strings.Repeat("a{ ", 10_000) + "x" + strings.Repeat(" }", 10_000),
		"semicolons": "v;\n" + strings.Repeat("x;", 100_000),
		"long line":  strings.Repeat("word ", 1<<18),
		"comments":   strings.Repeat("/* x */ ", 50_000),
		"blank":      strings.Repeat("\n", 50_000),
	} {
		r, err := p.Apply("1", "2", []byte(input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := strings.NewReplacer("/* x", "/* x", "x", "y").Replace(input); string(r.Output) != want {
			t.Errorf("%s: %s", name, firstDifference(r.Output, []byte(want)))
		}
		if _, err := Compare(CompareRules{Format: "braces"}, p.Categories, []byte(input), r.Output); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		d, _ := Parse("braces", r.Output)
		if _, err := d.SetLines(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	large := []byte(strings.Repeat("block tag {\n    value \"something long enough to be few lines: "+strings.Repeat("x", 80)+"\"\n}\n", 350_000))
	roundTrip(t, "braces", large)
	if _, err := Parse("braces", large); err != nil {
		t.Errorf("%d MB: %v", len(large)>>20, err)
	}
	for name, input := range map[string]string{
		"open blocks": strings.Repeat("a{\n", 1<<20), "open quotes": strings.Repeat(`a "b" "`, 1<<20),
		"closing": strings.Repeat("}", 1<<20), "open comments": strings.Repeat("/*", 1<<20), "apostrophes": "a" + strings.Repeat(" 'b", 1<<12),
	} {
		if _, err := Parse("braces", []byte(input)); err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// fiftyRules is a pack with as many rules, of which some fire in what VyOS
// writes.
func fiftyRules(b *testing.B) *Pack {
	var y strings.Builder
	y.WriteString("pack: p\nformat: braces\nsteps:\n  - from: \"1\"\n    to: \"2\"\n    rules:\n")
	places := []string{
		`[interfaces, "ethernet {n}"]`, `[interfaces, "ethernet {n}", "vif {v}"]`, `[firewall, "name {n}", "rule {r}"]`, `[protocols, "bgp {as}", "neighbor {n}"]`, `[system, login, "user {u}"]`,
	}
	lines := []string{"smp-affinity {x}", "description {x...}", "nothing {x}", "disable", "address {x}", "mtu {x}", "remote-as {x}", "action {x}", "level {x}", "port {x}"}
	for i, in := range places {
		for j, line := range lines {
			act := fmt.Sprintf("rename: {line: %q}", "new-"+line[:strings.IndexAny(line+" ", " ")])
			if j%2 == 1 {
				act = "delete: {because: gone}"
			}
			fmt.Fprintf(&y, "      - {id: r%d-%d, why: w, detect: {in: %s, line: %q}, %s}\n", i, j, in, line, act)
		}
	}
	return packFrom(b, y.String())
}

func vyosInput(b *testing.B) []byte {
	b.Helper()
	names, _ := filepath.Glob(filepath.Join(sharedFolder(b), "fixtures/vyos/*.boot"))
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		files[name] = data
	}
	var all []byte
	for _, name := range slices.Sorted(maps.Keys(files)) {
		all = append(all, files[name]...)
	}
	return all
}

// BenchmarkBraces is parse and print, the same with 50 rules, and the whole
// account, of all that is given of VyOS; "100000" is the same ten times.
func BenchmarkBraces(b *testing.B) {
	p, all := fiftyRules(b), vyosInput(b)
	run := func(name string, input []byte, do func([]byte) error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(input)))
			for b.Loop() {
				if err := do(input); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(bytes.Count(input, []byte("\n")))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
	parse := func(input []byte) error {
		d, err := Parse("braces", input)
		if err == nil {
			d.Bytes()
		}
		return err
	}
	rules := func(input []byte) error {
		d, err := Parse("braces", input)
		if err != nil {
			return err
		}
		steps, err := p.Path("1", "2")
		if err != nil {
			return err
		}
		_, _, err = p.transform(d, steps)
		d.Bytes()
		return err
	}
	account := func(input []byte) error {
		_, err := p.Apply("1", "2", input)
		return err
	}
	big := bytes.Repeat(all, 12)
	run("parse", all, parse)
	run("parse100000", big, parse)
	run("50rules", all, rules)
	run("50rules100000", big, rules)
	run("account", all, account)
	run("account100000", big, account)
}
