package migrate

import (
	"fmt"
	"strings"

	"drydock/internal/fault"
)

// Pattern is a pattern for a place in the tree: line patterns from the top,
// separated by " > ", for example "user-data > subscriber {n} > number {x}".
// "**" stands for any number of blocks, also none.
type Pattern struct {
	source string
	lines  []linePattern // one whose words are nil stands for **
}

// separator stands between the elements of a pattern's text.
const separator = " > "

// CheckPattern says what is wrong with a pattern.
func CheckPattern(source string) error {
	_, err := parsePlace(strings.Split(source, separator))
	return err
}

// ParsePattern reads a pattern. The error is fault.Invalid.
func ParsePattern(source string) (Pattern, error) {
	p, err := parsePlace(strings.Split(source, separator))
	if err != nil {
		return p, fault.New(fault.Invalid, "migrate.ParsePattern", "", "%w", err)
	}
	return p, nil
}

// String gives the pattern's text.
func (p Pattern) String() string { return p.source }

func parsePlace(elements []string) (Pattern, error) {
	p := Pattern{source: strings.Join(elements, separator)}
	for _, e := range elements {
		if strings.TrimSpace(e) == "**" {
			p.lines = append(p.lines, linePattern{source: "**"})
			continue
		}
		line, err := parseLine(e)
		if err != nil {
			return p, err
		}
		p.lines = append(p.lines, line)
	}
	if len(p.lines) > 0 && p.lines[len(p.lines)-1].words == nil {
		return p, fmt.Errorf("%q ends in **: a pattern holds for all that is beneath it anyway", p.source)
	}
	return p, nil
}

// names are the holes of all elements.
func (p *Pattern) names() []string {
	var names []string
	for i := range p.lines {
		names = append(names, p.lines[i].names()...)
	}
	return names
}

// placeSet is an ordered set of patterns, compiled so that one descent of the
// tree matches all of them, and blocks in which none can match are passed over.
type placeSet struct {
	root  placeNode
	count int
}

// placeNode is what the patterns of a set say about the children of a block.
type placeNode struct {
	literal map[string][]*placeEdge // by first word
	other   []*placeEdge            // first word is a hole
	deep    *placeNode              // reached by ** without a step
	loop    bool                    // every step may stay here
}

type placeEdge struct {
	line    linePattern
	next    placeNode
	accepts []acceptance
}

// acceptance is a pattern that ends on an edge.
type acceptance struct {
	index int
	fits  func(captures) bool // nil = always
}

// add puts a pattern behind those already there.
func (s *placeSet) add(p Pattern, fits func(captures) bool) {
	at := &s.root
	for i := range p.lines {
		if p.lines[i].words == nil {
			if at.deep == nil {
				at.deep = &placeNode{loop: true}
			}
			at = at.deep
			continue
		}
		edge := at.edge(p.lines[i])
		if i == len(p.lines)-1 {
			edge.accepts = append(edge.accepts, acceptance{s.count, fits})
		}
		at = &edge.next
	}
	s.count++
}

func (n *placeNode) edge(line linePattern) *placeEdge {
	first := line.first()
	list := n.other
	if first != "" {
		list = n.literal[first]
	}
	for _, e := range list {
		if e.line.source == line.source {
			return e
		}
	}
	e := &placeEdge{line: line}
	if first == "" {
		n.other = append(n.other, e)
		return e
	}
	if n.literal == nil {
		n.literal = map[string][]*placeEdge{}
	}
	n.literal[first] = append(list, e)
	return e
}

func (n *placeNode) empty() bool { return n.literal == nil && n.other == nil && n.deep == nil }

// state is a node of the set reached on the way down, with what was captured.
type state struct {
	at   *placeNode
	caps captures
}

// start gives the states for the children of the tree's root.
func (s *placeSet) start() []state { return enter(nil, &s.root, nil) }

func enter(states []state, at *placeNode, caps captures) []state {
	for ; at != nil; at = at.deep {
		if at.literal != nil || at.other != nil || at.loop {
			states = append(states, state{at, caps})
		}
	}
	return states
}

// refusal says that a pattern of a set, though it fits, does not count here.
type refusal func(index int, caps captures) bool

// hit is the first pattern of a set, in its order, that a line fits.
type hit struct {
	index int // -1 = none
	caps  captures
}

// step matches a line in the states of its block. With down it also gives the
// states for the line's own children. What refuse says is passed over; nil
// refuses nothing.
func step(states []state, text string, down bool, scratch captures, refuse refusal) (hit, []state) {
	h := hit{index: -1}
	var below []state
	first, _ := cutWord(text)
	for i := range states {
		st := &states[i]
		for _, e := range st.at.literal[first] {
			below = e.try(st, text, down, scratch, refuse, &h, below)
		}
		for _, e := range st.at.other {
			below = e.try(st, text, down, scratch, refuse, &h, below)
		}
		if down && st.at.loop {
			below = append(below, *st)
		}
	}
	return h, below
}

func (e *placeEdge) try(st *state, text string, down bool, scratch captures, refuse refusal, h *hit, below []state) []state {
	descend := down && !e.next.empty()
	if !descend && (len(e.accepts) == 0 || h.index >= 0 && e.accepts[0].index > h.index) {
		return below
	}
	caps, ok := e.line.match(text, append(scratch[:0], st.caps...))
	if !ok {
		return below
	}
	for _, a := range e.accepts {
		if h.index >= 0 && a.index > h.index {
			break
		}
		if (a.fits == nil || a.fits(caps)) && (refuse == nil || !refuse(a.index, caps)) {
			h.index, h.caps = a.index, append(captures(nil), caps...)
			break
		}
	}
	if descend {
		below = enter(below, &e.next, append(captures(nil), caps...))
	}
	return below
}
