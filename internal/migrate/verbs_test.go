package migrate

import (
	"strings"
	"testing"
)

// stepped is a pack for indented commands with one rule.
func stepped(rules string) string {
	return "pack: p\nformat: indented\nversion: v {version}\nsteps:\n  - from: \"1\"\n    to: \"2\"\n    rules:\n" + rules
}

func TestVerbs(t *testing.T) {
	for name, c := range map[string]struct{ rule, input, want string }{
		"copy": {`      - {id: r, why: w, detect: {in: ["port {p}"], line: "vlan {v}"}, copy: {to: [vlans, "vlan {v}"], line: "member {p}"}}`,
			"port 1\n vlan 5\nport 2\n vlan 5\n", "port 1\n vlan 5\nport 2\n vlan 5\nvlans\n vlan 5\n  member 1\n  member 2\n"},
		"copy a block": {`      - {id: r, why: w, detect: {line: "a {x}"}, copy: {to: [], line: "b {x}"}}`,
			"a 1\n c 2\n  d 3\n", "a 1\n c 2\n  d 3\nb 1\n c 2\n  d 3\n"},
		"set": {`      - {id: r, why: w, detect: {line: "mtu {m}"}, set: {line: "mtu 1500"}}`, "mtu 9000\n", "mtu 1500\n"},
		"split": {`      - {id: r, why: w, detect: {line: "servers {list}"}, split: {capture: list, separator: ",", line: "server {list}"}}`,
			"servers a,b,c\nz\nservers d\n", "server a\nserver b\nserver c\nz\nservers d\n"},
		"split quoted": {`      - {id: r, why: w, detect: {in: [x], line: "servers {list}"}, split: {capture: list, separator: " "}}`,
			"x\n servers \"a b\"\n", "x\n servers a\n servers b\n"},
		"join": {`      - {id: r, why: w, detect: {in: ["g {g}"], line: "member {m}"}, join: {capture: m, separator: ",", line: "members {m}"}}`,
			"g 1\n member a\n x\n member b\ng 2\n member c\n", "g 1\n members a,b\n x\ng 2\n members c\n"},
		"wrap": {`      - {id: r, why: w, detect: {in: [sip], line: "server {s} {port}"}, wrap: {block: "server {s}", line: "port {port}"}}`,
			"sip\n a\n server x 5060\n b\n", "sip\n a\n server x\n  port 5060\n b\n"},
		"scale": {`      - {id: r, why: w, detect: {line: "timeout {s}"}, rename: {line: "timeout-ms {s}", scale: {s: {multiply: 1000}}}}`,
			"timeout 5\ntimeout never\n", "timeout-ms 5000\ntimeout never\n"},
		"scale down, not to fractions": {`      - {id: r, why: w, detect: {line: "rate {b}"}, rename: {line: "kbit {b}", scale: {b: {divide: 1000}}}}`,
			"rate 64000\nrate 1500\n", "kbit 64\nrate 1500\n"},
		"when exists": {`      - {id: r, why: w, when: [{exists: "sip > proxy {x}"}], detect: {line: "a {x}"}, rename: {line: "b {x}"}}`,
			"a 1\na 2\nsip\n proxy 2\n", "a 1\nb 2\nsip\n proxy 2\n"},
		"when missing": {`      - {id: r, why: w, when: [{exists: "sip"}, {missing: "sip > proxy {p}"}], detect: {line: "a {x}"}, rename: {line: "b {x}"}}`,
			"a 1\nsip\n x\n", "b 1\nsip\n x\n"},
		"when it has beside it": {`      - {id: r, why: w, when: [{has: "up"}], detect: {in: ["port {p}"], line: "mtu {x}"}, rename: {line: "size {x}"}}`,
			"port 1\n mtu 5\nport 2\n up\n mtu 6\n", "port 1\n mtu 5\nport 2\n up\n size 6\n"},
		"when it lacks beside it": {`      - {id: r, why: w, when: [{lacks: "up"}], detect: {in: ["port {p}"], line: "mtu {x}"}, delete: {because: down}}`,
			"port 1\n mtu 5\n x\nport 2\n up\n mtu 6\n", "port 1\n x\nport 2\n up\n mtu 6\n"},
		"a rule whose conditions fail leaves the line to the next": {`      - {id: r, why: w, when: [{exists: "no"}], detect: {line: "a {x}"}, rename: {line: "b {x}"}}
      - {id: s, why: w, detect: {line: "a {x}"}, rename: {line: "c {x}"}}`, "a 1\n", "c 1\n"},
		"conditions of added lines": {`      - {id: r, why: w, when: [{missing: "ntp {s}"}], detect: {line: "host {h}"}, add: {to: [], line: "ntp pool"}}`,
			"host x\n", "host x\nntp pool\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := packFrom(t, stepped(c.rule))
			input := "v 1\n" + c.input
			r, err := p.Apply("", "2", []byte(input))
			if err != nil {
				t.Fatal(err)
			}
			if want := "v 2\n" + c.want; string(r.Output) != want {
				t.Errorf("got\n%s\nwant\n%s", r.Output, want)
			}
			checkAccount(t, []byte(input), r)
		})
	}
}

func TestVerbsThatAreWrong(t *testing.T) {
	for want, rule := range map[string]string{
		"detect captures nothing as {x}":              `detect: {line: "a {b}"}, split: {capture: x, separator: ","}`,
		`split has no "separator"`:                    `detect: {line: "a {b}"}, split: {capture: b}`,
		"a condition is one thing":                    `when: [{exists: a, missing: b}], detect: {line: a}, delete: {because: c}`,
		`a condition has no key "exits"`:              `when: [{exits: a}], detect: {line: a}, delete: {because: c}`,
		"multiply is a whole number":                  `detect: {line: "a {b}"}, rename: {line: "a {b}", scale: {b: {multiply: 0.5}}}`,
		"scale of b changes nothing":                  `detect: {line: "a {b}"}, rename: {line: "a {b}", scale: {b: {}}}`,
		"nothing is captured as {z}":                  `detect: {line: "a {b}"}, wrap: {block: "x {z}"}`,
		`copy has no "to"`:                            `detect: {line: a}, copy: {line: b}`,
		"not a hole":                                  `when: [{has: "a{"}], detect: {line: a}, delete: {because: c}`,
		"rule \"r\" does rename and wrap":             `detect: {line: a}, rename: {line: b}, wrap: {block: c}`,
		"is of severity manual, but acts by itself":   `severity: manual, detect: {line: a}, set: {line: b}`,
		"applied twice it would change the number tw": "",
	} {
		text := stepped("      - {id: r, why: w, " + rule + "}\n")
		if rule == "" {
			text = strings.Replace(stepped(`      - {id: r, why: w, detect: {line: "a {b}"}, rename: {line: "a {b}", scale: {b: {multiply: 2}}}}`), "version: v {version}\n", "", 1)
		}
		if _, err := loadText(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngives %v, want %q", rule, err, want)
		}
	}
}
