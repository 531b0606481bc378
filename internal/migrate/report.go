package migrate

import (
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
	var counts [5]Counts
	r.Origins = d.origins(&counts)
	fates, err := d.fates(&counts)
	if err != nil {
		return nil, err
	}
	r.Fates = fates
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

// origins numbers the lines of the output and says where each comes from.
func (d *Document) origins(counts *[5]Counts) []Origin {
	origins := make([]Origin, 0, len(d.nodes))
	inputs := make([]int, 0, len(d.nodes))
	d.root.walk(func(n *node) {
		n.out = int32(len(origins)) + 1
		rule := ""
		if n.rule != nil && n.fate != leftToPerson {
			rule = n.rule.ID
		}
		for i := range int(n.lines) {
			o := Origin{Line: len(origins) + 1, Rule: rule}
			if n.line > 0 {
				inputs = append(inputs, int(n.line)+i)
				o.Inputs = inputs[len(inputs)-1 : len(inputs) : len(inputs)]
			}
			origins = append(origins, o)
		}
		if n.line == 0 {
			counts[indexOf(n.rule.Category)].Added++
		}
	}, nil)
	return origins
}

// fates says what became of each input line. That a line is gone without a
// rule would be our own mistake: then there is no result.
func (d *Document) fates(counts *[5]Counts) ([]LineFate, error) {
	fates := make([]LineFate, 0, len(d.nodes))
	outputs := make([]int, 0, len(d.nodes))
	for i := range d.nodes {
		n := &d.nodes[i]
		if (n.out == 0) != (n.fate == removed) {
			return nil, fault.New(fault.Internal, "migrate.Apply", "", "line %d is lost without a rule", n.line)
		}
		rest := d.src[n.offset:]
		for j := range int(n.lines) {
			var text string
			text, rest, _ = strings.Cut(rest, "\n")
			f := LineFate{Line: int(n.line) + j, Text: strings.TrimSuffix(text, "\r"), Fate: Kept}
			n.tell(&f, &counts[n.cat])
			if n.out > 0 {
				outputs = append(outputs, int(n.out)+j)
				f.Outputs = outputs[len(outputs)-1 : len(outputs) : len(outputs)]
			}
			fates = append(fates, f)
		}
	}
	return fates, nil
}

// tell fills in a line's fate, and counts it.
func (n *node) tell(f *LineFate, c *Counts) {
	switch n.fate {
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
	f.Rule, f.Because = n.rule.ID, n.rule.because()
}
