package migrate

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlDecode reads the entities of XML and character references; a text with
// others, or with what would not come out as it went in, stays as it is.
func xmlDecode(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for rest := s; rest != ""; {
		i := strings.IndexByte(rest, '&')
		if i < 0 {
			b.WriteString(rest)
			break
		}
		b.WriteString(rest[:i])
		name, after, ok := strings.Cut(rest[i+1:], ";")
		r := xmlEntity(name)
		if !ok || r == 0 {
			return s
		}
		b.WriteRune(r)
		rest = after
	}
	return b.String()
}

// xmlEntity gives the character of an entity; 0 = it is not one of XML's.
func xmlEntity(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	digits, ok := strings.CutPrefix(name, "#")
	if !ok {
		return 0
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	code, err := strconv.ParseUint(digits, base, 21)
	if r := rune(code); err == nil && r >= ' ' && utf8.ValidRune(r) {
		return r
	}
	return 0
}

// xmlEncode writes a text; one with an entity that is not XML's stays as it is.
func xmlEncode(s string) string {
	if i := strings.IndexByte(s, '&'); i >= 0 && xmlDecode(s) == s {
		if name, _, ok := strings.Cut(s[i+1:], ";"); ok && isName(strings.TrimPrefix(name, "#")) {
			return s
		}
	}
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

// meaning: elements are ordered where a name stands several times.
func (xmlFormat) meaning(n *node) (key string, ordered bool) {
	seen := map[string]bool{}
	for c := range n.commands {
		name := firstWord(c.text)
		if seen[name] {
			return oneBlank(n.text), true
		}
		seen[name] = true
	}
	return oneBlank(n.text), false
}

// holds: elements without text of their own, and the file before its element.
func (xmlFormat) holds(n *node) bool {
	if n.parent == nil {
		return lastCommand(n) == nil
	}
	_, value := cutWord(n.text)
	return !isAttribute(n) && strings.TrimSpace(value) == ""
}

func isAttribute(n *node) bool { return strings.HasPrefix(n.text, "@") }

// indent is that of the block's first element, or one unit more than its own.
func (xmlFormat) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		if !isAttribute(n) && (n.prev == nil && strings.HasSuffix(parent.rest, "\n") || n.prev != nil && n.prev.endsBlock()) {
			return n.indent
		}
	}
	if parent == &d.root {
		return ""
	}
	return parent.indent + d.unit
}

// write sets raw from text.
func (f xmlFormat) write(d *Document, n *node, block bool) {
	key, value := cutWord(n.text)
	value = strings.Trim(value, " \t")
	if word, rest := cutWord(value); strings.TrimSpace(rest) != "" {
		value = oneBlank(value)
	} else {
		value = unquoteWord(word)
	}
	name := unquoteWord(strings.TrimPrefix(key, "@"))
	switch {
	case isAttribute(n):
		quote := `"`
		if strings.HasSuffix(n.raw, "'") && !strings.Contains(value, "'") {
			quote = "'"
		}
		n.raw = name + "=" + quote + strings.ReplaceAll(xmlEncode(value), `"`, "&quot;") + quote
		n.text = "@" + quoteWord(name) + " " + quoteWord(value)
		return
	case key == "=":
		n.text = "= " + quoteWord(value)
		if strings.HasPrefix(n.raw, "<![CDATA[") && !strings.Contains(value, "]]>") {
			n.raw = "<![CDATA[" + value + "]]>"
		} else {
			n.raw = xmlEncode(value)
		}
		return
	}
	n.text = quoteWord(name)
	if n.tail != "" || block {
		f.writeTags(n, name)
		return
	}
	if value == "" {
		n.raw = "<" + name + "/>"
		return
	}
	n.raw = "<" + name + ">" + f.padded(n.raw, xmlEncode(value)) + "</" + name + ">"
	n.text += " " + quoteWord(value)
}

// padded keeps the white space about the text of an element.
func (xmlFormat) padded(old, value string) string {
	from, to := strings.IndexByte(old, '>')+1, strings.LastIndexByte(old, '<')
	if from <= 0 || to < from || strings.TrimSpace(old[from:to]) == "" {
		return value
	}
	content := old[from:to]
	left := content[:len(content)-len(strings.TrimLeft(content, " \t\r\n"))]
	return left + value + content[len(strings.TrimRight(content, " \t\r\n")):]
}

// writeTags gives a block its tags, or its tags another name.
func (xmlFormat) writeTags(n *node, name string) {
	if n.tail == "" {
		n.raw, n.tail, n.rest = "<"+name+">", "</"+name+">"+n.rest, ""
		return
	}
	old := xmlName(n.raw)
	n.raw = "<" + name + strings.TrimPrefix(n.raw, "<"+old)
	if i := closingAt(n.tail); strings.HasPrefix(n.tail[i:], "</") {
		rest := strings.TrimLeft(n.tail[i+2:], " \t\r\n")
		n.tail = n.tail[:i+2] + name + strings.TrimPrefix(rest, old)
	}
}

// mend makes blocks of elements that have been given something, and puts
// attributes into their tags and elements onto lines of their own.
func (f xmlFormat) mend(d *Document) {
	m := jsonMender{d: d, lines: strings.Contains(strings.TrimRight(d.src, " \t\r\n"), "\n")}
	var blocks []*node
	d.root.walk(func(n *node) {
		if n.first != nil {
			blocks = append(blocks, n)
		}
	}, nil)
	for _, p := range blocks {
		if p.tail == "" {
			f.writeTags(p, xmlName(p.raw))
			p.blame(p.first.rule)
		}
		f.mendTag(p)
		f.mendContent(&m, p)
	}
	for n := d.root.first; n != nil; n = n.next {
		if n.foreign() && !n.endsBlock() && n.next != nil {
			*n.end() += d.eol
		}
	}
}

// mendTag puts the attributes first, and the tag's end behind them.
func (xmlFormat) mendTag(p *node) {
	var attributes, content []*node
	var closer *node
	for n := p.first; n != nil; n = n.next {
		switch {
		case n.kind == comment && n.raw == ">":
			closer = n
		case n.kind == command && isAttribute(n):
			attributes = append(attributes, n)
		default:
			content = append(content, n)
		}
	}
	closing := p.tail[closingAt(p.tail):]
	selfClosed := strings.HasPrefix(closing, "/>")
	switch {
	case selfClosed && len(content) > 0:
		closer = &node{kind: comment, raw: ">", lines: 1}
		closer.decide(altered, content[0].rule)
		p.tail = "</" + xmlName(p.raw) + ">" + closing[len("/>"):]
		p.blame(content[0].rule)
	case closer == nil && len(attributes) > 0 && !selfClosed:
		closer = &node{kind: comment, raw: ">", rest: p.rest, lines: 1}
		closer.decide(altered, attributes[0].rule)
		p.raw, p.rest = strings.TrimSuffix(p.raw, ">"), ""
		p.blame(attributes[0].rule)
	}
	all := attributes
	if closer != nil {
		all = append(all, closer)
	}
	p.first, p.last = nil, nil
	for _, n := range append(all, content...) {
		p.append(n)
		if n.kind == command && isAttribute(n) && n.foreign() {
			n.indent, n.rest = " ", ""
		}
	}
}

// mendContent lays what is new in a block.
func (xmlFormat) mendContent(m *jsonMender, p *node) {
	lines, native := strings.HasSuffix(p.rest, "\n"), false
	for n := p.first; n != nil; n = n.next {
		if n.foreign() || n.kind == command && isAttribute(n) {
			continue
		}
		lines = lines || n.endsBlock()
		native = native || n.raw != ">"
	}
	lines = lines || !native && m.lines
	for n := p.first; n != nil; n = n.next {
		if n.kind == command && n.foreign() && !isAttribute(n) {
			m.lay(p, n, lines)
			if n.prev != nil && !lines {
				n.indent = ""
			}
		}
	}
	if last := p.last; lines && last != nil && last.foreign() && last.kind == command && !isAttribute(last) {
		m.setTail(p, p.indent+p.tail[closingAt(p.tail):], last.rule)
	}
}
