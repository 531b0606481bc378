package infer

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// learner gathers what happened to lines into groups that one rule may
// explain, and makes the rules.
type learner struct {
	o       Options
	pairs   []Pair
	all     []*alignment
	varied  map[string]map[string]bool // heads of blocks: all but the last word -> last words
	kept    map[string][]*line         // unchanged lines of the old ones, by place and first word
	version string                     // the pattern of the version's line; "" = none found
	rules   []Rule
	ids     map[string]int
}

func newLearner(o Options, pairs []Pair, all []*alignment) *learner {
	l := &learner{o: o, pairs: pairs, all: all, varied: map[string]map[string]bool{}, kept: map[string][]*line{}, ids: map[string]int{}}
	l.each(func(old *line) {
		if len(old.kids) > 0 && len(old.words) > 1 {
			head := strings.Join(old.words[:len(old.words)-1], " ")
			if l.varied[head] == nil {
				l.varied[head] = map[string]bool{}
			}
			l.varied[head][old.words[len(old.words)-1]] = true
		}
	})
	l.each(func(old *line) {
		if old.mate != nil && !old.moved && old.mate.text == old.text {
			l.kept[l.shape(old.parent)+"\n"+old.words[0]] = append(l.kept[l.shape(old.parent)+"\n"+old.words[0]], old)
		}
	})
	return l
}

// each visits the lines of all old configurations.
func (l *learner) each(f func(old *line)) {
	for _, a := range l.all {
		visit(a.old, f)
	}
}

func visit(root *line, f func(*line)) {
	for _, k := range root.kids {
		f(k)
		visit(k, f)
	}
}

// isHole says whether a word of a block's head differs from block to block.
func (l *learner) isHole(block *line, i int) bool {
	w := block.words[i]
	if isValue(w) {
		return true
	}
	last := len(block.words) - 1
	return i == last && i > 0 && len(l.varied[strings.Join(block.words[:last], " ")]) > 1
}

// shape names a place without what differs from block to block.
func (l *learner) shape(block *line) string {
	if block == nil || block.parent == nil {
		return ""
	}
	words := make([]string, len(block.words))
	for i, w := range block.words {
		if words[i] = w; l.isHole(block, i) {
			words[i] = "{}"
		}
	}
	return l.shape(block.parent) + " > " + strings.Join(words, " ")
}

// learn makes the rules: of lines that were changed or moved, of those that
// went, of those that came.
func (l *learner) learn() {
	l.findVersion()
	changes, gone := map[string][]*line{}, map[string][]*line{}
	l.each(func(old *line) {
		switch {
		case l.isVersion(old):
		case old.mate == nil && (old.parent.mate != nil || old.parent.parent == nil):
			gone[l.goneKey(old)] = append(gone[l.goneKey(old)], old)
		case old.mate != nil && (old.moved || old.mate.text != old.text):
			changes[l.changeKey(old)] = append(changes[l.changeKey(old)], old)
		}
	})
	for _, key := range inOrder(changes) {
		l.change(changes[key])
	}
	for _, key := range inOrder(gone) {
		l.deletion(gone[key])
	}
	l.additions()
}

// inOrder gives the keys by the first line that each was seen in.
func inOrder(groups map[string][]*line) []string {
	keys := make([]string, 0, len(groups))
	for k := range groups {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		x, y := groups[a][0], groups[b][0]
		return cmp.Or(cmp.Compare(x.pair, y.pair), cmp.Compare(x.no, y.no), cmp.Compare(a, b))
	})
	return keys
}

func (l *learner) changeKey(o *line) string {
	n := o.mate
	return fmt.Sprintf("%s|%v|%s %d|%s|%s %d|%v", l.shape(o.parent), o.moved, o.words[0], len(o.words), l.shape(n.parent), n.words[0], len(n.words), len(o.kids) > 0)
}

// goneKey keeps words apart that are not values: what is removed with "on" may
// stay with "off".
func (l *learner) goneKey(o *line) string {
	words := slices.Clone(o.words)
	for i, w := range words {
		if i > 0 && isValue(w) {
			words[i] = "{}"
		}
	}
	return l.shape(o.parent) + "|" + strings.Join(words, " ")
}

// findVersion finds the line that tells the version in every pair.
func (l *learner) findVersion() {
	if l.o.From == "" || l.o.To == "" {
		return
	}
	found := map[string]int{}
	l.each(func(old *line) {
		if p := l.versionPattern(old); p != "" {
			found[p]++
		}
	})
	for p, n := range found {
		if n == len(l.all) && (l.version == "" || p < l.version) {
			l.version = p
		}
	}
}

func (l *learner) versionPattern(old *line) string {
	if old.mate == nil || len(old.words) != len(old.mate.words) || old.moved {
		return ""
	}
	words := slices.Clone(old.words)
	hits := 0
	for i := range words {
		if trim(words[i]) == l.o.From && trim(old.mate.words[i]) == l.o.To && words[i] == trim(words[i]) {
			words[i] = "{version}"
			hits++
		} else if words[i] != old.mate.words[i] {
			return ""
		}
	}
	if hits != 1 {
		return ""
	}
	return strings.Join(append(old.path(), strings.Join(words, " ")), " > ")
}

func trim(word string) string { return strings.Trim(word, `"`) }

func (l *learner) isVersion(old *line) bool {
	return l.version != "" && l.versionPattern(old) == l.version
}
