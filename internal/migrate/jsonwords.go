package migrate

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scalar reads a string, a number, true, false or null, and gives its word.
func (p *jsonParser) scalar(expected string) (string, error) {
	c := p.peek()
	switch {
	case c == '"':
		return p.str()
	case c == '-' || '0' <= c && c <= '9':
		end := jsonNumber(p.src[p.at:])
		if end == 0 {
			return "", p.fail("a number")
		}
		word := p.src[p.at : p.at+end]
		p.at += end
		return word, nil
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.src[p.at:], word) {
			p.at += len(word)
			return word, nil
		}
	}
	return "", p.fail(expected)
}

// str reads a string in quotes and gives its word.
func (p *jsonParser) str() (string, error) {
	open := p.at
	plain := true
	for i := open + 1; i < len(p.src); i++ {
		switch c := p.src[i]; {
		case c == '"':
			p.at = i + 1
			token := p.src[open:p.at]
			if !plain {
				return jsonTokenWord(token), nil
			}
			if body := token[1 : len(token)-1]; bareWord(body) {
				return body, nil
			}
			return token, nil
		case c == '\\':
			plain = false
			if bad := jsonEscape(p.src[i:]); bad > 0 {
				return "", p.d.malformed(i, "an escape that JSON does not know", `\" \\ \/ \b \f \n \r \t or \u and four hexadecimal digits`)
			}
			i++
		case c < ' ':
			return "", p.d.malformed(i, fmt.Sprintf("the string that begins in column %d has the character %q", p.column(open), c), `the closing "\""`)
		}
	}
	return "", p.d.malformed(len(p.src), fmt.Sprintf("the string that begins in column %d is not closed", p.column(open)), `"\""`)
}

func (p *jsonParser) column(at int) int { return at - strings.LastIndexByte(p.src[:at], '\n') }

// jsonEscape is more than 0 where s does not begin with an escape.
func jsonEscape(s string) int {
	if len(s) < 2 || strings.IndexByte(`"\/bfnrtu`, s[1]) < 0 {
		return 1
	}
	if s[1] != 'u' {
		return 0
	}
	if len(s) < 6 {
		return 1
	}
	if _, err := strconv.ParseUint(s[2:6], 16, 32); err != nil {
		return 1
	}
	return 0
}

// jsonNumber gives the length of the number that s begins with; 0 = none.
func jsonNumber(s string) int {
	digits := func(i int) int {
		for i < len(s) && '0' <= s[i] && s[i] <= '9' {
			i++
		}
		return i
	}
	i := 0
	if i < len(s) && s[i] == '-' {
		i++
	}
	from := i
	if i = digits(i); i == from || s[from] == '0' && i > from+1 {
		return 0
	}
	if i < len(s) && s[i] == '.' {
		if end := digits(i + 1); end > i+1 {
			i = end
		} else {
			return 0
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		j := i + 1
		if j < len(s) && (s[j] == '+' || s[j] == '-') {
			j++
		}
		end := digits(j)
		if end == j {
			return 0
		}
		i = end
	}
	return i
}

// bareWord says whether a string may stand in a text without quotes, in JSON.
func bareWord(s string) bool { return s != "-" && !strings.HasPrefix(s, "=") && plainWord(s) }

// plainWord says whether a string is one word that no pattern takes for
// something else.
func plainWord(s string) bool {
	if s == "" || s == "*" {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c == '"' || c == '\\' || c == '{' || c == '}' || c == 0x7f {
			return false
		}
	}
	return true
}

// jsonWord gives the word of a string in JSON.
func jsonWord(s string) string {
	if bareWord(s) {
		return s
	}
	return jsonString(s)
}

// quoteWord gives the word of a string: in double quotes, with the escapes of
// JSON, where it is not plain.
func quoteWord(s string) string {
	if plainWord(s) {
		return s
	}
	return jsonString(s)
}

// unquoteWord gives the string of a word.
func unquoteWord(word string) string {
	if len(word) > 1 && word[0] == '"' && quoteEnd(word, 0) == len(word) {
		if s, ok := jsonDecode(word); ok {
			return s
		}
	}
	return word
}

// jsonTokenWord gives the word of a string token with escapes. One that does
// not stand for characters (half of a surrogate pair) stays a token.
func jsonTokenWord(token string) string {
	s, ok := jsonDecode(token)
	if !ok {
		return token
	}
	return jsonWord(s)
}

// jsonDecode gives the string of a token.
func jsonDecode(token string) (string, bool) {
	var b strings.Builder
	for s := token[1 : len(token)-1]; s != ""; {
		if s[0] != '\\' {
			b.WriteByte(s[0])
			s = s[1:]
			continue
		}
		if len(s) < 2 || jsonEscape(s) > 0 {
			return "", false
		}
		if s[1] != 'u' {
			b.WriteByte("\"\\/\b\f\n\r\t"[strings.IndexByte(`"\/bfnrt`, s[1])])
			s = s[2:]
			continue
		}
		unit, _ := strconv.ParseUint(s[2:6], 16, 32)
		r, size := rune(unit), 6
		if utf16.IsSurrogate(r) {
			if len(s) < 12 || s[6] != '\\' || s[7] != 'u' || jsonEscape(s[6:]) > 0 {
				return "", false
			}
			low, _ := strconv.ParseUint(s[8:12], 16, 32)
			if r, size = utf16.DecodeRune(r, rune(low)), 12; r == utf8.RuneError {
				return "", false
			}
		}
		b.WriteRune(r)
		s = s[size:]
	}
	return b.String(), true
}

// jsonString gives the shortest token of a string.
func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\r':
			b.WriteString(`\r`)
		case c < ' ':
			fmt.Fprintf(&b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// jsonToken gives the string token of a word.
func jsonToken(word string) string {
	if s := unquoteWord(word); s != word || word[0] != '"' || len(word) == 1 || word[len(word)-1] != '"' {
		return jsonString(s)
	}
	return word // of no characters, see jsonTokenWord
}

// jsonKeyEnd gives the end of an entry's key; 0 where raw is an element.
func jsonKeyEnd(raw string) int {
	if raw == "" || raw[0] != '"' {
		return 0
	}
	end := quoteEnd(raw, 0)
	if strings.HasPrefix(strings.TrimLeft(raw[end:], " \t\r\n"), ":") {
		return end
	}
	return 0
}

// jsonColon gives the ":" behind a key with the white space about it.
func jsonColon(raw string, key int) string {
	end := key
	for end < len(raw) && (isSpace(raw[end]) || raw[end] == ':') {
		end++
	}
	return raw[key:end]
}
