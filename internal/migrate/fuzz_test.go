package migrate

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"drydock/internal/fault"
)

// FuzzParseIndented: whatever parses comes out byte for byte, and a migration
// of it accounts for every line.
func FuzzParseIndented(f *testing.F) {
	f.Add([]byte("config-version 1.4\nport fxs 1\n codec g711a\n echo-cancel on\n!\nprotocol sip\n registrar a\n"))
	f.Add([]byte("banner motd ^C\n!\n^C\r\n\ta\r\n  b\n\n#\n c"))
	f.Add([]byte("crypto pki certificate chain x\n certificate ca 01\n  30AB 01\n  \tquit\nmacro name a\n!\n@\n public-key-code begin\n00\npublic-key-code end"))
	f.Add([]byte("config-version 1.4\ndefault\n dial-timeout 1\n! x\n\nntp server a\nend"))
	p := iadPack(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, "indented", data)
		if r, err := p.Apply("1.4", "2.0", data); err == nil {
			checkAccount(t, data, r)
		}
	})
}

// FuzzParseINI is the same for sections with keys.
func FuzzParseINI(f *testing.F) {
	f.Add([]byte("; c\r\na = 1\n\n[s t]\nb=\n[ u ] # c\n\"x y\" = z"))
	p := packFrom(f, iniPack)
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, "ini", data)
		if r, err := p.Apply("7", "8", data); err == nil {
			checkAccount(t, data, r)
		}
	})
}

// FuzzParseJSON is the same for JSON, whose result must be JSON.
func FuzzParseJSON(f *testing.F) {
	f.Add([]byte(`{"GONE": [1, {"a": null}],` + "\n" + ` "ADD": {}, "ntp": "a", "LIST": [-1e5, "\u00e9"]}`))
	f.Add([]byte("{\r\n\t\"OLD\" : {\"drop\":1\n,\"b\":{}}\n\n}\n"))
	p := packFrom(f, jsonPack)
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, "json", data)
		if r, err := p.Apply("v1", "v2", data); err == nil {
			checkAccount(t, data, r)
			if !json.Valid(r.Output) && json.Valid(data) {
				t.Errorf("%q became %q", data, r.Output)
			}
		}
	})
}

// FuzzParseAny is the same for every other format.
func FuzzParseAny(f *testing.F) {
	f.Add([]byte("config interface 'lan' # c\n\toption ifname 'a\nb'\n\toption mtu \"5\"\nconfig dns x\n"))
	f.Add([]byte("# c\nold = a \\\n b\nmtu: 1500\ngone=1"))
	f.Add([]byte("[ Proxy ]\nFORMAT I = Gone, Old, Port;\nProxy 0 = 5, \"a b\",5060;\n; c\nProxy 9 = ,,;\n[ \\Proxy ]\n\n[ Wide ]\nFORMAT I = A;\nWide 1 = 2;\n[ \\Wide ]"))
	f.Add([]byte("a:\n- gone: 1\n  b: 'x'\n- - y # c\n\nbox: &t\n  t: |\n    x\n  ntp: [1,\n 2]\nntp: \"5\"\nADD:\nLIST:\n  - mtu: 1500\n"))
	f.Add([]byte("interfaces {\n    ethernet eth0 {\n  address \"a\"; }\n}\nsystem {\n ntp x\n console { a b }}\nprotocols { }\n// x"))
	f.Add([]byte("<?xml?>\n<c>\n  <ADD k='v' gone=\"1\"/><box><a>\n</a></box><deep/>\n<!-- x --> <ATTR>t</ATTR><gone>\n<mtu>1500</mtu></gone>text</c>\n"))
	f.Add([]byte(vyosSample))
	f.Add([]byte(junosSample))
	f.Add([]byte("interfaces {\n  loopback lo { }\n gone { x } ethernet e { mtu 1500 }\n}\nsystem { to-leaf 1 ntp { a \"b\nc\" }\n}\none # x"))
	f.Add([]byte("v;a { gone; inactive: b; }system{to-leaf 1;ntp{x;}\n}one; /* c */ interfaces { loopback lo; }"))
	f.Add([]byte("set system ntp server 'a'\n# c\nset gone 'b\nc'\nset more \"1\"\ndelete x"))
	packs := []*Pack{packFrom(f, setPack), packFrom(f, bracesPlaces), packFrom(f, uciPack), packFrom(f, keyValuePack), packFrom(f, tablePack), packFrom(f, yamlPack), packFrom(f, xmlPack), packFrom(f, bracesPack)}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range Formats() {
			roundTrip(t, format, data)
		}
		for _, p := range packs {
			if r, err := p.Apply("1", "2", data); err == nil {
				checkAccount(t, data, r)
			} else if fault.Is(err, fault.Internal) {
				t.Errorf("%s: %v", p.Format, err)
			}
		}
	})
}

// FuzzConvert: a conversion is refused, or can be read again, line for line
// accounted for; and converted back it says the same again.
func FuzzConvert(f *testing.F) {
	f.Add([]byte("; c\na = 1\n[b]\nc = d e\n[ T ]\nFORMAT I = A, B;\nT 0 = 1, \"x y\";\n[ \\T ]\n"))
	f.Add([]byte(`{"a": {"l": ["x", 5, {"k": null}], "@b": "<&>"}, "a": {}, "": " y\n"}`))
	f.Add([]byte("<c v='1'><!-- x --><a>1</a><a>2</a>text<b c=''><d/></b></c>"))
	f.Add([]byte("a:\n- b: 'c'\n  d: \"5\"\n- [1, 2]\n# x\ne: |\n  f\n"))
	f.Add([]byte("config a 'b'\n\toption c 'it'\\''s'\n\tlist d 1\n\tlist d 2\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, from := range convertibles() {
			for _, to := range convertibles() {
				d, err := Parse(from, data)
				if err != nil {
					break
				}
				checkConversion(t, d, to)
			}
		}
	})
}

func checkConversion(t *testing.T, d *Document, to string) {
	from, lines := d.Format(), lineCount(d.src)
	made, origins, err := Convert(d, to)
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s to %s: %v", from, to, err)
		}
		return
	}
	if len(origins) != lineCount(made.src) {
		t.Errorf("%s to %s: %d origins of %q", from, to, len(origins), made.src)
	}
	for _, origin := range origins {
		for _, line := range origin {
			if line < 1 || line > lines {
				t.Errorf("%s to %s: a line from line %d of %d", from, to, line, lines)
			}
		}
	}
	if strings.ContainsAny(made.src, "#;!") { // comments, which may come to stand in another block
		return
	}
	again, _, err := Convert(made, to)
	if err != nil {
		t.Errorf("%s to %s: %q, again: %v", from, to, made.src, err)
	} else if again.src != made.src {
		t.Errorf("%s to %s: %q, again %q", from, to, made.src, again.src)
	}
}

func roundTrip(t *testing.T, format string, data []byte) {
	d, err := Parse(format, data)
	if err != nil {
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("error %v", err)
		}
		return
	}
	if !bytes.Equal(d.Bytes(), data) {
		t.Errorf("%q became %q", data, d.Bytes())
	}
}

// TestDeepAndLarge: depth and size that no device writes neither crash nor
// hang, and memory stays bounded by the file's size.
func TestDeepAndLarge(t *testing.T) {
	p := packFrom(t, `
pack: p
format: indented
categories: {user: ["** > x"]}
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: r, why: w, message: m, detect: {in: ["**"], line: x}, rename: {line: y}}
`)
	for name, input := range map[string]string{
		"deep":       staircase(2_000),
		"long lines": strings.Repeat(strings.Repeat("word ", 20_000)+"\n", 10),
		"one line":   strings.Repeat("x", 1<<20),
		"flat":       strings.Repeat("x\n", 50_000),
		"blank":      strings.Repeat("\n", 50_000),
		"comments":   strings.Repeat(" ! x\n", 50_000),
		"quotes":     strings.Repeat(`"`, 1<<20),
	} {
		r, err := p.Apply("1", "2", []byte(input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := strings.ReplaceAll(input, "x\n", "y\n"); name != "comments" && string(r.Output) != want {
			t.Errorf("%s: output differs", name)
		}
		if _, err := Compare(CompareRules{Format: "indented"}, p.Categories, []byte(input), r.Output); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, input := range map[string][]byte{"bytes": make([]byte, maxBytes+1), "lines": bytes.Repeat([]byte("\n"), maxLines)} {
		if _, err := Parse("indented", input); !fault.Is(err, fault.Invalid) {
			t.Errorf("more than the most %s: error %v", name, err)
		}
	}
}

// TestFiftyMegabytesTenThousandDeep is the largest and the deepest at once.
func TestFiftyMegabytesTenThousandDeep(t *testing.T) {
	roundTrip(t, "indented", []byte(staircase(10_000)))
}

// staircase has each line in the block of the one before.
func staircase(depth int) string {
	var b strings.Builder
	indent := strings.Repeat(" ", depth)
	for i := range depth {
		b.WriteString(indent[:i])
		b.WriteString("x\n")
	}
	return b.String()
}

// BenchmarkApply is parse, match, change, print and account for.
func BenchmarkApply(b *testing.B) {
	p := iadPack(b)
	for name, input := range map[string][]byte{
		"8KiB":  fixture(b, "drydock-iad/tests/iad-24-fxs/input.conf"),
		"12MiB": bytes.Repeat(fixture(b, "drydock-iad/tests/iad-24-fxs/input.conf"), 1500),
	} {
		b.Run(name, func(b *testing.B) {
			lines := bytes.Count(input, []byte("\n"))
			b.SetBytes(int64(len(input)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Apply("1.4", "2.0", input); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(lines)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// BenchmarkParse is parse and print alone.
func BenchmarkParse(b *testing.B) {
	input := fixture(b, "drydock-iad/tests/iad-24-fxs/input.conf")
	for b.Loop() {
		d, err := Parse("indented", input)
		if err != nil {
			b.Fatal(err)
		}
		d.Bytes()
	}
	b.ReportMetric(float64(bytes.Count(input, []byte("\n")))*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
