package migrate

import "strings"

// kind says what a node is.
type kind uint8

const (
	command kind = iota // a line or block that means something
	comment             // a comment or a separator
	blank
)

// node is one line of a configuration, a part of one in formats that do not
// heed lines, or one block that is taken whole (a banner), with what stands
// beneath it. Printed, it is indent + raw + rest, its children, tail.
type node struct {
	parent, first, last, next, prev *node

	indent string // white space before the line
	raw    string // the line as it is written
	rest   string // white space after it, its line end, further lines of a block
	tail   string // what closes it after its children; empty in formats without
	text   string // words with one blank between: what patterns are matched on

	offset int      // of the line in the input
	line   int32    // in the input, from 1; 0 = added by a rule
	lines  int32    // on how many lines of the input indent + raw + rest stand
	closes int32    // the line of the input where tail begins; 0 = no tail there
	closed int32    // on how many lines of the input tail stands
	inline bool     // what stands beneath it begins on its line
	placed bool     // a rule took it out of its place
	out    bool     // it is in the output
	kind   kind     // command, comment or blank
	cat    uint8    // index of its category, see summary
	fate   nodeFate // strongest of what rules did to it
	rule   *Rule    // the rule that decided fate; nil = none
	why    string   // of a line that a script dropped: because
	from   int32    // the line of the input that a copy is of; 0 = it is none
}

// nodeFate orders what a rule can do to a node: a stronger one stays.
type nodeFate uint8

const (
	untouched nodeFate = iota
	altered
	leftToPerson
	removed
)

// decide notes that a rule did something to the node. One that is new stays
// the work of the rule that made it, also when another leaves it to a person.
func (n *node) decide(f nodeFate, r *Rule) {
	if f == leftToPerson && n.line == 0 && n.rule != nil {
		return
	}
	if f >= n.fate {
		n.fate, n.rule = f, r
	}
}

// commands iterates over the children that mean something.
func (n *node) commands(yield func(*node) bool) {
	for c := n.first; c != nil; {
		next := c.next
		if c.kind == command && !yield(c) {
			return
		}
		c = next
	}
}

// content is what the node says: its text, and further lines of a block.
func (n *node) content() string {
	if n.lines <= 1 {
		return n.text
	}
	return n.raw + strings.TrimRight(n.rest, " \t\r\n")
}

// maxPath bounds the paths that are shown to people: of deeper ones the
// innermost elements.
const maxPath = 64

// key is the content as it is compared: a block that is taken whole by its
// lines, a line by its words.
func (n *node) key() string {
	if n.lines <= 1 {
		return oneBlank(n.text)
	}
	return strings.ReplaceAll(n.content(), "\r\n", "\n")
}

func (n *node) path() []string {
	depth := 0
	for m := n; m.parent != nil && depth < maxPath; m = m.parent {
		depth++
	}
	path := make([]string, depth)
	for m := n; depth > 0; m = m.parent {
		depth--
		path[depth] = m.text
	}
	return path
}

// append puts a node behind the last child.
func (n *node) append(c *node) { n.insert(c, n.last) }

// insert puts a node behind a child; before all where that is nil.
func (n *node) insert(c, behind *node) {
	c.parent, c.prev = n, behind
	if behind == nil {
		c.next, n.first = n.first, c
	} else {
		c.next, behind.next = behind.next, c
	}
	if c.next == nil {
		n.last = c
	} else {
		c.next.prev = c
	}
}

// shift moves the block's closing mark, where it has a line of its own, from
// one indentation to another.
func (n *node) shift(from, to string) {
	own := strings.HasSuffix(n.rest, "\n")
	if n.last != nil {
		own = n.last.endsBlock()
	}
	if rest, ok := strings.CutPrefix(n.tail, from); ok && own && n.tail != "" {
		n.tail = to + rest
	}
}

// detach takes the node, with its children, out of the tree. What was on one
// line with its block's head gets an indentation of its own.
func (n *node) detach() {
	if n.parent.inline && n.prev == nil {
		n.indent = strings.Repeat(" ", n.column())
		if n.next != nil && n.next.kind == command {
			n.next.indent = ""
		} else {
			n.parent.inline = false
		}
	}
	if n.prev == nil {
		n.parent.first = n.next
	} else {
		n.prev.next = n.next
	}
	if n.next == nil {
		n.parent.last = n.prev
	} else {
		n.next.prev = n.prev
	}
	n.parent, n.next, n.prev = nil, nil, nil
	n.placed = true
}

// detached says whether the node is no longer in the document.
func (n *node) detached(d *Document) bool {
	for n.parent != nil {
		n = n.parent
	}
	return n != &d.root
}

// walk visits the nodes beneath n in printed order, without recursion: the
// depth of foreign input is not ours to choose.
func (n *node) walk(enter, leave func(*node)) {
	for c := n.first; c != nil; {
		enter(c)
		if c.first != nil {
			c = c.first
			continue
		}
		for {
			if leave != nil {
				leave(c)
			}
			if c.next != nil {
				c = c.next
				break
			}
			if c = c.parent; c == n {
				return
			}
		}
	}
}

// Document is the concrete tree of one configuration.
type Document struct {
	format  format
	src     string
	root    node
	nodes   []node // those of the input, by line
	unit    string // one level of indentation
	hanging bool   // further lines of a node are indented with it
	style   string // how the file writes what may be written in several ways: see each format
	eol     string // how lines end: the first one's way
}

// Bytes prints the configuration. What was only parsed comes out unchanged.
func (d *Document) Bytes() []byte {
	out := make([]byte, 0, len(d.src)+len(d.src)/16)
	out = append(out, d.root.indent...)
	out = append(out, d.root.raw...)
	out = append(out, d.root.rest...)
	d.root.walk(func(n *node) {
		out = append(out, n.indent...)
		out = append(out, n.raw...)
		out = append(out, n.rest...)
	}, func(n *node) { out = append(out, n.tail...) })
	return append(out, d.root.tail...)
}

// number tells every node of a fresh tree on which lines of the input it
// stands. Formats whose nodes are not lines call it when they have parsed.
func (d *Document) number() {
	line, open := int32(1), false
	count := func(parts ...string) (first, lines int32) {
		ends, last := 0, ""
		for _, p := range parts {
			ends += strings.Count(p, "\n")
			if p != "" {
				last = p
			}
		}
		if last == "" { // an empty cell
			return line, 0
		}
		first, open = line, last[len(last)-1] != '\n'
		line += int32(ends)
		if lines = int32(ends); open {
			lines++
		}
		return first, lines
	}
	enter := func(n *node) { n.line, n.lines = count(n.indent, n.raw, n.rest) }
	leave := func(n *node) {
		if n.tail != "" {
			n.closes, n.closed = count(n.tail)
		}
	}
	enter(&d.root)
	d.root.walk(enter, leave)
	leave(&d.root)
}

// Format names the document's format.
func (d *Document) Format() string { return d.format.name() }

// endsLine says whether the node's printed head ends its line.
func (n *node) endsLine() bool { return strings.HasSuffix(n.rest, "\n") }
