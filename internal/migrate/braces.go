package migrate

import "strings"

// braces is the format of blocks in braces: VyOS (config.boot) and Junos.
//
// The text of a block is the words before "{", that of a line all its words,
// without quotes but where a word has blanks or the like; "ethernet eth0 {" is
// the block "ethernet eth0". A value in quotes may go over several lines.
//
// The two dialects are told apart by the file: where lines end with ";" it is
// Junos. There a statement may go over several lines, "[ a b ]" are words, and
// what stands before a statement ("inactive:", "protect:") is no part of its
// text, so that rules hold for inactive statements too; they stay so.
//
// "/* */", "//" and "#" begin comments, those of the footer of VyOS among them.
type braces struct{}

// The ways in which files in braces are written, for Document.style.
const (
	vyosPlain  = ""  // lines end with the line; values in quotes where needed
	vyosQuoted = `"` // the same, all values in quotes
	junosStyle = ";" // lines end with ";"
)

// maxBraces bounds the blocks around a line.
const maxBraces = 20_000

func (braces) name() string { return "braces" }

func (braces) holds(*node) bool { return true }

func (braces) nests(...string) bool { return true }

// meaning heeds what stands before a statement of Junos.
func (braces) meaning(n *node) (key string, ordered bool) {
	if marks := braceMarks(n.raw); marks > 0 && !strings.HasPrefix(n.text, n.raw[:marks]) {
		return strings.Join(strings.Fields(n.raw[:marks]), " ") + " " + n.text, false
	}
	return n.text, false
}

// indent is that of the block's first line, or one unit deeper than its head.
func (braces) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		if n.line == 0 || n.line != parent.line {
			return n.indent
		}
	}
	if parent == &d.root {
		return ""
	}
	return parent.indent + d.unit
}

// write keeps the bytes of words that stay, and what stands before them.
func (braces) write(d *Document, n *node, block bool) {
	junos := d.style == junosStyle
	marks := braceMarks(n.raw)
	if !junos {
		marks = 0
	}
	block = block || n.tail != ""
	words := Words(n.text)
	old, _ := braceTokens(n.raw[marks:], junos)
	var raw strings.Builder
	raw.WriteString(n.raw[:marks])
	for i, word := range words {
		value := unquoteWord(word)
		words[i] = quoteWord(value)
		if i > 0 {
			raw.WriteByte(' ')
		}
		last := !block && i > 0 && i == len(words)-1
		switch {
		case len(old) == len(words) && old[i].word == words[i]:
			raw.WriteString(n.raw[marks+old[i].from : marks+old[i].to])
		case len(old) == len(words) && n.raw[marks+old[i].from] == '"', last && d.style == vyosQuoted:
			raw.WriteString(braceString(value))
		default:
			raw.WriteString(braceQuoted(value, junos))
		}
	}
	n.text = strings.Join(words, " ")
	switch {
	case block:
		raw.WriteString(" {")
		if n.tail == "" {
			n.tail = n.indent + "}" + d.eol
		}
	case junos:
		raw.WriteByte(';')
	}
	n.raw = raw.String()
}

// mend makes blocks of lines beneath which others have come, and separates
// what has come from what is there.
func (braces) mend(d *Document) {
	d.root.walk(func(n *node) {
		if n.first == nil || n.kind != command {
			return
		}
		come := (*node)(nil)
		for c := n.first; c != nil && come == nil; c = c.next {
			if c.foreign() {
				come = c
			}
		}
		if come == nil {
			return
		}
		if n.tail == "" {
			d.format.write(d, n, true)
			n.decide(altered, come.rule)
		}
		if !n.endsLine() { // it was on one line
			n.rest = strings.TrimRight(n.rest, " \t") + d.eol
			n.tail = n.indent + strings.TrimLeft(n.tail, " \t")
			n.decide(altered, come.rule)
		}
	}, nil)
	d.mendStatements()
}

// mendStatements ends the line between statements one of which has come by a
// rule, and ends the file as it ended.
func (d *Document) mendStatements() {
	open := d.src != "" && !strings.HasSuffix(d.src, "\n")
	var end *string // of what is printed so far
	var last *node  // that it is the end of
	must := false
	before := func(n *node, foreign bool) {
		if end == nil || !must && !foreign || strings.HasSuffix(*end, "\n") {
			return
		}
		*end += d.eol
		if foreign {
			last.blame(n.rule)
		} else {
			n.blame(last.rule)
		}
	}
	d.root.walk(func(n *node) {
		before(n, n.foreign())
		last, end, must = n, &n.rest, n.foreign() && n.tail == ""
	}, func(n *node) {
		if n.tail == "" {
			return
		}
		before(n, false)
		last, end, must = n, &n.tail, n.foreign()
	})
	if end == nil || open == !strings.HasSuffix(*end, "\n") {
		return
	}
	if !open {
		*end += d.eol
		return
	}
	rest := strings.TrimSuffix(strings.TrimSuffix(*end, "\n"), "\r")
	if end == &last.tail || last.indent+last.raw+rest != "" { // a blank line is nothing without its end
		*end = rest
	}
}
