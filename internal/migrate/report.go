package migrate

import (
	"cmp"
	"slices"
	"strings"

	"drydock/internal/fault"
)

// report gives the account of a migrated document.
func (p *Pack) report(d *Document, steps []Step, used map[*Rule]int, findings []Finding) (*Result, error) {
	r := &Result{Output: d.Bytes(), Rules: uses(steps, used), Findings: findings, Summary: map[Category]Counts{}}
	if p.stamp != nil && used[p.stamp] > 0 {
		r.Rules = append(r.Rules, RuleUse{p.stamp.ID, p.stamp.Why, used[p.stamp], p.stamp.Category})
	}
	r.Needed = string(r.Output) != d.src
	a := newAccount(d)
	a.print()
	err := a.judge()
	if err != nil {
		return nil, err
	}
	var counts [5]Counts
	if err = a.tellFates(string(r.Output), &counts); err != nil {
		return nil, err
	}
	a.tellOrigins(&counts)
	r.Fates, r.Origins = a.fates, a.origins
	for i, category := range summaryOrder() {
		r.Summary[category] = counts[i]
	}
	return r, nil
}

// uses lists the rules that fired, in the pack's order.
func uses(steps []Step, used map[*Rule]int) []RuleUse {
	var all []RuleUse
	for i := range steps {
		for _, rule := range steps[i].Rules {
			if used[rule] > 0 {
				all = append(all, RuleUse{rule.ID, rule.Why, used[rule], rule.Category})
			}
		}
	}
	return all
}

func lineCount(text string) int {
	n := strings.Count(text, "\n")
	if text != "" && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// account follows the lines of the input into the output. A line may hold
// several nodes, and a node several lines.
type account struct {
	d       *Document
	in      []inputLine
	out     []outputLine
	fates   []LineFate // of the lines of in
	origins []Origin   // of the lines of out
	inputs  []int      // room for the one input that most origins have
	open    bool       // the last line of out has no end yet
	placed  int        // how many of the blocks around were taken out of their places
}

func newAccount(d *Document) *account {
	n := lineCount(d.src)
	a := &account{
		d: d, in: make([]inputLine, n), out: make([]outputLine, 0, n+n/16),
		fates: make([]LineFate, n), origins: make([]Origin, 0, n+n/16), inputs: make([]int, n),
	}
	outputs := make([]int, n)
	for i := range a.fates {
		a.fates[i].Outputs = outputs[i:i:(i + 1)]
	}
	return a
}

type inputLine struct {
	fate    nodeFate // the strongest of those of its nodes
	cat     uint8
	present bool // something of it is in the output
	known   bool // a node stands on it
	rule    *Rule
	why     string // of a line that a script dropped
}

type outputLine struct {
	rule   *Rule // that changed or added a node of it
	beside *Rule // that changed what stands about its nodes
}

func (o *outputLine) ascribe(n *node) {
	switch {
	case n.fate == untouched:
		o.beside = n.rule
	case o.rule == nil:
		o.rule = n.rule
	}
}

// print walks through the output as it is printed.
func (a *account) print() {
	enter := func(n *node) {
		n.out = true
		if n.placed {
			a.placed++
		}
		a.piece(n, n.line, n.lines, n.indent, n.raw, n.rest)
	}
	leave := func(n *node) {
		if n.tail != "" {
			a.piece(n, n.closes, n.closed, n.tail)
			a.close(n)
		} else if n.closed > 0 { // the block has become a plain line
			for i := range n.closed {
				a.join(int(n.closes + i))
			}
			a.close(n)
		}
		if n.placed {
			a.placed--
		}
	}
	enter(&a.d.root)
	a.d.root.walk(enter, leave)
	leave(&a.d.root)
}

// piece adds a node's head or tail, which stood on lines of the input from
// first on; 0 = it is new.
func (a *account) piece(n *node, first, lines int32, parts ...string) {
	input := int(first)
	for _, text := range parts {
		for text != "" { // by line
			if !a.open {
				a.begin()
			}
			o := &a.out[len(a.out)-1]
			if n.rule != nil && n.fate != leftToPerson {
				o.ascribe(n)
			}
			if first > 0 {
				a.join(input)
			} else if n.from > 0 {
				a.join(int(n.from))
				a.in[n.from-1].present = true
			}
			i := strings.IndexByte(text, '\n')
			if a.open = i < 0; a.open {
				break
			}
			text = text[i+1:]
			input = min(input+1, int(first+lines)-1)
		}
	}
	for ; lines > 1 && input < int(first+lines) && len(a.out) > 0; input++ { // several have become one
		a.join(input)
	}
}

// begin adds a line to the output.
func (a *account) begin() {
	var inputs []int
	if i := len(a.out); i < len(a.inputs) {
		inputs = a.inputs[i:i:(i + 1)]
	}
	a.out = append(a.out, outputLine{})
	a.origins = append(a.origins, Origin{Line: len(a.out), Inputs: inputs})
}

// join notes that the last line of the output comes from a line of the input.
func (a *account) join(input int) {
	o := &a.origins[len(a.origins)-1]
	if !slices.Contains(o.Inputs, input) {
		o.Inputs = append(o.Inputs, input)
		f := &a.fates[input-1]
		f.Outputs = append(f.Outputs, len(a.out))
	}
}

// close judges the lines of a block's tail: they are as they were, but where
// the block came to another place.
func (a *account) close(n *node) {
	fate, rule := untouched, n.rule
	if a.placed > 0 && rule != nil {
		fate = altered
	}
	for i := range n.closed {
		a.in[n.closes-1+i].take(fate, rule, n.cat)
		a.in[n.closes-1+i].present = true
	}
}

func (l *inputLine) take(fate nodeFate, rule *Rule, cat uint8) {
	if !l.known || fate > l.fate {
		l.fate, l.cat, l.known = fate, cat, true
		if fate != untouched {
			l.rule = rule
		}
	}
}

// judge gives each line of the input the fate of its nodes. That one is gone
// without a rule would be our own mistake: then there is no result.
func (a *account) judge() error {
	a.head(&a.d.root)
	for i := range a.d.nodes {
		n := &a.d.nodes[i]
		if n.out == (n.fate == removed) {
			return fault.New(fault.Internal, "migrate.Apply", "", "line %d is lost without a rule", n.line)
		}
		a.head(n)
		if n.fate == removed {
			for j := range n.closed {
				a.in[n.closes-1+j].take(removed, n.rule, n.cat)
				a.in[n.closes-1+j].why = n.why
			}
		}
	}
	return nil
}

func (a *account) head(n *node) {
	for i := range n.lines {
		l := &a.in[n.line-1+i]
		l.take(n.fate, n.rule, n.cat)
		l.present = l.present || n.fate != removed
		if n.why != "" {
			l.why = n.why
		}
	}
}

func (a *account) tellOrigins(counts *[5]Counts) {
	for i := range a.out {
		o, origin := &a.out[i], &a.origins[i]
		if len(origin.Inputs) == 0 {
			o.rule = cmp.Or(o.rule, o.beside)
		}
		if o.rule != nil {
			origin.Rule = o.rule.ID
			if len(origin.Inputs) == 0 {
				counts[indexOf(o.rule.Category)].Added++
			}
		}
	}
}

// tellFates says what became of each input line.
func (a *account) tellFates(output string, counts *[5]Counts) error {
	starts := lineStarts(output, len(a.out))
	rest := a.d.src
	for i := range a.in {
		var text string
		text, rest, _ = strings.Cut(rest, "\n")
		l, f := &a.in[i], &a.fates[i]
		f.Line, f.Text, f.Fate = i+1, strings.TrimSuffix(text, "\r"), Kept
		if l.fate == removed && l.present {
			l.fate = altered
		}
		if l.fate != altered && l.fate != removed {
			a.compare(l, f, output, starts)
		}
		if l.fate != untouched && l.rule == nil {
			return fault.New(fault.Internal, "migrate.Apply", "", "line %d is another one without a rule", i+1)
		}
		l.tell(f, &counts[l.cat])
	}
	return nil
}

func lineStarts(text string, lines int) []int {
	starts := make([]int, 0, lines)
	for at := 0; at < len(text); {
		starts = append(starts, at)
		i := strings.IndexByte(text[at:], '\n')
		if i < 0 {
			break
		}
		at += i + 1
	}
	return starts
}

// compare finds that a line whose nodes stayed is another one by what came or
// went beside them on the line.
func (a *account) compare(l *inputLine, f *LineFate, output string, starts []int) {
	for _, o := range f.Outputs {
		line := output[starts[o-1]:]
		if rest, ok := strings.CutPrefix(line, f.Text); ok && (rest == "" || rest[0] == '\n' || rest == "\r" || strings.HasPrefix(rest, "\r\n")) {
			continue
		}
		l.fate = altered
		if l.rule == nil {
			l.rule = a.about(o - 1)
			a.out[o-1].rule = l.rule
		}
	}
}

// about gives the rule that had to do with a line of the output, or with what
// stood nearest to it.
func (a *account) about(output int) *Rule {
	o, inputs := &a.out[output], a.origins[output].Inputs
	if rule := cmp.Or(o.rule, o.beside); rule != nil || len(inputs) == 0 {
		return rule
	}
	for i := inputs[0]; i > 0; i-- {
		if rule := a.in[i-1].rule; rule != nil {
			return rule
		}
	}
	for i := inputs[0]; i < len(a.in); i++ {
		if rule := a.in[i].rule; rule != nil {
			return rule
		}
	}
	return nil
}

// tell fills in a line's fate, and counts it.
func (l *inputLine) tell(f *LineFate, c *Counts) {
	switch l.fate {
	case untouched:
		c.Kept++
		return
	case altered:
		f.Fate = Changed
		c.Changed++
	case leftToPerson:
		f.Fate = Undone
		c.Manual++
	case removed:
		f.Fate = Dropped
		c.Dropped++
	}
	f.Rule, f.Because = l.rule.ID, l.rule.because()
	if l.fate == removed && l.why != "" {
		f.Because = l.why
	}
}
