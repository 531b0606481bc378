package migrate

import "strings"

// braceToken is a word of a head or a line, and where it stands in it.
type braceToken struct {
	word     string // as in texts
	from, to int
}

// braceTokens gives the words of a head or a line, up to its "{" or ";". False:
// a quote is not closed.
func braceTokens(s string, junos bool) (tokens []braceToken, ok bool) {
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case isSpace(c):
			i++
		case c == '{' || c == ';' && junos:
			return tokens, true
		default:
			to, plain := braceWord(s, i, junos)
			if to < 0 {
				return tokens, false
			}
			word := s[i:to]
			if !plain {
				word = quoteWord(braceValue(word))
			}
			tokens = append(tokens, braceToken{word, i, to})
			i = to
		}
	}
	return tokens, true
}

// braceWord gives where the word ends that begins at i, and whether it stands
// in texts as it is. -1: its quote is not closed.
func braceWord(s string, i int, junos bool) (to int, plain bool) {
	from := i
	plain = true
	switch s[i] {
	case '"':
		if i = braceQuote(s, i); i < 0 {
			return -1, false
		}
		plain = false
	case '\'':
		if end := singleQuote(s, i, junos); end > 0 {
			return end, false
		}
	}
	open := 0 // braces in the word
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c > '}':
			plain = plain && c != 0x7f
		case c <= ' ':
			if isSpace(c) {
				return i, plain && !(i == from+1 && s[from] == '*')
			}
			plain = false
		case c == '{':
			if i > from && (i+1 == len(s) || isSpace(s[i+1])) {
				return i, plain
			}
			open++
			plain = false
		case c == '}':
			if open == 0 {
				return i, plain && !(i == from+1 && s[from] == '*')
			}
			open--
		case c == '"' || c == '\\':
			plain = false
		case c == ';' && junos:
			return i, plain && !(i == from+1 && s[from] == '*')
		}
	}
	return i, plain && !(i == from+1 && s[from] == '*')
}

// braceQuote gives where the quote at i ends; -1 = it does not.
func braceQuote(s string, i int) int {
	for i++; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// singleQuote gives where a word in single quotes ends. 0: the quote is an
// apostrophe, for none follows at the end of a word on the line.
func singleQuote(s string, i int, junos bool) int {
	for i++; i < len(s) && s[i] != '\n'; i++ {
		if s[i] == '\'' {
			if i+1 == len(s) || isSpace(s[i+1]) || s[i+1] == ';' && junos {
				return i + 1
			}
			return 0
		}
	}
	return 0
}

// braceValue gives the string that a word as written stands for. In quotes, a
// backslash takes the meaning from a quote and from a backslash; before others
// it is an ordinary character.
func braceValue(word string) string {
	if len(word) > 1 && word[0] == '\'' && word[len(word)-1] == '\'' {
		return word[1 : len(word)-1]
	}
	if word[0] != '"' {
		return word
	}
	end := braceQuote(word, 0)
	if end < 0 {
		return word
	}
	inner, after := word[1:end-1], word[end:]
	if strings.IndexByte(inner, '\\') < 0 {
		return inner + after
	}
	var b strings.Builder
	for i := 0; i < len(inner); i++ {
		if inner[i] != '\\' || i+1 == len(inner) {
			b.WriteByte(inner[i])
			continue
		}
		if i++; inner[i] != '\\' && inner[i] != '"' { // of a regular expression, a line end in a banner
			b.WriteByte('\\')
		}
		b.WriteByte(inner[i])
	}
	return b.String() + after
}

// braceQuoted writes a string, in quotes where it needs them.
func braceQuoted(value string, junos bool) string {
	special := "\"'{}#;*\\"
	if junos {
		if value == "[" || value == "]" {
			return value
		}
		special = "\"'{}#;[]\\()&|<>!?"
	}
	if value == "" || strings.HasPrefix(value, "//") || strings.ContainsAny(value, special) || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return braceString(value)
	}
	return value
}

// braceString writes a string in quotes.
func braceString(value string) string {
	if !strings.ContainsAny(value, `"\`) {
		return `"` + value + `"`
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// braceMarks gives how much of a statement of Junos are marks and the blanks
// behind them: "inactive: ", "protect: ".
func braceMarks(raw string) int {
	at := 0
	for {
		word, _, found := strings.Cut(raw[at:], " ")
		switch word {
		case "inactive:", "protect:", "replace:", "delete:", "active:", "unprotect:":
		default:
			return at
		}
		if !found {
			return at
		}
		at += len(word)
		for at < len(raw) && isSpace(raw[at]) {
			at++
		}
		if at == len(raw) || raw[at] == '{' || raw[at] == ';' { // marks and nothing else: words
			return 0
		}
	}
}
