package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// converter writes items in a format, and notes where each line comes from.
type converter struct {
	to      string
	out     strings.Builder
	origins [][]int
}

func (w *converter) line(depth int, text string, lines ...int) {
	unit := "  "
	switch w.to {
	case "json":
		unit = "    "
	case "uci":
		unit = "\t"
	}
	w.out.WriteString(strings.Repeat(unit, depth) + text + "\n")
	origin := slices.Compact(slices.Sorted(slices.Values(lines)))
	for range strings.Count(text, "\n") + 1 { // a value may have several lines
		w.origins = append(w.origins, origin)
	}
}

func (w *converter) write(items []*item) error {
	switch w.to {
	case "json":
		open, shut := "{", "}"
		if slices.ContainsFunc(items, func(i *item) bool { return i.element }) {
			open, shut = "[", "]"
		}
		w.line(0, open)
		w.json(grouped(items), 1)
		w.line(0, shut)
		return nil
	case "yaml":
		return w.yaml(grouped(items), 0)
	case "xml":
		return w.xmlBlock(&item{below: items}, 0, "configuration", "")
	case "ini":
		return w.ini(items)
	case "uci":
		return w.uci(items)
	}
	return w.keyValue(items, "")
}

// grouped makes lists of keys that stand several times in a block.
func grouped(items []*item) []*item {
	first := map[string]*item{}
	var all []*item
	for _, i := range items {
		if i.comment || i.element {
			all = append(all, i)
			continue
		}
		list := first[i.key]
		if list == nil {
			first[i.key] = i
			all = append(all, i)
			continue
		}
		if !list.list || !list.leaf && len(list.below) > 0 && !list.below[0].element {
			inner := *list
			inner.key, inner.element = "", true
			*list = item{key: i.key, list: true, lines: inner.lines[:min(1, len(inner.lines))], below: []*item{&inner}}
		}
		again := *i
		again.key, again.element = "", true
		list.below = append(list.below, &again)
	}
	return all
}

func (w *converter) json(items []*item, depth int) {
	items = slices.DeleteFunc(slices.Clone(items), func(i *item) bool { return i.comment }) // JSON has none
	for n, i := range items {
		comma := ","
		if n == len(items)-1 {
			comma = ""
		}
		head := ""
		if !i.element {
			head = jsonString(i.key) + ": "
		}
		switch {
		case i.leaf && i.literal:
			w.line(depth, head+i.value+comma, i.lines...)
		case i.leaf:
			w.line(depth, head+jsonString(i.value)+comma, i.lines...)
		default:
			open, shut := "{", "}"
			if i.list {
				open, shut = "[", "]"
			}
			if !slices.ContainsFunc(i.below, func(b *item) bool { return !b.comment }) {
				w.line(depth, head+open+shut+comma, i.all()...)
				continue
			}
			w.line(depth, head+open, i.lines...)
			w.json(grouped(i.below), depth+1)
			w.line(depth, shut+comma, i.end()...)
		}
	}
}

// all gives an item's lines with its closing mark's.
func (i *item) all() []int {
	if i.closing == 0 {
		return i.lines
	}
	return append(slices.Clone(i.lines), i.closing)
}

// end gives the line of the closing mark, or of the head that implies it.
func (i *item) end() []int {
	if i.closing > 0 {
		return []int{i.closing}
	}
	return i.lines
}

func (w *converter) yaml(items []*item, depth int) error {
	for _, i := range items {
		head := "-"
		if i.comment {
			w.line(depth, "# "+i.key, i.lines...)
			continue
		}
		if !i.element {
			head = yamlPlain(i.key) + ":"
		}
		switch {
		case i.leaf && i.literal:
			w.line(depth, head+" "+i.value, i.all()...)
		case i.leaf:
			w.line(depth, head+" "+yamlPlain(i.value), i.all()...)
		default:
			if len(i.below) == 0 && i.list {
				head += " []"
			}
			w.line(depth, head, i.all()...)
			if err := w.yaml(grouped(i.below), depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *converter) xml(items []*item, depth int, around string) error {
	for _, i := range items {
		name, key := i.key, ""
		if i.element {
			name = around
		}
		if !i.comment && !(i.leaf && name == "=") && !i.attribute() && !xmlNameFits(name) {
			name, key = "entry", ` key="`+strings.ReplaceAll(xmlEncode(i.key), `"`, "&quot;")+`"`
		}
		switch {
		case i.comment && strings.Contains(i.key, "--"):
			return fmt.Errorf("the comment %q cannot be one in XML", i.key)
		case i.comment:
			w.line(depth, "<!-- "+i.key+" -->", i.lines...)
		case i.leaf && name == "=":
			w.line(depth, xmlText(i.value), i.lines...)
		case i.attribute(): // of the block: see below
		case i.leaf && i.value == "":
			w.line(depth, "<"+name+key+"/>", i.all()...)
		case i.leaf:
			w.line(depth, "<"+name+key+">"+xmlText(i.value)+"</"+name+">", i.all()...)
		case i.list && len(i.below) > 0:
			i.below[0].lines = append(slices.Clone(i.lines), i.below[0].lines...)
			if err := w.xml(i.below, depth, name); err != nil {
				return err
			}
		default:
			if err := w.xmlBlock(i, depth, name, key); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *converter) xmlBlock(i *item, depth int, name, key string) error {
	head, lines := "<"+name+key, slices.Clone(i.lines)
	content := 0
	for _, b := range i.below {
		if !b.attribute() {
			content++
			continue
		}
		head += " " + b.key[1:] + `="` + strings.ReplaceAll(xmlEncode(b.value), `"`, "&quot;") + `"`
		lines = append(lines, b.lines...)
	}
	if content == 0 {
		w.line(depth, head+"/>", append(lines, i.end()...)...)
		return nil
	}
	if last := i.below[len(i.below)-1]; content == 1 && last.leaf && last.key == "=" {
		w.line(depth, head+">"+xmlText(last.value)+"</"+name+">", slices.Concat(lines, last.lines, i.end())...)
		return nil
	}
	w.line(depth, head+">", lines...)
	if err := w.xml(i.below, depth+1, "entry"); err != nil {
		return err
	}
	w.line(depth, "</"+name+">", i.end()...)
	return nil
}

// xmlText writes a value of an element; white space about it would be lost.
func xmlText(value string) string {
	if strings.TrimSpace(value) != value {
		return "<![CDATA[" + strings.ReplaceAll(value, "]]>", "]]]]><![CDATA[>") + "]]>"
	}
	return xmlEncode(value)
}

// attribute says whether XML has the item in its block's tag.
func (i *item) attribute() bool {
	return i.leaf && !i.element && strings.HasPrefix(i.key, "@") && xmlNameFits(i.key[1:])
}

func xmlNameFits(name string) bool {
	for i := range len(name) {
		if c := name[i]; !isWordByte(c) && c != '.' && c < 0x80 || i == 0 && ('0' <= c && c <= '9' || c == '-' || c == '.') {
			return false
		}
	}
	return name != ""
}
