package migrate

import "strings"

// refit writes an entry anew that has come into a list, or an item that has
// come among entries.
func (d *Document) refit(n *node) {
	fits := true
	switch d.format.(type) {
	case jsonFormat:
		fits = (jsonKeyEnd(n.raw) > 0) != isArray(n.parent)
	case yamlFormat:
		for c := range n.parent.commands {
			fits = isItem(c.raw) == isItem(n.raw)
		}
	}
	if !fits {
		d.format.write(d, n, n.first != nil)
	}
}

// meaning tells numbers, true, false and null from the strings of the same
// letters, and arrays from objects.
func (jsonFormat) meaning(n *node) (key string, ordered bool) {
	key = oneBlank(n.text)
	if n.raw == "" {
		return key, false
	}
	switch n.raw[len(n.raw)-1] {
	case '"', '{':
		return key, false
	case '[':
		return key + "\x00[", true
	}
	return key + "\x00=", false
}

// indent is that of the block's first line, or one unit more than its head's.
func (jsonFormat) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		if n.prev == nil && !strings.HasSuffix(parent.rest, "\n") {
			break
		}
		return n.indent
	}
	if parent == &d.root {
		return d.unit
	}
	return parent.indent + d.unit
}

// write sets raw from text, and text to the form that parsing raw would give.
func (f jsonFormat) write(d *Document, n *node, block bool) {
	key, value := cutWord(n.text)
	value = strings.Trim(value, " \t")
	if isArray(n.parent) {
		f.writeElement(d, n, block)
		return
	}
	if block && value != "" {
		key, value = jsonWord(oneBlank(n.text)), ""
	}
	head := jsonToken(key)
	colon := d.style
	old := ""
	if end := jsonKeyEnd(n.raw); end > 0 {
		colon = jsonColon(n.raw, end)
		old = n.raw[end+len(colon):]
		if jsonTokenWord(n.raw[:end]) == jsonTokenWord(head) {
			head = n.raw[:end]
		}
	} else {
		old = n.raw
	}
	n.text = jsonTokenWord(head)
	if value == "" {
		n.raw = head + colon + container(d, n, old)
		return
	}
	raw, word := jsonValue(value, old)
	if raw == "{}" || raw == "[]" {
		n.raw = head + colon + container(d, n, raw[:1])
		return
	}
	scalarise(n)
	n.raw = head + colon + raw
	n.text += " " + word
}

// writeElement writes an element of an array.
func (jsonFormat) writeElement(d *Document, n *node, block bool) {
	old := n.raw
	if end := jsonKeyEnd(old); end > 0 {
		old = old[end+len(jsonColon(old, end)):]
	}
	if block || n.tail != "" && n.text == "-" {
		n.raw, n.text = container(d, n, old), "-"
		return
	}
	raw, word := jsonValue(n.text, old)
	if raw == "{}" || raw == "[]" {
		n.raw, n.text = container(d, n, raw[:1]), "-"
		return
	}
	scalarise(n)
	n.raw, n.text = raw, word
}

// container gives the opening mark of an object or array, that of old if it is
// one, and gives n a closing mark if it has none.
func container(d *Document, n *node, old string) string {
	open := "{"
	if old == "[" {
		open = "["
	}
	if n.tail == "" {
		n.tail = closing(open) + n.rest
		if n.rest = ""; !strings.HasSuffix(n.tail, "\n") && n.line == 0 {
			n.tail += d.eol
		}
	} else if i := closingAt(n.tail); closing(open) != n.tail[i:i+1] {
		n.tail = n.tail[:i] + closing(open) + n.tail[i+1:]
	}
	return open
}

func closing(open string) string {
	if open == "[" {
		return "]"
	}
	return "}"
}

// closingAt is the place of the closing mark in a tail.
func closingAt(tail string) int { return len(tail) - len(strings.TrimLeft(tail, " \t\r\n")) }

// scalarise takes the closing mark from a block that has become a plain value.
func scalarise(n *node) {
	if n.tail != "" {
		n.rest, n.tail = n.tail[closingAt(n.tail)+1:], ""
	}
}

// jsonValue gives the token of a value's text, and its word, by the rules that
// are with jsonFormat; old is the token that it replaces.
func jsonValue(text, old string) (raw, word string) {
	if literal, ok := strings.CutPrefix(text, "="); ok && (literal == "{}" || literal == "[]" || jsonLiteral(literal) != 0) {
		return literal, literal
	}
	word, rest := cutWord(text)
	if strings.Trim(rest, " \t") != "" {
		word = jsonWord(oneBlank(text))
	}
	if kind := jsonLiteral(old); kind != 0 && kind != 'n' && kind == jsonLiteral(word) {
		return word, word
	}
	raw = jsonToken(word)
	if old != "" && old[0] == '"' && jsonTokenWord(old) == jsonTokenWord(raw) {
		raw = old
	}
	return raw, jsonTokenWord(raw)
}

// jsonLiteral gives the kind of a token that is no string: '0' a number, 't'
// true or false, 'n' null; 0 where it is none of them.
func jsonLiteral(s string) byte {
	switch {
	case s == "true" || s == "false":
		return 't'
	case s == "null":
		return 'n'
	case s != "" && jsonNumber(s) == len(s):
		return '0'
	}
	return 0
}

func (jsonFormat) holds(n *node) bool { return n.tail != "" }

// mend sets the commas, line ends and closing marks of blocks that rules have
// changed.
func (jsonFormat) mend(d *Document) {
	m := jsonMender{d: d, lines: strings.Contains(strings.TrimRight(d.src, " \t\r\n"), "\n") || strings.TrimSpace(d.src) == "{}"}
	m.block(&d.root)
	d.root.walk(func(n *node) {
		if n.first != nil {
			m.block(n)
		}
	}, nil)
}

type jsonMender struct {
	d     *Document
	lines bool // the file has its entries on lines of their own
}

func (m *jsonMender) block(p *node) {
	lines := m.ownLines(p)
	for n := p.first; n != nil; n = n.next {
		if n.kind == command && n.foreign() {
			m.lay(p, n, lines)
		}
	}
	last := lastCommand(p)
	for n := range p.commands {
		m.d.comma(n, n != last)
	}
	if lines && p.last != nil && p.last.foreign() {
		indent := p.indent
		if p == &m.d.root {
			indent = ""
		}
		m.setTail(p, indent+p.tail[closingAt(p.tail):], p.last.rule)
	}
}

// ownLines says whether the entries of a block stand on lines of their own.
func (m *jsonMender) ownLines(p *node) bool {
	if strings.HasSuffix(p.rest, "\n") {
		return true
	}
	native := false
	for n := range p.commands {
		if n.foreign() {
			continue
		}
		if native = true; n.endsBlock() {
			return true
		}
	}
	return !native && m.lines
}

// lay gives a new line its place: a line of its own, or between the others.
func (m *jsonMender) lay(p, n *node, lines bool) {
	if !lines {
		if n.indent = ""; n.prev != nil {
			n.indent = " "
		}
		end := n.end()
		*end = strings.TrimRight(*end, " \t\r\n")
		return
	}
	if !n.endsBlock() {
		*n.end() += m.d.eol
	}
	switch {
	case n.prev == nil && !strings.HasSuffix(p.rest, "\n"):
		p.rest += m.d.eol
		p.blame(n.rule)
	case n.prev != nil && !n.prev.endsBlock():
		*n.prev.end() += m.d.eol
		n.prev.blame(n.rule)
	}
}

func (m *jsonMender) setTail(p *node, tail string, rule *Rule) {
	if p.tail != tail {
		p.tail = tail
		p.blame(rule)
	}
}
