package migrate

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"drydock/internal/fault"
)

// randomOperations is a script that does ops to nodes picked by number.
const randomOperations = `
def nodes(c):
    return c.find("** > {a...}")

def f(c):
    for i, (op, p, q) in enumerate(ops):
        all = nodes(c)
        if not all:
            return
        n, m = all[p % len(all)], all[q % len(all)]
        into = [x for x in all + [c.root] if takes(x)]
        to = into[q % len(into)]
        if op == 0: n.parent.set(n.name, "v%d" % i)
        if op == 1 and takes(n): n.add(*line(n, i))
        if op == 2 and takes(n) and blocks: n.ensure(*block(n, i)).add("y", "z")
        if op == 3: n.rename(*(n.words[:-1] + (odd[q % len(odd)],)))
        if op == 4 and not inside(to, n): n.move(to)
        if op == 5 and not inside(to, n): n.copy(to)
        if op == 6: n.delete(because="op %d" % i)
        if op == 7: n.prune("empty")
        if op == 8 and n != m and n.parent == m.parent: n.before(m)
        if op == 9 and n != m and n.parent == m.parent: n.after(m)
        if op == 10: c.finding(n, "manual", "look")
        if op == 11 and not inside(to, n): n.move(to, *n.words)

def line(n, i):
    return ("option", "k", "v%d" % i) if sections == "config" else ("k", "v%d" % i)

def block(n, i):
    return ("b", "x%d" % i)

def takes(n):
    return n.parent == None or len(n.children()) > 0

def inside(m, n):
    while m != None:
        if m == n:
            return True
        m = m.parent
    return False
`

// lawInputs are configurations in each format on which scripts are let loose.
func lawInputs() map[string][]string {
	return map[string][]string{
		"braces":   {scriptInput, junosSample, vyosSample, "a { b c; d; }\n"},
		"indented": {"version 1\n!\ninterface a\n mtu 5\n ip address 1.1.1.1\n!\n! note\nbanner motd ^C\nhello\n^C\ninterface b\n vlan 1\n  name \"x y\"\nend\n"},
		"ini":      {"; c\ntop = 1\n\n[ a ]\nb = 1\nc = x y\n[ d ]\n", "[ T ]\nFORMAT T_Index = A, B;\nT 0 = x, \"y z\";\nT 1 = 1, 2;\n[ \\T ]\n[ S ]\nk = v\n"},
		"keyvalue": {"# c\na=1\nb = 2 3\nc: x\n"},
		"uci":      {"config interface 'lan'\n\toption a '1'\n\tlist b 'x'\n\nconfig x\n\toption c 'two words'\n"},
		"json":     {"{\n  \"a\": {\"b\": 1, \"c\": \"x y\"},\n  \"l\": [1, 2, {\"m\": null}],\n  \"e\": {}\n}\n", `{"a":{"b":{"c":true}},"d":["x"]}`},
		"yaml":     {"a: 1\nb:\n  c: x\n  d: 'two words'\n# c\nl:\n- x\n- k: v\n  m: 1\n"},
		"xml":      {"<c a=\"1\">\n  <!-- c -->\n  <b>x</b>\n  <d e=\"2\"><f/><g>two words</g></d>\n</c>\n"},
		"set":      {"set system host-name 'a'\nset interfaces ethernet eth0 mtu '1'\n# c\nset x\n"},
	}
}

// TestScriptLaws: whatever operations a script does, in whatever format, every
// line is accounted for and the result can be read again as what was made.
func TestScriptLaws(t *testing.T) {
	for format, inputs := range lawInputs() {
		for i, input := range inputs {
			t.Run(fmt.Sprintf("%s %d", format, i), func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) { checkScriptLaws(t, format, input) })
			})
		}
	}
}

// refused says whether a format may refuse such operations: JSON, blocks in
// braces, keys and set-lines can write all of them.
func refused(t *rapid.T, format string, err error) {
	switch format {
	case "braces", "json", "keyvalue", "set":
		t.Fatal(err)
	case "indented":
		if !strings.Contains(err.Error(), "banner") && !strings.Contains(err.Error(), "hello") {
			t.Fatal(err)
		}
	}
}

func checkScriptLaws(t *rapid.T, format, input string) {
	n := rapid.IntRange(0, 50)
	ops := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
		return fmt.Sprintf("(%d,%d,%d)", rapid.IntRange(0, 11).Draw(t, "op"), n.Draw(t, "p"), n.Draw(t, "q"))
	}), 0, 8).Draw(t, "ops")
	odd := `["two words"]`
	if format == "braces" || format == "json" { // which are read back only where words are in quotes
		odd = `["two words", "", "}", "{", "{}", "#x", "//", "/* x", "*/", "'q'", "it's", "a'", 'a"b', '"', "a\\\\b", "\\\\", "x\\ny", "*", "[", "[ x ]", "é", "\\t", "x:", " ", "!"]`
	}
	head := "odd = " + odd + "\n" + fmt.Sprintf("ops = [%s]\nblocks = %s\nsections = %q\n", strings.Join(ops, ","),
		map[bool]string{true: "True", false: "False"}[strings.Contains("braces indented json yaml xml", format)],
		map[string]string{"uci": "config"}[format])
	p, err := scripted(format, "", head+randomOperations)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Parse(format, []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	used, findings, err := p.transform(d, p.Steps)
	if fault.Is(err, fault.Invalid) {
		refused(t, format, err)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.report(d, p.Steps, used, findings)
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Bytes())
	}
	checkAccount(t, []byte(input), r)
	again, err := Parse(format, r.Output)
	if err != nil {
		t.Fatalf("%v in\n%s", err, r.Output)
	}
	if got, want := commandsOf(again), commandsOf(d); got != want {
		t.Fatalf("read again as\n%s\nmade as\n%s\n%s", got, want, r.Output)
	}
}
