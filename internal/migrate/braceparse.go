package migrate

import (
	"fmt"
	"strings"
)

// braceParser reads statements one after the other; blocks are no recursion.
type braceParser struct {
	d     *Document
	src   string
	at    int
	line  int32
	block *node // the innermost that is open
	depth int
	junos bool

	unit          bool // the file's indentation is known
	quoted, plain int  // values that are in quotes without need, and without
	words         []string
}

func (braces) parse(d *Document) error {
	d.unit = "    "
	junos := isJunos(d.src)
	p := braceParser{d: d, src: d.src, line: 1, block: &d.root, junos: junos}
	for p.at < len(p.src) {
		if len(d.nodes) == cap(d.nodes) { // several statements on a line: begin again, with room for all
			more := strings.Count(d.src, ";") + strings.Count(d.src, "{") + strings.Count(d.src, "}") + strings.Count(d.src, "*/")
			d.root, d.nodes = node{}, make([]node, 0, cap(d.nodes)+more+1)
			p = braceParser{d: d, src: d.src, line: 1, block: &d.root, junos: junos}
		}
		if err := p.next(); err != nil {
			return err
		}
	}
	if n := p.block; n.parent != nil {
		return d.malformed(n.offset+len(n.indent), fmt.Sprintf("the block %.60q that begins here is not closed", n.text), `"}"`)
	}
	switch {
	case p.junos:
		d.style = junosStyle
	case p.quoted > p.plain:
		d.style = vyosQuoted
	}
	return nil
}

// isJunos says whether the first line that is neither comment nor brace ends
// with ";".
func isJunos(src string) bool {
	inComment := false
	for src != "" {
		var line string
		line, src, _ = strings.Cut(src, "\n")
		line = strings.TrimSpace(line)
		switch {
		case inComment:
			inComment = !strings.Contains(line, "*/")
			continue
		case strings.HasPrefix(line, "/*"):
			inComment = !strings.Contains(line, "*/")
			continue
		case line == "" || line[0] == '#' || strings.HasPrefix(line, "//"):
			continue
		case strings.Contains(line, " [ ") && !strings.Contains(line, "]"): // a list that goes on
			continue
		}
		if before, _, ok := strings.Cut(line, "; #"); ok {
			line = before + ";"
		}
		switch last := line[len(line)-1]; {
		case last == ';' || last == '}' && strings.Contains(line, ";"):
			return true
		case last != '{' && last != '}':
			return false
		}
	}
	return false
}

// add makes the node for what stands from the indentation at start to end.
func (p *braceParser) add(start, first, end int, k kind) *node {
	d := p.d
	d.nodes = append(d.nodes, node{
		indent: p.src[start:first], raw: p.src[first:end], text: p.src[first:end],
		offset: start, line: p.line, lines: 1, kind: k,
	})
	n := &d.nodes[len(d.nodes)-1]
	p.block.append(n)
	p.at = end
	return n
}

// ends takes what follows up to the end of the line, if that is nothing but
// blanks and a comment, and counts the lines.
func (p *braceParser) ends(from int) string {
	src, i := p.src, p.at
	for i < len(src) && (src[i] == ' ' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	if i < len(src) && src[i] != '\n' {
		end := p.comment(i)
		if end < 0 || src[i] != '#' && src[i] != '/' {
			return ""
		}
		for end < len(src) && (src[end] == ' ' || src[end] == '\t' || src[end] == '\r') {
			end++
		}
		if end < len(src) && src[end] != '\n' || strings.IndexByte(src[i:end], '\n') >= 0 {
			return ""
		}
		i = end
	}
	if i < len(src) {
		i++
		p.line++
	}
	p.at = i
	return src[from:i]
}

// comment gives where the comment at i ends, before its line end: i = there is
// none, -1 = it does not end.
func (p *braceParser) comment(i int) int {
	src := p.src
	switch {
	case strings.HasPrefix(src[i:], "/*"):
		end := strings.Index(src[i+2:], "*/")
		if end < 0 {
			return -1
		}
		return i + 2 + end + 2
	case src[i] == '#' || strings.HasPrefix(src[i:], "//"):
		if end := strings.IndexByte(src[i:], '\n'); end >= 0 {
			i += end
		} else {
			i = len(src)
		}
		if src[i-1] == '\r' {
			i--
		}
	}
	return i
}

// next reads a blank line, a comment, a closing brace or a statement.
func (p *braceParser) next() error {
	src, start := p.src, p.at
	i := start
	for i < len(src) && (src[i] == ' ' || src[i] == '\t' || src[i] == '\r') {
		i++
	}
	if i == len(src) || src[i] == '\n' {
		n := p.add(start, start, start, blank)
		n.rest = p.ends(start)
		return nil
	}
	switch src[i] {
	case '}':
		return p.close(start, i)
	case '/', '#':
		end := p.comment(i)
		if end < 0 {
			return p.d.malformed(i, "a comment that is not closed", `"*/"`)
		}
		if end > i {
			n := p.add(start, i, end, comment)
			if lines := strings.Count(n.raw, "\n"); lines > 0 {
				n.lines += int32(lines)
				p.line += int32(lines)
			}
			n.rest = p.ends(end)
			return nil
		}
	}
	return p.statement(start, i)
}

func (p *braceParser) close(start, i int) error {
	n := p.block
	if n.parent == nil {
		return p.d.malformed(i, `"}" without a block that it closes`, "a statement or the end of the file")
	}
	n.closes, n.closed = p.line, 1
	p.at = i + 1
	if p.junos && p.at < len(p.src) && p.src[p.at] == ';' {
		p.at++
	}
	end := p.at
	n.tail = p.src[start:end]
	if rest := p.ends(end); rest != "" {
		n.tail = p.src[start : end+len(rest)]
	}
	p.block = n.parent
	p.depth--
	return nil
}

// statement reads a line or the head of a block.
func (p *braceParser) statement(start, first int) error {
	src, i := p.src, first
	marks := 0
	if p.junos {
		marks = braceMarks(src[first:min(len(src), first+64)])
	}
	i += marks
	text, last, regular := i, i, true // where the words begin and end; text is the source between
	words := 0
	value := i
	for {
		gap := i
		for i < len(src) && (isSpace(src[i]) && (p.junos || src[i] != '\n')) {
			i++
		}
		if p.done(i, words) {
			break
		}
		to, plain := braceWord(src, i, p.junos)
		if to < 0 {
			return p.d.malformed(i, "a quote that is not closed", `"\""`)
		}
		regular = regular && plain && (words == 0 || i == gap+1 && src[gap] == ' ')
		words++
		value, i, last = i, to, to
	}
	block := i < len(src) && src[i] == '{'
	end := last
	switch {
	case words == 0 && block:
		return p.d.malformed(i, "a block without a name", `a name before "{"`)
	case words == 0:
		return p.d.malformed(i, fmt.Sprintf("%q without a statement", src[i:i+1]), "a statement")
	case block || p.junos && i < len(src) && src[i] == ';':
		end = i + 1
	case p.junos:
		return p.d.malformed(last, fmt.Sprintf("the statement %.60q does not end", src[text:last]), `";" or "{"`)
	}
	n := p.add(start, first, end, command)
	if n.text = src[text:last]; !regular {
		n.text = p.text(text, last)
	}
	if !regular || p.junos {
		if lines := strings.Count(n.raw, "\n"); lines > 0 {
			n.lines += int32(lines)
			p.line += int32(lines)
		}
	}
	n.rest = p.ends(end)
	return p.hang(n, block, words > 1 && !block, src[value:last])
}

// done says whether a statement ends at i.
func (p *braceParser) done(i, words int) bool {
	src := p.src
	if i == len(src) {
		return true
	}
	switch src[i] {
	case '\n', '{', '}':
		return true
	case ';':
		return p.junos
	case '/': // a comment behind a line without ";"
		if words == 0 || p.junos || !strings.HasPrefix(src[i:], "/*") {
			return false
		}
		end, after := p.comment(i), 0
		for after = end; after >= 0 && after < len(src) && src[after] != '\n'; after++ {
			if !isSpace(src[after]) {
				return false
			}
		}
		return end >= 0 && strings.IndexByte(src[i:end], '\n') < 0
	}
	return false
}

// text gives words that do not stand in the source as in texts.
func (p *braceParser) text(from, to int) string {
	tokens, _ := braceTokens(p.src[from:to], p.junos)
	p.words = p.words[:0]
	for _, t := range tokens {
		p.words = append(p.words, t.word)
	}
	return strings.Join(p.words, " ")
}

// hang opens a block, and learns from a line how the file is written.
func (p *braceParser) hang(n *node, block, hasValue bool, value string) error {
	if !p.unit && n.parent.parent != nil && n.line != n.parent.line {
		if deeper, ok := strings.CutPrefix(n.indent, n.parent.indent); ok && deeper != "" {
			p.d.unit, p.unit = deeper, true
		}
	}
	if block {
		if p.depth++; p.depth > maxBraces {
			return p.d.malformed(n.offset+len(n.indent), fmt.Sprintf("more than %d blocks in one another", maxBraces), "fewer")
		}
		p.block = n
	}
	if hasValue && !p.junos {
		if value[0] == '"' {
			if inner := value[1 : len(value)-1]; braceQuoted(inner, false) == inner {
				p.quoted++
			}
		} else {
			p.plain++
		}
	}
	return nil
}
