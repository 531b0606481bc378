package notify

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// shownMost is how many messages of a batch are shown in one mail or chat
// message; the rest is counted.
const shownMost = 20

// textMost bounds the detail of one message in a mail or chat, in octets.
const textMost = 1000

// headline is one line for a batch.
func headline(batch []Message) string {
	if len(batch) == 1 {
		return clean(batch[0].Title)
	}
	counts := map[Kind]int{}
	for _, m := range batch {
		counts[m.Kind]++
	}
	var parts []string
	for _, k := range append(Kinds(), Test) {
		if n := counts[k]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, k))
		}
	}
	return strings.Join(parts, ", ")
}

// shown gives the messages that are shown, and how many are not.
func shown(batch []Message) (some []Message, more int) {
	if len(batch) > shownMost {
		return batch[:shownMost], len(batch) - shownMost
	}
	return batch, 0
}

// cut shortens text to a number of octets, at a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	text = text[:most]
	for !utf8.ValidString(text) {
		text = text[:len(text)-1]
	}
	return text + "…"
}
