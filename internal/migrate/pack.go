package migrate

import (
	"slices"
	"strings"

	"drydock/internal/fault"
)

// Pack is a set of steps that bring one family's configurations from version
// to version.
type Pack struct {
	Name       string
	Format     string
	Steps      []Step
	Categories Categoriser // of the summary

	formats     map[string]string // the format of a version; none = Format
	assumed     string            // the version of a configuration that tells none; "" = not known
	version     *Pattern          // where a configuration tells its version
	versionLine template          // how that line is written
	end         linePattern       // the last line of a whole configuration; no words = none
	stamp       *Rule             // the rule that writes the version

	spelling   spelling      // of names, where case does not count; nil = it does
	components *componentSet // nil = the configuration has one version
}

// Step holds the rules from one version to the next. They are matched on the
// tree as it was before the step: a line is taken by the first rule that fits
// it, and the order of other rules does not matter. Only rules that add lines
// are matched on what the others have made: they take no line, and what they
// ask for is there or not in the words of the new version.
type Step struct {
	From, To string
	Convert  string // the format that the new version has, after the rules; "" = as before
	Rules    []*Rule

	taking, adding ruleSet
	scripts        []*Rule
}

// ruleSet is rules with their detects compiled.
type ruleSet struct {
	rules       []*Rule // by the set's index
	set         placeSet
	conditional bool // some have conditions
}

func (s *ruleSet) add(r *Rule) {
	s.rules = append(s.rules, r)
	s.set.add(r.detect, r.act.fits)
	s.conditional = s.conditional || len(r.when) > 0
}

// Rule is one thing that changed between two versions.
type Rule struct {
	ID       string
	Why      string
	Category Category
	Severity Severity

	detect  Pattern
	when    []condition // all must hold
	message template    // "" = no finding unless the severity asks for one
	act     action
}

// Newest is the version that the pack leads to: its last step's, or its last
// release.
func (p *Pack) Newest() string {
	switch {
	case p.components != nil:
		return p.components.newest().name
	case len(p.Steps) > 0:
		return p.Steps[len(p.Steps)-1].To
	}
	return ""
}

// because says to a person why a line is not what it was.
func (r *Rule) because() string {
	if d, ok := r.act.(*deletion); ok {
		return d.because
	}
	return r.Why
}

// Verb says what the rule does: rename, set-default, delete, move, add or
// manual; "version" for the rule that writes the version.
func (r *Rule) Verb() string {
	if r.act == nil {
		return "version"
	}
	return r.act.verb()
}

// Detect is the text of the pattern that the rule is matched by.
func (r *Rule) Detect() string { return r.detect.String() }

// resolve gives the version of a step that a version falls under: itself, or
// else the longest one that it begins with ("1.4" for "1.4.2" and "1.4(2)").
func (p *Pack) resolve(version string) (string, bool) {
	best, found := "", false
	for i := range p.Steps {
		for _, v := range []string{p.Steps[i].From, p.Steps[i].To} {
			if v == version || beginsVersion(version, v) && len(v) > len(best) {
				best, found = v, true
			}
			if v == version {
				return v, true
			}
		}
	}
	return best, found
}

// beginsVersion says whether a version is one of those that another stands
// for: "1.4.2" and "1.4(2)M" of "1.4", but not "1.42".
func beginsVersion(version, start string) bool {
	rest, ok := strings.CutPrefix(version, start)
	return ok && rest != "" && !isWordByte(rest[0])
}

// Path gives the shortest chain of steps between two versions; none where they
// are the same. The error is fault.Invalid and names the gap.
func (p *Pack) Path(from, to string) ([]Step, error) {
	if from == to {
		return nil, nil
	}
	a, knownA := p.resolve(from)
	b, knownB := p.resolve(to)
	if knownA && knownB && a == b {
		return nil, nil
	}
	if !knownA || !knownB {
		unknown := from
		if knownA {
			unknown = to
		}
		return nil, fault.New(fault.Invalid, "migrate.Path", "pack "+p.Name, "no step begins or ends at version %s", unknown).
			WithHint("%s", oneOf("the pack knows", p.versions()))
	}
	return p.search(a, b)
}

// search is breadth first, so the path is a shortest one; of several, the one
// whose steps stand first.
func (p *Pack) search(from, to string) ([]Step, error) {
	reached := []string{from}
	came := map[string]*Step{}
	for i := 0; i < len(reached); i++ {
		for j := range p.Steps {
			s := &p.Steps[j]
			if s.From != reached[i] || slices.Contains(reached, s.To) {
				continue
			}
			reached = append(reached, s.To)
			came[s.To] = s
		}
	}
	if came[to] == nil {
		return nil, fault.New(fault.Invalid, "migrate.Path", "pack "+p.Name, "no steps lead from version %s to %s", from, to).
			WithHint("%s; %s", oneOf("from "+from+" they reach", reached[1:]), oneOf(to+" is reached from", p.before(to)))
	}
	var path []Step
	for v := to; v != from; v = came[v].From {
		path = append(path, *came[v])
	}
	slices.Reverse(path)
	return path, nil
}

func (p *Pack) before(to string) []string {
	var all []string
	for i := range p.Steps {
		if p.Steps[i].To == to {
			all = append(all, p.Steps[i].From)
		}
	}
	return all
}

func (p *Pack) versions() []string {
	var all []string
	for i := range p.Steps {
		for _, v := range []string{p.Steps[i].From, p.Steps[i].To} {
			if !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
	}
	return all
}

// cycle gives a chain of versions that comes back to its start, or nil.
func (p *Pack) cycle() []string {
	const visiting, done = 1, 2
	mark := map[string]int{}
	var chain []string
	var visit func(v string) []string
	visit = func(v string) []string {
		if mark[v] == visiting {
			return append(chain[slices.Index(chain, v):], v)
		}
		if mark[v] == done {
			return nil
		}
		mark[v] = visiting
		chain = append(chain, v)
		for i := range p.Steps {
			if p.Steps[i].From == v {
				if c := visit(p.Steps[i].To); c != nil {
					return c
				}
			}
		}
		chain = chain[:len(chain)-1]
		mark[v] = done
		return nil
	}
	for _, v := range p.versions() {
		if c := visit(v); c != nil {
			return c
		}
	}
	return nil
}

// DetectVersion reads the version that a configuration tells of itself, or what
// the pack assumes of one that tells none. False where the pack does not say how, the configuration does not tell, or it does
// not parse.
func (p *Pack) DetectVersion(input []byte) (string, bool) {
	d, err := p.read("", input)
	if err != nil {
		return "", false
	}
	if p.components != nil {
		f, err := readFooter(d)
		if err != nil || f == nil {
			return "", false
		}
		return f.versions.String(), true
	}
	told, version := p.stated(d)
	if told == nil {
		version = p.assumed
	}
	return version, version != ""
}

// stated gives the line that tells the version, and the version.
func (p *Pack) stated(d *Document) (*node, string) {
	if p.version == nil {
		return nil, ""
	}
	var set placeSet
	set.add(*p.version, nil)
	n, h := set.find(&d.root, set.start())
	if n == nil {
		n, h = set.remark(&d.root)
	}
	if n == nil {
		return nil, ""
	}
	version, _ := h.caps.get("version")
	return n, version
}

// remark gives the first comment at the top that fits: some equipment tells its
// version only there.
func (s *placeSet) remark(root *node) (*node, hit) {
	for n := root.first; n != nil; n = n.next {
		if n.kind == comment {
			if h, _ := step(s.start(), n.text, false, nil, nil); h.index >= 0 {
				return n, h
			}
		}
	}
	return nil, hit{index: -1}
}

// find gives the first line, in printed order, that fits a pattern of the set.
func (s *placeSet) find(parent *node, states []state) (*node, hit) {
	for n := range parent.commands {
		h, below := step(states, n.text, n.first != nil, nil, nil)
		if h.index >= 0 {
			return n, h
		}
		if len(below) > 0 {
			if found, h := s.find(n, below); found != nil {
				return found, h
			}
		}
	}
	return nil, hit{index: -1}
}
