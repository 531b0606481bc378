package migrate

import (
	"fmt"
	"strings"
)

// yamlFormat is YAML as configurations have it: block maps and lists, one
// document. Texts are as in JSON: an entry with a value is a line "key value",
// one with a map or a list beneath it a block "key", an item a line "value" or
// a block "-". The quotes of values, =5 and the like are as there, too.
//
// Flow collections, block scalars and values of several lines are one value,
// taken whole. Anchors, tags and aliases stay as they are written. Comments
// belong to the block that their indentation names. What a configuration does
// not have is an error: a second document, "? " keys, tabs as indentation.
type yamlFormat struct{}

func (yamlFormat) name() string { return "yaml" }

func (yamlFormat) nests(...string) bool { return true }

// yamlLevel is an open block: the column of its head, and the column and kind
// of its lines once there is one.
type yamlLevel struct {
	n      *node
	column int
	below  int  // column of its lines; -1 = none yet
	list   bool // its lines are items
	scalar bool // it has a value: nothing can stand beneath it
}

type yamlParser struct {
	d       *Document
	src     string
	at      int
	open    []yamlLevel
	pending []level
	unitSet bool
}

func (yamlFormat) parse(d *Document) error {
	room := strings.Count(d.src, "- ") + strings.Count(d.src, "-\n") + strings.Count(d.src, "-\r")
	if room > maxLines {
		return fmt.Errorf("it has %d items; at most %d are read", room, maxLines)
	}
	d.nodes, d.unit, d.style, d.hanging = make([]node, 0, cap(d.nodes)+room+1), "  ", ": ", true
	p := yamlParser{d: d, src: d.src, open: []yamlLevel{{n: &d.root, column: -1, below: -1}}}
	p.at = len(d.src) - len(strings.TrimPrefix(d.src, "\ufeff"))
	d.root.indent = d.src[:p.at]
	for p.at < len(d.src) {
		if err := p.line(); err != nil {
			return err
		}
	}
	p.close(0, false)
	d.number()
	return nil
}

// line reads what begins on the next line.
func (p *yamlParser) line() error {
	start := p.at
	end := p.lineEnd(start)
	for p.at < end && p.src[p.at] == ' ' {
		p.at++
	}
	text := strings.TrimRight(p.src[p.at:end], " \t\r\n")
	column := p.at - start
	switch {
	case text == "":
		p.aside(start, start, end, blank, 0)
		return nil
	case text[0] == '#':
		p.aside(start, p.at, end, comment, column)
		return nil
	case column == 0 && (text == "---" || text[0] == '%') && len(p.open) == 1 && p.open[0].below < 0:
		p.aside(start, start, end, comment, 0)
		return nil
	case column == 0 && (text == "---" || text == "..." || strings.HasPrefix(text, "--- ")):
		return p.d.malformed(start, "a second document, or the end of the first", "one document")
	case text[0] == '\t':
		return p.d.malformed(p.at, "a tab as indentation", "blanks")
	}
	return p.content(start, column, end)
}

// aside keeps a comment or blank line until its block is known.
func (p *yamlParser) aside(start, text, end int, k kind, column int) {
	raw := strings.TrimRight(p.src[text:end], " \t\r\n")
	n := p.add(start, text, text+len(raw))
	n.kind, n.rest = k, p.src[text+len(raw):end]
	p.pending = append(p.pending, level{n, column})
	p.at = end
}

// content reads the items and the entry of a line.
func (p *yamlParser) content(start, column, end int) error {
	for from := start; ; {
		s := p.src[p.at:end]
		if !isItem(s) {
			return p.entry(from, column, end)
		}
		if err := p.enter(column, true); err != nil {
			return err
		}
		after := p.at + 1
		for after < end && p.src[after] == ' ' {
			after++
		}
		value := strings.TrimRight(p.src[after:end], " \t\r\n")
		if value == "" || value[0] == '#' { // what is in it follows
			n := p.add(from, p.at, p.at+1)
			n.text, n.rest = "-", p.src[p.at+1:end]
			p.hang(n, column, false)
			p.at = end
			return nil
		}
		if !isItem(p.src[after:end]) {
			if key, _, _, err := p.key(after, end); err != nil {
				return err
			} else if key == "" {
				return p.value(from, column, after, "")
			}
		}
		n := p.add(from, p.at, p.at+1)
		n.text, n.rest, n.inline = "-", p.src[p.at+1:after], true
		p.hang(n, column, false)
		column += after - p.at
		from, p.at = after, after
	}
}

func isItem(s string) bool { return s != "" && s[0] == '-' && (len(s) == 1 || isSpace(s[1])) }

// entry reads "key: value", or a value that stands alone.
func (p *yamlParser) entry(from, column, end int) error {
	if strings.HasPrefix(p.src[p.at:end], "? ") {
		return p.d.malformed(p.at, `a key that begins with "?"`, "key: value")
	}
	key, _, after, err := p.key(p.at, end)
	if err != nil {
		return err
	}
	if key == "" {
		return p.d.malformed(p.at, "text that is neither an entry nor an item", "key: value or - item")
	}
	if err := p.enter(column, false); err != nil {
		return err
	}
	for after < end && (p.src[after] == ' ' || p.src[after] == '\t') {
		after++
	}
	rest := strings.TrimRight(p.src[after:end], " \t\r\n")
	if rest == "" || rest[0] == '#' || isProperty(rest) {
		if isProperty(rest) {
			after += len(rest)
		} else {
			after = p.at + len(strings.TrimRight(p.src[p.at:after], " \t\r\n"))
		}
		n := p.add(from, p.at, after)
		n.text, n.rest = key, p.src[after:end]
		p.hang(n, column, false)
		p.at = end
		return nil
	}
	return p.value(from, column, after, key+" ")
}

// isProperty says whether a line has only an anchor or a tag behind its key.
func isProperty(s string) bool {
	return s != "" && (s[0] == '&' || s[0] == '!') && !strings.ContainsAny(s, " \t")
}

// value reads a value that begins at "at", and makes its line.
func (p *yamlParser) value(from, column, at int, key string) error {
	v, err := p.scalar(at, column)
	if err != nil {
		return err
	}
	n := p.add(from, p.at, v.end)
	end := p.lineEnd(v.end)
	n.text, n.rest = key+v.word, p.src[v.end:end]
	p.hang(n, column, true)
	p.at = end
	return nil
}

func (p *yamlParser) add(from, start, end int) *node {
	p.d.nodes = append(p.d.nodes, node{indent: p.src[from:start], raw: p.src[start:end], offset: from})
	return &p.d.nodes[len(p.d.nodes)-1]
}

// enter closes the blocks that end before a line in the column, and says
// whether it may stand there.
func (p *yamlParser) enter(column int, item bool) error {
	p.close(column, item)
	top := &p.open[len(p.open)-1]
	switch {
	case top.scalar:
		return p.d.malformed(p.at, fmt.Sprintf("%q has a value, and this stands beneath it", top.n.text), "a line that is indented as those before")
	case top.below >= 0 && top.below != column:
		return p.d.malformed(p.at, fmt.Sprintf("a line that is indented by %d", column), fmt.Sprintf("%d, as those before", top.below))
	case top.below >= 0 && top.list != item:
		return p.d.malformed(p.at, "items and entries in one block", "one of the two")
	}
	if !p.unitSet && top.n.parent != nil && !item && !top.n.inline && top.n.text != "-" {
		p.d.unit, p.unitSet = strings.Repeat(" ", column-top.column), true
	}
	top.below, top.list = column, item
	return nil
}

// close ends the blocks to which a line in the column cannot belong: those
// that begin there or further right, but a key's items may stand in its column.
func (p *yamlParser) close(column int, item bool) {
	keep := len(p.open)
	for keep > 1 {
		if l := &p.open[keep-1]; l.column < column || item && l.column == column && !isItem(l.n.raw) && !l.scalar {
			break
		}
		keep--
	}
	at := len(p.open)
	for _, c := range p.pending {
		for at > keep && (p.open[at-1].scalar || p.open[at-1].column >= c.width && !(p.open[at-1].below == c.width && p.open[at-1].list)) {
			at--
		}
		for at > 1 && p.open[at-1].scalar {
			at--
		}
		p.open[at-1].n.append(c.n)
	}
	p.pending = p.pending[:0]
	p.open = p.open[:keep]
}

func (p *yamlParser) hang(n *node, column int, scalar bool) {
	p.open[len(p.open)-1].n.append(n)
	p.open = append(p.open, yamlLevel{n: n, column: column, below: -1, scalar: scalar})
}

func (p *yamlParser) lineEnd(at int) int {
	if i := strings.IndexByte(p.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(p.src)
}
