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
