package driver

import (
	"fmt"
	"strings"

	"drydock/internal/strictyaml"
)

// Mistake is one thing that is wrong in a driver file.
type Mistake = strictyaml.Mistake

// Mistakes is everything that is wrong in a driver file, in the file's order.
// It is never empty where Parse returns it.
type Mistakes = strictyaml.Mistakes

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
