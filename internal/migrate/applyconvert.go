package migrate

import (
	"cmp"
	"slices"
	"strings"
)

// convertRule is the name of the rule of every line that a change of the
// format has written.
const convertRule = "convert"

// formatAt gives the format that configurations of a version have.
func (p *Pack) formatAt(version string) string {
	if v, ok := p.resolve(version); ok {
		version = v
	}
	return cmp.Or(p.formats[version], p.Format)
}

// read parses a configuration in the format of its version, which it tells
// itself or else is from.
func (p *Pack) read(from string, input []byte) (*Document, error) {
	tried := []string{p.Format}
	for i := range p.Steps {
		if to := p.Steps[i].Convert; to != "" && !slices.Contains(tried, to) {
			tried = append(tried, to)
		}
	}
	for _, format := range tried[1:] {
		d, err := Parse(format, input)
		if err != nil {
			continue
		}
		if told, version := p.stated(d); told != nil && p.formatAt(version) == format || told == nil && from != "" && p.formatAt(from) == format {
			return p.spell(d), nil
		}
	}
	d, err := Parse(p.Format, input)
	if err != nil {
		return nil, err
	}
	return p.spell(d), nil
}

// noteFormats works out the format of each version, in the order of the steps.
func (p *Pack) noteFormats() {
	p.formats = map[string]string{}
	for range p.Steps { // once for each step: they may stand in any order
		for i := range p.Steps {
			s := &p.Steps[i]
			p.formats[s.To] = cmp.Or(s.Convert, p.formats[s.To], p.formats[s.From], p.Format)
		}
	}
}

// applyConverting lets the steps act where some of them change the format: the
// account of each part of the way is joined to that of the parts before.
func (p *Pack) applyConverting(d *Document, steps []Step) (*Result, error) {
	cats := d.lineCategories()
	var whole *Result
	input := d.src
	for len(steps) > 0 {
		n := slices.IndexFunc(steps, func(s Step) bool { return s.Convert != "" }) + 1
		if n == 0 {
			n = len(steps)
		}
		used, findings, err := p.transform(d, steps[:n])
		if err != nil {
			return nil, err
		}
		part, err := p.report(d, steps[:n], used, findings)
		if err != nil {
			return nil, err
		}
		whole = joined(whole, part)
		if to := steps[n-1].Convert; to != "" {
			if d, part, err = p.converted(d.format.name(), part.Output, to); err != nil {
				return nil, err
			}
			whole = joined(whole, part)
		}
		steps = steps[n:]
	}
	whole.Needed = string(whole.Output) != input
	whole.summarise(cats)
	return whole, nil
}

// converted changes the format, and accounts for it.
func (p *Pack) converted(from string, text []byte, to string) (*Document, *Result, error) {
	d, err := Parse(from, text)
	if err != nil {
		return nil, nil, err
	}
	made, origins, err := Convert(d, to)
	if err != nil {
		return nil, nil, err
	}
	p.Categories.mark(made)
	why := "the new version has its configuration in format " + to
	r := &Result{Output: made.Bytes(), Rules: []RuleUse{{ID: convertRule, Why: why, Count: 1}}}
	outputs := make([][]int, lineCount(d.src)+1)
	for i, lines := range origins {
		r.Origins = append(r.Origins, Origin{Line: i + 1, Inputs: lines, Rule: convertRule})
		for _, line := range lines {
			outputs[line] = append(outputs[line], i+1)
		}
	}
	for i, text := range linesOf(d.src) {
		f := LineFate{Line: i + 1, Text: text, Fate: Changed, Rule: convertRule, Because: why, Outputs: outputs[i+1]}
		if len(f.Outputs) == 0 {
			f.Fate, f.Because = Dropped, "format "+to+" needs no such line"
		}
		r.Fates = append(r.Fates, f)
	}
	return made, r, nil
}

// joined makes one account of two that follow each other: what the second says
// of its input is said of the input of the first.
func joined(first, second *Result) *Result {
	if first == nil {
		return second
	}
	r := &Result{Output: second.Output, Rules: first.Rules, Findings: first.Findings}
	for _, f := range first.Fates {
		r.Fates = append(r.Fates, follow(f, second.Fates))
	}
	for _, o := range second.Origins {
		rule := o.Rule
		var inputs []int
		for _, line := range o.Inputs {
			inputs = append(inputs, first.Origins[line-1].Inputs...)
			rule = cmp.Or(rule, first.Origins[line-1].Rule)
		}
		slices.Sort(inputs)
		r.Origins = append(r.Origins, Origin{Line: o.Line, Inputs: slices.Compact(inputs), Rule: rule})
	}
	for _, use := range second.Rules {
		if i := slices.IndexFunc(r.Rules, func(have RuleUse) bool { return have.ID == use.ID }); i >= 0 {
			r.Rules[i].Count += use.Count
		} else {
			r.Rules = append(r.Rules, use)
		}
	}
	for _, f := range second.Findings {
		if f.Line > 0 {
			if inputs := first.Origins[f.Line-1].Inputs; len(inputs) > 0 {
				f.Line = inputs[0]
			} else {
				f.Line = 0
			}
		}
		r.Findings = append(r.Findings, f)
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return r
}

// follow gives the fate of a line after what became of its outputs.
func follow(f LineFate, next []LineFate) LineFate {
	var outputs []int
	for _, o := range f.Outputs {
		after := next[o-1]
		outputs = append(outputs, after.Outputs...)
		switch {
		case f.Fate == Kept && after.Fate != Kept:
			f.Fate, f.Rule, f.Because = after.Fate, after.Rule, after.Because
		case f.Fate == Undone && after.Fate != Kept:
			f.Fate = Changed
		}
	}
	if f.Fate == Dropped && len(outputs) > 0 {
		f.Fate = Changed
	}
	if len(f.Outputs) > 0 && len(outputs) == 0 {
		last := next[f.Outputs[0]-1]
		f.Fate, f.Rule, f.Because = Dropped, last.Rule, last.Because
	}
	slices.Sort(outputs)
	f.Outputs = slices.Compact(outputs)
	return f
}

// linesOf gives the lines of a text without their ends.
func linesOf(text string) []string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	return lines[:lineCount(text)]
}

// lineCategories gives the category of each line, as an index of summaryOrder.
func (d *Document) lineCategories() []uint8 {
	cats := make([]uint8, lineCount(d.src))
	for i := range d.nodes {
		n := &d.nodes[i]
		for j := range n.lines {
			cats[n.line-1+j] = n.cat
		}
	}
	return cats
}

// summarise counts the fates by the categories of the input's lines.
func (r *Result) summarise(cats []uint8) {
	var counts [5]Counts
	for i, f := range r.Fates {
		c := &counts[cats[i]]
		switch f.Fate {
		case Kept:
			c.Kept++
		case Changed:
			c.Changed++
		case Dropped:
			c.Dropped++
		case Undone:
			c.Manual++
		}
	}
	for _, o := range r.Origins {
		if len(o.Inputs) == 0 {
			counts[indexOf(Uncategorised)].Added++
		}
	}
	r.Summary = map[Category]Counts{}
	for i, category := range summaryOrder() {
		r.Summary[category] = counts[i]
	}
}
