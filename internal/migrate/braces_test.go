package migrate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const bracesPack = `
pack: p
format: braces
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: if, why: w, detect: {in: [interfaces], line: "ethernet {n}"}, rename: {line: "eth {n}"}}
      - {id: addr, why: w, detect: {in: [interfaces, "ethernet {n}"], line: "address {a}"}, rename: {line: "address {a} new"}}
      - {id: descr, why: w, detect: {in: [interfaces, "ethernet {n}"], line: "description {d}"}, rename: {line: "text {d}"}}
      - {id: gone, why: w, detect: {in: [service], line: telnet}, delete: {because: gone}}
      - {id: mv, why: w, detect: {in: [system], line: "ntp {s}"}, move: {to: [service, "ntp server {s}"], line: prefer}}
      - {id: mvblock, why: w, detect: {in: [system], line: console}, move: {to: [service]}}
      - {id: add, why: w, detect: {line: "protocols"}, add: {to: [protocols], line: 'comment "two words"'}}
`

func TestBraces(t *testing.T) {
	checkTexts(t, "braces", "interfaces {\n    ethernet eth0 {\n        address 10.0.0.1/24 \n        address \"dhcp\"\n        description \"two \\\"words\\\"\"\n        disable\n    }\n    loopback lo {\n    }\n}\n/* note */\n// version: \"a@1\"\n",
		`interfaces|interfaces>ethernet eth0|interfaces>ethernet eth0>address 10.0.0.1/24|interfaces>ethernet eth0>address dhcp|interfaces>ethernet eth0>description "two \"words\""|interfaces>ethernet eth0>disable|interfaces>loopback lo`)
	checkTexts(t, "braces", "## Last commit\nversion 12.1;\nsystem {\n    host-name r1; # main\n    /* why */\n    inactive: services {\n        ssh { root-login deny; }\n    }\n}\n",
		`version 12.1|system|system>host-name r1|system>services|system>services>ssh|system>services>ssh>root-login deny`)
	checkMalformed(t, "braces", map[string]string{
		"a {\n b c\n":         `line 1, column 1: the block "a" that begins here is not closed; expected "}"`,
		"a {\n}\n}\n":         `line 3, column 1: "}" without a block that it closes`,
		"a \"b\n":             "line 1, column 3: a quote that is not closed",
		"/* a\n":              "line 1, column 1: a comment that is not closed",
		"a {\n  { x\n}\n}\n ": `line 2, column 3: a block without a name`,
	})
	checkRewriting(t, bracesPack, map[string]rewritten{
		"renamed": {"interfaces {\n    ethernet eth0 {\n        description \"a b\"\n    }\n}\n", "interfaces {\n    eth eth0 {\n        text \"a b\"\n    }\n}\n"},
		"deleted": {"service {\n    ssh {\n        port 22\n    }\n    telnet {\n        port 23\n    }\n}\n", "service {\n    ssh {\n        port 22\n    }\n}\n"},
		"moved": {"service {\n    ssh {\n    }\n}\nsystem {\n    name x\n    ntp 1.1.1.1\n}\n",
			"service {\n    ssh {\n    }\n    ntp server 1.1.1.1 {\n        prefer\n    }\n}\nsystem {\n    name x\n}\n"},
		"block moved": {"system {\n    console {\n        device x {\n            speed 1\n        }\n    }\n}\n",
			"system {\n}\nservice {\n    console {\n        device x {\n            speed 1\n        }\n    }\n}\n"},
		"added":      {"protocols {\n    x 1\n}", "protocols {\n    x 1\n    comment \"two words\"\n}"},
		"leaf opens": {"protocols\n", "protocols {\n    comment \"two words\"\n}\n"},
		"Junos":      {"protocols {\n    x 1;\n}\n", "protocols {\n    x 1;\n    comment \"two words\";\n}\n"},
	})
}

// TestBracesFixtures: what VyOS has written comes out as it went in, and every
// line is a statement, a comment or an end.
func TestBracesFixtures(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(sharedFolder(t), "fixtures/vyos/*.boot"))
	if len(files) == 0 {
		t.Fatal("no fixtures")
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse("braces", data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if !bytes.Equal(d.Bytes(), data) {
			t.Errorf("%s: changed", file)
		}
		for _, e := range d.Entries() {
			if e.Text == "" || strings.HasPrefix(e.Text, "/") || strings.HasSuffix(e.Text, "{") {
				t.Errorf("%s line %d: statement %q", file, e.Line, e.Text)
			}
		}
	}
}
