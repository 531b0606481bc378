package report

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"

	"drydock/internal/migrate"
)

// writeText writes the report for people: what was decided, by which rules,
// what a person must see, and every line that is not as it was.
func writeText(to io.Writer, about About, r *migrate.Result) error {
	w := bufio.NewWriter(to)
	if about.File != "" {
		fmt.Fprintf(w, "%s: ", printable(about.File))
	}
	fmt.Fprintf(w, "%s: modification %s\n", about.versions(), map[string]string{
		"no": "not needed", "yes": "needed", "manual": "needed, and a person must decide",
	}[Verdict(r)])
	for _, u := range r.Rules {
		fmt.Fprintf(w, "rule %s, %s: %s\n", u.ID, times(u.Count), u.Why)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(w, "%s%s: %s\n", f.Severity, at(f.Line), printable(f.Message))
	}
	textSummary(w, r)
	textChanges(w, r)
	return w.Flush()
}

func textSummary(w io.Writer, r *migrate.Result) {
	fmt.Fprintf(w, "\n%-10s %7s %7s %7s %7s %7s\n", "lines", "kept", "changed", "dropped", "manual", "added")
	for _, s := range summaries(r) {
		name := s.Category
		if name == "" {
			name = "other"
		}
		fmt.Fprintf(w, "%-10s %7d %7d %7d %7d %7d\n", name, s.Kept, s.Changed, s.Dropped, s.Manual, s.Added)
	}
}

// textChanges writes the lines that are not as they were, in the order of the
// input, then those that were added.
func textChanges(w io.Writer, r *migrate.Result) {
	texts := outputLines(r)
	for _, l := range r.Fates {
		switch l.Fate {
		case migrate.Kept:
			continue
		case migrate.Changed:
			fmt.Fprintf(w, "\n%5d  -  %s\n", l.Line, printable(l.Text))
			for _, o := range l.Outputs {
				fmt.Fprintf(w, "%5d  +  %s\n", o, printable(texts[o-1]))
			}
		case migrate.Dropped:
			fmt.Fprintf(w, "\n%5d  -  %s\n", l.Line, printable(l.Text))
		case migrate.Undone:
			fmt.Fprintf(w, "\n%5d  ?  %s\n", l.Line, printable(l.Text))
		}
		fmt.Fprintf(w, "          %s by %s", l.Fate, l.Rule)
		if l.Because != "" {
			fmt.Fprintf(w, ": %s", printable(l.Because))
		}
		fmt.Fprintln(w)
	}
	for i, o := range r.Origins {
		if len(o.Inputs) == 0 {
			fmt.Fprintf(w, "\n%5d  +  %s\n          added by %s\n", o.Line, printable(texts[i]), o.Rule)
		}
	}
}

func at(line int) string {
	if line == 0 {
		return ""
	}
	return " at line " + strconv.Itoa(line)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

// printable shows control characters, which a configuration may have and a
// terminal would obey, as escapes.
func printable(text string) string {
	if !strings.ContainsFunc(text, func(c rune) bool { return c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 }) {
		return text
	}
	quoted := strconv.Quote(text)
	return quoted[1 : len(quoted)-1]
}
