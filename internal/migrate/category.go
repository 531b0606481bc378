package migrate

import (
	"slices"

	"drydock/internal/fault"
)

// CategoryPaths says which places hold one category of configuration data.
type CategoryPaths struct {
	Category Category
	Paths    []string // texts of patterns
}

// Categoriser tells the category of a line by its place. Of several patterns
// that fit the line or a block around it, the first in order counts. The zero
// value finds every line uncategorised.
type Categoriser struct {
	set        *placeSet
	categories []Category // by the set's index
}

// NewCategoriser compiles the patterns of all categories, in order. The error
// is fault.Invalid.
func NewCategoriser(rules []CategoryPaths) (Categoriser, error) {
	c := Categoriser{set: &placeSet{}}
	for _, rule := range rules {
		if !slices.Contains(Categories(), rule.Category) {
			return c, fault.New(fault.Invalid, "migrate.NewCategoriser", "", "there is no category %q of configuration data", rule.Category).
				WithHint("categories are user, port, protocol and default")
		}
		for _, path := range rule.Paths {
			p, err := ParsePattern(path)
			if err != nil {
				return c, err
			}
			c.add(rule.Category, p)
		}
	}
	return c, nil
}

func (c *Categoriser) add(category Category, p Pattern) {
	c.set.add(p, nil)
	c.categories = append(c.categories, category)
}

// Of gives the category of the line at the end of a path of texts.
func (c Categoriser) Of(path []string) Category {
	if c.set == nil {
		return Uncategorised
	}
	at := c.top()
	for _, text := range path {
		at = at.down(text, true)
	}
	return at.category(c)
}

// standing is how far the patterns of a categoriser have come on the way down.
type standing struct {
	best   int // lowest index that fits so far; -1 = none
	states []state
}

func (c Categoriser) top() standing {
	if c.set == nil {
		return standing{best: -1}
	}
	return standing{-1, c.set.start()}
}

func (s standing) down(text string, more bool) standing {
	if len(s.states) == 0 {
		return s
	}
	var buffer [8]capture
	h, below := step(s.states, text, more, buffer[:0], nil)
	if h.index < 0 || s.best >= 0 && s.best < h.index {
		h.index = s.best
	}
	return standing{h.index, below}
}

func (s standing) category(c Categoriser) Category {
	if s.best < 0 {
		return Uncategorised
	}
	return c.categories[s.best]
}

// mark notes the category of every node beneath the document's root.
func (c Categoriser) mark(d *Document) {
	if c.set != nil {
		c.markBelow(&d.root, c.top())
	}
}

// markBelow descends only while a pattern can still fit; what is deeper
// inherits.
func (c Categoriser) markBelow(n *node, at standing) {
	for child := n.first; child != nil; child = child.next {
		here := standing{best: at.best}
		if child.kind == command {
			here = at.down(child.text, child.first != nil)
		}
		child.cat = indexOf(here.category(c))
		switch {
		case child.first == nil:
		case len(here.states) > 0:
			c.markBelow(child, here)
		default:
			child.walk(func(m *node) { m.cat = child.cat }, nil)
		}
	}
}

// summaryOrder is the categories by the index that nodes keep.
func summaryOrder() [5]Category {
	return [5]Category{Uncategorised, UserData, PortData, ProtocolData, DefaultData}
}

func indexOf(c Category) uint8 {
	switch c {
	case UserData:
		return 1
	case PortData:
		return 2
	case ProtocolData:
		return 3
	case DefaultData:
		return 4
	}
	return 0
}
