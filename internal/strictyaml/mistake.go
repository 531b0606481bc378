package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a file.
type Mistake struct {
	File    string
	Line    int // from 1
	Column  int // from 1
	Message string
	Hint    string // what to write instead; may be empty
}

// Error gives "file:line:column: message; hint".
func (m Mistake) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.Message)
	if m.Hint != "" {
		text += "; " + m.Hint
	}
	return text
}

// Mistakes is everything that is wrong in a file, in the file's order.
type Mistakes []Mistake

// Error gives one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Sorted puts mistakes in the order of their places and leaves out repeated
// ones.
func (m Mistakes) Sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(m)
}

// Reader gathers the mistakes of a file.
type Reader struct {
	File     string
	Mistakes Mistakes
}

// Wrong adds a mistake.
func (r *Reader) Wrong(at Place, hint, format string, args ...any) {
	r.Mistakes = append(r.Mistakes, Mistake{r.File, at.Line, at.Column, fmt.Sprintf(format, args...), hint})
}

// Parse gives the file's documents. What is not YAML is a mistake.
func (r *Reader) Parse(data []byte) (documents []Node, ok bool) {
	documents, at, wrong := parse(data)
	if wrong != "" {
		r.Wrong(at, "", "%s", wrong)
	}
	return documents, wrong == ""
}
