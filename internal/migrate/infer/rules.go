package infer

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"drydock/internal/migrate"
)

// names gives each hole of a rule a name of its own, from the word before it.
type names map[string]bool

func (n names) next(words []string, i int) string {
	base := "value"
	if i > 0 {
		base = identifier(words[i-1])
	}
	name := base
	for k := 2; n[name]; k++ {
		name = fmt.Sprintf("%s%d", base, k)
	}
	n[name] = true
	return name
}

func identifier(word string) string {
	clean := strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, word)
	if clean == "" || strings.HasPrefix(word, "{") {
		return "value"
	}
	return clean
}

// captured is a word of the old line or of a block around it that a rule can
// use in what it writes.
type captured struct {
	name string
	of   func(*line) string
}

// place generalises the blocks around the first of some lines of one shape.
func (l *learner) place(o *line, used names) (in []string, caps []captured) {
	var blocks []*line
	for p := o.parent; p != nil && p.parent != nil; p = p.parent {
		blocks = append(blocks, p)
	}
	slices.Reverse(blocks)
	for depth, b := range blocks {
		words := slices.Clone(b.words)
		for i := range words {
			if !l.isHole(b, i) {
				continue
			}
			name := used.next(b.words, i)
			words[i] = "{" + name + "}"
			up := len(blocks) - depth
			caps = append(caps, captured{name, func(x *line) string { return ancestor(x, up).words[i] }})
		}
		in = append(in, strings.Join(words, " "))
	}
	return in, caps
}

func ancestor(x *line, up int) *line {
	for range up {
		x = x.parent
	}
	return x
}

// change makes rules of lines that were rewritten or moved alike.
func (l *learner) change(group []*line) {
	o, n := group[0].words, group[0].mate.words
	pairs := slices.DeleteFunc(migrate.Common(o, n), func(p [2]int) bool {
		return slices.ContainsFunc(group, func(x *line) bool { return x.words[p[0]] != x.mate.words[p[1]] })
	})
	oldVaried, newVaried := varied(group, o, n, pairs)
	switch {
	case len(newVaried) == 0 && len(oldVaried) == 0, len(oldVaried) == 1 && len(newVaried) == 1 && isFunction(group, oldVaried[0], newVaried[0]):
		l.rewrite(group, pairs, oldVaried, newVaried)
	case sameTexts(group):
		l.rewrite(group, pairs, nil, nil)
	default: // no one rule says this: each text by itself
		by := map[string][]*line{}
		for _, x := range group {
			key := x.text + "\n" + x.mate.text
			by[key] = append(by[key], x)
		}
		for _, key := range inOrder(by) {
			l.rewrite(by[key], migrate.Common(by[key][0].words, by[key][0].mate.words), nil, nil)
		}
	}
}

// varied are the positions, of those that have no counterpart, at which the
// lines of a group differ.
func varied(group []*line, o, n []string, pairs [][2]int) (old, new []int) {
	for i := range o {
		if !slices.ContainsFunc(pairs, func(p [2]int) bool { return p[0] == i }) &&
			slices.ContainsFunc(group, func(x *line) bool { return x.words[i] != o[i] }) {
			old = append(old, i)
		}
	}
	for j := range n {
		if !slices.ContainsFunc(pairs, func(p [2]int) bool { return p[1] == j }) &&
			slices.ContainsFunc(group, func(x *line) bool { return x.mate.words[j] != n[j] }) {
			new = append(new, j)
		}
	}
	return old, new
}

// isFunction says whether each old value became one new value.
func isFunction(group []*line, i, j int) bool {
	to := map[string]string{}
	for _, x := range group {
		if have, ok := to[x.words[i]]; ok && have != x.mate.words[j] {
			return false
		}
		to[x.words[i]] = x.mate.words[j]
	}
	return true
}

func sameTexts(group []*line) bool {
	return !slices.ContainsFunc(group, func(x *line) bool { return x.text != group[0].text || x.mate.text != group[0].mate.text })
}

// rewrite makes the rule of a group whose lines differ in their common words,
// and in at most one value that became another one.
func (l *learner) rewrite(group []*line, pairs [][2]int, oldVaried, newVaried []int) {
	o, n := group[0].words, group[0].mate.words
	used := names{}
	in, caps := l.place(group[0], used)
	old, new := slices.Clone(o), slices.Clone(n)
	for _, p := range pairs {
		same := !slices.ContainsFunc(group, func(x *line) bool { return x.words[p[0]] != o[p[0]] })
		if same && (p[0] == 0 || !isValue(o[p[0]])) {
			continue
		}
		name := used.next(o, p[0])
		old[p[0]], new[p[1]] = "{"+name+"}", "{"+name+"}"
		caps = append(caps, captured{name, func(x *line) string { return x.words[p[0]] }})
	}
	r := l.newRule(group)
	if group[0].moved {
		l.move(r, group, in, old, new, caps)
		return
	}
	if i := l.valueAt(group, pairs); i > 0 {
		l.valueChange(r, group, in, old, i, used)
		return
	}
	mapped := ""
	if len(oldVaried) == 1 {
		name := used.next(o, oldVaried[0])
		old[oldVaried[0]], new[newVaried[0]] = "{"+name+"}", "{"+name+"}"
		mapped = yamlMap(name, group, oldVaried[0], newVaried[0])
	}
	l.doubtKept(&r, group[0], old)
	l.emit(r, "rename", group[0], detect(in, old)+"        rename:\n          line: "+quote(strings.Join(new, " "))+"\n"+mapped)
}

// valueAt gives the one position in which old and new differ, where all else
// is the same; 0 where it is not so.
func (l *learner) valueAt(group []*line, pairs [][2]int) int {
	o, n := group[0].words, group[0].mate.words
	if len(o) != len(n) || len(pairs) != len(o)-1 {
		return 0
	}
	for _, p := range pairs {
		if p[0] != p[1] {
			return 0
		}
	}
	for i := range o {
		if !slices.Contains(pairs, [2]int{i, i}) {
			return i
		}
	}
	return 0
}

// valueChange makes a changed default of a single value that became another,
// and a map of several.
func (l *learner) valueChange(r Rule, group []*line, in, old []string, i int, used names) {
	name := used.next(group[0].words, i)
	line := slices.Clone(old)
	line[i] = "{" + name + "}"
	to := map[string]string{}
	for _, x := range group {
		to[x.words[i]] = x.mate.words[i]
	}
	others := map[string]bool{}
	for _, k := range l.kept[l.shape(group[0].parent)+"\n"+group[0].words[0]] {
		if fits(k.words, line) {
			others[k.words[i]] = true
			if _, changed := to[k.words[i]]; changed {
				r.Doubts = append(r.Doubts, fmt.Sprintf("%s line %d has %s too and kept it", l.pairs[k.pair].Name, k.no, k.words[i]))
			}
		}
	}
	if len(to) > 1 || !isValue(group[0].words[i]) {
		l.emit(r, "rename", group[0], detect(in, line)+"        rename:\n          line: "+quote(strings.Join(line, " "))+"\n"+yamlMap(name, group, i, i))
		return
	}
	if len(others) == 0 {
		r.Doubts = append(r.Doubts, "no line with another value was seen: it may be that every value changes")
	}
	x := group[0]
	l.emit(r, "set-default", x, detect(in, line)+fmt.Sprintf("        set-default:\n          capture: %s\n          old: %s\n          new: %s\n",
		name, quote(x.words[i]), quote(x.mate.words[i])))
}

// move makes the rule of lines that stand in another block now.
func (l *learner) move(r Rule, group []*line, in, old, new []string, caps []captured) {
	var to []string
	for _, b := range heads(group[0].mate) {
		words := slices.Clone(b.words)
		for i := range words {
			words[i] = l.target(group, b, i, caps)
		}
		to = append(to, quote(strings.Join(words, " ")))
	}
	text := detect(in, old) + "        move:\n          to: [" + strings.Join(to, ", ") + "]\n"
	if strings.Join(old, " ") != strings.Join(new, " ") {
		text += "          line: " + quote(strings.Join(new, " ")) + "\n"
	}
	l.doubtKept(&r, group[0], old)
	l.emit(r, "move", group[0], text)
}

// target is a word of the block that lines were moved to: literal where it is
// the same for all, else the hole that held it.
func (l *learner) target(group []*line, b *line, i int, caps []captured) string {
	depth := len(b.path())
	word := func(x *line) string {
		if h := heads(x.mate); depth < len(h) && i < len(h[depth].words) {
			return h[depth].words[i]
		}
		return ""
	}
	same := !slices.ContainsFunc(group, func(x *line) bool { return word(x) != b.words[i] })
	if same && !isValue(b.words[i]) {
		return b.words[i]
	}
	for _, c := range caps {
		if !slices.ContainsFunc(group, func(x *line) bool { return word(x) != c.of(x) }) {
			return "{" + c.name + "}"
		}
	}
	return b.words[i]
}

// heads are the blocks around a line, the outermost first.
func heads(x *line) (blocks []*line) {
	for p := x.parent; p != nil && p.parent != nil; p = p.parent {
		blocks = append(blocks, p)
	}
	slices.Reverse(blocks)
	return blocks
}

// deletion makes the rule of lines that are gone.
func (l *learner) deletion(group []*line) {
	used := names{}
	in, _ := l.place(group[0], used)
	words := slices.Clone(group[0].words)
	for i, w := range words {
		if i > 0 && isValue(w) {
			words[i] = "{" + used.next(group[0].words, i) + "}"
		}
	}
	r := l.newRule(group)
	l.doubtKept(&r, group[0], words)
	if len(group[0].kids) > 0 {
		r.Doubts = append(r.Doubts, "it is a block: what is in it goes too")
	}
	l.emit(r, "delete", group[0], detect(in, words)+fmt.Sprintf("        delete:\n          because: %s\n",
		quote(fmt.Sprintf("absent after conversion in %d of %d pairs where it was there", r.Pairs, r.Pairs))))
}

// doubtKept doubts a rule that would touch lines which were kept.
func (l *learner) doubtKept(r *Rule, o *line, words []string) {
	for _, k := range l.kept[l.shape(o.parent)+"\n"+o.words[0]] {
		if fits(k.words, words) {
			r.Doubts = append(r.Doubts, fmt.Sprintf("%s line %d is like these and was kept: %s", l.pairs[k.pair].Name, k.no, k.text))
			return
		}
	}
}

// fits says whether a line's words fit a pattern's.
func fits(words, pattern []string) bool {
	if len(words) != len(pattern) {
		return false
	}
	for i, p := range pattern {
		if !strings.HasPrefix(p, "{") && p != words[i] {
			return false
		}
	}
	return true
}

// additions makes the rules of lines that came into blocks which were there
// before.
func (l *learner) additions() {
	type group struct {
		first *line
		seen  int
		pairs map[int]bool
	}
	groups := map[string]*group{}
	var order []string
	for _, a := range l.all {
		visit(a.new, func(n *line) {
			if n.mate != nil || n.parent.mate == nil || holdsMoved(n) {
				return
			}
			key := l.shape(n.parent.mate) + "|" + n.text
			if groups[key] == nil {
				groups[key] = &group{first: n, pairs: map[int]bool{}}
				order = append(order, key)
			}
			groups[key].seen++
			groups[key].pairs[n.pair] = true
		})
	}
	for _, key := range order {
		g := groups[key]
		r := Rule{Lines: g.seen, Pairs: len(g.pairs), Example: Example{Pair: l.pairs[g.first.pair].Name, NewLine: g.first.no, New: g.first.text}}
		l.addition(r, g.first)
	}
}

// holdsMoved says whether a new block came only to hold what was moved there.
func holdsMoved(n *line) bool {
	for _, k := range n.kids {
		if k.mate != nil || holdsMoved(k) {
			return true
		}
	}
	return false
}

func (l *learner) addition(r Rule, n *line) {
	block := n.parent
	used := names{}
	var in []string
	var head string
	var to []string
	if block.parent == nil {
		head = l.anchor()
		if head == "" {
			return // there is no line that all have: nothing to hang it on
		}
	} else {
		blocks, _ := l.place(n.parent.mate, used)
		in = blocks
		words := slices.Clone(block.words) // as the other rules have made it
		for i := range words {
			if l.isHole(n.parent.mate, min(i, len(n.parent.mate.words)-1)) && isValue(words[i]) {
				words[i] = "{" + used.next(block.words, i) + "}"
			}
		}
		head = strings.Join(words, " ")
		for _, b := range append(slices.Clone(in), head) {
			to = append(to, quote(b))
		}
	}
	if blocks := l.blocksLike(n.parent.mate); blocks > r.Lines {
		r.Doubts = append(r.Doubts, fmt.Sprintf("%d blocks of %d got it", r.Lines, blocks))
	}
	unless := slices.Clone(n.words)
	if len(unless) > 1 {
		unless[len(unless)-1] = "{" + used.next(unless, len(unless)-1) + "}"
	}
	l.emit(r, "add", n, detect(in, []string{head})+fmt.Sprintf("        add:\n          to: [%s]\n          line: %s\n          unless: %s\n",
		strings.Join(to, ", "), quote(n.text), quote(strings.Join(unless, " "))))
}

// anchor is a line at the top that every old configuration has and kept.
func (l *learner) anchor() string {
	counts := map[string]map[int]bool{}
	var order []string
	for _, a := range l.all {
		for _, k := range a.old.kids {
			if k.mate == nil || k.moved || k.mate.text != k.text || len(k.kids) > 0 {
				continue
			}
			shape := k.words[0]
			if len(k.words) == 2 {
				shape += " {any}"
			} else if len(k.words) > 2 {
				shape += " {any...}"
			}
			if counts[shape] == nil {
				counts[shape] = map[int]bool{}
				order = append(order, shape)
			}
			counts[shape][k.pair] = true
		}
	}
	for _, shape := range order {
		if len(counts[shape]) == len(l.all) {
			return shape
		}
	}
	return ""
}

// blocksLike counts the blocks of one shape in all old configurations.
func (l *learner) blocksLike(block *line) (n int) {
	if block.parent == nil {
		return len(l.all)
	}
	shape := l.shape(block)
	l.each(func(old *line) {
		if len(old.kids) > 0 && l.shape(old) == shape {
			n++
		}
	})
	return n
}

func (l *learner) newRule(group []*line) Rule {
	in := map[int]bool{}
	for _, x := range group {
		in[x.pair] = true
	}
	o := group[0]
	e := Example{Pair: l.pairs[o.pair].Name, OldLine: o.no, Old: o.text}
	if o.mate != nil {
		e.NewLine, e.New = o.mate.no, o.mate.text
	}
	return Rule{Lines: len(group), Pairs: len(in), Example: e}
}

// emit completes a rule.
func (l *learner) emit(r Rule, verb string, of *line, body string) {
	id := verb + "-" + identifier(of.words[0])
	if l.ids[id]++; l.ids[id] > 1 {
		id = fmt.Sprintf("%s-%d", id, l.ids[id])
	}
	r.ID, r.Verb, r.document = id, verb, body
	l.rules = append(l.rules, r)
}

// yamlMap writes the map of one hole's values.
func yamlMap(name string, group []*line, i, j int) string {
	to := map[string]string{}
	for _, x := range group {
		to[x.words[i]] = x.mate.words[j]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "          map:\n            %s:\n", name)
	for _, old := range slices.Sorted(maps.Keys(to)) {
		fmt.Fprintf(&b, "              %s: %s\n", quote(old), quote(to[old]))
	}
	return b.String()
}
