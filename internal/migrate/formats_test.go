package migrate

import (
	"errors"
	"strings"
	"testing"
)

// rewritten is one configuration and what the rules of a pack make of it.
type rewritten struct{ input, want string }

// checkRewriting applies a pack's steps from 1 to 2, and holds the result to
// the laws.
func checkRewriting(t *testing.T, pack string, cases map[string]rewritten) {
	t.Helper()
	p := packFrom(t, pack)
	for name, c := range cases {
		r, err := p.Apply("1", "2", []byte(c.input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if string(r.Output) != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, r.Output, c.want)
		}
		checkAccount(t, []byte(c.input), r)
		reread, err := Parse(p.Format, r.Output)
		if err != nil {
			t.Errorf("%s: the result is malformed: %v", name, err)
			continue
		}
		steps, _ := p.Path("1", "2")
		made, _ := Parse(p.Format, []byte(c.input))
		if _, _, err := p.transform(made, steps); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, want := commandsOf(reread), commandsOf(made); got != want {
			t.Errorf("%s: read again as\n%s, made as\n%s", name, got, want)
		}
	}
}

func checkTexts(t *testing.T, format, input, want string) {
	t.Helper()
	d, err := Parse(format, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	if got := commandsOf(d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if string(d.Bytes()) != input {
		t.Errorf("%q became %q", input, d.Bytes())
	}
}

func checkMalformed(t *testing.T, format string, cases map[string]string) {
	t.Helper()
	for input, want := range cases {
		_, err := Parse(format, []byte(input))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: error %v, want %s", input, err, want)
		}
	}
}

const keyValuePack = `
pack: p
format: keyvalue
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: rename, why: w, detect: {line: "old {v...}"}, rename: {line: "new {v}"}}
      - {id: blank, why: w, detect: {line: "my {v...}"}, rename: {line: '"my key" {v}'}}
      - {id: default, why: w, detect: {line: "mtu {v}"}, set-default: {capture: v, old: "1500", new: "9000"}}
      - {id: gone, why: w, detect: {line: "gone {v...}"}, delete: {because: gone}}
      - {id: add, why: w, detect: {line: "more {v}"}, add: {to: [], line: "extra {v}", after: "more {v}"}}
`

func TestKeyValue(t *testing.T) {
	checkTexts(t, "keyvalue", "# c\na=1\r\nb : 2 3\n\nlong = x \\\n  y\nempty=\nmy key = v\nurl: http://x:1\n", `a 1|b 2 3|long x y|empty|"my key" v|url http://x:1`)
	checkMalformed(t, "keyvalue", map[string]string{
		"a=1\n  nothing\n": "line 2, column 3: a line without a key and a value; expected key=value, key: value or # comment",
		"=x":               "line 1, column 1: a line without",
	})
	checkRewriting(t, keyValuePack, map[string]rewritten{
		"in place": {"# c\nold = a b\nmtu: 1500\nmy=1\n", "# c\nnew = a b\nmtu: 9000\nmy key=1\n"},
		"first":    {"gone=1\nb=2\n", "b=2\n"},
		"last":     {"b=2\ngone=1", "b=2"},
		"wrapped":  {"a=1\ngone=x \\\n y\nold=1 \\\n 2\n", "a=1\nnew=1 2\n"},
		"added":    {"a = 1\nmore = 5\n\n# end\n", "a = 1\nmore = 5\nextra = 5\n\n# end\n"},
	})
}

const uciPack = `
pack: p
format: uci
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: if, why: w, detect: {in: ["config interface {n}"], line: "option ifname {v}"}, rename: {line: "option device {v}"}}
      - {id: proto, why: w, detect: {in: ["config interface {n}"], line: "option proto {v}"}, set-default: {capture: v, old: dhcp, new: "two words"}}
      - {id: type, why: w, detect: {line: "config old {n}"}, rename: {line: "config new {n}"}}
      - {id: gone, why: w, detect: {line: "config gone"}, delete: {because: gone}}
      - {id: mv, why: w, detect: {in: ["config interface {n}"], line: "option mtu {m}"}, move: {to: ["config device {n}"]}}
      - {id: add, why: w, detect: {line: "config dns {n}"}, add: {to: ["config dns {n}"], line: "list server 1.1.1.1"}}
`

func TestUCI(t *testing.T) {
	checkTexts(t, "uci", "package network\n\nconfig interface 'lan' # c\n\toption a 'it'\\''s'\n\toption b \"x \\\"y\\\"\"\n\tlist c bare\n\toption d ''\n\toption e 'two\nlines'\nconfig x\n",
		`package network|config interface lan|config interface lan>option a it's|config interface lan>option b "x \"y\""|config interface lan>list c bare|config interface lan>option d ""|config interface lan>option e "two\nlines"|config x`)
	checkMalformed(t, "uci", map[string]string{
		"config a\n\toption b 'c\n": "line 2, column 11: a quote that is not closed; expected its end",
		"option a b\n":              "line 1, column 1: option outside of a section",
		"config a\n what\n":         `line 2, column 2: "what" with 1 words; expected package name,`,
		"config a\n option b\n":     `"option" with 2 words`,
	})
	checkRewriting(t, uciPack, map[string]rewritten{
		"in place": {"config interface 'lan'\n\toption ifname 'eth0' # c\n\toption  proto  dhcp\n", "config interface 'lan'\n\toption device 'eth0' # c\n\toption  proto  'two words'\n"},
		"type":     {"config old 'x'\n  option a '1'\n", "config new 'x'\n  option a '1'\n"},
		"gone":     {"config gone\n\toption a '1'\n\nconfig dns \"x\"\n", "\nconfig dns \"x\"\n\tlist server '1.1.1.1'\n"},
		"moved":    {"config interface 'lan'\n    option mtu '5'\n    option x 1\n", "config interface 'lan'\n    option x 1\nconfig device 'lan'\n    option mtu '5'\n"},
		"wrapped":  {"config interface 'lan'\n\toption ifname 'a\nb'\n\toption z '1'\n", "config interface 'lan'\n\toption device 'a\nb'\n\toption z '1'\n"},
	})
}

const tablePack = `
pack: p
format: ini
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: set, why: w, detect: {in: [Proxy, "Proxy {i}"], line: "Port {p}"}, set-default: {capture: p, old: "5060", new: "5061"}}
      - {id: name, why: w, detect: {in: [Proxy, "Proxy {i}"], line: "Name {n}"}, rename: {line: "Name {n}", map: {n: {a: '"my a"', b: c}}}}
      - {id: col, why: w, detect: {in: [Proxy, "FORMAT {x}"], line: "Old"}, rename: {line: New}}
      - {id: cell, why: w, detect: {in: [Proxy, "Proxy {i}"], line: "Old {v}"}, rename: {line: "New {v}"}}
      - {id: gonecol, why: w, detect: {in: [Proxy, "FORMAT {x}"], line: "Gone"}, delete: {because: gone}}
      - {id: gonecell, why: w, detect: {in: [Proxy, "Proxy {i}"], line: "Gone {v}"}, delete: {because: gone}}
      - {id: row, why: w, detect: {in: [Proxy], line: "Proxy 9"}, delete: {because: gone}}
      - {id: section, why: w, detect: {line: Was}, rename: {line: Is}}
      - {id: wasrow, why: w, detect: {in: [Was], line: "Was {i}"}, rename: {line: "Is {i}"}}
      - {id: addcell, why: w, detect: {in: [Wide], line: "Wide {i}"}, add: {to: [Wide, "Wide {i}"], line: "More {i}"}}
      - {id: addrow, why: w, detect: {in: [SIP], line: "PROXYIP {ip}"}, add: {to: [Rows, "Rows 1"], line: "Addr {ip}", unless: "Addr {x}"}}
`

func TestINITables(t *testing.T) {
	checkTexts(t, "ini", "[ T ]\r\n; c\r\nFORMAT T_Index = A, B ,C;\r\nT 0 = x, \"y z\",;\r\nT 1=\"\", a b, 3 ; note\r\n\r\n[ \\T ]\r\n\r\n[ S ]\nk = v\n",
		`T|T>FORMAT T_Index|T>FORMAT T_Index>A|T>FORMAT T_Index>B|T>FORMAT T_Index>C|T>T 0|T>T 0>A x|T>T 0>B "y z"|T>T 0>C|T>T 1|T>T 1>A|T>T 1>B "a b"|T>T 1>C 3|S|S>k v`)
	checkMalformed(t, "ini", map[string]string{
		"[ T ]\nFORMAT I = A;\nT 0 = 1, 2;\n[ \\T ]\n": `line 3, column 10: a cell without a column; expected ";" behind 1 cells`,
		"[T]\nFORMAT I = A;\nT 0 = 1\n":                `line 3, column 8: the row of a table has no end; expected "," or ";"`,
		"[T]\nFORMAT I = A;\nT 0 = \"1;\n":             `line 3, column 7: a cell in quotes that is not closed`,
	})
	table := "[ Proxy ]\nFORMAT Index = %;\n"
	head := func(columns string) string { return strings.Replace(table, "%", columns, 1) }
	checkRewriting(t, tablePack, map[string]rewritten{
		"cells":       {head("Name, Port") + "Proxy 0 = a, 5060;\nProxy 1 = \"b\", 5070;\n[ \\Proxy ]\n", head("Name, Port") + "Proxy 0 = \"my a\", 5061;\nProxy 1 = \"c\", 5070;\n[ \\Proxy ]\n"},
		"column":      {head("Old, Port") + "Proxy 0 = a, 1;\n[ \\Proxy ]\n", head("New, Port") + "Proxy 0 = a, 1;\n[ \\Proxy ]\n"},
		"first":       {head("Gone, Port") + "Proxy 0 = a, 1;\n[ \\Proxy ]\n", head("Port") + "Proxy 0 = 1;\n[ \\Proxy ]\n"},
		"last":        {head("Port, Gone") + "Proxy 0 = 1, a;\n[ \\Proxy ]", head("Port") + "Proxy 0 = 1;\n[ \\Proxy ]"},
		"row":         {head("Port") + "Proxy 0 = 1;\nProxy 9 = 1;\n[ \\Proxy ]\n", head("Port") + "Proxy 0 = 1;\n[ \\Proxy ]\n"},
		"section":     {"[ Was ]\nFORMAT I = A;\nWas 0 = 1;\n[ \\Was ]\n", "[ Is ]\nFORMAT I = A;\nIs 0 = 1;\n[ \\Is ]\n"},
		"new column":  {"[Wide]\nFORMAT I = A;\nWide 0 = 1;\nWide 5 = 2;\n[\\Wide]\n", "[Wide]\nFORMAT I = A, More;\nWide 0 = 1, 0;\nWide 5 = 2, 5;\n[\\Wide]\n"},
		"new row":     {"[SIP]\nPROXYIP = 127.0.0.1\n[ Rows ]\nFORMAT I = Name, Addr, Port;\nRows 0 = a, b, 5;\n[ \\Rows ]\n", "[SIP]\nPROXYIP = 127.0.0.1\n[ Rows ]\nFORMAT I = Name, Addr, Port;\nRows 0 = a, b, 5;\nRows 1 = , 127.0.0.1, ;\n[ \\Rows ]\n"},
		"other lines": {"; c\n[SIP]\na = 1\n", "; c\n[SIP]\na = 1\n"},
	})
}

const yamlPack = `
pack: p
format: yaml
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: key, why: w, detect: {in: ["**"], line: "old {v}"}, rename: {line: "new {v}"}}
      - {id: mtu, why: w, detect: {in: ["**"], line: "mtu {v}"}, set-default: {capture: v, old: "1500", new: "9000"}}
      - {id: gone, why: w, detect: {in: ["**"], line: "gone {v}"}, delete: {because: gone}}
      - {id: block, why: w, detect: {line: GONE}, delete: {because: gone}}
      - {id: ntp, why: w, detect: {line: "ntp {v}"}, move: {to: [time, servers], line: "server {v}"}}
      - {id: mv, why: w, detect: {line: box}, move: {to: [deep, down]}}
      - {id: out, why: w, detect: {in: [list, "-"], line: "out {x}"}, move: {to: [outs]}}
      - {id: add, why: w, detect: {line: ADD}, add: {to: [ADD], line: 'note "a: new one"'}}
      - {id: num, why: w, detect: {line: NUM}, add: {to: [NUM], line: 'n =5'}}
      - {id: str, why: w, detect: {line: STR}, add: {to: [STR], line: 'n 5'}}
      - {id: item, why: w, detect: {line: LIST}, add: {to: [LIST], line: last}}
`

func TestYAML(t *testing.T) {
	checkTexts(t, "yaml", "---\n# c\na: 1 # x\nb: 'it''s'\n\"c d\": \"e\\\"f\"\nl:\n- x\n- k: v\n  m: {a: 1,\n   b: [2]}\n- - y\n  -\n    z: 1\n\nt: |\n  one\n   two\n\n  # three\nu: plain\n  goes on\nan: &x\n  al: *x\ne:\nf: !t 5\n",
		`a 1|b it's|"c d" "e\"f"|l|l>x|l>-|l>->k v|l>->m "{a: 1,\nb: [2]}"|l>-|l>->y|l>->-|l>->->z 1|t "|\none\n two\n\n# three"|u "plain\ngoes on"|an|an>al *x|e|f "!t 5"`)
	checkMalformed(t, "yaml", map[string]string{
		"a: 1\n  b: 2\n":      `line 2, column 3: "a 1" has a value`,
		"a:\n  b: 1\n   c: 2": `line 3, column 4: "b 1" has a value`,
		"a:\n   b: 1\n  c: 2": "line 3, column 3: a line that is indented by 2; expected 3, as those before",
		"a: [1, 2\nb: 3\n":    "line 1, column 4: a list or map in brackets that is not closed",
		"a: [1}\n":            "line 1, column 6: a closing mark that fits no opening one",
		"a: 'b\n":             "line 1, column 4: a string that is not closed",
		"a: 'b' c\n":          "line 1, column 7: text behind a value",
		"a: 1\n- b\n":         "line 2, column 1: items and entries in one block",
		"\ta: 1\n":            "line 1, column 1: a tab",
		"a: 1\n---\nb: 2\n":   "line 2, column 1: a second document",
		"? a\n: b\n":          `a key that begins with "?"`,
		"just words\n":        "line 1, column 1: text that is neither an entry nor an item",
	})
	checkRewriting(t, yamlPack, map[string]rewritten{
		"in place":      {"# c\na:\n  old:  x # y\n  mtu: 1500\n  'mtu': '1500'\n", "# c\na:\n  new:  x # y\n  mtu: 9000\n  'mtu': '9000'\n"},
		"first of item": {"l:\n  - gone: 1\n    b: 2\n  - a: 1\n    gone: 2\n", "l:\n  - b: 2\n  - a: 1\n"},
		"only of item":  {"l:\n- gone: 1\n- b: 2\n", "l:\n- \n- b: 2\n"},
		"block":         {"a: 1\n\nGONE:\n  - x\n  - y: [1,\n    2]\nb: 2", "a: 1\n\nb: 2"},
		"move":          {"ntp: 1.1.1.1\nb: 1\n", "b: 1\ntime:\n  servers:\n    server: 1.1.1.1\n"},
		"move block":    {"box:\n    t: |\n        x\n          y\n    l:\n    - a: 1\n      b: 2\ndeep: \n", "deep: \n    down:\n        box:\n            t: |\n                x\n                  y\n            l:\n            - a: 1\n              b: 2\n"},
		"out of item":   {"list:\n  - out: 1\n    k: 2\nouts:\n  z: 1\n", "list:\n  - k: 2\nouts:\n  z: 1\n  out: 1\n"},
		"add to empty":  {"ADD:\n", "ADD:\n  note: \"a: new one\"\n"},
		"number":        {"NUM:\n    x: 1\nSTR:\n    x: 1\n", "NUM:\n    x: 1\n    n: 5\nSTR:\n    x: 1\n    n: \"5\"\n"},
		"item":          {"LIST:\n- a\n# c\nz: 1\n", "LIST:\n- a\n- last\n# c\nz: 1\n"},
	})
}

func TestYAMLCompare(t *testing.T) {
	for got, want := range map[string]int{
		"b:\n  - x\n  - y\n# c\na: 1\n": 0,
		"a: 1\nb:\n- y\n- x\n":          1,
		"a: '1'\nb: \n- x\n- y\n":       1,
	} {
		diffs, err := Compare(CompareRules{Format: "yaml"}, Categoriser{}, []byte("a: 1\nb:\n- x\n- y\n"), []byte(got))
		if err != nil || len(diffs) != want {
			t.Errorf("%s: %v, %v", got, diffs, err)
		}
	}
}

const xmlPack = `
pack: p
format: xml
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: key, why: w, detect: {in: ["**"], line: "old {v}"}, rename: {line: "new {v}"}}
      - {id: mtu, why: w, detect: {in: ["**"], line: "mtu {v}"}, set-default: {capture: v, old: "1500", new: "a <b>"}}
      - {id: attr, why: w, detect: {in: ["**"], line: "@name {v}"}, rename: {line: "@id {v}"}}
      - {id: cdata, why: w, detect: {in: ["**"], line: "= x"}, rename: {line: "= y"}}
      - {id: gone, why: w, detect: {in: ["**"], line: "gone"}, delete: {because: gone}}
      - {id: gonea, why: w, detect: {in: ["**"], line: "@gone {x}"}, delete: {because: gone}}
      - {id: tag, why: w, detect: {in: [c], line: was}, rename: {line: is}}
      - {id: mv, why: w, detect: {in: [c], line: box}, move: {to: [c, deep, down]}}
      - {id: add, why: w, detect: {in: [c], line: ADD}, add: {to: [c, ADD], line: 'note "new one"'}}
      - {id: adda, why: w, detect: {in: [c], line: ATTR}, add: {to: [c, ATTR], line: '@a "1"'}}
`

func TestXML(t *testing.T) {
	checkTexts(t, "xml", "<?xml version=\"1.0\"?>\n<!DOCTYPE c [ <!ENTITY x \"y\"> ]>\n<!-- c -->\n<c a='1' b=\"x &quot;y\"\n   d=\"\">\r\n  <e>t</e><f/>\n\n  <g></g>\n  text &amp; &lt;\n  <h x=\"1\"/> <i> two words </i>\n  <j><![CDATA[<z>]]></j><k>&x;</k></c>\n\n",
		`c|c>@a 1|c>@b "x \"y"|c>@d ""|c>e t|c>f|c>g|c>= "text & <"|c>h|c>h>@x 1|c>i "two words"|c>j|c>j>= <z>|c>k &x;`)
	checkMalformed(t, "xml", map[string]string{
		"<a>\n<b>\n</a>": "line 3, column 1: found </a>; expected </b>",
		"<a>":            "line 1, column 4: the end of the file; expected </a>, the end of the element in line 1",
		"<a x=1/>":       `line 1, column 6: found "1"; expected a value in quotes`,
		"<a x/>":         `expected an attribute: name="value"`,
		"<a/>\n<b/>":     "line 2, column 1: a second element",
		"text":           `line 1, column 1: found "t"; expected "<"`,
		"<a><!-- </a>":   "line 1, column 4: the comment that begins here is not closed",
		"</a>":           "no element is open",
		"":               "expected an element",
		"< a/>":          "expected a name",
	})
	checkRewriting(t, xmlPack, map[string]rewritten{
		"in place":             {"<c>\n  <old> x </old>\n  <mtu>1500</mtu>\n  <i name='e' >\n    <![CDATA[x]]>\n  </i>\n</c>\n", "<c>\n  <new> x </new>\n  <mtu>a &lt;b&gt;</mtu>\n  <i id='e' >\n    <![CDATA[y]]>\n  </i>\n</c>\n"},
		"first":                {"<c>\n\t<gone/>\n\t<b>1</b>\n</c>\n", "<c>\n\t<b>1</b>\n</c>\n"},
		"last":                 {"<c><b>1</b><gone><x/></gone></c>", "<c><b>1</b></c>"},
		"only":                 {"<c>\n  <gone>\n    <a/>\n  </gone>\n</c>\n", "<c>\n</c>\n"},
		"tag":                  {"<c><was>\n<x/>\n</was ></c>", "<c><is>\n<x/>\n</is ></c>"},
		"attr":                 {"<c>\n<a gone=\"1\" b=\"2\"/>\n<a b=\"1\" gone=\"2\">t</a>\n<a gone='3'/></c>", "<c>\n<a b=\"2\"/>\n<a b=\"1\">t</a>\n<a/></c>"},
		"move":                 {"<c>\n    <box>\n        <a/>\n    </box>\n    <deep/>\n</c>\n", "<c>\n    <deep>\n        <down>\n            <box>\n                <a/>\n            </box>\n        </down>\n    </deep>\n</c>\n"},
		"add":                  {"<c>\n  <ADD/>\n</c>\n", "<c>\n  <ADD>\n    <note>new one</note>\n  </ADD>\n</c>\n"},
		"add last":             {"<c>\n  <ADD k=\"v\">\n    <x/>\n  </ADD>\n</c>\n", "<c>\n  <ADD k=\"v\">\n    <x/>\n    <note>new one</note>\n  </ADD>\n</c>\n"},
		"add self":             {"<c>\n  <ADD k=\"v\" />\n</c>\n", "<c>\n  <ADD k=\"v\">\n    <note>new one</note>\n  </ADD>\n</c>\n"},
		"one line":             {"<c><ADD/></c>", "<c><ADD><note>new one</note></ADD></c>"},
		"new attr":             {"<c>\n  <ATTR>\n    <x/>\n  </ATTR>\n</c>\n", "<c>\n  <ATTR a=\"1\">\n    <x/>\n  </ATTR>\n</c>\n"},
		"attr of an empty one": {"<c>\n  <ATTR/>\n</c>\n", "<c>\n  <ATTR a=\"1\"></ATTR>\n</c>\n"},
	})
}

// TestFormatsDeepAndLarge: no input makes a parser hang or crash; what it
// cannot take is an error.
func TestFormatsDeepAndLarge(t *testing.T) {
	many := func(line string, n int) string { return strings.Repeat(line, n/4) }
	for name, input := range map[string]string{
		"yaml deep":        staircaseOf(2_000, func(i int) string { return strings.Repeat(" ", i) + "a:\n" }),
		"yaml items":       many("- ", 100_000),
		"yaml flow":        "a: " + many("[", 500_000),
		"yaml large":       many("key: some value # and a comment\n", 200_000),
		"yaml quotes":      many("a: \"\n", 100_000),
		"yaml block":       "a: |\n" + many("  x\n", 500_000),
		"xml deep":         many("<a>", 50_000) + many("</a>", 50_000),
		"xml open":         many("<a>", 500_000),
		"xml large":        "<a>\n" + many("  <b c=\"d\">text &amp; more</b>\n", 100_000) + "</a>",
		"xml comments":     "<a>" + many("<!--", 500_000),
		"xml attributes":   "<a " + many("b='c' ", 100_000) + "/>",
		"json numbers":     "[" + many("-1.5e3,", 200_000) + "0]",
		"json brackets":    many("{\"a\":", 200_000),
		"ini table":        "[T]\nFORMAT I = A, B, C;\n" + many("T 0 = 1, \"b\", 3;\n", 50_000) + "[\\T]\n",
		"ini columns":      "[T]\nFORMAT I = " + many("A,", 200_000) + "B;\n",
		"keyvalue wrapped": "a=" + many("\\\n", 200_000),
		"uci quotes":       "config a\n" + many("option b 'c\n", 100_000),
		"uci large":        many("config a 'b'\n\toption c 'd'\n\tlist e 'f g'\n", 50_000),
	} {
		format, _, _ := strings.Cut(name, " ")
		start := len(input)
		roundTrip(t, format, []byte(input))
		if d, err := Parse(format, []byte(input)); err == nil && len(d.Bytes()) != start {
			t.Errorf("%s: %d bytes became %d", name, start, len(d.Bytes()))
		}
	}
}

func staircaseOf(depth int, line func(int) string) string {
	var b strings.Builder
	for i := range depth {
		b.WriteString(line(i))
	}
	return b.String()
}
