package migrate

// wideBlock is from how many lines on a block's lines are looked up in an index
// and no longer one by one: scripts look up a line for each that they make.
const wideBlock = 64

// childIndex files the lines of a wide block by their first word, and by their
// first two. What has left the block, or has other words now, stays filed until
// somebody comes across it.
type childIndex struct {
	parent  *node
	drawers map[string]*drawer
	filed   map[*node]int // under which number it was filed last
	serial  int
}

// drawer is the lines that begin alike.
type drawer struct {
	entries []drawerEntry
	loose   bool // they may be in another order than the block's
}

type drawerEntry struct {
	n      *node
	serial int
}

func newIndex(parent *node) *childIndex {
	ix := &childIndex{parent: parent, drawers: map[string]*drawer{}, filed: map[*node]int{}}
	for c := range parent.commands {
		ix.file(c, true)
	}
	return ix
}

// keyOf gives what lines are filed by that begin with one word, or with two; a
// line of one word is also filed as if an empty one followed.
func keyOf(words ...string) string {
	if len(words) == 1 {
		return words[0]
	}
	return words[0] + "\x00" + words[1]
}

// firstTwo are the words that a line with this text is filed by.
func firstTwo(text string) []string {
	one, rest := cutWord(text)
	two, _ := cutWord(rest)
	return []string{unquoteWord(one), unquoteWord(two)}
}

// file notes a line that has come into the block, or has other words; last says
// that it stands behind all others.
func (ix *childIndex) file(n *node, last bool) {
	ix.serial++
	ix.filed[n] = ix.serial
	words := firstTwo(n.text)
	for _, key := range []string{keyOf(words[0]), keyOf(words...)} {
		d := ix.drawers[key]
		if d == nil {
			d = &drawer{}
			ix.drawers[key] = d
		}
		d.loose = d.loose || !last && len(d.entries) > 0
		d.entries = append(d.entries, drawerEntry{n, ix.serial})
	}
}

// in gives the lines of a drawer, in the block's order.
func (ix *childIndex) in(key string) []drawerEntry {
	d := ix.drawers[key]
	if d == nil {
		return nil
	}
	there := d.entries[:0]
	for _, e := range d.entries {
		if ix.filed[e.n] == e.serial && e.n.parent == ix.parent {
			there = append(there, e)
		}
	}
	d.entries = there
	if d.loose && len(there) > 1 {
		d.sort(ix)
	}
	d.loose = false
	return d.entries
}

// sort brings the lines into the block's order.
func (d *drawer) sort(ix *childIndex) {
	held := make(map[*node]drawerEntry, len(d.entries))
	for _, e := range d.entries {
		held[e.n] = e
	}
	d.entries = d.entries[:0]
	for c := range ix.parent.commands {
		if e, ok := held[c]; ok {
			d.entries = append(d.entries, e)
		}
	}
}

// candidates iterates over lines of a block, in its order: at least those that
// begin with the words, of which two are heeded.
func (x *scriptCall) candidates(parent *node, words []string, yield func(*node) bool) {
	if ix := x.p.wide[parent]; ix != nil && len(words) > 0 {
		x.through(ix.in(keyOf(words...)), yield)
		return
	}
	looked := 0
	for c := range parent.commands {
		looked++
		if !yield(c) {
			break
		}
	}
	x.looked(looked)
	if looked > wideBlock && x.p.wide[parent] == nil && len(words) > 0 {
		if x.p.wide == nil {
			x.p.wide = map[*node]*childIndex{}
		}
		x.p.wide[parent] = newIndex(parent)
	}
}

func (x *scriptCall) through(entries []drawerEntry, yield func(*node) bool) {
	x.looked(len(entries))
	for _, e := range entries {
		if !yield(e.n) {
			return
		}
	}
}

// file keeps a block's index right when a line has come into it, has been
// moved in it, or has other words.
func (p *pass) file(n *node) {
	ix := p.wide[n.parent]
	if ix == nil {
		return
	}
	last := true
	for c := n.next; c != nil && last; c = c.next {
		last = c.kind != command
	}
	ix.file(n, last)
}
