package migrate

import "strings"

// key reads the key that the text from at begins with: its word, where it ends
// and what follows ":". No word: the text is no entry.
func (p *yamlParser) key(at, end int) (word string, keyEnd, after int, err error) {
	line := strings.TrimRight(p.src[at:end], " \t\r\n")
	colon := func(i int) bool { return i < len(line) && line[i] == ':' && (i+1 == len(line) || isSpace(line[i+1])) }
	switch {
	case line == "" || strings.IndexByte("[{|>#@`%", line[0]) >= 0:
		return "", 0, 0, nil
	case line[0] == '"' || line[0] == '\'':
		i := quotedEnd(line, 0)
		if i < 0 {
			return "", 0, 0, nil
		}
		j := i
		for j < len(line) && line[j] == ' ' {
			j++
		}
		if !colon(j) {
			return "", 0, 0, nil
		}
		return jsonWord(yamlString(line[:i])), at + i, at + j + 1, nil
	}
	for i := range len(line) {
		if line[i] == '#' && i > 0 && isSpace(line[i-1]) {
			return "", 0, 0, nil
		}
		if !colon(i) {
			continue
		}
		if (line[0] == '&' || line[0] == '!') && strings.Contains(line[:i], " ") {
			return "", 0, 0, p.d.malformed(at, "an anchor or a tag before a key", "key: value")
		}
		return jsonWord(strings.TrimRight(line[:i], " \t")), at + i, at + i + 1, nil
	}
	return "", 0, 0, nil
}

// quotedEnd is the place behind the string in quotes that begins at i; -1
// where it is not closed.
func quotedEnd(s string, i int) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case quote == '"' && s[i] == '\\':
			i++
		case s[i] != quote:
		case quote == '\'' && i+1 < len(s) && s[i+1] == '\'':
			i++
		default:
			return i + 1
		}
	}
	return -1
}

// yamlString gives the string of a token in quotes. One with escapes that JSON
// does not have, or of several lines, is given as it is written.
func yamlString(token string) string {
	if token[0] == '\'' {
		return strings.ReplaceAll(token[1:len(token)-1], "''", "'")
	}
	if s, ok := jsonDecode(token); ok && !strings.Contains(token, "\n") {
		return s
	}
	return token
}

// yamlValue is a value of the source: its word, and where it ends.
type yamlValue struct {
	word string
	end  int
}

// scalar reads the value that begins at "at", in an entry in the column.
func (p *yamlParser) scalar(at, column int) (yamlValue, error) {
	body := at
	for c := p.src[body]; c == '&' || c == '!'; c = p.src[body] { // properties are part of the value
		i := strings.IndexAny(p.src[body:], " \n")
		if i < 0 || p.src[body+i] == '\n' {
			break
		}
		for body += i; body < len(p.src) && p.src[body] == ' '; {
			body++
		}
		if body == len(p.src) {
			body = at
			break
		}
	}
	switch c := p.src[body]; c {
	case '"', '\'':
		end := quotedEnd(p.src, body)
		if end < 0 {
			return yamlValue{}, p.d.malformed(body, "a string that is not closed", `its closing quote`)
		}
		return p.whole(at, body, end, yamlString(p.src[body:end]))
	case '[', '{':
		end, err := p.flowEnd(body)
		if err != nil {
			return yamlValue{}, err
		}
		return p.whole(at, body, end, p.src[body:end])
	case '|', '>':
		end := p.blockEnd(body, column)
		return yamlValue{quoteWord(dedent(p.src[at:end])), end}, nil
	}
	end := p.plainEnd(body, column)
	word := dedent(p.src[at:end])
	if strings.Contains(word, "\n") {
		return yamlValue{quoteWord(word), end}, nil
	}
	return yamlValue{jsonWord(word), end}, nil
}

// whole refuses text behind a value that has an end of its own.
func (p *yamlParser) whole(at, body, end int, value string) (yamlValue, error) {
	line := p.src[end:p.lineEnd(end)]
	if rest := strings.TrimSpace(line); rest != "" && (rest[0] != '#' || !isSpace(line[0])) {
		return yamlValue{}, p.d.malformed(end, "text behind a value", "the end of the line or a comment")
	}
	if at != body {
		value = p.src[at:end]
	}
	return yamlValue{jsonWord(dedent(value)), end}, nil
}

// dedent takes the indentation that all further lines of a value have.
func dedent(value string) string {
	if !strings.Contains(value, "\n") {
		return value
	}
	lines := strings.Split(value, "\n")
	least := -1
	for _, line := range lines[1:] {
		text := strings.TrimLeft(line, " ")
		if strings.TrimSpace(text) != "" && (least < 0 || len(line)-len(text) < least) {
			least = len(line) - len(text)
		}
	}
	for i := 1; i < len(lines); i++ {
		lines[i] = lines[i][min(max(least, 0), len(lines[i])-len(strings.TrimLeft(lines[i], " "))):]
	}
	return strings.Join(lines, "\n")
}

// flowEnd finds the end of a flow collection.
func (p *yamlParser) flowEnd(from int) (int, error) {
	var open []byte
	for i := from; i < len(p.src); i++ {
		switch c := p.src[i]; c {
		case '[', '{':
			open = append(open, c+2) // "]" and "}" are two further on
		case ']', '}':
			if open[len(open)-1] != c {
				return 0, p.d.malformed(i, "a closing mark that fits no opening one", `"`+string(open[len(open)-1])+`"`)
			}
			if open = open[:len(open)-1]; len(open) == 0 {
				return i + 1, nil
			}
		case '"', '\'':
			if before := p.src[i-1]; !isSpace(before) && strings.IndexByte("[{,:", before) < 0 {
				continue
			}
			end := quotedEnd(p.src, i)
			if end < 0 {
				return 0, p.d.malformed(i, "a string that is not closed", "its closing quote")
			}
			i = end - 1
		}
	}
	return 0, p.d.malformed(from, "a list or map in brackets that is not closed", `"`+string(open[len(open)-1])+`"`)
}

// blockEnd finds the end of a block scalar: the last line that is indented
// further than the entry.
func (p *yamlParser) blockEnd(from, column int) int {
	at := p.lineEnd(from)
	end := from + len(strings.TrimRight(p.src[from:at], " \t\r\n"))
	for at < len(p.src) {
		next := p.lineEnd(at)
		line := p.src[at:next]
		text := strings.TrimRight(line, " \t\r\n")
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if text != "" && indent <= column {
			break
		}
		if text != "" {
			end = at + len(strings.TrimRight(line, "\r\n"))
		}
		at = next
	}
	return end
}

// plainEnd finds the end of a plain value, which may go on in lines that are
// indented further and are no entries.
func (p *yamlParser) plainEnd(from, column int) int {
	at := p.lineEnd(from)
	end, commented := plainLine(p.src, from, at)
	for at < len(p.src) && !commented {
		next := p.lineEnd(at)
		text := strings.TrimRight(p.src[at:next], " \t\r\n")
		indent := len(text) - len(strings.TrimLeft(text, " "))
		if text == "" || indent <= column || isItem(text[indent:]) || text[indent] == '#' {
			break
		}
		if key, _, _, err := p.key(at+indent, next); key != "" || err != nil {
			break
		}
		end, commented = plainLine(p.src, at, next)
		at = next
	}
	return end
}

// plainLine is where the text of a line ends before its comment.
func plainLine(src string, from, end int) (int, bool) {
	for i := from + 1; i < end; i++ {
		if src[i] == '#' && (src[i-1] == ' ' || src[i-1] == '\t') {
			return from + len(strings.TrimRight(src[from:i], " \t")), true
		}
	}
	return from + len(strings.TrimRight(src[from:end], " \t\r\n")), false
}
