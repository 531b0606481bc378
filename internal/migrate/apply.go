package migrate

import (
	"bytes"
	"cmp"
	"slices"

	"drydock/internal/fault"
)

// Apply brings a configuration from one version's form to another's. An empty
// from means the version that the configuration tells of itself, an empty to the
// one that the pack's last step leads to. For packs with components a version
// is a release's name, or "a@1:b@2". A
// configuration that already tells the wanted version comes back unchanged.
//
// It is all or nothing: with an error (fault.Invalid) there is no result.
// Findings of severity manual are no error; the result says what was done and
// what is left to a person.
func (p *Pack) Apply(from, to string, input []byte) (*Result, error) {
	d, err := p.read(from, input)
	if err != nil {
		return nil, err
	}
	if p.components != nil {
		return p.applyComponents(d, from, to)
	}
	if to == "" {
		to = p.Newest()
	}
	told, version := p.stated(d)
	steps, err := p.path(told, version, from, to)
	if err != nil {
		return nil, err
	}
	result, err := p.applySteps(d, told, steps)
	if err != nil {
		return nil, err
	}
	result.From, result.To = cmp.Or(from, version, p.assumed), to
	return result, nil
}

// applySteps lets the steps act; told is the line that tells the version.
func (p *Pack) applySteps(d *Document, told *node, steps []Step) (*Result, error) {
	p.Categories.mark(d)
	if slices.ContainsFunc(steps, func(s Step) bool { return s.Convert != "" }) {
		return p.applyConverting(d, steps)
	}
	used, findings, err := p.transform(d, steps)
	if err != nil {
		return nil, err
	}
	result, err := p.report(d, steps, used, findings)
	if told == nil { // a rule may have written it
		told, _ = p.stated(d)
	}
	if err != nil || told != nil || len(steps) == 0 {
		return result, err
	}
	return p.settled(steps, result)
}

// path gives the steps for a configuration that may tell its own version.
func (p *Pack) path(told *node, version, from, to string) ([]Step, error) {
	if told == nil {
		if from = cmp.Or(from, p.assumed); from == "" {
			return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name, "the configuration does not tell its version").
				WithHint("name the version that it comes from")
		}
		return p.Path(from, to)
	}
	own, known := p.resolve(version)
	if !known {
		own = version
	}
	if wanted, _ := p.resolve(to); own == to || own == wanted {
		return nil, nil
	}
	if assumed, ok := p.resolve(from); from != "" && own != from && (!ok || own != assumed) {
		return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name,
			"line %d says that the configuration has the form of version %s, not %s", told.line, version, from).
			WithHint("migrate it from %s", version)
	}
	return p.Path(version, to)
}

// transform lets the steps act on the document, then writes the version.
func (p *Pack) transform(d *Document, steps []Step) (map[*Rule]int, []Finding, error) {
	used := map[*Rule]int{}
	var findings []Finding
	doubtful := false
	for i := range steps {
		run := pass{d: d, pack: p, step: &steps[i], used: used}
		if err := run.run(); err != nil {
			return nil, nil, err
		}
		findings = append(findings, run.findings...)
		doubtful = doubtful || run.doubtful
	}
	if len(steps) > 0 && p.version != nil {
		p.writeVersion(d, steps[len(steps)-1].To, used)
	}
	if doubtful {
		if err := p.readBack(d, steps, used); err != nil {
			return nil, nil, err
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int { return cmp.Compare(a.Line, b.Line) })
	return used, findings, nil
}

// writeVersion is last: a configuration bears a version only once every step
// to it has succeeded.
func (p *Pack) writeVersion(d *Document, version string, used map[*Rule]int) {
	n, old := p.stated(d)
	if n == nil || old == version {
		return
	}
	n.text = p.versionLine.fill(captures{{"version", version}}, nil)
	d.format.write(d, n, n.first != nil)
	n.decide(altered, p.stamp)
	used[p.stamp]++
}

// settled holds law 6 where no version line does: it applies the steps to
// their own result, which must not change it.
func (p *Pack) settled(steps []Step, r *Result) (*Result, error) {
	d, err := Parse(p.formatAt(steps[0].From), r.Output)
	if err != nil {
		return nil, err
	}
	p.spell(d)
	used, _, err := p.transform(d, steps)
	if err != nil {
		return nil, err
	}
	if bytes.Equal(d.Bytes(), r.Output) {
		return r, nil
	}
	var ids []string
	for _, u := range uses(steps, used) {
		ids = append(ids, u.ID)
	}
	return nil, fault.New(fault.Invalid, "migrate.Apply", "pack "+p.Name,
		"its rules change what they have written: %s", oneOf("applied again fire", ids)).
		WithHint("no rule of a step may fit what a rule of that step writes")
}
