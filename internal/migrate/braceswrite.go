package migrate

import "strings"

// write sets raw, keeping the quotes of the words that stay. A new block gets
// its braces here.
func (braces) write(d *Document, n *node, block bool) {
	words := Words(n.text)
	var b strings.Builder
	old := bracesTokens(n.raw)
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		switch {
		case i < len(old) && old[i].word == word:
			b.WriteString(old[i].raw)
		case len(old) == len(words) && old[i].raw[0] == '"':
			b.WriteString(bracesQuote(unquoteWord(word)))
		default:
			b.WriteString(bracesWord(d, word, i > 0 && i == len(words)-1 && !block))
		}
	}
	n.raw = b.String()
	if block && n.line == 0 && n.tail == "" {
		n.rest, n.tail = " {"+d.eol, n.indent+"}"+d.eol
	}
}

type bracesToken struct{ word, raw string }

// bracesTokens cuts a statement as it is written into its words.
func bracesTokens(raw string) (tokens []bracesToken) {
	p := bracesParser{d: &Document{src: raw}, src: raw}
	for at := p.blanks(0); at < len(raw); at = p.blanks(at) {
		word, to, err := p.word(at)
		if err != nil || to == at {
			return tokens
		}
		tokens = append(tokens, bracesToken{word, raw[at:to]})
		at = to
	}
	return tokens
}

// bracesWord writes a new word; values are quoted as the file does.
func bracesWord(d *Document, word string, value bool) string {
	text := unquoteWord(word)
	if value && d.hasStyle(bracesQuoted) || text == "" || strings.ContainsAny(text, " \t\r\n\"\\{};#'*") {
		return bracesQuote(text)
	}
	return text
}

func bracesQuote(text string) string {
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(text) + `"`
}

// mend gives braces to lines that have become blocks, and ends to lines.
func (braces) mend(d *Document) {
	d.root.walk(func(n *node) {
		if n.kind != command {
			return
		}
		if n.first != nil && n.tail == "" {
			n.rest, n.tail = " {"+d.eol, n.indent+"}"+d.eol
			if n.line > 0 {
				n.decide(altered, n.first.rule)
			}
		}
		if n.tail == "" && d.hasStyle(bracesSemi) && n.line == 0 && !strings.HasPrefix(n.rest, ";") {
			n.rest = ";" + n.rest
		}
	}, nil)
	d.mendBlocks()
}

// mendBlocks gives a line end to what rules have put in and to what stands
// before it, and to the file's last line if the input's has one.
func (d *Document) mendBlocks() {
	open := d.src != "" && !strings.HasSuffix(d.src, "\n")
	var last *string
	fresh := false // last is part of something that rules have put in
	end := func(part *string, n *node) {
		isFresh := n.line == 0 || n.placed
		if last != nil && !strings.HasSuffix(*last, "\n") && (fresh || isFresh) {
			*last += d.eol
		}
		last, fresh = part, isFresh
	}
	d.root.walk(func(n *node) { end(&n.rest, n) }, func(n *node) {
		if n.tail != "" {
			end(&n.tail, n)
		}
	})
	switch {
	case last == nil:
	case open:
		*last = strings.TrimSuffix(strings.TrimSuffix(*last, "\n"), "\r")
	case !strings.HasSuffix(*last, "\n"):
		*last += d.eol
	}
}
