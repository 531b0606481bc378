package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// setLines is the format of configurations as commands: "set a b 'c d'" and
// "delete", "deactivate" and the like (VyOS, Junos), one a line, which stand
// side by side. The text is the words, without quotes but where a word has
// blanks or the like. A value in quotes may go over several lines; "#" at the
// beginning of a line makes it a comment.
type setLines struct{}

// setVerbs are the words that a command may begin with.
func setVerbs() []string {
	return []string{"set", "delete", "deactivate", "activate", "protect", "unprotect", "annotate", "comment", "insert", "rename", "copy"}
}

func (setLines) name() string { return "set" }

func (setLines) holds(n *node) bool { return n.parent == nil && n.raw == "" && n.text == "" }

func (setLines) nests(...string) bool { return false }

func (setLines) indent(*Document, *node) string { return "" }

func (setLines) mend(d *Document) { d.mendLineEnds() }

func (setLines) meaning(n *node) (key string, ordered bool) { return n.text, false }

// write keeps the bytes of words that stay. New values, which are last words,
// are quoted as the file's are, others where they need it.
func (setLines) write(d *Document, n *node, _ bool) {
	words := Words(n.text)
	old, _ := setTokens(n.raw)
	var raw strings.Builder
	for i, word := range words {
		value := unquoteWord(word)
		words[i] = quoteWord(value)
		if i > 0 {
			raw.WriteByte(' ')
		}
		quotes, kept := "", len(old) == len(words)
		switch c := byte(0); {
		case kept:
			if c = n.raw[old[i].from]; c == '\'' || c == '"' {
				quotes = string(c)
			}
		case i > 0 && i == len(words)-1:
			quotes = d.style
		}
		if kept && old[i].word == words[i] {
			raw.WriteString(n.raw[old[i].from:old[i].to])
		} else {
			raw.WriteString(setWord(value, quotes))
		}
	}
	n.raw, n.text = raw.String(), strings.Join(words, " ")
}

// setWord writes a word in the quotes, or in single ones where it needs some.
func setWord(value, quotes string) string {
	if quotes == "" {
		if value != "" && !strings.ContainsAny(value, " \t\r\n'\"\\#;&|<>$`()*?!~{}") {
			return value
		}
		quotes = "'"
	}
	if quotes == "'" {
		return "'" + strings.ReplaceAll(value, "'", `'\''`) + "'"
	}
	return braceString(value)
}

func (setLines) parse(d *Document) error {
	s := scanner{d: d}
	quoted, values := 0, 0
	for {
		n, ok := s.next()
		if !ok {
			break
		}
		d.root.append(n)
		switch {
		case n.text == "":
			n.kind = blank
		case n.text[0] == '#':
			n.kind = comment
		default:
			value, err := s.setCommand(n)
			if err != nil {
				return err
			}
			if values++; value == '\'' || value == '"' {
				quoted++
			}
		}
	}
	if quoted > 0 && quoted*4 >= values { // the others have no values: VyOS
		d.style = "'"
	}
	return nil
}

// setCommand reads a command, and gives the first character of its last word.
func (s *scanner) setCommand(n *node) (byte, error) {
	start := n.offset + len(n.indent)
	if first := firstWord(n.text); !slices.Contains(setVerbs(), first) {
		return 0, s.d.malformed(start, fmt.Sprintf("%.60q is no command", first), oneOf("a line that begins with", setVerbs()))
	}
	if strings.IndexByte(n.text, '\'') < 0 && strings.IndexByte(n.text, '"') < 0 && strings.IndexByte(n.text, '\\') < 0 {
		if words := strings.Count(n.text, " "); words > 0 && !strings.Contains(n.text, "  ") && plainText(n.text) {
			return n.text[strings.LastIndexByte(n.text, ' ')+1], nil
		}
	}
	src := s.d.src[start:]
	tokens, open := setTokens(src)
	if open >= 0 {
		return 0, s.d.malformed(start+open, "a quote that is not closed", fmt.Sprintf("%q", src[open]))
	}
	if len(tokens) < 2 {
		return 0, s.d.malformed(start+len(n.raw), fmt.Sprintf("%q without words", tokens[0].word), "the words of a place in the configuration")
	}
	last := tokens[len(tokens)-1]
	if end := start + last.to; end > s.offset {
		if i := strings.IndexByte(s.d.src[end:], '\n'); i >= 0 {
			s.extend(n, end+i+1)
		} else {
			s.extend(n, len(s.d.src))
		}
	}
	n.raw = src[:last.to]
	n.rest = s.d.src[start+last.to : s.offset]
	words := make([]string, len(tokens))
	for i, t := range tokens {
		words[i] = t.word
	}
	n.text = strings.Join(words, " ")
	return src[last.from], nil
}

// plainText says whether all words of a text are plain, without a "*".
func plainText(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '{' || c == '}' || c == '*' || c == 0x7f {
			return false
		}
	}
	return true
}

// setTokens reads the words of the command that s begins with. open is the
// place of a quote that is not closed, or -1.
func setTokens(s string) (tokens []braceToken, open int) {
	for i := 0; i < len(s) && s[i] != '\n'; {
		if isSpace(s[i]) {
			i++
			continue
		}
		value, to, bad := uciWord(s, i)
		if bad >= 0 {
			return tokens, bad
		}
		tokens = append(tokens, braceToken{quoteWord(value), i, to})
		i = to
	}
	return tokens, -1
}
