// Package report shows what a migration made of a configuration: every line of
// the old one with its fate, every line of the new one with its origin, as
// text, as JSON for programs and as one HTML page with the two side by side.
//
// It computes nothing: package migrate says what became of what, this package
// writes it down. What it writes has the configuration in it, secrets included.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"drydock/internal/fault"
	"drydock/internal/migrate"
)

// About says what was migrated.
type About struct {
	File string // "" = standard input, or a backup without a file
	Pack string
	From string
	To   string
}

// Formats names the forms that Write knows.
func Formats() []string { return []string{"text", "json", "html"} }

// Write writes a result in the named form. The error is fault.Invalid for an
// unknown form, else w's.
func Write(w io.Writer, form string, about About, r *migrate.Result) error {
	switch form {
	case "text":
		return writeText(w, about, r)
	case "json":
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(New(about, r))
	case "html":
		return writeHTML(w, about, r)
	}
	return fault.New(fault.Invalid, "", "", "there is no report %q", form).
		WithHint("reports are %s", strings.Join(Formats(), ", "))
}

// Report is the JSON form. Its names are stable.
type Report struct {
	File     string    `json:"file,omitempty"`
	Pack     string    `json:"pack"`
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"`
	Modify   string    `json:"modify"` // no, yes or manual
	Rules    []Rule    `json:"rules"`
	Findings []Finding `json:"findings"`
	Summary  []Summary `json:"summary"`
	Lines    []Line    `json:"lines"`  // of the input
	Output   []Output  `json:"output"` // lines of the output
}

// Rule says how often a rule fired.
type Rule struct {
	ID       string `json:"id"`
	Why      string `json:"why"`
	Category string `json:"category,omitempty"`
	Count    int    `json:"count"`
}

// Finding is what a rule has to say to a person.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity string   `json:"severity"` // info, warning or manual
	Category string   `json:"category,omitempty"`
	Line     int      `json:"line,omitempty"` // of the input, from 1
	Path     []string `json:"path,omitempty"`
	Text     string   `json:"text,omitempty"`
	Message  string   `json:"message"`
	Why      string   `json:"why,omitempty"`
}

// Summary counts the lines of one category of configuration data.
type Summary struct {
	Category string `json:"category"` // user, port, protocol, default; "" = none of them
	Kept     int    `json:"kept"`
	Changed  int    `json:"changed"`
	Dropped  int    `json:"dropped"`
	Manual   int    `json:"manual"`
	Added    int    `json:"added"`
}

// Line is a line of the input and what became of it.
type Line struct {
	Line    int    `json:"line"` // from 1
	Text    string `json:"text"`
	Fate    string `json:"fate"` // kept, changed, dropped or manual
	Rule    string `json:"rule,omitempty"`
	Because string `json:"because,omitempty"`
	Outputs []int  `json:"outputs,omitempty"` // lines of the output
}

// Output is a line of the output and where it comes from.
type Output struct {
	Line   int    `json:"line"` // from 1
	Text   string `json:"text"`
	Inputs []int  `json:"inputs,omitempty"` // none: a rule added it
	Rule   string `json:"rule,omitempty"`
}

// New gives the JSON form of a result.
func New(about About, r *migrate.Result) Report {
	out := Report{
		File: about.File, Pack: about.Pack, From: about.From, To: about.To, Modify: Verdict(r),
		Rules: []Rule{}, Findings: []Finding{}, Summary: summaries(r), Lines: []Line{}, Output: []Output{},
	}
	for _, u := range r.Rules {
		out.Rules = append(out.Rules, Rule{u.ID, u.Why, string(u.Category), u.Count})
	}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, Finding{f.Rule, string(f.Severity), string(f.Category), f.Line, f.Path, f.Text, f.Message, f.Why})
	}
	for _, l := range r.Fates {
		out.Lines = append(out.Lines, Line{l.Line, l.Text, string(l.Fate), l.Rule, l.Because, l.Outputs})
	}
	texts := outputLines(r)
	for i, o := range r.Origins {
		out.Output = append(out.Output, Output{o.Line, texts[i], o.Inputs, o.Rule})
	}
	return out
}

// Verdict answers whether the configuration must be modified: no, yes (by the
// rules that fired), or manual (a person must decide).
func Verdict(r *migrate.Result) string {
	switch {
	case r.NeedsPerson():
		return "manual"
	case r.Needed:
		return "yes"
	}
	return "no"
}

// summaries are the counts of the categories that have lines, in the method's
// order.
func summaries(r *migrate.Result) []Summary {
	list := []Summary{}
	for _, category := range append(migrate.Categories(), migrate.Uncategorised) {
		c := r.Summary[category]
		if c != (migrate.Counts{}) {
			list = append(list, Summary{string(category), c.Kept, c.Changed, c.Dropped, c.Manual, c.Added})
		}
	}
	return list
}

// outputLines are the texts of the output's lines, one for each origin.
func outputLines(r *migrate.Result) []string {
	texts := make([]string, len(r.Origins))
	rest := string(r.Output)
	for i := range texts {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		texts[i] = strings.TrimSuffix(line, "\r")
	}
	return texts
}

// versions says from where to where, as far as it is known.
func (a About) versions() string {
	switch {
	case a.From == "" && a.To == "":
		return "pack " + a.Pack
	case a.From == "":
		return fmt.Sprintf("pack %s to %s", a.Pack, a.To)
	}
	return fmt.Sprintf("pack %s, %s to %s", a.Pack, a.From, a.To)
}
