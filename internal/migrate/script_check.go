package migrate

import (
	"strings"

	"drydock/internal/fault"
)

// readBack says why a document that scripts have changed, once printed, would
// not be read as it is: a format cannot write every text (a name with blanks in
// XML) nor at every place (a key of its own behind an INI section). A device
// must never be given what says something else than was meant.
func (p *Pack) readBack(d *Document, steps []Step, used map[*Rule]int) error {
	again, err := Parse(d.format.name(), d.Bytes())
	if err != nil {
		return fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name, "what its scripts have written cannot be read: %w", err).
			WithHint("%s", oneOf("scripts that did something are", scriptsOf(steps, used)))
	}
	made, read := d.outline(), again.outline()
	for i := range max(len(made), len(read)) {
		m, r := elementAt(made, i), elementAt(read, i)
		same := m.text == r.text || p.spelling != nil && strings.EqualFold(m.text, r.text)
		if same && (m.depth == r.depth || d.behindTable(m, r)) {
			continue
		}
		return fault.New(fault.Invalid, "migrate.Apply", "rule "+culpritOf(made, i),
			"format %s has no way to write %s there: it would be read as %s", d.format.name(), m, r).
			WithHint("the rule puts a line where the format has none, or uses words that it cannot hold")
	}
	return nil
}

// behindTable says whether a key of an INI file stands behind where a table was:
// there it belonged to no section, and with the table gone it is read as one of
// the section before. Equipment that has tables goes by the names of keys alone.
func (d *Document) behindTable(made, read element) bool {
	_, isINI := d.format.(ini)
	if !isINI || made.depth != 1 || read.depth != 2 || made.n.foreign() || made.n.first != nil {
		return false
	}
	for before := made.n.prev; before != nil; before = before.prev {
		if d.format.holds(before) && before.fate != removed {
			return !before.foreign() && before.line < made.n.line // no rule brought the section there
		}
	}
	return false
}

// scriptsOf gives the rules whose scripts did something.
func scriptsOf(steps []Step, used map[*Rule]int) []string {
	var ids []string
	for i := range steps {
		for _, r := range steps[i].scripts {
			if used[r] > 0 {
				ids = append(ids, r.ID)
			}
		}
	}
	return ids
}

// element is a line that means something, and how many blocks are around it.
type element struct {
	n     *node // nil = none
	text  string
	depth int
}

// String gives the element as messages name it.
func (e element) String() string {
	if e.n == nil {
		return "nothing"
	}
	return "\"" + strings.Join(e.n.path(), separator) + "\""
}

func elementAt(all []element, i int) element {
	if i < len(all) {
		return all[i]
	}
	return element{}
}

// outline lists what means something in a document; the depth of the first
// lines is 1.
func (d *Document) outline() []element {
	var all []element
	depth := 0
	var last *node
	d.root.walk(func(n *node) {
		switch {
		case n.parent == last || depth == 0:
			depth++
		default:
			for at := last; at.parent != n.parent; at = at.parent {
				depth--
			}
		}
		last = n
		if n.kind == command {
			all = append(all, element{n, oneBlank(n.text), depth})
		}
	}, nil)
	return all
}

// culpritOf gives the rule that made an element, or else the one before it.
func culpritOf(all []element, i int) string {
	for i = min(i, len(all)-1); i >= 0; i-- {
		if all[i].n.rule != nil {
			return all[i].n.rule.ID
		}
	}
	return "unknown"
}
