package migrate

import (
	"fmt"
	"slices"
	"strings"
)

// linePattern is a pattern for one line: words, {name} for one word, {name...}
// for the rest of the line, * for one word that is not kept.
type linePattern struct {
	source string
	words  []patternWord
}

type patternWord struct {
	literal string // where capture is "" and any is not set
	capture string
	any     bool
	rest    bool
}

// capture is what a hole of a pattern held.
type capture struct{ name, value string }

type captures []capture

func (c captures) get(name string) (string, bool) {
	for i := range c {
		if c[i].name == name {
			return c[i].value, true
		}
	}
	return "", false
}

func parseLine(source string) (linePattern, error) {
	p := linePattern{source: source}
	for rest := source; ; {
		var word string
		if word, rest = cutWord(rest); word == "" {
			break
		}
		w, err := parseWord(word)
		if err != nil {
			return p, err
		}
		if len(p.words) > 0 && p.words[len(p.words)-1].rest {
			return p, fmt.Errorf("%q: a hole with ... takes the rest of the line and must be the last word", source)
		}
		if w.capture != "" && slices.Contains(p.names(), w.capture) {
			return p, fmt.Errorf("%q: the hole {%s} stands twice", source, w.capture)
		}
		p.words = append(p.words, w)
	}
	if len(p.words) == 0 {
		return p, fmt.Errorf("an empty pattern fits nothing")
	}
	return p, nil
}

func parseWord(word string) (patternWord, error) {
	switch {
	case word == "*":
		return patternWord{any: true}, nil
	case word[0] == '"' || !strings.ContainsAny(word, "{}"):
		return patternWord{literal: word}, nil
	}
	name, open := strings.CutPrefix(word, "{")
	name, closed := strings.CutSuffix(name, "}")
	name, rest := strings.CutSuffix(name, "...")
	if !open || !closed || !isName(name) {
		return patternWord{}, fmt.Errorf("%q is not a hole: a hole is a word of its own, {name} or {name...}, of letters, digits, - and _", word)
	}
	return patternWord{capture: name, rest: rest}, nil
}

func isName(s string) bool {
	for i := range len(s) {
		if !isWordByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// names are the pattern's holes.
func (p *linePattern) names() []string {
	var names []string
	for _, w := range p.words {
		if w.capture != "" {
			names = append(names, w.capture)
		}
	}
	return names
}

// first is the literal that a fitting line must begin with; "" where it may be
// any word.
func (p *linePattern) first() string { return p.words[0].literal }

// match says whether the whole text fits, and adds what the holes hold.
func (p *linePattern) match(text string, into captures) (captures, bool) {
	for i := range p.words {
		w := &p.words[i]
		if w.rest {
			text = strings.TrimLeft(text, " \t")
			if text == "" {
				return into, false
			}
			return append(into, capture{w.capture, text}), true
		}
		var word string
		if word, text = cutWord(text); word == "" {
			return into, false
		}
		switch {
		case w.capture != "":
			into = append(into, capture{w.capture, word})
		case !w.any && w.literal != word:
			return into, false
		}
	}
	return into, strings.TrimLeft(text, " \t") == ""
}

// cutWord gives the first word and what follows it. A word in double quotes
// may hold white space; the quotes are part of it.
func cutWord(text string) (word, rest string) {
	i := 0
	for i < len(text) && (text[i] == ' ' || text[i] == '\t') {
		i++
	}
	end := i
	if end < len(text) && text[end] == '"' {
		end = quoteEnd(text, end)
	}
	for end < len(text) && text[end] != ' ' && text[end] != '\t' {
		end++
	}
	return text[i:end], text[end:]
}

// oneBlank gives the text with one blank between words: what a device reads.
func oneBlank(text string) string {
	if !strings.Contains(text, "  ") && strings.IndexByte(text, '\t') < 0 {
		return text
	}
	var b strings.Builder
	for {
		var word string
		if word, text = cutWord(text); word == "" {
			return b.String()
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(word)
	}
}

// quoteEnd is the place behind the closing quote; where there is none, the
// quote is an ordinary character.
func quoteEnd(text string, open int) int {
	for i := open + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return open + 1
}

// template is a text with {name} holes that captures fill.
type template struct {
	source string
	parts  []templatePart
}

type templatePart struct{ literal, capture string }

// parseTemplate reads a template whose holes must be among the known names.
func parseTemplate(source string, known []string) (template, error) {
	t := template{source: source}
	for rest := source; rest != ""; {
		literal, hole, found := strings.Cut(rest, "{")
		if literal != "" {
			t.parts = append(t.parts, templatePart{literal: literal})
		}
		if !found {
			break
		}
		name, after, closed := strings.Cut(hole, "}")
		if !closed {
			return t, fmt.Errorf("%q: a hole is not closed", source)
		}
		if !slices.Contains(known, name) {
			return t, fmt.Errorf("%q: nothing is captured as {%s}; %s", source, name, oneOf("holes are", known))
		}
		t.parts = append(t.parts, templatePart{capture: name})
		rest = after
	}
	return t, nil
}

// fill gives the text; mapped says what to write for a capture, if not itself.
func (t *template) fill(c captures, mapped func(name, value string) string) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.capture == "" {
			b.WriteString(p.literal)
			continue
		}
		value, _ := c.get(p.capture)
		if mapped != nil {
			value = mapped(p.capture, value)
		}
		b.WriteString(value)
	}
	return b.String()
}

// oneOf gives "what a, b or c".
func oneOf(what string, words []string) string {
	switch n := len(words); n {
	case 0:
		return what + " none"
	case 1:
		return what + " " + words[0]
	default:
		return what + " " + strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
}
