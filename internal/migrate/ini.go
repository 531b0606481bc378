package migrate

import "strings"

// ini is the format of sections with key=value lines. A section's text is its
// name, a key's text is the key, a blank and the value. Keys before the first
// section stand at the top. ";" and "#" begin comments.
type ini struct{}

func (ini) name() string { return "ini" }

func (ini) holds(n *node) bool { return n.parent == nil || strings.HasPrefix(n.raw, "[") || isRow(n) }

func (ini) mend(d *Document) {
	for section := range d.root.commands {
		if format := section.format(); format != nil {
			d.mendTable(section, format)
		}
	}
	d.mendLineEnds()
}

func (ini) meaning(n *node) (key string, ordered bool) { return n.key(), false }

// nests allows rows in tables.
func (ini) nests(path ...string) bool {
	row, index := cutWord(path[len(path)-1])
	return len(path) == 2 && index != "" && (row == path[0] || row == "FORMAT")
}

// indent is that of the section's first key.
func (ini) indent(_ *Document, parent *node) string {
	for n := range parent.commands {
		return n.indent
	}
	return parent.indent
}

// write keeps the way in which the line, or else the file, writes "=".
func (ini) write(d *Document, n *node, block bool) {
	switch {
	case n.kind == comment:
		n.raw = n.text
		return
	case strings.HasPrefix(n.raw, "["):
		renameSection(n)
		return
	case isRow(n.parent):
		writeCell(n)
		return
	case isRow(n) || block && n.parent != nil && n.parent.parent != nil:
		writeRow(d, n)
		return
	case block:
		n.raw = "[" + n.text + "]"
		return
	}
	separator := d.unit
	if key := strings.IndexByte(n.raw, '='); key >= 0 {
		separator = around(n.raw, key)
	}
	key, value := cutWord(n.text)
	value = strings.TrimLeft(value, " \t")
	if strings.HasPrefix(key, `"`) && strings.HasSuffix(key, `"`) && len(key) > 1 {
		key = key[1 : len(key)-1]
	}
	if value == "" {
		separator = strings.TrimRight(separator, " \t")
	}
	n.raw = key + separator + value
}

// renameSection keeps the blanks about a section's name.
func renameSection(n *node) {
	end := strings.IndexByte(n.raw, ']')
	old := strings.TrimSpace(n.raw[1:end])
	from := strings.Index(n.raw, old)
	n.raw = n.raw[:from] + n.text + n.raw[from+len(old):]
	if name, ok := closesTable(strings.TrimSpace(n.tail)); ok {
		from := strings.Index(n.tail, name)
		n.tail = n.tail[:from] + n.text + n.tail[from+len(name):]
	}
}

// around gives the "=" at i with the white space about it.
func around(s string, i int) string {
	from, to := i, i+1
	for from > 0 && isSpace(s[from-1]) {
		from--
	}
	for to < len(s) && isSpace(s[to]) {
		to++
	}
	return s[from:to]
}

func (ini) parse(d *Document) error {
	d.unit = "="
	if hasTables(d.src) { // rows and their cells are nodes too
		d.nodes = make([]node, 0, cap(d.nodes)+strings.Count(d.src, ",")+strings.Count(d.src, ";"))
	}
	defer d.number()
	s := scanner{d: d}
	section := &d.root
	var pending []*node
	place := func(where *node) {
		for _, p := range pending {
			where.append(p)
		}
		pending = pending[:0]
	}
	styled := false
	for {
		n, ok := s.next()
		if !ok {
			break
		}
		switch {
		case n.text == "":
			n.kind = blank
			pending = append(pending, n)
		case n.text[0] == ';' || n.text[0] == '#':
			n.kind = comment
			pending = append(pending, n)
		case n.text[0] == '[' && d.closeTable(section, n):
			place(section)
			section = &d.root
		case n.text[0] == '[':
			if err := d.section(n); err != nil {
				return err
			}
			place(&d.root)
			d.root.append(n)
			section = n
		default:
			if section.parent != nil {
				place(section)
				if row, err := d.tableLine(section, n); row || err != nil {
					if err != nil {
						return err
					}
					continue
				}
			}
			equals := strings.IndexByte(n.raw, '=')
			if equals <= 0 {
				return d.malformed(n.offset+len(n.indent), "a line that is neither section nor key", "[section], key=value or ; comment")
			}
			n.text = keyText(n.raw, equals)
			if !styled && n.raw[len(n.raw)-1] != '=' {
				d.unit, styled = around(n.raw, equals), true
			}
			place(section)
			section.append(n)
		}
	}
	place(&d.root)
	return nil
}

// closeTable makes "[ \Name ]" the end of its section, instead of a node.
func (d *Document) closeTable(section, n *node) bool {
	if name, ok := closesTable(n.raw); !ok || section.parent == nil || !strings.EqualFold(name, section.text) {
		return false
	}
	section.tail = n.indent + n.raw + n.rest
	d.nodes = d.nodes[:len(d.nodes)-1]
	return true
}

// section sets the text of a section's head.
func (d *Document) section(n *node) error {
	end := strings.IndexByte(n.raw, ']')
	if end < 0 {
		return d.malformed(n.offset+len(n.indent)+len(n.raw), "the section's name is not closed", `"]"`)
	}
	n.text = strings.TrimSpace(n.raw[1:end])
	if after := strings.TrimSpace(n.raw[end+1:]); after != "" && after[0] != ';' && after[0] != '#' {
		return d.malformed(n.offset+len(n.indent)+end+1, "text after a section's name", "the end of the line")
	}
	return nil
}

// keyText gives "key value"; a key with blanks is put in quotes.
func keyText(raw string, equals int) string {
	key, value := strings.TrimSpace(raw[:equals]), strings.TrimSpace(raw[equals+1:])
	if strings.ContainsAny(key, " \t") {
		key = `"` + key + `"`
	}
	if value == "" {
		return key
	}
	return key + " " + value
}
