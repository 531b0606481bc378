package infer

import (
	"slices"
	"strings"

	"drydock/internal/migrate"
)

// line is a line of one of the two trees of a pair.
type line struct {
	pair   int
	no     int // in its file
	text   string
	words  []string
	parent *line
	kids   []*line
	mate   *line // what it is in the other tree; nil = not there
	moved  bool  // the mate is in another place
}

func (l *line) path() (path []string) {
	for p := l.parent; p != nil && p.parent != nil; p = p.parent {
		path = append(path, p.text)
	}
	slices.Reverse(path)
	return path
}

// alignment is a pair whose lines know their mates.
type alignment struct{ old, new *line } // the roots

func align(format string, pair int, p Pair) (*alignment, error) {
	old, err := tree(format, pair, p.Old)
	if err != nil {
		return nil, err
	}
	new, err := tree(format, pair, p.New)
	if err != nil {
		return nil, err
	}
	a := &alignment{old, new}
	old.mate, new.mate = new, old
	a.blocks(old, new)
	a.strays()
	return a, nil
}

func tree(format string, pair int, content []byte) (*line, error) {
	d, err := migrate.Parse(format, content)
	if err != nil {
		return nil, err
	}
	root := &line{pair: pair}
	stack := []*line{root}
	for _, e := range d.Entries() {
		stack = stack[:min(len(stack), len(e.Path)+1)]
		parent := stack[len(stack)-1]
		l := &line{pair: pair, no: e.Line, text: e.Text, words: migrate.Words(e.Text), parent: parent}
		parent.kids = append(parent.kids, l)
		stack = append(stack, l)
	}
	return root, nil
}

func join(a, b *line) { a.mate, b.mate = b, a }

// blocks lines up what stands beneath two blocks that are mates: equal texts
// first, then what is alike.
func (a *alignment) blocks(old, new *line) {
	unmatched := map[string][]*line{}
	for _, n := range new.kids {
		unmatched[n.text] = append(unmatched[n.text], n)
	}
	for _, o := range old.kids {
		if same := unmatched[o.text]; len(same) > 0 && o.mate == nil {
			join(o, same[0])
			unmatched[o.text] = same[1:]
		}
	}
	a.alike(free(old.kids), free(new.kids), nearby)
	for _, o := range old.kids {
		if o.mate != nil && len(o.kids)+len(o.mate.kids) > 0 {
			a.blocks(o, o.mate)
		}
	}
}

func free(list []*line) (f []*line) {
	for _, l := range list {
		if l.mate == nil {
			f = append(f, l)
		}
	}
	return f
}

// alike joins the likest lines first, as long as they are alike enough.
func (a *alignment) alike(old, new []*line, likeness func(o, n *line) float64) {
	type couple struct {
		o, n  *line
		score float64
	}
	var couples []couple
	for _, o := range old {
		for _, n := range new {
			if s := likeness(o, n); s > 0 {
				couples = append(couples, couple{o, n, s})
			}
		}
	}
	slices.SortStableFunc(couples, func(x, y couple) int {
		switch {
		case x.score > y.score:
			return -1
		case x.score < y.score:
			return 1
		}
		return 0
	})
	for _, c := range couples {
		if c.o.mate == nil && c.n.mate == nil {
			join(c.o, c.n)
		}
	}
}

// strays lines up what stands in another place now.
func (a *alignment) strays() {
	var old, new []*line
	collect(a.old, &old)
	collect(a.new, &new)
	a.alike(old, new, faraway)
	for _, o := range old {
		if o.mate != nil {
			o.moved, o.mate.moved = true, true
			a.blocks(o, o.mate)
		}
	}
}

// collect gathers the lines without a mate, with those beneath them.
func collect(l *line, into *[]*line) {
	for _, k := range l.kids {
		if k.mate == nil {
			*into = append(*into, k)
		}
		collect(k, into)
	}
}

// nearby says how alike two lines of one block are: by their words, or, for
// blocks, by what is in them.
func nearby(o, n *line) float64 {
	if len(o.kids) > 0 || len(n.kids) > 0 {
		inside := overlap(o, n)
		if sameKey(o, n) && !clash(o, n) {
			return 1 + inside
		}
		if inside >= 0.5 {
			return inside
		}
		return 0
	}
	s := common(o.words, n.words)
	switch {
	case sameKey(o, n) && len(o.words) == len(n.words):
		return 1 + s
	case s >= 0.5, values(o) > 0 && carries(o, n):
		return s
	}
	return 0
}

// faraway says how alike two lines in different places are: all the values of
// the one are in the other, or they are the same.
func faraway(o, n *line) float64 {
	switch {
	case o.text == n.text && len(o.words) > 1:
		return 3
	case len(o.kids) > 0 || len(n.kids) > 0:
		if inside := overlap(o, n); inside >= 0.7 {
			return inside
		}
		return 0
	case values(o) > 0 && carries(o, n) && values(o) == values(n):
		s := 1 + common(o.words, n.words)
		if o.words[0] == n.words[0] {
			s++
		}
		return s
	case sameKey(o, n) && len(o.words) == 2 && len(n.words) == 2:
		return 0.5
	}
	return 0
}

func sameKey(o, n *line) bool {
	return len(o.words) > 0 && len(n.words) > 0 && o.words[0] == n.words[0]
}

// clash says that two blocks with one key are about different things.
func clash(o, n *line) bool {
	return len(o.words) == len(n.words) && values(o) > 0 && !carries(o, n)
}

// values counts the words that look like values rather than keywords.
func values(l *line) (n int) {
	for _, w := range l.words {
		if isValue(w) {
			n++
		}
	}
	return n
}

func isValue(w string) bool { return strings.ContainsAny(w, `0123456789."':/@`) }

// carries says whether all values of the one line are in the other.
func carries(o, n *line) bool {
	for _, w := range o.words {
		if isValue(w) && !slices.Contains(n.words, w) {
			return false
		}
	}
	return true
}

// common is the share of words that two lines have in common, in order.
func common(a, b []string) float64 {
	return float64(len(migrate.Common(a, b))) / float64(max(len(a), len(b), 1))
}

// overlap is the share of lines that two blocks have in common.
func overlap(o, n *line) float64 {
	have := map[string]int{}
	for _, k := range n.kids {
		have[k.text]++
	}
	same := 0
	for _, k := range o.kids {
		if have[k.text] > 0 {
			have[k.text]--
			same++
		}
	}
	return float64(same) / float64(max(len(o.kids), len(n.kids), 1))
}
