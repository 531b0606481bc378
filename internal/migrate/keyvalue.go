package migrate

import "strings"

// keyValue is the format of lines "key=value" or "key: value", without
// sections: properties and shell-like files. A line's text is the key, a blank
// and the value as it is written. "#", ";" and "!" begin comments; a line that
// ends in a backslash goes on in the next.
type keyValue struct{}

func (keyValue) name() string { return "keyvalue" }

func (keyValue) nests(...string) bool { return false }

func (keyValue) indent(_ *Document, parent *node) string {
	for n := range parent.commands {
		return n.indent
	}
	return ""
}

func (keyValue) meaning(n *node) (key string, ordered bool) { return oneBlank(n.text), false }

func (keyValue) holds(n *node) bool { return n.parent == nil }

func (keyValue) mend(d *Document) { d.mendLineEnds() }

// write keeps the way in which the line, or else the file, separates key and
// value.
func (keyValue) write(d *Document, n *node, _ bool) {
	between := d.style
	if from, to := separation(n.raw); to > 0 {
		between = n.raw[from:to]
	}
	key, value := cutWord(n.text)
	value = strings.TrimLeft(value, " \t")
	if len(key) > 1 && key[0] == '"' && key[len(key)-1] == '"' && !strings.HasPrefix(n.raw, `"`) {
		key = key[1 : len(key)-1]
	}
	if value == "" {
		between = strings.TrimRight(between, " \t")
	}
	n.raw = key + between + value
}

// separation is where the white space and the "=" or ":" stand between key and
// value; 0, 0 where there is none. A ":" counts only before white space or the
// line's end: addresses have some too.
func separation(raw string) (from, to int) {
	at := -1
	for i := 0; i < len(raw) && at < 0; i++ {
		if raw[i] == '=' || raw[i] == ':' && (i+1 == len(raw) || isSpace(raw[i+1])) {
			at = i
		}
	}
	if at <= 0 {
		return 0, 0
	}
	for from, to = at, at+1; from > 0 && isSpace(raw[from-1]); {
		from--
	}
	for to < len(raw) && isSpace(raw[to]) {
		to++
	}
	return from, to
}

func (keyValue) parse(d *Document) error {
	d.style = "="
	styled := false
	for s := (scanner{d: d}); ; {
		n, ok := s.next()
		if !ok {
			return nil
		}
		d.root.append(n)
		switch {
		case n.text == "":
			n.kind = blank
			continue
		case strings.IndexByte("#;!", n.text[0]) >= 0:
			n.kind = comment
			continue
		}
		from, to := separation(n.raw)
		if from == 0 {
			return d.malformed(n.offset+len(n.indent), "a line without a key and a value", "key=value, key: value or # comment")
		}
		s.takeContinued(n)
		n.text = joinContinued(n.raw[:from], n.raw[to:])
		if !styled && to < len(n.raw) {
			d.style, styled = n.raw[from:to], true
		}
	}
}

// takeContinued makes the lines on which n goes on part of it.
func (s *scanner) takeContinued(n *node) {
	start := n.offset + len(n.indent)
	end := start + len(n.raw)
	for strings.HasSuffix(s.d.src[start:end], `\`) && s.offset < len(s.d.src) {
		line, _, _ := strings.Cut(s.d.src[s.offset:], "\n")
		if strings.TrimSpace(line) == "" {
			break
		}
		end = s.offset + len(strings.TrimRight(line, " \t\r"))
		n.lines++
		s.line++
		s.offset = min(s.offset+len(line)+1, len(s.d.src))
	}
	n.raw, n.rest = s.d.src[start:end], s.d.src[end:s.offset]
}

// joinContinued gives the text of a key and a value, in one line.
func joinContinued(key, value string) string {
	if strings.ContainsAny(key, " \t") && key[0] != '"' {
		key = `"` + key + `"`
	}
	if strings.Contains(value, "\n") {
		lines := strings.Split(value, "\n")
		for i, line := range lines {
			lines[i] = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(line), `\`))
		}
		value = strings.TrimSpace(strings.Join(lines, " "))
	}
	if value == "" {
		return key
	}
	return key + " " + value
}
