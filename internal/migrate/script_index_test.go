package migrate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.starlark.net/starlark"
	"pgregory.net/rapid"
)

// TestScriptIndex: lines that are looked up in an index are those that a look
// at each line finds, in the same order, whatever was done to the block.
func TestScriptIndex(t *testing.T) {
	var input strings.Builder
	for i := range wideBlock + 10 {
		fmt.Fprintf(&input, "w%d x%d %d\n", i%5, i%7, i)
	}
	rapid.Check(t, func(t *rapid.T) {
		d, err := Parse("indented", []byte(input.String()))
		if err != nil {
			t.Fatal(err)
		}
		x := &scriptCall{p: &pass{d: d, pack: &Pack{}, used: map[*Rule]int{}}, rule: &Rule{}}
		root := x.handle(&d.root)
		small := rapid.IntRange(0, 6)
		text := func() starlark.Tuple {
			all := []string{fmt.Sprintf("w%d", small.Draw(t, "first")), fmt.Sprintf("x%d", small.Draw(t, "second")), fmt.Sprint(small.Draw(t, "third"))}
			return tupleOf(all[:rapid.IntRange(1, 3).Draw(t, "length")])
		}
		var nodes []*node
		for n := range d.root.commands {
			nodes = append(nodes, n)
		}
		for range rapid.IntRange(0, 20).Draw(t, "operations") {
			n := x.handle(rapid.SampledFrom(nodes).Draw(t, "n"))
			other := x.handle(rapid.SampledFrom(nodes).Draw(t, "other"))
			args := text()
			switch at := (starlark.Tuple{other}); rapid.IntRange(0, 6).Draw(t, "operation") {
			case 0:
				_, _ = root.add(args, nil)
			case 1:
				_, _ = root.ensure(args, nil)
			case 2:
				_, _ = root.set(args, nil)
			case 3:
				if n.there() == nil {
					_, _ = n.rename(args, nil)
				}
			case 4:
				if n.there() == nil {
					_, _ = n.delete(nil, nil)
				}
			case 5:
				if n.there() == nil {
					_, _ = n.before(at, nil)
				}
			case 6:
				if n.there() == nil {
					_, _ = n.move(append(starlark.Tuple{root}, args...), nil)
				}
			}
			words := make([]string, len(args))
			for i := range args {
				words[i] = string(args[i].(starlark.String))
			}
			checkLookup(t, root, words)
		}
	})
}

func checkLookup(t *rapid.T, block *scriptNode, words []string) {
	t.Helper()
	var want []*node
	var exact *node
	for n := range block.n.commands {
		if beginsWith(n.text, words) {
			want = append(want, n)
		}
		if exact == nil && n.text == strings.Join(words, " ") {
			exact = n
		}
	}
	if got := block.with(words); !slices.Equal(got, want) {
		t.Fatalf("%q: %d lines, want %d, or in another order", words, len(got), len(want))
	}
	if got := block.x.child(block.n, strings.Join(words, " "), nil); got != exact {
		t.Fatalf("%q: found %v, want %v", words, got, exact)
	}
	if len(block.x.p.wide) == 0 {
		t.Fatal("the block is not looked up in an index")
	}
}

// TestScriptsAreLinear: a script that looks up, changes and makes a line for
// each of n does so in a time, and in steps, that grow as n does.
func TestScriptsAreLinear(t *testing.T) {
	p, err := scripted("braces", "", `
def f(c):
    old, new = c.root.get("in"), c.root.ensure("out")
    for n in old.children("x"):
        old.get("x", n.value).set("d", "e")
        new.ensure("k", n.value).add("a", n.value)
        n.copy(new)
        n.move(new, "y", n.value)
`)
	if err != nil {
		t.Fatal(err)
	}
	const n = 30_000
	var input strings.Builder
	input.WriteString("version 1\nin {\n")
	for i := range n {
		fmt.Fprintf(&input, "    x %d {\n        d q\n    }\n", i)
	}
	input.WriteString("}\n")
	began := time.Now()
	r, err := p.Apply("", "2", []byte(input.String()))
	if err != nil {
		t.Fatal(err) // too many steps: lines are looked at again and again
	}
	if want := 3 + 2 + 9*n; len(r.Origins) != want {
		t.Errorf("%d lines, want %d", len(r.Origins), want)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("%v for %d lines", took, 3*n)
	}
}
