package migrate

import (
	"fmt"
	"strings"
)

// uci is OpenWrt's format: "config type 'name'" begins a block, in which
// "option key 'value'" and "list key 'value'" are lines; "package name" may
// come first. Texts have the words without their quotes, unless one has blanks
// or the like. New words are quoted as the file's first quoted one is. "#"
// begins a comment. A value in quotes may go over several lines.
type uci struct{}

func (uci) name() string { return "uci" }

func (uci) nests(...string) bool { return false }

func (uci) indent(d *Document, parent *node) string {
	for n := range parent.commands {
		return n.indent
	}
	if parent == &d.root {
		return ""
	}
	return parent.indent + d.unit
}

func (uci) meaning(n *node) (key string, ordered bool) { return oneBlank(n.text), false }

func (uci) holds(n *node) bool { return n.parent == nil || firstWord(n.text) == "config" }

func (uci) mend(d *Document) { d.mendLineEnds() }

// uciToken is a word of a line and where it stands in raw.
type uciToken struct {
	word     string
	from, to int
}

// write sets the words of the line that are others, in the file's quotes:
// keywords, types and keys have none.
func (uci) write(d *Document, n *node, _ bool) {
	var words []string
	for rest := n.text; ; {
		var word string
		if word, rest = cutWord(rest); word == "" {
			break
		}
		words = append(words, word)
	}
	if len(words) > 3 { // more than a value: one value of several words
		words = append(words[:2], quoteWord(strings.Join(words[2:], " ")))
	}
	n.text = strings.Join(words, " ")
	old, _, _ := uciTokens(n.raw)
	if len(old) != len(words) {
		n.raw = ""
		for i, word := range words {
			if i > 0 {
				n.raw += " "
			}
			n.raw += uciQuoted(word, quotesFor(d, i))
		}
		return
	}
	for i := len(words) - 1; i >= 0; i-- {
		if t := old[i]; t.word != words[i] {
			quotes := quotesFor(d, i)
			if i == 2 {
				quotes = string(n.raw[t.from])
			}
			n.raw = n.raw[:t.from] + uciQuoted(words[i], quotes) + n.raw[t.to:]
		}
	}
}

func quotesFor(d *Document, place int) string {
	if place < 2 {
		return ""
	}
	return d.style
}

// uciQuoted writes a word; quotes that are none mean only where they are needed.
func uciQuoted(word, quotes string) string {
	value := unquoteWord(word)
	if quotes != `"` && quotes != "'" {
		if word[0] != '"' && !strings.ContainsAny(value, "'#") {
			return value
		}
		quotes = "'"
	}
	if quotes == `"` {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
	}
	return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
}

func (uci) parse(d *Document) error {
	d.unit, d.style = "\t", "'"
	u := uciReader{scanner: scanner{d: d}, section: &d.root}
	for {
		n, ok := u.next()
		if !ok {
			u.place(&d.root)
			return nil
		}
		switch {
		case n.text == "":
			n.kind = blank
			u.pending = append(u.pending, n)
		case n.text[0] == '#':
			n.kind = comment
			u.pending = append(u.pending, n)
		default:
			if err := u.statement(n); err != nil {
				return err
			}
		}
	}
}

// uciReader reads statements; pending are comments and blank lines whose block
// the next one tells.
type uciReader struct {
	scanner
	section *node
	pending []*node
	quoted  bool // the file's quotes are known
	inner   bool // the file's indentation is known
}

func (u *uciReader) place(where *node) {
	for _, p := range u.pending {
		where.append(p)
	}
	u.pending = u.pending[:0]
}

func (u *uciReader) statement(n *node) error {
	start := n.offset + len(n.indent)
	tokens, end, open := uciTokens(u.d.src[start:])
	if open >= 0 {
		return u.d.malformed(start+open, "a quote that is not closed", "its end")
	}
	if start+end > u.offset {
		u.extend(n, u.lineEnd(start+end))
	}
	n.raw = strings.TrimRight(u.d.src[start:start+end], " \t\r")
	n.rest = u.d.src[start+len(n.raw) : u.offset]
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.word
		if c := n.raw[t.from]; !u.quoted && (c == '\'' || c == '"') {
			u.d.style, u.quoted = string(c), true
		}
	}
	n.text = strings.Join(words, " ")
	return u.hang(n, words)
}

// hang puts a statement where it belongs.
func (u *uciReader) hang(n *node, words []string) error {
	wrong := func(found, expected string) error { return u.d.malformed(n.offset+len(n.indent), found, expected) }
	switch keyword := words[0]; {
	case keyword == "package" && len(words) == 2:
		u.place(&u.d.root)
		u.section = &u.d.root
		u.section.append(n)
	case keyword == "config" && (len(words) == 2 || len(words) == 3):
		u.place(&u.d.root)
		u.section = n
		u.d.root.append(n)
	case (keyword == "option" || keyword == "list") && len(words) == 3:
		if u.section == &u.d.root || u.section.text == "" {
			return wrong(fmt.Sprintf("%s outside of a section", keyword), "config type 'name' before it")
		}
		u.place(u.section)
		if !u.inner && n.indent != "" {
			u.d.unit, u.inner = n.indent, true
		}
		u.section.append(n)
	default:
		return wrong(fmt.Sprintf("%q with %d words", keyword, len(words)),
			"package name, config type ['name'], option key 'value' or list key 'value'")
	}
	return nil
}

func (u *uciReader) lineEnd(at int) int {
	if i := strings.IndexByte(u.d.src[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(u.d.src)
}

// uciTokens reads the words of the statement that s begins with, and where it
// ends. open is the place of a quote that is not closed, or -1.
func uciTokens(s string) (tokens []uciToken, end, open int) {
	i := 0
	for {
		for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r') {
			i++
		}
		if i == len(s) || s[i] == '\n' {
			return tokens, i, -1
		}
		if s[i] == '#' { // a comment behind the statement
			if j := strings.IndexByte(s[i:], '\n'); j >= 0 {
				return tokens, i + j, -1
			}
			return tokens, len(s), -1
		}
		value, to, bad := uciWord(s, i)
		if bad >= 0 {
			return tokens, i, bad
		}
		tokens = append(tokens, uciToken{quoteWord(value), i, to})
		i = to
	}
}

// uciWord reads a word, whose parts may each be quoted in another way.
func uciWord(s string, i int) (value string, to, open int) {
	var b strings.Builder
	for i < len(s) && !isSpace(s[i]) {
		switch c := s[i]; c {
		case '\'', '"':
			from := i
			for i++; i < len(s) && s[i] != c; i++ {
				if c == '"' && s[i] == '\\' && i+1 < len(s) {
					i++
				}
				b.WriteByte(s[i])
			}
			if i >= len(s) {
				return "", i, from
			}
			i++
		case '\\':
			if i+1 < len(s) {
				b.WriteByte(s[i+1])
			}
			i = min(i+2, len(s))
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), i, -1
}
