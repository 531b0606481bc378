package migrate

import (
	"slices"

	"drydock/internal/fault"
)

// CompareRules say what has no meaning when two configurations of a family are
// compared. Drivers state them.
//
// Comments, blank lines, white space between words and about them, and line
// ends never have a meaning. The
// order of the lines in a block has none (but that of the elements of a JSON or
// YAML list has), unless a pattern of Ordered names the block or one around it
// and no pattern of Unordered a block further in.
// Blocks that stand several times with the same head are one block.
type CompareRules struct {
	Format    string
	Ignore    []Pattern // lines, with all beneath them, that differ by themselves: clocks, counters
	Ordered   []Pattern
	Unordered []Pattern
}

// NewCompareRules reads the patterns of a driver. The error is fault.Invalid.
func NewCompareRules(format string, ignore, ordered, unordered []string) (CompareRules, error) {
	c := CompareRules{Format: format}
	for _, list := range []struct {
		sources []string
		into    *[]Pattern
	}{{ignore, &c.Ignore}, {ordered, &c.Ordered}, {unordered, &c.Unordered}} {
		for _, source := range list.sources {
			p, err := ParsePattern(source)
			if err != nil {
				return c, err
			}
			*list.into = append(*list.into, p)
		}
	}
	return c, nil
}

// DifferenceKind says how two configurations differ in one line.
type DifferenceKind string

// The kinds of difference.
const (
	Lost        DifferenceKind = "lost"    // expected, but not there
	Added       DifferenceKind = "added"   // there, but not expected
	ChangedLine DifferenceKind = "changed" // there with another value; with the same text: in another order
)

// Difference is one line in which two configurations differ.
type Difference struct {
	Kind         DifferenceKind
	Path         []string // the texts of the blocks around it, and its own
	Expected     string   // "" where added
	Got          string   // "" where lost
	ExpectedLine int      // from 1; 0 where added
	GotLine      int      // from 1; 0 where lost
	Category     Category
}

// Compare gives the differences in meaning between the expected and the actual
// configuration, in the order of the expected one; what was added to a block
// follows what was lost from it. The error is fault.Invalid: one of the two
// does not parse.
func Compare(rules CompareRules, categories Categoriser, expected, got []byte) ([]Difference, error) {
	c := comparison{categories: categories, ignore: setOf(rules.Ignore)}
	c.order.set = &placeSet{}
	for _, p := range rules.Ordered {
		c.order.set.add(p, nil)
	}
	c.order.ordered = len(rules.Ordered)
	for _, p := range rules.Unordered {
		c.order.set.add(p, nil)
	}
	e, err := c.read(rules.Format, expected, "the expected configuration")
	if err != nil {
		return nil, err
	}
	g, err := c.read(rules.Format, got, "the actual configuration")
	if err != nil {
		return nil, err
	}
	c.blocks(e, g, nil)
	return c.found, nil
}

func setOf(patterns []Pattern) *placeSet {
	s := &placeSet{}
	for _, p := range patterns {
		s.add(p, nil)
	}
	return s
}

// comparison gathers differences.
type comparison struct {
	categories Categoriser
	ignore     *placeSet
	format     format
	order      ordering
	found      []Difference
}

// ordering tells ordered blocks: patterns below index "ordered" begin an
// ordered part of the tree, the others end it.
type ordering struct {
	set     *placeSet
	ordered int
}

// meaning is what a line says, without what has no meaning.
type meaning struct {
	key      string // what is compared
	text     string // as it is written
	line     int
	category Category
	ordered  bool // the order of its lines has a meaning
	stated   bool // a rule says so, and says it of what stands beneath too; else the format
	below    []*meaning
}

func (c *comparison) read(format string, data []byte, what string) (*meaning, error) {
	d, err := Parse(format, data)
	if err != nil {
		return nil, fault.New(fault.Invalid, "migrate.Compare", what, "%w", err)
	}
	top := &meaning{}
	c.format = d.format
	_, top.ordered = d.format.meaning(&d.root)
	c.fill(top, &d.root, readState{c.categories.top(), c.ignore.start(), c.order.set.start()})
	return top, nil
}

// readState is how far the pattern sets have come on the way down.
type readState struct {
	category standing
	ignore   []state
	order    []state
}

// fill reads the commands of a block, several blocks of one head into one.
func (c *comparison) fill(into *meaning, block *node, at readState) {
	merged := map[string]*meaning{}
	for n := range block.commands {
		down := n.first != nil
		ignored, ignore := step(at.ignore, n.text, down, nil, nil)
		if ignored.index >= 0 {
			continue
		}
		below := readState{category: at.category.down(n.text, down), ignore: ignore}
		m := &meaning{text: n.content(), line: int(n.line), category: below.category.category(c.categories), stated: into.stated}
		m.key, m.ordered = c.format.meaning(n)
		if m.stated {
			m.ordered = into.ordered
		}
		if old := merged[m.key]; down && old != nil && !into.ordered {
			m = old
		} else {
			into.below = append(into.below, m)
		}
		if !down {
			continue
		}
		merged[m.key] = m
		var order hit
		if order, below.order = step(at.order, n.text, true, nil, nil); order.index >= 0 {
			m.stated, m.ordered = true, order.index < c.order.ordered
		}
		c.fill(m, n, below)
	}
}

// blocks compares what stands in two blocks of one head.
func (c *comparison) blocks(expected, got *meaning, path []string) {
	partner := pairs(expected.below, got.below)
	taken := make([]bool, len(got.below))
	for _, j := range partner {
		if j >= 0 {
			taken[j] = true
		}
	}
	var strayed map[int]bool
	if expected.ordered {
		strayed = outOfOrder(partner)
	}
	changed := changedPairs(expected.below, got.below, partner, taken)
	for i, e := range expected.below {
		switch j, ok := changed[i]; {
		case partner[i] >= 0:
			g := got.below[partner[i]]
			if strayed[i] {
				c.differ(ChangedLine, path, e, g)
			}
			if len(e.below) > 0 || len(g.below) > 0 {
				c.blocks(e, g, append(path, e.text))
			}
		case ok:
			taken[j] = true
			c.differ(ChangedLine, path, e, got.below[j])
		default:
			c.whole(Lost, path, e)
		}
	}
	for j, g := range got.below {
		if !taken[j] {
			c.whole(Added, path, g)
		}
	}
}

// pairs gives for each expected line the place of the line with the same text,
// the k-th with the k-th; -1 where there is none.
func pairs(expected, got []*meaning) []int {
	places := make(map[string][]int, len(got))
	for j, g := range got {
		places[g.key] = append(places[g.key], j)
	}
	partner := make([]int, len(expected))
	for i, e := range expected {
		partner[i] = -1
		if free := places[e.key]; len(free) > 0 {
			partner[i], places[e.key] = free[0], free[1:]
		}
	}
	return partner
}

// changedPairs pairs lines without a partner that say the same with another
// value: the only ones on either side that agree in all words but the last, or
// else in the first word.
func changedPairs(expected, got []*meaning, partner []int, taken []bool) map[int]int {
	pairs, used := map[int]int{}, map[int]bool{}
	for _, key := range []func(string) string{allButLast, firstWord} {
		left, right := map[string][]int{}, map[string][]int{}
		for i, e := range expected {
			if _, done := pairs[i]; partner[i] < 0 && len(e.below) == 0 && !done {
				left[key(e.key)] = append(left[key(e.key)], i)
			}
		}
		for j, g := range got {
			if !taken[j] && len(g.below) == 0 && !used[j] {
				right[key(g.key)] = append(right[key(g.key)], j)
			}
		}
		for k, is := range left {
			if js := right[k]; k != "" && len(is) == 1 && len(js) == 1 {
				pairs[is[0]], used[js[0]] = js[0], true
			}
		}
	}
	return pairs
}

func firstWord(text string) string {
	word, _ := cutWord(text)
	return word
}

func allButLast(text string) string {
	at := 0
	for rest := text; ; {
		var word string
		if word, rest = cutWord(rest); word == "" {
			return text[:at]
		}
		if next, _ := cutWord(rest); next != "" {
			at = len(text) - len(rest)
		}
	}
}

// outOfOrder gives the expected lines that a longest run of partners in
// ascending order leaves out.
func outOfOrder(partner []int) map[int]bool {
	var tails []int // index into partner of the end of a run, by length
	before := make([]int, len(partner))
	for i, j := range partner {
		before[i] = -1
		if j < 0 {
			continue
		}
		k, _ := slices.BinarySearchFunc(tails, j, func(t, j int) int { return partner[t] - j })
		if k > 0 {
			before[i] = tails[k-1]
		}
		if k == len(tails) {
			tails = append(tails, i)
		}
		tails[k] = i
	}
	inOrder := map[int]bool{}
	if len(tails) > 0 {
		for i := tails[len(tails)-1]; i >= 0; i = before[i] {
			inOrder[i] = true
		}
	}
	strayed := map[int]bool{}
	for i, j := range partner {
		if j >= 0 && !inOrder[i] {
			strayed[i] = true
		}
	}
	return strayed
}

// whole reports a line and all that stands beneath it.
func (c *comparison) whole(kind DifferenceKind, path []string, m *meaning) {
	if kind == Lost {
		c.differ(kind, path, m, nil)
	} else {
		c.differ(kind, path, nil, m)
	}
	for _, b := range m.below {
		c.whole(kind, append(path, m.text), b)
	}
}

func (c *comparison) differ(kind DifferenceKind, path []string, expected, got *meaning) {
	d := Difference{Kind: kind}
	own := expected
	if got != nil {
		d.Got, d.GotLine, own = got.text, got.line, got
	}
	if expected != nil {
		d.Expected, d.ExpectedLine, own = expected.text, expected.line, expected
	}
	d.Category = own.category
	d.Path = append(slices.Clone(path[max(0, len(path)-maxPath+1):]), own.text)
	c.found = append(c.found, d)
}
