package migrate

import "strings"

// spelling is how a pack writes names, by their lower case: for equipment that
// reads names in any case, and writes them in one or another. A document's
// text follows it, so that patterns fit; what is printed does not.
type spelling map[string]string

// learn takes the words of a line pattern that are no holes. It gives the
// first one that is spelled otherwise than before; "" = there is none.
func (s spelling) learn(p *linePattern) (other string) {
	for _, w := range p.words {
		lower := strings.ToLower(w.literal)
		known, ok := s[lower]
		switch {
		case w.literal == "":
		case !ok:
			s[lower] = w.literal
		case known != w.literal && other == "":
			other = known
		}
	}
	return other
}

// apply spells the names of a document: of a block all words, of a line the
// first one. Values stay.
func (s spelling) apply(d *Document) {
	if len(s) == 0 {
		return
	}
	d.root.walk(func(n *node) {
		if n.kind != command {
			return
		}
		first, rest := cutWord(n.text)
		if n.first != nil || strings.HasPrefix(n.raw, "[") {
			n.text = s.words(n.text)
		} else if known, ok := s[strings.ToLower(first)]; ok && known != first {
			n.text = known + rest
		}
	}, func(*node) {})
}

// words spells all words of a text; it gives the same string where that
// changes nothing.
func (s spelling) words(text string) string {
	words, changed := strings.Fields(text), false
	for i, w := range words {
		if known, ok := s[strings.ToLower(w)]; ok && known != w {
			words[i], changed = known, true
		}
	}
	if !changed {
		return text
	}
	return strings.Join(words, " ")
}

// spell lets a document's names follow the pack's, where case does not count.
func (p *Pack) spell(d *Document) *Document {
	p.spelling.apply(d)
	return d
}

// spellFor does so for a pattern that the pack does not have: a script's.
func (p *Pack) spellFor(d *Document, pattern *Pattern) {
	if p.spelling == nil {
		return
	}
	s := spelling{}
	for i := range pattern.lines {
		s.learn(&pattern.lines[i])
	}
	s.apply(d)
}
