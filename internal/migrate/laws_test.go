package migrate

import (
	"bytes"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drydock/internal/fault"
)

// The seven laws of migrations, each with its test.

// TestLaw1Pure: configuration in, configuration and findings out. What could
// reach outside is not imported, nothing runs on its own, nothing is kept.
func TestLaw1Pure(t *testing.T) {
	allowed := []string{
		"bytes", "cmp", "errors", "fmt", "io/fs", "maps", "net/netip", "path", "regexp", "slices", "strconv", "strings", "unicode/utf16", "unicode/utf8",
		"drydock/internal/fault", "drydock/internal/strictyaml",
		"go.starlark.net/resolve", "go.starlark.net/starlark", "go.starlark.net/starlarkstruct", "go.starlark.net/syntax",
	}
	notTest := func(name string) bool { return !strings.HasSuffix(name, "_test.go") }
	packages, err := parseDir(notTest)
	if err != nil || len(packages) < 10 {
		t.Fatalf("%d files read, %v", len(packages), err)
	}
	for name, file := range packages {
		for _, spec := range file.Imports {
			if p, _ := strconv.Unquote(spec.Path.Value); !slices.Contains(allowed, p) {
				t.Errorf("%s imports %s", name, p)
			}
		}
		for _, decl := range file.Decls {
			if g, ok := decl.(*ast.GenDecl); ok && g.Tok == token.VAR {
				t.Errorf("%s keeps state in a package variable", name)
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine", name)
			}
			return true
		})
	}
}

func parseDir(take func(string) bool) (map[string]*ast.File, error) {
	files := map[string]*ast.File{}
	names, err := sourceNames()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if !take(name) {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			return nil, err
		}
		files[name] = file
	}
	return files, nil
}

// TestLaw1SameInputSameResult: nothing of one call is in the next.
func TestLaw1SameInputSameResult(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		input := anyConfiguration("1.4").Draw(t, "input")
		before := bytes.Clone(input)
		a, errA := p.Apply("1.4", "2.0", input)
		b, errB := p.Apply("1.4", "2.0", input)
		if errA != nil || errB != nil {
			t.Fatalf("%v, %v", errA, errB)
		}
		if !bytes.Equal(a.Output, b.Output) || len(a.Findings) != len(b.Findings) {
			t.Errorf("two results from one input")
		}
		if !bytes.Equal(input, before) {
			t.Errorf("the input was written to")
		}
	})
}

// TestLaw2Lossless: parse then print gives the same bytes, in every format.
func TestLaw2Lossless(t *testing.T) {
	line := rapid.StringMatching(`[ \t]{0,4}([!#;]|[a-z=\["]{0,6}[ =][a-z0-9\]"=\\]{0,5}|\[[a-z ]+\]|banner motd ?[#^]C?|[a-z]{1,4} \{|\}|[a-z" ]{1,6};|set [a-z'" ]{1,6}|/\*|\*/|.{0,8})[ \t]{0,2}`)
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(line, 0, 30).Draw(t, "lines"), rapid.SampledFrom([]string{"\n", "\r\n", "\n\n"}).Draw(t, "eol"))
		for _, format := range Formats() {
			d, err := Parse(format, []byte(text))
			if err != nil {
				var syntax *SyntaxError
				if !errors.As(err, &syntax) || !fault.Is(err, fault.Invalid) {
					t.Errorf("%s: %v is no syntax error", format, err)
				}
				continue
			}
			if got := d.Bytes(); string(got) != text {
				t.Errorf("%s: %q became %q", format, text, got)
			}
		}
	})
}

// TestLaw2UntouchedLinesStay: lines that no rule touches keep bytes and order.
func TestLaw2UntouchedLinesStay(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		input := anyConfiguration("1.4").Draw(t, "input")
		r, err := p.Apply("1.4", "2.0", input)
		if err != nil {
			t.Fatalf("%v", err)
		}
		in, out, last := bytes.SplitAfter(input, []byte("\n")), bytes.SplitAfter(r.Output, []byte("\n")), 0
		for _, f := range r.Fates {
			if f.Fate != Kept {
				continue
			}
			o := f.Outputs[0]
			if o <= last {
				t.Errorf("line %d came before one that it stood behind", f.Line)
			}
			atEnd := f.Line == len(in) || o == len(out) // the file's last line end stays where it was
			if last = o; !bytes.Equal(in[f.Line-1], out[o-1]) && !atEnd {
				t.Errorf("line %d %q became %q", f.Line, in[f.Line-1], out[o-1])
			}
		}
	})
}

// TestLaw3AllOrNothing: with an error there is no result.
func TestLaw3AllOrNothing(t *testing.T) {
	p := iadPack(t)
	good := fixture(t, "drydock-iad/tests/iad-4-fxs/input.conf")
	for name, c := range map[string]struct {
		from, to string
		input    []byte
		says     string
	}{
		"malformed":       {"1.4", "2.0", append(bytes.Clone(good), "banner motd #\nnever closed\n"...), "line 109, column 13"},
		"damaged":         {"1.4", "2.0", append(bytes.Clone(good), 0), "0x00"},
		"no such version": {"1.4", "9.9", good, "9.9"},
		"another version": {"2.0", "9.9", good, "line 2"},
		"backwards":       {"2.0", "1.4", fixture(t, "drydock-iad/tests/iad-4-fxs/expected.conf"), "no steps lead from version 2.0 to 1.4"},
		"version untold":  {"", "2.0", []byte("hostname x\n"), "does not tell its version"},
	} {
		r, err := p.Apply(c.from, c.to, c.input)
		if r != nil || !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: result %v, error %v; want no result and %q", name, r != nil, err, c.says)
		}
	}
}

// TestLaw4ScopedByPlace: the same words at another place are other words.
func TestLaw4ScopedByPlace(t *testing.T) {
	input := "config-version 1.4\nuser-data\n subscriber 1\n  codec g711a\n  expires 3600\n" +
		"registrar 127.0.0.1\nprotocol mgcp\n registrar 127.0.0.1\n ip dhcp\nport fxs 1\n name codec g711a\n jitter-buffer 60\nend\n"
	r, err := iadPack(t).Apply("1.4", "2.0", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if want := strings.Replace(input, "1.4", "2.0", 1); string(r.Output) != want {
		t.Errorf("changed at %s", firstDifference(r.Output, []byte(want)))
	}
}

// TestLaw5DefaultsOnlyWhereStillDefault: a value that somebody chose stays.
func TestLaw5DefaultsOnlyWhereStillDefault(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		value := strconv.Itoa(rapid.OneOf(rapid.IntRange(0, 200), rapid.Just(60)).Draw(t, "jitter"))
		want := value
		if value == "60" {
			want = "40"
		}
		r, err := p.Apply("1.4", "2.0", []byte("config-version 1.4\ndefault\n jitter-buffer "+value+"\nend\n"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if got := "config-version 2.0\ndefault\n jitter-buffer " + want + "\nend\n"; string(r.Output) != got {
			t.Errorf("%q, want %q", r.Output, got)
		}
	})
}

// TestLaw6TwiceIsOnce: with the version told by the file, and without.
func TestLaw6TwiceIsOnce(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		input := anyConfiguration(rapid.SampledFrom([]string{"1.4", ""}).Draw(t, "version")).Draw(t, "input")
		once, err := p.Apply("1.4", "2.0", input)
		if err != nil {
			t.Fatalf("%v", err)
		}
		twice, err := p.Apply("1.4", "2.0", once.Output)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if !bytes.Equal(once.Output, twice.Output) || twice.Needed {
			t.Errorf("applied twice: %s", firstDifference(twice.Output, once.Output))
		}
	})
}

// TestLaw6UnsettledRulesAreRefused: a pack that would go on changing its own
// result gives none.
func TestLaw6UnsettledRulesAreRefused(t *testing.T) {
	p := packFrom(t, `
pack: p
format: indented
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: grow, why: w, detect: {line: "name {n}"}, rename: {line: "name x{n}"}}
`)
	r, err := p.Apply("1", "2", []byte("name a\n"))
	if r != nil || err == nil || !strings.Contains(err.Error(), "grow") {
		t.Errorf("result %v, error %v", r, err)
	}
}

// TestLaw7EveryLineHasOneFate: nothing vanishes silently; and what is printed
// is what was meant.
func TestLaw7EveryLineHasOneFate(t *testing.T) {
	p := iadPack(t)
	rapid.Check(t, func(t *rapid.T) {
		input := anyConfiguration("1.4").Draw(t, "input")
		r, err := p.Apply("", "2.0", input)
		if err != nil {
			t.Fatalf("%v", err)
		}
		checkAccount(t, input, r)
		uses := map[string]int{}
		for _, u := range r.Rules {
			uses[u.ID] = u.Count
		}
		for _, f := range r.Fates {
			if f.Rule != "" && uses[f.Rule] == 0 {
				t.Errorf("line %d is ascribed to %s, which did not fire", f.Line, f.Rule)
			}
		}
	})
}

// TestLaw7LostLineIsAnError: a node that is gone without a rule is our defect.
func TestLaw7LostLineIsAnError(t *testing.T) {
	d, err := Parse("indented", []byte("a\nb\n"))
	if err != nil {
		t.Fatal(err)
	}
	d.nodes[0].detach()
	if _, err := (&Pack{}).report(d, nil, nil, nil); !fault.Is(err, fault.Internal) {
		t.Errorf("error %v", err)
	}
}

// TestPrintedTreeIsTheTree: the new configuration, read again, is the tree
// that the rules made: nothing came to stand in another block by printing.
func TestPrintedTreeIsTheTree(t *testing.T) {
	p := iadPack(t)
	steps, err := p.Path("1.4", "2.0")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		d, err := Parse("indented", anyConfiguration("1.4").Draw(t, "input"))
		if err != nil {
			t.Fatalf("%v", err)
		}
		if _, _, err := p.transform(d, steps); err != nil {
			t.Fatalf("%v", err)
		}
		reread, err := Parse("indented", d.Bytes())
		if err != nil {
			t.Fatalf("%v", err)
		}
		if got, want := commandsOf(reread), commandsOf(d); got != want {
			t.Errorf("read again as %s, made as %s", got, want)
		}
	})
}

func commandsOf(d *Document) string {
	var all []string
	d.root.walk(func(n *node) {
		if n.kind == command {
			all = append(all, strings.Join(n.path(), ">"))
		}
	}, nil)
	return strings.Join(all, "|")
}
