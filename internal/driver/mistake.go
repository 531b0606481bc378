package driver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Mistake is one thing that is wrong in a driver file.
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

// Mistakes is everything that is wrong in a driver file, in the file's order.
// It is never empty where Parse returns it.
type Mistakes []Mistake

// Error gives one line for each mistake.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i := range m {
		lines[i] = m[i].Error()
	}
	return strings.Join(lines, "\n")
}

func (m Mistakes) sorted() Mistakes {
	slices.SortStableFunc(m, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(m)
}

// didYouMean gives `did you mean "x"?` for the known word nearest to word, or
// else the list of what is known, if it is short.
func didYouMean(word string, known []string) string {
	best, distance := "", 1+max(2, len(word)/3)
	for _, k := range known {
		if apart := len(word) - len(k); apart >= distance || -apart >= distance {
			continue
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(k)); d < distance {
			best, distance = k, d
		}
	}
	if best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return "it can be " + oneOf(known)
}

// oneOf gives "a, b or c"; of long lists the first ones.
func oneOf(words []string) string {
	const most = 24
	switch n := len(words); {
	case n == 0:
		return "nothing"
	case n == 1:
		return words[0]
	case n > most:
		return strings.Join(words[:most], ", ") + ", ..."
	default:
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}

// editDistance is Levenshtein's, for words short enough to be typed.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
