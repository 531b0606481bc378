package migrate

import (
	"slices"
	"strings"
)

// foreign says whether a rule has put the node where it is.
func (n *node) foreign() bool { return n.line == 0 || n.placed }

// endsBlock says whether the last that is printed of the node ends its line.
func (n *node) endsBlock() bool {
	return strings.HasSuffix(n.tail, "\n") || n.tail == "" && n.endsLine()
}

// end is where the printed node ends.
func (n *node) end() *string {
	if n.tail != "" {
		return &n.tail
	}
	return &n.rest
}

// comma sets or takes the comma behind an entry.
func (d *Document) comma(n *node, wanted bool) {
	end, from := n.end(), 0
	if n.tail != "" {
		from = closingAt(n.tail) + 1
	}
	i := strings.IndexByte((*end)[from:], ',')
	if wanted == (i >= 0) {
		return
	}
	if wanted {
		*end = (*end)[:from] + "," + (*end)[from:]
		n.blame(n.next.rule)
	} else {
		*end = (*end)[:from+i] + (*end)[from+i+1:]
	}
	if n.rule == nil {
		n.blame(d.culprit(n))
	}
}

// blame notes whose doing it is that the line of an untouched node is another.
func (n *node) blame(r *Rule) {
	if n.rule == nil {
		n.rule = r
	}
}

// culprit gives the rule that took away what stood behind a node.
func (d *Document) culprit(n *node) *Rule {
	from, _ := slices.BinarySearchFunc(d.nodes, n.offset+1, func(m node, offset int) int { return m.offset - offset })
	for i := from; i < len(d.nodes); i++ {
		if m := &d.nodes[i]; (m.placed || m.fate == removed) && m.rule != nil {
			return m.rule
		}
	}
	return n.rule
}

// mendLineEnds gives a line end to every line but the last, whose way is the
// input's: a file without a last line end stays one, unless a blank line has
// come to be its last. A block whose head and closing mark are on one line is
// a line.
func (d *Document) mendLineEnds() {
	open := d.src != "" && !strings.HasSuffix(d.src, "\n")
	var last *node
	var end *string
	var line *node // the block on one line that is open
	ended := func(n *node, e *string) {
		if end != nil && !strings.HasSuffix(*end, "\n") {
			*end += d.eol
		}
		last, end = n, e
	}
	d.root.walk(func(n *node) {
		switch {
		case line != nil || n.inline && n.first != nil:
		case n.tail != "" && !n.endsLine():
			line = n
		default:
			ended(n, &n.rest)
		}
	}, func(n *node) {
		if line == n {
			line = nil
		}
		if line == nil && n.tail != "" {
			ended(n, &n.tail)
		}
	})
	if last == nil || open == !strings.HasSuffix(*end, "\n") {
		return
	}
	switch rest := strings.TrimSuffix(strings.TrimSuffix(*end, "\n"), "\r"); {
	case !open:
		*end += d.eol
	case end == &last.tail || last.indent+last.raw+rest != "": // a blank line is nothing without its end
		*end = rest
	}
}

// hang moves the further lines of a node with its first one, from one
// indentation to another.
func (d *Document) hang(n *node, from, to string) {
	if !d.hanging || from == to || !strings.Contains(n.raw, "\n") {
		return
	}
	lines := strings.Split(n.raw, "\n")
	for i := 1; i < len(lines); i++ {
		if rest, ok := strings.CutPrefix(lines[i], from); ok {
			lines[i] = to + rest
		}
	}
	n.raw = strings.Join(lines, "\n")
}
