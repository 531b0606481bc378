package migrate

import (
	"strings"

	"drydock/internal/fault"
)

// item is an entry of a configuration as every format has it: a key with a
// value, or with items beneath it. An element of a list has no key.
type item struct {
	key     string // a word's string; of a comment, its text
	value   string
	leaf    bool // it has a value, not items
	literal bool // the value is a number, true, false or null
	element bool // it is an element of a list
	list    bool // the items beneath it are elements
	comment bool
	lines   []int // of the source, from 1
	closing int   // the line of the closing mark; 0 = none
	below   []*item
}

// Convert writes a configuration in another format: sections, blocks, objects
// and elements are blocks, keys and attributes (as "@name") are keys, lists are
// lists or keys that stand several times. The document element of XML is the
// file itself, and is called "configuration" in a new one.
//
// The result is canonical: only what means something is carried over, and
// comments where the new format has them. Origins say for each line of the new
// document from which lines of d it comes. The error is fault.Invalid: one of
// the formats cannot be converted, or the new one cannot say what d does.
func Convert(d *Document, to string) (*Document, [][]int, error) {
	from := d.format.name()
	if !convertible(from) || !convertible(to) {
		return nil, nil, fault.New(fault.Invalid, "migrate.Convert", "", "a configuration in format %s cannot be written in format %s", from, to).
			WithHint("%s", oneOf("formats that are converted are", convertibles()))
	}
	d.number()
	w := converter{to: to}
	items := d.items()
	if to == "keyvalue" || to == "ini" || to == "uci" {
		items = flat(items)
	}
	if err := w.write(items); err != nil {
		return nil, nil, fault.New(fault.Invalid, "migrate.Convert", "", "%s to %s: %w", from, to, err)
	}
	made, err := Parse(to, []byte(w.out.String()))
	if err != nil {
		return nil, nil, fault.New(fault.Internal, "migrate.Convert", "", "%s to %s: %w", from, to, err)
	}
	return made, w.origins, nil
}

func convertibles() []string { return []string{"ini", "keyvalue", "uci", "json", "yaml", "xml"} }

func convertible(format string) bool {
	for _, f := range convertibles() {
		if f == format {
			return true
		}
	}
	return false
}

// items reads the tree of a document.
func (d *Document) items() []*item {
	top := &item{list: isList(d, &d.root)}
	d.itemsBelow(&d.root, top)
	if d.format.name() == "xml" { // the document element is the file
		for _, root := range top.below {
			if root.leaf && root.value != "" {
				root.key = "="
				return []*item{root}
			}
			if !root.comment {
				return root.below
			}
		}
	}
	return top.below
}

func (d *Document) itemsBelow(n *node, into *item) {
	for c := n.first; c != nil; c = c.next {
		switch {
		case c.kind == blank || c.kind == comment && c.raw == ">":
			continue
		case c.kind == comment:
			if text := commentText(c.raw); text != "" {
				into.below = append(into.below, &item{comment: true, key: text, lines: c.inputLines()})
			}
			continue
		}
		i := d.item(c)
		i.lines, i.closing = c.inputLines(), int(c.closes)
		if c.closes == c.line {
			i.closing = 0
		}
		if strings.HasPrefix(c.text, "FORMAT ") && isRow(c) { // names columns, which cells have
			into.lines = append(into.lines, i.lines...)
			continue
		}
		if !i.leaf {
			d.itemsBelow(c, i)
		}
		if d.format.name() == "xml" {
			i.named()
		}
		d.nest(into, i, c)
	}
}

// named undoes what XML needs for a key that is no name: <entry key="...">.
func (i *item) named() {
	if i.key != "entry" || len(i.below) == 0 || i.below[0].key != "@key" {
		return
	}
	i.key = i.below[0].value
	if i.below = i.below[1:]; len(i.below) == 1 && i.below[0].key == "=" && i.below[0].leaf {
		i.value, i.leaf, i.below = i.below[0].value, true, nil
	}
}

// nest hangs an item beneath another; a named section of UCI into one of its type.
func (d *Document) nest(into, i *item, n *node) {
	into.below = append(into.below, i)
	if d.format.name() != "uci" || i.leaf {
		return
	}
	words := Words(n.text)
	if i.key = unquoteWord(words[1]); len(words) > 2 {
		named := *i
		named.key = unquoteWord(words[2])
		*i = item{key: i.key, lines: named.lines, below: []*item{&named}}
	}
}

func (n *node) inputLines() []int {
	lines := make([]int, n.lines)
	for i := range lines {
		lines[i] = int(n.line) + i
	}
	return lines
}

func isList(d *Document, n *node) bool {
	switch d.format.name() {
	case "json":
		return isArray(n)
	case "yaml":
		for c := range n.commands {
			return isItem(c.raw)
		}
	}
	return false
}

// item reads one line.
func (d *Document) item(n *node) *item {
	word, rest := cutWord(n.text)
	i := &item{key: unquoteWord(word), list: isList(d, n)}
	rest = strings.Trim(rest, " \t")
	block := n.first != nil || n.tail != ""
	switch d.format.name() {
	case "json", "yaml":
		if i.element = isList(d, n.parent); i.element {
			i.key, rest = "", n.text
		}
		i.leaf = !block && (!i.element || n.text != "-") && (rest != "" || i.element)
		i.literal = i.leaf && literalRaw(n.raw)
		if _, value := yamlParts(n.raw); d.format.name() == "yaml" && (value == "[]" || value == "{}") {
			i.leaf, i.list = false, value == "[]"
		}
	case "uci":
		if i.leaf = word != "config"; i.leaf {
			word, rest = cutWord(rest)
			i.key = unquoteWord(word)
		}
	case "xml":
		i.leaf = !block && (rest != "" || i.key == "=" || isAttribute(n))
	case "ini":
		if isRow(n) {
			i.key = strings.Trim(rest, " \t")
		} else if i.leaf = !strings.HasPrefix(n.raw, "["); !i.leaf {
			i.key = n.text
		}
	default:
		i.leaf = true
	}
	if i.leaf {
		i.value = unquoteWord(strings.Trim(rest, " \t"))
	}
	return i
}

// literalRaw says whether a value is written as a number, true, false or null.
func literalRaw(raw string) bool {
	_, value := yamlParts(raw)
	if end := jsonKeyEnd(raw); end > 0 {
		value = raw[end+len(jsonColon(raw, end)):]
	}
	return jsonLiteral(value) != 0 || jsonLiteral(raw) != 0
}

// commentText takes the marks from a comment.
func commentText(raw string) string {
	if strings.HasPrefix(raw, "<?") || strings.HasPrefix(raw, "<!D") || raw == "---" || strings.HasPrefix(raw, "%") {
		return ""
	}
	raw = strings.TrimSuffix(strings.TrimPrefix(raw, "<!--"), "-->")
	return strings.TrimSpace(strings.TrimLeft(raw, "#;!"))
}

// flat takes apart what formats with one level of blocks do not have: lists
// are keys that stand several times.
func flat(items []*item) []*item {
	var all []*item
	for _, i := range items {
		if !i.list {
			i.below = flat(i.below)
			all = append(all, i)
			continue
		}
		for k, e := range i.below {
			if e.element {
				e.key, e.element = i.key, false
			}
			if k == 0 {
				e.lines = append(append([]int(nil), i.lines...), e.lines...)
			}
			e.below = flat(e.below)
			all = append(all, e)
		}
	}
	return all
}
