package migrate

import (
	"fmt"
	"strings"
)

// indented is the format of command lines whose indentation gives the tree:
// Cisco IOS, Huawei VRP and many like them.
//
// "!" and "#" begin comments; alone on a line they are separators, which close
// every block that is indented as deep as they are, or deeper. Banners are
// taken whole.
type indented struct{}

func (indented) name() string { return "indented" }

func (indented) holds(_ *node) bool { return true }

func (indented) mend(d *Document) { d.mendLineEnds() }

func (indented) meaning(n *node) (key string, ordered bool) { return n.key(), false }

func (indented) nests(...string) bool { return true }

func (indented) write(_ *Document, n *node, _ bool) { n.raw = n.text }

// indent is as deep as the block's first line, or one unit deeper than its head.
func (indented) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		return n.indent
	}
	if parent == &d.root {
		return ""
	}
	return parent.indent + d.unit
}

// level is an open block and its indentation in columns.
type level struct {
	n     *node
	width int
}

// outline builds the tree from lines and their indentation.
type outline struct {
	open    []level // the root, then the open blocks, outermost first
	pending []level // comments and blank lines whose block the next line tells
	unitSet bool
	d       *Document
}

func (indented) parse(d *Document) error {
	o := outline{d: d, open: []level{{&d.root, -1}}}
	s := scanner{d: d}
	for {
		n, ok := s.next()
		if !ok {
			break
		}
		width := columns(n.indent)
		switch {
		case n.text == "":
			n.kind = blank
			o.pending = append(o.pending, level{n, 0})
		case n.text == "!" || n.text == "#":
			n.kind = comment
			o.close(width)
			o.top().append(n)
		case n.text[0] == '!' || n.text[0] == '#':
			n.kind = comment
			o.pending = append(o.pending, level{n, width})
		default:
			if err := s.takeBanner(n); err != nil {
				return err
			}
			o.add(n, width)
		}
	}
	o.close(0)
	return nil
}

func (o *outline) top() *node { return o.open[len(o.open)-1].n }

// add hangs a command beneath the innermost block that is less indented.
func (o *outline) add(n *node, width int) {
	o.close(width)
	parent := o.top()
	if !o.unitSet && parent.parent != nil && strings.HasPrefix(n.indent, parent.indent) {
		o.d.unit, o.unitSet = n.indent[len(parent.indent):], true
	}
	parent.append(n)
	o.open = append(o.open, level{n, width})
}

// close ends the blocks that are indented by width or more, and gives each
// pending comment to the block that its own indentation names, so far as the
// order of lines allows. Blank lines stay outside of what is closed.
func (o *outline) close(width int) {
	keep := len(o.open)
	for keep > 1 && o.open[keep-1].width >= width {
		keep--
	}
	at := len(o.open)
	for _, p := range o.pending {
		for at > keep && o.open[at-1].width >= p.width {
			at--
		}
		o.open[at-1].n.append(p.n)
	}
	o.pending = o.pending[:0]
	o.open = o.open[:keep]
}

// columns is how wide white space is; a tab goes to the next multiple of 8.
func columns(indent string) int {
	width := 0
	for i := range len(indent) {
		if indent[i] == '\t' {
			width = width/8*8 + 8
		} else {
			width++
		}
	}
	return width
}

// takeBanner makes the further lines of a banner part of its node.
func (s *scanner) takeBanner(n *node) error {
	text, ok := bannerText(n.text)
	if !ok {
		return nil
	}
	src := s.d.src
	if text == "" { // EOS writes no delimiter and ends with EOF alone on a line
		if i := strings.Index(src[s.offset:], "EOF"); i >= 0 {
			return s.takeUntil(n, "EOF", n.offset)
		}
		return nil
	}
	delimiter := text[:1]
	if strings.HasPrefix(text, "^C") {
		delimiter = "^C"
	}
	if isWordByte(delimiter[0]) || strings.Contains(text[len(delimiter):], delimiter) {
		return nil
	}
	opened := n.offset + len(n.indent) + len(n.raw) - len(text)
	return s.takeUntil(n, delimiter, opened)
}

// takeUntil extends n to the end of the line that holds the delimiter.
func (s *scanner) takeUntil(n *node, delimiter string, opened int) error {
	i := strings.Index(s.d.src[s.offset:], delimiter)
	if i < 0 {
		return s.d.malformed(opened, fmt.Sprintf("the banner that begins here with %q is not closed", delimiter),
			fmt.Sprintf("a later line with %q", delimiter))
	}
	end := s.offset + i
	if j := strings.IndexByte(s.d.src[end:], '\n'); j >= 0 {
		end += j + 1
	} else {
		end = len(s.d.src)
	}
	s.extend(n, end)
	return nil
}

// bannerText gives what follows the head of a banner: IOS "banner motd",
// VRP "header login information".
func bannerText(text string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "banner "):
		kind, rest, _ := strings.Cut(strings.TrimLeft(text[len("banner "):], " "), " ")
		if kind == "" || !isWordByte(kind[0]) {
			return "", false
		}
		return strings.TrimLeft(rest, " "), true
	case strings.HasPrefix(text, "header "):
		_, rest, found := strings.Cut(text, " information ")
		return strings.TrimLeft(rest, " "), found && rest != ""
	}
	return "", false
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
