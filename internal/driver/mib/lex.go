package mib

import "strings"

// tokens divides a module into words, numbers, signs and texts in quotes; of a
// text only the opening quote is kept. Comments go to the end of their line.
func tokens(text string) []string {
	var all []string
	for i := 0; i < len(text); {
		switch c := text[i]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f':
			i++
		case strings.HasPrefix(text[i:], "--"):
			i += lineLength(text[i:])
		case c == '"':
			all = append(all, `"`)
			i += quoted(text[i:])
		case strings.HasPrefix(text[i:], "::="):
			all, i = append(all, "::="), i+3
		case isWord(c):
			n := wordLength(text[i:])
			all, i = append(all, text[i:i+n]), i+n
		default:
			all, i = append(all, text[i:i+1]), i+1
		}
	}
	return all
}

func lineLength(text string) int {
	if n := strings.IndexByte(text, '\n'); n >= 0 {
		return n
	}
	return len(text)
}

func quoted(text string) int {
	if n := strings.IndexByte(text[1:], '"'); n >= 0 {
		return n + 2
	}
	return len(text)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
}

// wordLength ends a word at "--", which begins a comment.
func wordLength(text string) int {
	n := 0
	for n < len(text) && isWord(text[n]) && (n == 0 || !strings.HasPrefix(text[n:], "--")) {
		n++
	}
	return n
}
