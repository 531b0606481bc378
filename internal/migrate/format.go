package migrate

import (
	"fmt"
	"strings"

	"drydock/internal/fault"
)

// Bounds of what is parsed. Configurations are far below them; what is above
// is not a configuration, and must not take the server's memory.
const (
	maxBytes = 64 << 20
	maxLines = 2 << 20
)

// format is one form of configuration files. Its parser fills the document's
// tree so that printing gives the same bytes; its writer gives the bytes of
// lines that rules change or add.
type format interface {
	name() string
	// parse fills d from d.src.
	parse(d *Document) error
	// write sets raw from text. block says that children will follow.
	write(d *Document, n *node, block bool)
	// indent gives the white space before a line that is put into parent.
	indent(d *Document, parent *node) string
	// nests says whether blocks with these texts, two or more, may stand each
	// in the one before.
	nests(path ...string) bool
	// holds says whether lines may stand beneath n, which has been written.
	holds(n *node) bool
	// mend repairs what stands between lines (line ends, separators, closing
	// marks) after rules have added, moved or removed some.
	mend(d *Document)
	// meaning gives what is compared of a line, and whether the order of what
	// stands beneath it has a meaning.
	meaning(n *node) (key string, ordered bool)
}

// formats are all that Parse knows, by name.
func formats() []format {
	return []format{indented{}, ini{}, keyValue{}, uci{}, jsonFormat{}, yamlFormat{}, xmlFormat{}, braces{}, setLines{}}
}

// Formats names the formats that Parse knows.
func Formats() []string {
	var names []string
	for _, f := range formats() {
		names = append(names, f.name())
	}
	return names
}

func formatNamed(name string) (format, bool) {
	for _, f := range formats() {
		if f.name() == name {
			return f, true
		}
	}
	return nil, false
}

// SyntaxError says where a configuration is malformed and what was expected.
type SyntaxError struct {
	Line, Column int // from 1; columns are bytes
	Found        string
	Expected     string
}

// Error gives "line L, column C: found; expected X".
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s; expected %s", e.Line, e.Column, e.Found, e.Expected)
}

// Parse reads a configuration in the named format. The error is fault.Invalid;
// errors.As finds a *SyntaxError in it where the input is malformed.
func Parse(format string, data []byte) (*Document, error) {
	f, ok := formatNamed(format)
	if !ok {
		return nil, fault.New(fault.Invalid, "migrate.Parse", "", "there is no format %q", format).
			WithHint("formats are %s", strings.Join(Formats(), ", "))
	}
	d := &Document{format: f, src: string(data), unit: " ", eol: "\n"}
	if err := d.bounds(); err != nil {
		return nil, fault.New(fault.Invalid, "migrate.Parse", "", "%s configuration: %w", format, err)
	}
	if i := strings.IndexByte(d.src, '\n'); i > 0 && d.src[i-1] == '\r' {
		d.eol = "\r\n"
	}
	if err := f.parse(d); err != nil {
		return nil, fault.New(fault.Invalid, "migrate.Parse", "", "%s configuration: %w", format, err)
	}
	return d, nil
}

// bounds refuses what is too large or not text, and makes room for the lines.
func (d *Document) bounds() error {
	if len(d.src) > maxBytes {
		return fmt.Errorf("it has %d bytes; at most %d are read", len(d.src), maxBytes)
	}
	lines := strings.Count(d.src, "\n") + 1
	if lines > maxLines {
		return fmt.Errorf("it has %d lines; at most %d are read", lines, maxLines)
	}
	if i := strings.IndexByte(d.src, 0); i >= 0 {
		return d.malformed(i, "a byte 0x00", "text: the file is damaged or not a configuration")
	}
	d.nodes = make([]node, 0, lines)
	return nil
}

// malformed is a syntax error at an offset of the source.
func (d *Document) malformed(offset int, found, expected string) *SyntaxError {
	before := d.src[:offset]
	return &SyntaxError{
		Line: strings.Count(before, "\n") + 1, Column: offset - (strings.LastIndexByte(before, '\n') + 1) + 1,
		Found: found, Expected: expected,
	}
}

// scanner cuts the source into lines.
type scanner struct {
	d      *Document
	offset int
	line   int32
}

// next gives a new node for the next line, whose text is the line without
// white space around it.
func (s *scanner) next() (*node, bool) {
	src := s.d.src
	if s.offset >= len(src) {
		return nil, false
	}
	start, end := s.offset, len(src)
	if i := strings.IndexByte(src[start:], '\n'); i >= 0 {
		end = start + i + 1
	}
	first, last := start, end
	for first < end && isSpace(src[first]) {
		first++
	}
	for last > first && isSpace(src[last-1]) {
		last--
	}
	if first == end { // a blank line is white space and its line end
		first, last = start, start
	}
	s.line++
	s.offset = end
	s.d.nodes = append(s.d.nodes, node{
		indent: src[start:first], raw: src[first:last], text: src[first:last], rest: src[last:end],
		offset: start, line: s.line, lines: 1,
	})
	return &s.d.nodes[len(s.d.nodes)-1], true
}

// extend takes the source up to end, which must follow a line end, into n.
func (s *scanner) extend(n *node, end int) {
	more := s.d.src[s.offset:end]
	n.lines += int32(strings.Count(more, "\n"))
	if !strings.HasSuffix(more, "\n") {
		n.lines++
	}
	s.line += n.lines - 1
	n.rest = s.d.src[n.offset+len(n.indent)+len(n.raw) : end]
	s.offset = end
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
