package migrate

import (
	"strings"
	"testing"
)

const vyosSample = `interfaces {
    ethernet eth0 {
        address 10.0.0.1/24
        address dhcp
        description "to \"core\" {x}"
        disable
    }
    loopback lo {
    }
}
/* the site's
   routers */
service {
    ssh { }
    https {
        listen-address "*"
        key ''
    }
}


// Warning: Do not remove the following line.
// vyos-config-version: "https@2:ssh@1"
`

const junosSample = `## Last commit: today
version 18.4R1;
system {
    host-name r1; ## SECRET-DATA
    inactive: services {
        ssh;
    }
    /* for the
       lab */
    protect: login {
        message "a; b\n";
    }
    name-server [ 10.0.0.1 10.0.0.2 ];
}
firewall { family inet { filter f { term t { then { count c; accept; } } } } }
policy-options {
    community x members [ a
        b ];
}
`

func TestBracesTexts(t *testing.T) {
	checkTexts(t, "braces", vyosSample, strings.Join([]string{
		"interfaces", "interfaces>ethernet eth0", "interfaces>ethernet eth0>address 10.0.0.1/24", "interfaces>ethernet eth0>address dhcp",
		`interfaces>ethernet eth0>description "to \"core\" {x}"`, "interfaces>ethernet eth0>disable", "interfaces>loopback lo",
		"service", "service>ssh", "service>https", `service>https>listen-address "*"`, `service>https>key ""`,
	}, "|"))
	checkTexts(t, "braces", strings.ReplaceAll(vyosSample, "\n", "\r\n"), commandsIn(t, vyosSample))
	checkTexts(t, "braces", "a {\n  b [ c\n    d ];\n}\n", "a|a>b [ c d ]")
	checkTexts(t, "braces", junosSample, strings.Join([]string{
		"version 18.4R1", "system", "system>host-name r1", "system>services", "system>services>ssh", "system>login", `system>login>message "a; b\\n"`,
		"system>name-server [ 10.0.0.1 10.0.0.2 ]", "firewall", "firewall>family inet", "firewall>family inet>filter f",
		"firewall>family inet>filter f>term t", "firewall>family inet>filter f>term t>then", "firewall>family inet>filter f>term t>then>count c",
		"firewall>family inet>filter f>term t>then>accept", "policy-options", "policy-options>community x members [ a b ]",
	}, "|"))
	checkTexts(t, "braces", "a \"two\nlines\"\nb x{2,3} http://x#y it's 'a b'\nc", `a "two\nlines"|b "x{2,3}" http://x#y it's "a b"|c`)
}

func commandsIn(t *testing.T, input string) string {
	t.Helper()
	d, err := Parse("braces", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return commandsOf(d)
}

func TestBracesMalformed(t *testing.T) {
	checkMalformed(t, "braces", map[string]string{
		"a {\n  b {\n  }\n":                  `line 1, column 1: the block "a" that begins here is not closed; expected "}"`,
		"a {\n}\n  }\n":                      `line 3, column 3: "}" without a block that it closes; expected a statement or the end of the file`,
		"a {\n  b \"c\n}\n":                  `line 2, column 5: a quote that is not closed; expected "\""`,
		"a {\n}\n /* b\n":                    `line 3, column 2: a comment that is not closed; expected "*/"`,
		"a {\n  {\n  }\n}\n":                 `line 2, column 3: a block without a name; expected a name before "{"`,
		"v 1;\na {\n  b c\n}\n":              `line 3, column 6: the statement "b c" does not end; expected ";" or "{"`,
		"v 1;\n;\n":                          `line 2, column 1: ";" without a statement`,
		"v 1;\na {\n inactive: }":            `line 3, column 12: "}" without a statement`,
		strings.Repeat("a {\n", maxBraces+1): "line 20001, column 1: more than 20000 blocks in one another",
	})
}

const bracesPlaces = `
pack: p
format: braces
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: rename, why: w, detect: {in: [interfaces, "ethernet {if}"], line: "smp_affinity {v}"}, rename: {line: "smp-affinity {v}"}}
      - {id: default, why: w, detect: {in: [interfaces, "ethernet {if}"], line: "mtu {v}"}, set-default: {capture: v, old: "1500", new: '"a b"'}}
      - {id: tag, why: w, detect: {in: [interfaces], line: "ethernet old"}, rename: {line: "ethernet new"}}
      - {id: gone, why: w, detect: {in: ["**"], line: "gone"}, delete: {because: gone}}
      - {id: move, why: w, detect: {in: [system], line: "ntp"}, move: {to: [service, deep]}}
      - {id: leaf, why: w, detect: {in: [system], line: "to-leaf {x}"}, move: {to: [system, "leaf {x}"]}}
      - {id: add, why: w, detect: {in: [interfaces], line: "loopback {lo}"}, add: {to: [interfaces, "loopback {lo}"], line: "description it's"}}
      - {id: top, why: w, detect: {line: "one"}, add: {to: [two], line: three}}
`

func TestBracesRewriting(t *testing.T) {
	checkRewriting(t, bracesPlaces, map[string]rewritten{
		"in place":        {"interfaces {\n  ethernet old {\n    smp_affinity  \"auto\"\n    mtu 1500\n  }\n}\n", "interfaces {\n  ethernet new {\n    smp-affinity \"auto\"\n    mtu \"a b\"\n  }\n}\n"},
		"emptied":         {"a {\n    gone\n}\n/* c */\n", "a {\n}\n/* c */\n"},
		"block":           {"b\na {\n    gone {\n        x\n    }\n}\n", "b\na {\n}\n"},
		"moved":           {"service {\n    x 1\n}\nsystem {\n    ntp {\n        server a {\n            prefer\n        }\n    }\n}\n\n// v\n", "service {\n    x 1\n    deep {\n        ntp {\n            server a {\n                prefer\n            }\n        }\n    }\n}\nsystem {\n}\n\n// v\n"},
		"new home":        {"system {\n\tntp\n}\n\n// v", "system {\n}\nservice {\n\tdeep {\n\t\tntp\n\t}\n}\n\n// v"},
		"leaf":            {"system {\n    leaf 5\n    to-leaf 5\n}\n", "system {\n    leaf 5 {\n        to-leaf 5\n    }\n}\n"},
		"added":           {"interfaces {\n    loopback lo {\n    }\n    loopback l2 { }\n    loopback l3\n}\n", "interfaces {\n    loopback lo {\n        description \"it's\"\n    }\n    loopback l2 {\n        description \"it's\"\n    }\n    loopback l3 {\n        description \"it's\"\n    }\n}\n"},
		"quoted":          {"h \"x\"\ninterfaces {\n    loopback lo {\n    }\n    ethernet e {\n        smp_affinity \"auto\"\n    }\n}\n", "h \"x\"\ninterfaces {\n    loopback lo {\n        description \"it's\"\n    }\n    ethernet e {\n        smp-affinity \"auto\"\n    }\n}\n"},
		"top":             {"one\n", "one\ntwo {\n    three\n}\n"},
		"one line":        {"a { gone }\nb { gone { x } }", "a { }\nb { }"},
		"no end":          {"b\ngone", "b"},
		"closed together": {"interfaces {\n  loopback lo {\n    x { }}}\n", "interfaces {\n  loopback lo {\n    x { }\n    description \"it's\"\n}}\n"},
		"crowded":         {"a { gone\n}\na { gone\n b { gone\n c { gone\n\ngone\n\n}}}", "a {}\na { b { c {\n\n}}}"},
		"blank":           {"\ngone", "\n"},
	})
	checkRewriting(t, bracesPlaces, map[string]rewritten{
		"junos in place": {"v 1;\ninterfaces {\n  inactive: ethernet old {\n    smp_affinity  auto; ## c\n    mtu 1500;\n  }\n}\n", "v 1;\ninterfaces {\n  inactive: ethernet new {\n    smp-affinity auto; ## c\n    mtu \"a b\";\n  }\n}\n"},
		"junos leaf":     {"v 1;\nsystem {\n  inactive: leaf 5; ## c\n  to-leaf 5;\n}\n", "v 1;\nsystem {\n  inactive: leaf 5 { ## c\n    to-leaf 5;\n  }\n}\n"},
		"junos one line": {"a { b; gone; c; }\none;\n", "a { b; c; }\none;\ntwo {\n    three;\n}\n"},
	})
}
