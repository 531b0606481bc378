package migrate

import (
	"fmt"
	"strings"
)

// takeWhole makes the further lines of what is no command lines part of the
// node that they follow, up to the line that ends them:
//
//	banner motd ^C                  text up to the delimiter; VRP: header
//	certificate self-signed 01      hexadecimal digits up to "quit"
//	key-string                      the same
//	public-key-code begin           VRP: up to "public-key-code end"
//	macro name x                    commands up to "@"
func (s *scanner) takeWhole(n *node) error {
	if len(n.text) < len("key-string") {
		return nil
	}
	switch n.text[0] {
	case 'a', 'b', 'h':
		if text, ok := bannerText(n.text); ok {
			return s.takeBanner(n, text)
		}
	case 'c', 'k':
		if (strings.HasPrefix(n.text, "certificate ") || n.text == "key-string") && s.digitsFollow() {
			return s.takeLines(n, "the digits that begin here have no end", "quit")
		}
	case 'm':
		if strings.HasPrefix(n.text, "macro name ") {
			return s.takeLines(n, "the macro that begins here has no end", "@")
		}
	case 'p':
		if n.text == "public-key-code begin" {
			return s.takeLines(n, "the key that begins here has no end", "public-key-code end")
		}
	}
	return nil
}

// copyWhole gives the copy of a line the further lines of what is taken whole.
func (d *Document) copyWhole(from, to *node) {
	if _, ok := d.format.(indented); ok && strings.TrimSpace(from.rest) != "" {
		to.rest = from.rest
	}
}

// digitsFollow says whether the next line is groups of hexadecimal digits.
func (s *scanner) digitsFollow() bool {
	line, _, _ := strings.Cut(s.d.src[s.offset:], "\n")
	line = strings.TrimSpace(line)
	for i := range len(line) {
		if c := line[i]; c != ' ' && (c < '0' || c > '9') && (c < 'A' || c > 'F') && (c < 'a' || c > 'f') {
			return false
		}
	}
	group, _, _ := strings.Cut(line, " ")
	return len(group) >= 2
}

// takeLines extends n to the line that says end, whatever white space is about it.
func (s *scanner) takeLines(n *node, open, end string) error {
	src := s.d.src
	for at := s.offset; at < len(src); {
		to := len(src)
		if i := strings.IndexByte(src[at:], '\n'); i >= 0 {
			to = at + i + 1
		}
		if strings.TrimSpace(src[at:to]) == end {
			s.extend(n, to)
			return nil
		}
		at = to
	}
	return s.d.malformed(n.offset+len(n.indent), open, fmt.Sprintf("a later line %q", end))
}

// takeBanner makes the further lines of a banner part of its node.
func (s *scanner) takeBanner(n *node, text string) error {
	src := s.d.src
	if text == "" { // EOS writes no delimiter and ends with EOF alone on a line
		if i := strings.Index(src[s.offset:], "EOF"); i >= 0 {
			return s.takeUntil(n, "EOF", n.offset)
		}
		return nil
	}
	delimiter := text[:1]
	if strings.HasPrefix(text, "^C") {
		delimiter = "^C"
	}
	if isWordByte(delimiter[0]) || strings.Contains(text[len(delimiter):], delimiter) {
		return nil
	}
	opened := n.offset + len(n.indent) + len(n.raw) - len(text)
	return s.takeUntil(n, delimiter, opened)
}

// takeUntil extends n to the end of the line that holds the delimiter.
func (s *scanner) takeUntil(n *node, delimiter string, opened int) error {
	i := strings.Index(s.d.src[s.offset:], delimiter)
	if i < 0 {
		return s.d.malformed(opened, fmt.Sprintf("the banner that begins here with %q is not closed", delimiter),
			fmt.Sprintf("a later line with %q", delimiter))
	}
	end := s.offset + i
	if j := strings.IndexByte(s.d.src[end:], '\n'); j >= 0 {
		end += j + 1
	} else {
		end = len(s.d.src)
	}
	s.extend(n, end)
	return nil
}

// bannerText gives what follows the head of a banner: IOS "banner motd" and
// "aaa authentication banner", VRP "header login information".
func bannerText(text string) (string, bool) {
	switch {
	case strings.HasPrefix(text, "banner "):
		kind, rest, _ := strings.Cut(strings.TrimLeft(text[len("banner "):], " "), " ")
		if kind == "" || !isWordByte(kind[0]) {
			return "", false
		}
		return strings.TrimLeft(rest, " "), true
	case strings.HasPrefix(text, "header "):
		_, rest, found := strings.Cut(text, " information ")
		return strings.TrimLeft(rest, " "), found && rest != ""
	case strings.HasPrefix(text, "aaa authentication "):
		kind, rest, found := strings.Cut(text[len("aaa authentication "):], " ")
		rest = strings.TrimLeft(rest, " ")
		return rest, found && rest != "" && (kind == "banner" || kind == "fail-message")
	}
	return "", false
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}
