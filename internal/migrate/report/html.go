package report

import (
	_ "embed"
	"html/template"
	"io"

	"drydock/internal/migrate"
)

//go:embed page.html
var page string

// side is one cell of the side-by-side table.
type side struct {
	Line int // 0 = nothing on this side
	Text string
}

// pair is one row of the table: what was, what is, and what happened.
type pair struct {
	Old, New side
	Fate     string // kept, changed, dropped, manual or added
	Rule     string
	Because  string
}

// writeHTML writes one page that needs nothing else: no script, no font, no
// image. What a configuration says in it is text and nothing more.
func writeHTML(w io.Writer, about About, r *migrate.Result) error {
	t, err := template.New("report").Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		About   About
		Version string
		Verdict string
		Result  *migrate.Result
		Summary []Summary
		Pairs   []pair
	}{about, about.versions(), Verdict(r), r, summaries(r), pairs(r)})
}

// pairs puts the lines of input and output beside each other: each output line
// beside the input line it comes from, in the order of the output; dropped
// lines where they stood, which is before the next line that was kept.
func pairs(r *migrate.Result) []pair {
	texts := outputLines(r)
	rows := make([]pair, 0, len(r.Fates)+len(r.Origins)/4)
	told := make([]bool, len(r.Fates)+1)
	next := 0 // of the input lines that are gone and not yet told
	gone := func(before int) {
		for ; next < len(r.Fates) && r.Fates[next].Line < before; next++ {
			if l := r.Fates[next]; len(l.Outputs) == 0 {
				rows = append(rows, pair{Old: side{l.Line, l.Text}, Fate: string(l.Fate), Rule: l.Rule, Because: l.Because})
			}
		}
	}
	for i, o := range r.Origins {
		row := pair{New: side{o.Line, texts[i]}, Fate: "added", Rule: o.Rule}
		if len(o.Inputs) > 0 {
			in := o.Inputs[0]
			l := r.Fates[in-1]
			gone(in)
			row.Fate, row.Rule, row.Because = string(l.Fate), l.Rule, l.Because
			if !told[in] || l.Fate != migrate.Kept {
				row.Old = side{l.Line, l.Text}
			}
			told[in] = true
		}
		rows = append(rows, row)
	}
	gone(len(r.Fates) + 1)
	return rows
}
