package migrate

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// outlineOf prints a tree as "depth text", with # for comments and . for blank
// lines.
func outlineOf(d *Document) string {
	var b strings.Builder
	d.root.walk(func(n *node) {
		depth := 0
		for m := n.parent; m != &d.root; m = m.parent {
			depth++
		}
		switch n.kind {
		case comment:
			fmt.Fprintf(&b, "%d#%s|", depth, n.text)
		case blank:
			fmt.Fprintf(&b, "%d.|", depth)
		default:
			fmt.Fprintf(&b, "%d %s|", depth, n.text)
		}
	}, nil)
	return b.String()
}

func TestIndentedTree(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"blocks": {"a\n b\n  c\n d\ne\n", "0 a|1 b|2 c|1 d|0 e|"},
		"a comment at the margin does not end a block": {"a\n b\n! note\n c\n", "0 a|1 b|1#! note|1 c|"},
		"a comment before a block is not in the last":  {"a\n b\n! note\nc\n", "0 a|1 b|0#! note|0 c|"},
		"a comment within the block that ends":         {"a\n b\n ! note\nc\n", "0 a|1 b|1#! note|0 c|"},
		"a separator ends a block (IOS-XR)":            {"a\n b\n  c\n !\n d\n!\n e\n", "0 a|1 b|2 c|1#!|1 d|0#!|0 e|"},
		"VRP system view":                              {"#\n sysname x\n#\ninterface y\n ip z\n#\nreturn\n", "0#!|"},
		"blank lines stay outside":                     {"a\n b\n\nc\n", "0 a|1 b|0.|0 c|"},
		"a blank line within":                          {"a\n b\n\n c\n", "0 a|1 b|1.|1 c|"},
		"tabs are eight columns":                       {"a\n\tb\n        c\n", "0 a|1 b|1 c|"},
		"deeper at once":                               {"a\n    b\n  c\n", "0 a|1 b|1 c|"},
		"CRLF":                                         {"a\r\n b\r\n", "0 a|1 b|"},
		"no last line end":                             {"a\n b", "0 a|1 b|"},
		"empty":                                        {"", ""},
	} {
		if name == "VRP system view" {
			c.want = "0##|0 sysname x|0##|0 interface y|1 ip z|0##|0 return|"
		}
		d, err := Parse("indented", []byte(c.input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := outlineOf(d); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := d.Bytes(); string(got) != c.input {
			t.Errorf("%s: printed as %q", name, got)
		}
	}
}

func TestBannersAreTakenWhole(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"IOS, as shown":        {"banner motd ^C\n interface x\n!\n^C\nend\n", "0 banner motd ^C|0 end|"},
		"IOS, as typed":        {"banner login #hello\n you#\nend\n", "0 banner login #hello|0 end|"},
		"one line":             {"banner exec #hello#\n!\nend\n", "0 banner exec #hello#|0#!|0 end|"},
		"EOS":                  {"banner motd\n interface x\nEOF\nend\n", "0 banner motd|0 end|"},
		"VRP":                  {"header login information %\n hello\n%\nreturn\n", "0 header login information %|0 return|"},
		"a command like it":    {"banner timeout 5\n a\n", "0 banner timeout 5|1 a|"},
		"another one":          {"header enable\n a\n", "0 header enable|1 a|"},
		"closed at the end":    {"banner motd ^C\nx ^C", "0 banner motd ^C|"},
		"a banner of AAA":      {"aaa authentication banner ^C\n x\n^C\naaa authentication login a\n b\n", "0 aaa authentication banner ^C|0 aaa authentication login a|1 b|"},
		"inside of a template": {"a\n banner motd ^C\nx\n^C\n b\n", "0 a|1 banner motd ^C|1 b|"},
	} {
		d, err := Parse("indented", []byte(c.input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := outlineOf(d); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := d.Bytes(); string(got) != c.input {
			t.Errorf("%s: printed as %q", name, got)
		}
	}
}

// TestWholesAreTakenWhole: what is no command lines is one node, and a rule for
// it deletes all of it.
func TestWholesAreTakenWhole(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"IOS certificates": {"crypto pki certificate chain TP\n certificate self-signed 01\n  30820330 30820218 A0030201\n  02020101 300D\n  \tquit\n certificate ca 02\n  3082\n  \tquit\n!\nno ip http server\n",
			"0 crypto pki certificate chain TP|1 certificate self-signed 01|1 certificate ca 02|0#!|0 no ip http server|"},
		"a certificate in a file": {"crypto pki certificate chain TP\n certificate self-signed 01 nvram:IOS.cer\n!\nend\n", "0 crypto pki certificate chain TP|1 certificate self-signed 01 nvram:IOS.cer|0#!|0 end|"},
		"IOS key":                 {"crypto key pubkey-chain rsa\n named-key x\n  key-string\n   305C300D\n   0609\n  quit\n named-key y\n", "0 crypto key pubkey-chain rsa|1 named-key x|2 key-string|1 named-key y|"},
		"a key of a chain":        {"key chain c\n key 1\n  key-string 7 0955\n  x\n", "0 key chain c|1 key 1|2 key-string 7 0955|2 x|"},
		"VRP key":                 {"rsa peer-public-key k\n public-key-code begin\n  30470240 C4\n  #\n public-key-code end\npeer-public-key end\n#\nundo telnet server\n", "0 rsa peer-public-key k|1 public-key-code begin|0 peer-public-key end|0##|0 undo telnet server|"},
		"IOS macro":               {"macro name m\ninterface x\n shutdown\n@\nend\n", "0 macro name m|0 end|"},
		"no and undo":             {"interface x\n no shutdown\n undo mtu\nno aaa\n", "0 interface x|1 no shutdown|1 undo mtu|0 no aaa|"},
	} {
		d, err := Parse("indented", []byte(c.input))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := outlineOf(d); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		if got := d.Bytes(); string(got) != c.input {
			t.Errorf("%s: printed as %q", name, got)
		}
	}
	checkRewriting(t, `
pack: p
format: indented
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: gone, why: w, detect: {in: ["crypto pki certificate chain {c}"], line: "certificate ca {x}"}, delete: {because: gone}}
      - {id: self, why: w, detect: {in: ["crypto pki certificate chain {c}"], line: "certificate self-signed {x}"}, rename: {line: "certificate own {x}"}}
      - {id: http, why: w, detect: {line: "no ip http server"}, rename: {line: "http off"}}
`, map[string]rewritten{
		"certificates": {"crypto pki certificate chain TP\n certificate self-signed 01\n  30820330\n  \tquit\n certificate ca 02\n  3082\n  \tquit\n!\nno ip http server\nip http server\n",
			"crypto pki certificate chain TP\n certificate own 01\n  30820330\n  \tquit\n!\nhttp off\nip http server\n"},
	})
}

func TestMalformedSaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct {
		format, input string
		line, column  int
		expected      string
	}{
		{"indented", "a\nb\n  banner motd ^C\nnever closed\n", 3, 15, `a later line with "^C"`},
		{"indented", "a\nb\x00\n", 2, 2, "text: the file is damaged or not a configuration"},
		{"indented", "a\n certificate ca 01\n  30820330 AB\n", 2, 2, `a later line "quit"`},
		{"indented", " public-key-code begin\n  30\n public-key-code\n", 1, 2, `a later line "public-key-code end"`},
		{"ini", "[a]\nx = 1\n  nonsense\n", 3, 3, "[section], key=value or ; comment"},
		{"ini", "[a]\n[b\n", 2, 3, `"]"`},
		{"ini", "[a] b\n", 1, 4, "the end of the line"},
		{"ini", "= 1\n", 1, 1, "[section], key=value or ; comment"},
	} {
		_, err := Parse(c.format, []byte(c.input))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("%q: error %v", c.input, err)
			continue
		}
		if syntax.Line != c.line || syntax.Column != c.column || syntax.Expected != c.expected {
			t.Errorf("%q: %v; want line %d, column %d, expected %s", c.input, syntax, c.line, c.column, c.expected)
		}
	}
	if _, err := Parse("cuneiform", nil); err == nil || !strings.Contains(err.Error(), "cuneiform") {
		t.Errorf("unknown format: %v", err)
	}
}
