// Package infer proposes a migration pack from pairs of configurations before
// and after, for example of a canary device whose own firmware converted it.
//
// It lines the two trees of each pair up, sees what was renamed, moved,
// removed, added or got another value, and generalises over all pairs: what
// varies becomes a hole, values become a map, a single value that changes while
// others stay becomes a changed default. The proposal is then applied to the
// pairs it was made from; where it does not reproduce them, it says so.
//
// A proposal is a proposal: the evidence stands beside each rule, and nothing
// uses it until a person has read it and made it a pack. The package is pure.
package infer

import (
	"fmt"
	"testing/fstest"

	"drydock/internal/fault"
	"drydock/internal/migrate"
)

// Pair is a configuration before and after.
type Pair struct {
	Name     string // for evidence: a file, a device
	Old, New []byte
}

// Options say what the pairs are.
type Options struct {
	Pack     string // the proposed pack's name
	Format   string // one of migrate.Formats
	From, To string // the versions
}

// Rule is one proposed rule.
type Rule struct {
	ID       string
	Verb     string   // rename, set-default, delete, move or add
	Lines    int      // in how many lines it was seen
	Pairs    int      // in how many pairs
	Example  Example  // one of them
	Doubts   []string // what speaks against it, or was assumed
	document string   // in YAML, indented as an item of rules
}

// Example is a place where a rule was seen.
type Example struct {
	Pair    string
	OldLine int // 0 = none: it was added
	NewLine int // 0 = none: it was removed
	Old     string
	New     string
}

// Unexplained is a line of a pair that the proposal does not account for.
type Unexplained struct {
	Pair string
	New  bool // a line of the new configuration, else of the old one
	Line int
	Path []string
	Text string
}

// Check says how the proposal does on a pair that it was made from.
type Check struct {
	Pair        string
	Exact       bool   // it gives the new configuration byte by byte
	Output      []byte // what it gives
	Differences []migrate.Difference
	Err         error // it cannot be applied
}

// Proposal is a proposed pack, with the evidence.
type Proposal struct {
	YAML        []byte // of pack.yaml
	Rules       []Rule
	Unexplained []Unexplained
	Checks      []Check
}

// Propose makes a proposal. The error is fault.Invalid: a configuration does
// not parse, or there is nothing to learn from.
func Propose(o Options, pairs []Pair) (*Proposal, error) {
	if len(pairs) == 0 {
		return nil, fault.New(fault.Invalid, "", "", "there is no pair to learn from").
			WithHint("give files in pairs: OLD NEW [OLD NEW ...]")
	}
	var all []*alignment
	for i, p := range pairs {
		a, err := align(o.Format, i, p)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	l := newLearner(o, pairs, all)
	l.learn()
	p := &Proposal{Rules: l.rules, YAML: l.pack()}
	p.Checks = reapply(o, pairs, p.YAML)
	p.Unexplained = unexplained(pairs, p.Checks)
	return p, nil
}

// reapply holds the proposal against its own pairs.
func reapply(o Options, pairs []Pair, pack []byte) []Check {
	checks := make([]Check, len(pairs))
	p, err := migrate.LoadPack(fstest.MapFS{"p/" + migrate.PackFile: {Data: pack}}, "p")
	rules, comparable := migrate.NewCompareRules(o.Format, nil, nil, nil)
	for i, pair := range pairs {
		checks[i] = Check{Pair: pair.Name, Err: err}
		if err != nil {
			continue
		}
		r, failed := p.Apply(o.From, o.To, pair.Old)
		if failed != nil {
			checks[i].Err = failed
			continue
		}
		checks[i].Output = r.Output
		if checks[i].Exact = string(r.Output) == string(pair.New); checks[i].Exact || comparable != nil {
			continue
		}
		checks[i].Differences, checks[i].Err = migrate.Compare(rules, migrate.Categoriser{}, pair.New, r.Output)
	}
	return checks
}

// unexplained are the lines in which the proposal's result and the new
// configuration differ.
func unexplained(pairs []Pair, checks []Check) (all []Unexplained) {
	for i, c := range checks {
		for _, d := range c.Differences {
			u := Unexplained{Pair: pairs[i].Name, Path: d.Path, New: d.Kind != migrate.Added, Line: d.ExpectedLine, Text: d.Expected}
			if d.Kind == migrate.Added {
				u.Line, u.Text = d.GotLine, d.Got
			}
			all = append(all, u)
		}
	}
	return all
}

// Reproduced counts the pairs that the proposal reproduces in meaning.
func (p *Proposal) Reproduced() (n int) {
	for _, c := range p.Checks {
		if c.Err == nil && len(c.Differences) == 0 {
			n++
		}
	}
	return n
}

// String tells an example in one line.
func (e Example) String() string {
	switch {
	case e.OldLine == 0:
		return fmt.Sprintf("%s line %d: + %s", e.Pair, e.NewLine, e.New)
	case e.NewLine == 0:
		return fmt.Sprintf("%s line %d: - %s", e.Pair, e.OldLine, e.Old)
	}
	return fmt.Sprintf("%s line %d: %s -> line %d: %s", e.Pair, e.OldLine, e.Old, e.NewLine, e.New)
}
