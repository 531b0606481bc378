package migrate

import "strings"

func (yamlFormat) mend(d *Document) { d.mendLineEnds() }

// holds: an entry or item without a value.
func (yamlFormat) holds(n *node) bool {
	if n.parent == nil || n.first != nil || n.text == "-" {
		return true
	}
	key, value := cutWord(n.text)
	return key != "" && strings.Trim(value, " \t") == "" && !isItem(n.raw)
}

// meaning tells numbers, true, false and null from the strings of the same
// letters; the order of items has a meaning.
func (yamlFormat) meaning(n *node) (key string, ordered bool) {
	key = oneBlank(n.text)
	for c := range n.commands {
		return key, isItem(c.raw)
	}
	_, value := yamlParts(n.raw)
	if jsonLiteral(value) != 0 {
		return key + "\x00=", false
	}
	return key, false
}

// yamlParts cuts an entry or item into its head, with the blanks behind it,
// and its value.
func yamlParts(raw string) (head, value string) {
	at := 0
	switch {
	case raw == "":
		return "", ""
	case isItem(raw):
		at = 1
	default:
		p := yamlParser{d: &Document{src: raw}, src: raw}
		_, _, after, err := p.key(0, p.lineEnd(0))
		if err != nil || after == 0 {
			return "", raw
		}
		at = after
	}
	for at < len(raw) && (raw[at] == ' ' || raw[at] == '\t') {
		at++
	}
	return raw[:at], raw[at:]
}

// indent is that of the block's other lines, or one unit more than its head's.
func (yamlFormat) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		if n.prev == nil && parent.inline {
			return strings.Repeat(" ", n.column())
		}
		return n.indent
	}
	if parent == &d.root {
		return ""
	}
	return strings.Repeat(" ", parent.column()) + d.unit
}

// column is where the node's head begins: behind that of its block where it is
// on one line with it.
func (n *node) column() int {
	at := len(n.indent)
	for n.prev == nil && n.parent != nil && n.parent.inline {
		n = n.parent
		at += len(n.raw) + len(n.rest) + len(n.indent)
	}
	return at
}

// write sets raw from text, and text to the form that parsing raw would give.
func (f yamlFormat) write(d *Document, n *node, block bool) {
	head, old := yamlParts(n.raw)
	if f.inList(n) {
		if head == "" || !isItem(head) {
			head = "- "
		}
		if n.text == "-" || block {
			n.raw, n.text = "-", "-"
			return
		}
		raw, word := yamlToken(n.text, old)
		n.raw, n.text = strings.TrimRight(head, " ")+" "+raw, word
		return
	}
	key, value := cutWord(n.text)
	value = strings.Trim(value, " \t")
	if block && value != "" {
		key, value = jsonWord(oneBlank(n.text)), ""
	}
	between := d.style
	if oldKey, _ := cutWord(yamlKeyWord(head)); head != "" && !isItem(head) {
		token := strings.TrimRight(head, " \t:")
		between = head[len(token):]
		if oldKey == key {
			head = token
		} else {
			head = yamlPlain(unquoteWord(key))
		}
	} else {
		head = yamlPlain(unquoteWord(key))
	}
	n.text = jsonWord(unquoteWord(key))
	if value == "" {
		n.raw = head + strings.TrimRight(between, " \t")
		if isProperty(old) {
			n.raw = head + between + old
		}
		return
	}
	raw, word := yamlToken(value, old)
	if !isSpace(between[len(between)-1]) {
		between += " "
	}
	n.raw = head + between + raw
	n.text += " " + word
}

func yamlKeyWord(head string) string {
	p := yamlParser{d: &Document{src: head}, src: head}
	word, _, _, _ := p.key(0, len(head))
	return word
}

// inList says whether the node is or becomes an item.
func (yamlFormat) inList(n *node) bool {
	if n.text == "-" {
		return true
	}
	for c := range n.parent.commands {
		if c != n {
			return isItem(c.raw)
		}
	}
	return isItem(n.raw) && n.line > 0 && !n.placed
}

// yamlToken gives the token of a value's text, and its word; old is the token
// that it replaces.
func yamlToken(text, old string) (raw, word string) {
	if literal, ok := strings.CutPrefix(text, "="); ok && (literal == "{}" || literal == "[]" || jsonLiteral(literal) != 0) {
		return literal, jsonWord(literal)
	}
	word, rest := cutWord(text)
	if strings.Trim(rest, " \t") != "" {
		word = jsonWord(oneBlank(text))
	}
	value := unquoteWord(word)
	if old != "" && yamlWordOf(old) == word {
		return old, word
	}
	switch {
	case old != "" && strings.IndexByte("[{", old[0]) >= 0 && value != "" && value[0] == old[0]:
		return value, word
	case jsonLiteral(value) != 0 && jsonLiteral(old) == jsonLiteral(value):
		return value, word
	case old != "" && old[0] == '\'' && !strings.ContainsAny(value, "\n\r\t"):
		return "'" + strings.ReplaceAll(value, "'", "''") + "'", jsonWord(value)
	case old != "" && old[0] == '"':
		return jsonString(value), jsonWord(value)
	}
	return yamlPlain(value), jsonWord(value)
}

// yamlWordOf gives the word of a value's token.
func yamlWordOf(token string) string {
	p := yamlParser{d: &Document{src: token}, src: token}
	v, err := p.scalar(0, 0)
	if err != nil || v.end != len(token) {
		return ""
	}
	return v.word
}

// yamlPlain writes a string without quotes where that is the same string.
func yamlPlain(s string) string {
	switch strings.ToLower(s) {
	case "", "~", "null", "true", "false", "yes", "no", "on", "off":
		return jsonString(s)
	}
	if c := s[0]; strings.IndexByte("!&*-?:,[]{}#|>@`\"'%=. \t", c) >= 0 || '0' <= c && c <= '9' && numeric(s) || c == '+' {
		return jsonString(s)
	}
	if strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.ContainsAny(s, "\n\r\t") || strings.TrimSpace(s) != s || s[len(s)-1] == ':' {
		return jsonString(s)
	}
	return s
}

// numeric says whether a YAML reader may take the string for a number or a
// time: digits and what joins them.
func numeric(s string) bool {
	return strings.Trim(s, "0123456789.eExXoOabcdfABCDF_+-:") == "" && strings.Count(s, ".") < 2
}
