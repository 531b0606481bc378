package cli

import (
	"fmt"
	"io"
	"strings"
)

// screen redraws a block of lines in place on a terminal.
type screen struct {
	out   io.Writer
	live  bool
	drawn int
}

const (
	cursorUp  = "\x1b[%dA"
	clearDown = "\x1b[J"
	maxWidth  = 118
)

func (s *screen) draw(lines []string) {
	var b strings.Builder
	if s.drawn > 0 {
		fmt.Fprintf(&b, cursorUp, s.drawn)
	}
	b.WriteString(clearDown)
	for _, line := range lines {
		if runes := []rune(line); len(runes) > maxWidth {
			line = string(runes[:maxWidth-1]) + "…"
		}
		b.WriteString(line + "\n")
	}
	s.drawn = len(lines)
	io.WriteString(s.out, b.String()) //nolint:errcheck // a screen that cannot be written to shows nothing
}

// clear leaves what is drawn and starts a new block below it.
func (s *screen) clear() { s.drawn = 0 }
