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

func TestMalformedSaysWhereAndWhat(t *testing.T) {
	for _, c := range []struct {
		format, input string
		line, column  int
		expected      string
	}{
		{"indented", "a\nb\n  banner motd ^C\nnever closed\n", 3, 15, `a later line with "^C"`},
		{"indented", "a\nb\x00\n", 2, 2, "text: the file is damaged or not a configuration"},
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
