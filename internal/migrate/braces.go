package migrate

import (
	"fmt"
	"strings"
)

// braces is the format of blocks in braces: VyOS (config.boot), where a
// statement ends with its line, and Junos, where it ends with a semicolon;
// which of the two a file is, its first statement tells.
//
// A statement's text has its words without their quotes, unless one has blanks
// or the like: a block `ethernet eth0 {` has the text "ethernet eth0". Comments
// are "/* */", and lines that begin with "//" or "#"; the lines at the end in
// which VyOS tells its component versions are comments too. What Junos puts
// before a statement ("inactive:", "protect:") is its first word.
//
// New values are quoted where they must be, or where the file quotes what need
// not be.
type braces struct{}

func (braces) name() string { return "braces" }

func (braces) nests(...string) bool { return true }

// holds is true of a leaf too: put beneath it, a line makes it a block.
func (braces) holds(*node) bool { return true }

func (braces) meaning(n *node) (key string, ordered bool) { return oneBlank(n.text), false }

func (braces) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		return n.indent
	}
	if parent == &d.root {
		return ""
	}
	return parent.indent + d.unit
}

// The styles of a file, in Document.style.
const (
	bracesQuoted = '"' // values have quotes that they need not have
	bracesSemi   = ';' // statements end with a semicolon
)

func (d *Document) hasStyle(c byte) bool { return strings.IndexByte(d.style, c) >= 0 }

// bracesParser reads statements, without recursion: block is the open one.
type bracesParser struct {
	d     *Document
	src   string
	at    int
	block *node
	begun bool // the first statement has told the dialect
	inner bool // the first block has told the indentation
}

func (braces) parse(d *Document) error {
	d.unit = "    "
	p := bracesParser{d: d, src: d.src, block: &d.root}
	for p.at < len(p.src) {
		if err := p.next(); err != nil {
			return err
		}
	}
	if p.block != &d.root {
		return d.malformed(p.block.offset+len(p.block.indent), fmt.Sprintf("the block %q is not closed", p.block.text), `"}" before the end of the file`)
	}
	d.number()
	return nil
}

// next reads a blank line, a comment, a statement or the end of a block.
func (p *bracesParser) next() error {
	start := p.at
	for p.at < len(p.src) && (p.src[p.at] == ' ' || p.src[p.at] == '\t') {
		p.at++
	}
	switch rest := p.src[p.at:]; {
	case rest == "" || rest[0] == '\n' || strings.HasPrefix(rest, "\r\n"):
		p.at = start
		n := p.node("", start, start)
		n.kind = blank
		p.take(n, 0)
	case rest[0] == '}':
		return p.close(start)
	case strings.HasPrefix(rest, "/*"):
		end := strings.Index(rest[2:], "*/")
		if end < 0 {
			return p.d.malformed(p.at, "a comment that is not closed", `"*/"`)
		}
		p.comment(start, end+4)
	case strings.HasPrefix(rest, "//"), rest[0] == '#':
		end := strings.IndexByte(rest, '\n')
		if end < 0 {
			end = len(rest)
		}
		p.comment(start, len(strings.TrimRight(rest[:end], " \t\r")))
	default:
		return p.statement(start)
	}
	return nil
}

// node adds a node to the open block; what it has before at is white space.
func (p *bracesParser) node(text string, start, at int) *node {
	p.d.nodes = append(p.d.nodes, node{indent: p.src[start:at], text: text, offset: start})
	n := &p.d.nodes[len(p.d.nodes)-1]
	p.block.append(n)
	return n
}

// take ends a node's head: raw is so long, the rest of the line follows.
func (p *bracesParser) take(n *node, raw int) {
	n.raw = p.src[p.at : p.at+raw]
	p.at += raw
	n.rest = p.lineEnd()
}

// lineEnd takes the white space up to the end of the line, and that; nothing
// of it where more stands on the line.
func (p *bracesParser) lineEnd() string {
	for i := p.at; i < len(p.src); i++ {
		switch p.src[i] {
		case ' ', '\t', '\r':
			continue
		case '\n':
			i++
		default:
			i = p.at
		}
		rest := p.src[p.at:i]
		p.at = i
		return rest
	}
	rest := p.src[p.at:]
	p.at = len(p.src)
	return rest
}

func (p *bracesParser) comment(start, length int) {
	n := p.node(p.src[p.at:p.at+length], start, p.at)
	n.kind = comment
	p.take(n, length)
}

// close ends the open block; the brace is its tail.
func (p *bracesParser) close(start int) error {
	if p.block == &p.d.root {
		return p.d.malformed(p.at, `a "}" that closes nothing`, "a statement or the end of the file")
	}
	p.at++
	if p.at < len(p.src) && p.src[p.at] == ';' { // Junos: "};"
		p.at++
	}
	end := p.at
	p.block.tail = p.src[start:end] + p.lineEnd()
	p.block = p.block.parent
	return nil
}

// statement reads words to the end of the line, a semicolon, or a brace.
func (p *bracesParser) statement(start int) error {
	begin := p.at
	n := p.node("", start, begin)
	words, plain, end := 0, true, begin
	var text strings.Builder
	for {
		at := p.blanks(end)
		if p.ends(at) {
			break
		}
		word, to, err := p.word(at)
		if err != nil {
			return err
		}
		if words > 0 {
			text.WriteByte(' ')
			plain = plain && at == end+1 && p.src[end] == ' '
		}
		plain = plain && len(word) == to-at && word == p.src[at:to]
		text.WriteString(word)
		words++
		end = to
	}
	n.raw = p.src[begin:end]
	if n.text = n.raw; !plain {
		n.text = text.String()
	}
	if words == 0 {
		return p.d.malformed(begin, fmt.Sprintf("%q without a name before it", p.src[begin:begin+1]), "a statement")
	}
	return p.finish(n, end)
}

// finish reads how a statement ends.
func (p *bracesParser) finish(n *node, end int) error {
	at := p.blanks(end)
	p.at = end
	switch c := p.peek(at); c {
	case '{':
		p.at = at + 1
		n.rest = p.src[end:p.at] + p.lineEnd()
		if !p.inner && n.parent.parent != nil && strings.HasPrefix(n.indent, n.parent.indent) && len(n.indent) > len(n.parent.indent) {
			p.d.unit, p.inner = n.indent[len(n.parent.indent):], true
		}
		p.block = n
	case ';':
		if !p.begun {
			p.d.style += string(rune(bracesSemi))
		}
		p.at = at + 1
		n.rest = p.src[end:p.at] + p.lineEnd()
		p.begun = true
	default:
		n.rest = p.lineEnd()
		p.quotes(n)
		p.begun = true
	}
	return nil
}

// quotes learns from a value whether the file quotes what need not be.
func (p *bracesParser) quotes(n *node) {
	if p.d.style != "" || !strings.HasSuffix(n.raw, `"`) || strings.HasSuffix(n.text, `"`) {
		return
	}
	p.d.style += string(rune(bracesQuoted))
}

func (p *bracesParser) peek(at int) byte {
	if at < len(p.src) {
		return p.src[at]
	}
	return 0
}

func (p *bracesParser) blanks(at int) int {
	for at < len(p.src) && (p.src[at] == ' ' || p.src[at] == '\t' || p.src[at] == '\r' && p.peek(at+1) != '\n') {
		at++
	}
	return at
}

// ends says whether a statement's words end here: a brace counts only as a
// word of its own, a semicolon only behind a word.
func (p *bracesParser) ends(at int) bool {
	switch p.peek(at) {
	case 0, '\n', ';':
		return true
	case '\r':
		return true // blanks has passed over those that end no line
	case '{', '}':
		c := p.peek(at + 1)
		return c == 0 || isSpace(c) || c == ';' || c == '}'
	}
	return false
}

// word reads one word and gives it as texts have it, and where it ends.
func (p *bracesParser) word(at int) (string, int, error) {
	if p.src[at] != '"' {
		to := at
		for to < len(p.src) && !isSpace(p.src[to]) && (p.src[to] != ';' || !p.terminates(to)) {
			to++
		}
		return quoteWord(p.src[at:to]), to, nil
	}
	to := at + 1
	for to < len(p.src) && p.src[to] != '"' {
		if p.src[to] == '\\' {
			to++
		}
		to++
	}
	if to >= len(p.src) {
		return "", at, p.d.malformed(at, "a quote that is not closed", `its end, "\""`)
	}
	to++
	return quoteWord(bracesUnescaped(p.src[at+1 : to-1])), to, nil
}

// terminates says whether a semicolon ends its statement: what follows it is
// the end of the line, a comment or a closing brace.
func (p *bracesParser) terminates(at int) bool {
	next := p.blanks(at + 1)
	switch c := p.peek(next); c {
	case 0, '\n', '\r', '}', '#', '/':
		return true
	default:
		return next > at+1
	}
}

// bracesUnescaped undoes the escapes of a quoted word: a backslash before a
// quote or a backslash; others stand for themselves.
func bracesUnescaped(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s)
}
