package migrate

import "strings"

// indented is the format of command lines whose indentation gives the tree:
// Cisco IOS, Huawei VRP and many like them.
//
// "!" and "#" begin comments; alone on a line they are separators, which close
// every block that is indented as deep as they are, or deeper. Banners,
// certificates, keys and macros are taken whole: see takeWhole. "no" and "undo" are words
// like others: a line that takes something back is a line of its own.
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
			if err := s.takeWhole(n); err != nil {
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
