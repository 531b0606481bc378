package cli

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"unicode/utf8"
)

// isControl says whether a terminal may take a character for a command, or
// show what follows it in another order than it stands: the control characters
// C0, DEL and C1, the marks of direction, and the other ends of a line
// (RELIABILITY.md T14).
func isControl(r rune) bool {
	switch {
	case r < ' ', r >= 0x7f && r < 0xa0:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
		return true
	case r == 0x2028, r == 0x2029, r == 0xfeff:
		return true
	}
	return false
}

// escaper is what stands between the program and a terminal: whatever is
// written, and wherever it comes from, control characters other than line feed
// and tab go out as \u and four digits, which JSON and YAML read as what they
// were. Octets that are not UTF-8 go out as \x and two digits. It is the last
// of two defences: printable is the first, and makes one line of a text.
//
// What the program itself says to a terminal goes past it (session.screen).
type escaper struct {
	to io.Writer

	mu   sync.Mutex // owns rest, and is held while to is written
	rest []byte     // a character that has begun
}

// Write is part of io.Writer.
func (e *escaper) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	data := append(e.rest, p...)
	e.rest = nil
	if clean(data) { // the usual case
		_, err := e.to.Write(data)
		return len(p), err
	}
	var out bytes.Buffer
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		switch {
		case r == utf8.RuneError && size == 1 && !utf8.FullRune(data):
			e.rest = bytes.Clone(data)
			size = len(data)
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, data[0])
		case r != '\n' && r != '\t' && isControl(r):
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.Write(data[:size])
		}
		data = data[size:]
	}
	_, err := e.to.Write(out.Bytes())
	return len(p), err
}

// clean says whether nothing has to be escaped.
func clean(data []byte) bool {
	if !utf8.Valid(data) {
		return false
	}
	return !bytes.ContainsFunc(data, func(r rune) bool { return r != '\n' && r != '\t' && isControl(r) })
}

// screen is where the program itself moves the cursor and draws: standard error
// as it is, for those parts only that escape what they show.
func (s *session) screen() io.Writer { return s.raw.Stderr }

// whole writes content octet by octet to standard output, unless that is a
// terminal: a configuration may hold anything.
func (s *session) whole(content []byte) error {
	out := s.raw.Stdout
	if s.StdoutIsTerminal {
		out = s.Stdout
	}
	_, err := out.Write(content)
	return err
}
