package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// footnotes are texts that many rows of a table share: a row has their numbers,
// and each stands once beneath the table with how many rows have it.
type footnotes struct {
	texts []string
	rows  []int
}

// marks gives a row's numbers, as "1 3"; "" where it has no text.
func (f *footnotes) marks(texts []string) string {
	var marks []string
	for _, text := range texts {
		i := slices.Index(f.texts, text)
		if i < 0 {
			i = len(f.texts)
			f.texts, f.rows = append(f.texts, text), append(f.rows, 0)
		}
		f.rows[i]++
		marks = append(marks, fmt.Sprint(i+1))
	}
	return strings.Join(marks, " ")
}

// print writes the notes, and an empty line after them if there are any.
func (f *footnotes) print(w io.Writer) {
	for i, text := range f.texts {
		fmt.Fprintf(w, "%d (%s): %s\n", i+1, count(f.rows[i], "device"), printable(text))
	}
	if len(f.texts) > 0 {
		fmt.Fprintln(w)
	}
}
