package migrate

import (
	"fmt"
	"strings"
)

// jsonFormat is JSON (RFC 8259), as one document. Its nodes are the entries of
// objects and the elements of arrays:
//
//   - an entry with a string, a number, true, false or null is a line with the
//     text "key value";
//   - an entry with an object or an array is a block with the text "key";
//   - a plain element of an array is a line with the text "value", an object
//     or array in an array is a block with the text "-".
//
// Keys and strings are words without their quotes, unless they could be taken
// for something else: those with blanks, quotes, backslashes or braces, "*", "-",
// the empty one, and those that begin with "=" keep double quotes.
//
// A value that a rule changes keeps its kind where it can: a number becomes
// another number if the new text is one, true becomes false; everything else
// is a string. New values are strings. A value written as =5, =true, =null,
// ={} or =[] is that JSON value whatever was there. A line of one word,
// put into an object, is an empty object; a block that rules make is an object.
//
// Commas and closing marks belong to the nodes before them and are mended when
// entries come or go. Duplicate keys stay as they are.
type jsonFormat struct{}

func (jsonFormat) name() string { return "json" }

func (jsonFormat) nests(...string) bool { return true }

func (jsonFormat) parse(d *Document) error {
	room, err := jsonRoom(d)
	if err != nil {
		return err
	}
	d.nodes, d.unit, d.style = make([]node, 0, room), "    ", ": "
	p := jsonParser{d: d, src: d.src, block: &d.root}
	if err := p.run(); err != nil {
		return err
	}
	p.style()
	d.number()
	return nil
}

// jsonRoom counts the values and lines that may become nodes.
func jsonRoom(d *Document) (int, error) {
	room, lines, quoted := 2, 0, false
	for i := 0; i < len(d.src); i++ {
		switch c := d.src[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case c == '\n':
			lines++
		case !quoted && (c == ',' || c == '{' || c == '['):
			room++
		}
	}
	if room > maxLines {
		return 0, fmt.Errorf("it has %d values; at most %d are read", room, maxLines)
	}
	return room + lines, nil
}

// jsonParser reads values, without recursion: block is the object or array
// that is open.
type jsonParser struct {
	d     *Document
	src   string
	at    int
	block *node
	comma bool // a comma stands behind the last entry of block
}

func (p *jsonParser) run() error {
	p.at = len(p.src) - len(strings.TrimPrefix(p.src, "\ufeff"))
	p.space()
	root := &p.d.root
	root.indent = p.src[:p.at]
	if c := p.peek(); c != '{' && c != '[' {
		if err := p.scalarRoot(); err != nil || p.at == len(p.src) {
			return err
		}
		return p.fail("an end")
	}
	root.raw = p.src[p.at : p.at+1]
	p.at++
	root.rest = p.lineEnd()
	for p.block != nil {
		if err := p.entry(); err != nil {
			return err
		}
	}
	if p.at < len(p.src) {
		return p.fail("the end of the file: one value is a configuration")
	}
	return nil
}

// scalarRoot reads a file that is one plain value.
func (p *jsonParser) scalarRoot() error {
	from := p.at
	word, err := p.scalar("a value")
	if err != nil {
		return err
	}
	n := p.add("", from, word)
	end := p.at
	p.space()
	n.rest = p.src[end:p.at]
	return nil
}

// entry reads one entry of the open block, or its end.
func (p *jsonParser) entry() error {
	p.blanks()
	from := p.at
	p.space()
	array := isArray(p.block)
	started := lastCommand(p.block) != nil
	c := p.peek()
	if closer := closerOf(p.block); c == closer && !p.comma {
		p.close(from)
		return nil
	} else if started && !p.comma {
		return p.fail(fmt.Sprintf(`"," or "%c"`, closer))
	}
	start := p.at
	if array {
		expected := `a value or "]"`
		if p.comma {
			expected = "a value"
		}
		return p.value(p.src[from:start], start, "", expected)
	}
	if c != '"' {
		if p.comma {
			return p.fail("a key in double quotes")
		}
		return p.fail(`a key in double quotes or "}"`)
	}
	key, err := p.str()
	if err != nil {
		return err
	}
	p.space()
	if p.peek() != ':' {
		return p.fail(`":"`)
	}
	p.at++
	p.space()
	return p.value(p.src[from:start], start, key, "a value")
}

// value reads what stands behind a key, or an element.
func (p *jsonParser) value(indent string, start int, key, expected string) error {
	if c := p.peek(); c == '{' || c == '[' {
		p.at++
		if key == "" {
			key = "-"
		}
		n := p.add(indent, start, key)
		n.rest = p.lineEnd()
		p.block, p.comma = n, false
		return nil
	}
	word, err := p.scalar(expected)
	if err != nil {
		return err
	}
	if key != "" {
		word = key + " " + word
	}
	n := p.add(indent, start, word)
	n.rest = p.after()
	return nil
}

// add makes the node of what was read since start.
func (p *jsonParser) add(indent string, start int, text string) *node {
	p.d.nodes = append(p.d.nodes, node{indent: indent, raw: p.src[start:p.at], text: text, offset: start - len(indent)})
	n := &p.d.nodes[len(p.d.nodes)-1]
	p.block.append(n)
	return n
}

// close ends the open block, whose closing mark comes next.
func (p *jsonParser) close(from int) {
	p.at++
	n := p.block
	if n.parent == nil {
		p.space()
		n.tail, p.block = p.src[from:p.at], nil
		return
	}
	p.block = n.parent
	p.after()
	n.tail = p.src[from:p.at]
}

// after takes the comma behind a value and the white space to the line's end.
func (p *jsonParser) after() string {
	from := p.at
	p.space()
	if p.comma = p.peek() == ','; p.comma {
		p.at++
	} else {
		p.at = from
	}
	p.lineEnd()
	return p.src[from:p.at]
}

// lineEnd takes white space up to and with the line's end, if nothing else
// stands before it.
func (p *jsonParser) lineEnd() string {
	for i := p.at; i < len(p.src) && isSpace(p.src[i]); i++ {
		if p.src[i] == '\n' {
			line := p.src[p.at : i+1]
			p.at = i + 1
			return line
		}
	}
	return ""
}

// blanks makes nodes of blank lines.
func (p *jsonParser) blanks() {
	if p.at == 0 || p.src[p.at-1] != '\n' {
		return
	}
	for {
		from := p.at
		line := p.lineEnd()
		if line == "" {
			return
		}
		p.d.nodes = append(p.d.nodes, node{rest: line, offset: from, kind: blank})
		p.block.append(&p.d.nodes[len(p.d.nodes)-1])
	}
}

func (p *jsonParser) space() {
	for p.at < len(p.src) && isSpace(p.src[p.at]) {
		p.at++
	}
}

// peek gives the next byte; 0 at the end.
func (p *jsonParser) peek() byte {
	if p.at == len(p.src) {
		return 0
	}
	return p.src[p.at]
}

// fail says that something else stands at the place than what was expected.
func (p *jsonParser) fail(expected string) error {
	found := "the end of the file"
	if p.at < len(p.src) {
		found = fmt.Sprintf("found %q", firstRune(p.src[p.at:]))
	}
	return p.d.malformed(p.at, found, expected)
}

func firstRune(s string) string {
	for i := range s {
		if i > 0 {
			return s[:i]
		}
	}
	return s
}

// style notes how the file indents and writes ":".
func (p *jsonParser) style() {
	first := lastCommand(&p.d.root)
	for n := range p.d.root.commands {
		first = n
		break
	}
	if first == nil {
		return
	}
	if strings.HasSuffix(p.d.root.rest, "\n") && first.indent != "" {
		p.d.unit = first.indent
	}
	if key := jsonKeyEnd(first.raw); key > 0 {
		p.d.style = jsonColon(first.raw, key)
	}
}

// isArray says whether a node is an array: no plain value ends in its mark.
func isArray(n *node) bool { return strings.HasSuffix(n.raw, "[") }

func closerOf(n *node) byte {
	if isArray(n) {
		return ']'
	}
	return '}'
}

func lastCommand(n *node) *node {
	last := n.last
	for last != nil && last.kind != command {
		last = last.prev
	}
	return last
}
