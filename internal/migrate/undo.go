package migrate

import (
	"slices"
	"strings"
)

// Reversal is what taking a migration back gave.
type Reversal struct {
	Output []byte
	// Carried are changes made after the migration that are in the output too:
	// as they were made, so in the words of the new version.
	Carried []Change
	// Losses are changes made after the migration that the old form has no place
	// for, since a rule had made or changed what they touch.
	Losses []Change
}

// Change is a line that came or went after a migration.
type Change struct {
	Line    int    // of the current configuration; of the migration's output where it went
	Text    string // without its line end
	Removed bool
	Because string // of a loss
}

// Undo takes a migration back. original is what was migrated, r what came of
// it, and current the configuration as it is now: the migration's output, or
// that with later changes. Without later changes it gives the original, byte by
// byte; with them, each is either carried into the original, or listed as lost
// (law 6).
func Undo(original []byte, r *Result, current []byte) *Reversal {
	if string(current) == string(r.Output) {
		return &Reversal{Output: slices.Clone(original)}
	}
	u := undoing{r: r, old: splitLines(original), made: splitLines(r.Output), now: splitLines(current), reversal: &Reversal{}}
	u.gone, u.after = map[int]bool{}, map[int][]string{}
	u.run()
	return u.reversal
}

// undoing works by lines: those that no rule has touched stand in the original
// too, and a change to them has a place there.
type undoing struct {
	r              *Result
	old, made, now []string
	gone           map[int]bool     // lines of old that were removed later
	after          map[int][]string // lines that came later, by the line of old before them; 0 = before all
	reversal       *Reversal
}

func (u *undoing) run() {
	same := commonLines(u.made, u.now)
	i, j := 0, 0
	for _, p := range append(same, [2]int{len(u.made), len(u.now)}) {
		edited := 0 // line of the output, from 1, that a rule has made and that was changed here
		for ; i < p[0]; i++ {
			if !u.removed(i) {
				edited = i + 1
			}
		}
		for ; j < p[1]; j++ {
			u.added(j, p[0], edited)
		}
		i, j = p[0]+1, p[1]+1
	}
	u.print()
}

// untouched gives the line of the original, from 1, that a line of the output
// is without change; 0 = a rule has to do with it.
func (u *undoing) untouched(i int) int {
	if i < 0 || i >= len(u.r.Origins) || len(u.r.Origins[i].Inputs) != 1 {
		return 0
	}
	in := u.r.Origins[i].Inputs[0]
	if f := u.r.Fates[in-1]; f.Fate != Kept || len(f.Outputs) != 1 {
		return 0
	}
	return in
}

// removed takes a line of the output that is gone; false: it is a loss.
func (u *undoing) removed(i int) bool {
	c := Change{Line: i + 1, Text: lineText(u.made[i]), Removed: true}
	if in := u.untouched(i); in > 0 {
		u.gone[in] = true
		u.reversal.Carried = append(u.reversal.Carried, c)
		return true
	}
	c.Because = u.reason(i)
	u.reversal.Losses = append(u.reversal.Losses, c)
	return false
}

// added puts a line that came later behind the line it stands behind now, if
// that, or else the one that it stands before, is in the original too. What
// came instead of a line that a rule had made has no place there.
func (u *undoing) added(j, next, edited int) {
	c := Change{Line: j + 1, Text: lineText(u.now[j])}
	at, known := u.untouched(next-1), true
	if at == 0 && next > 0 {
		before := u.untouched(next)
		at, known = before-1, before > 0
	}
	if edited > 0 {
		next, known = edited, false
	}
	if !known {
		c.Because = u.reason(next - 1)
		u.reversal.Losses = append(u.reversal.Losses, c)
		return
	}
	u.after[at] = append(u.after[at], u.now[j])
	u.reversal.Carried = append(u.reversal.Carried, c)
}

func (u *undoing) reason(i int) string {
	if i >= 0 && i < len(u.r.Origins) && u.r.Origins[i].Rule != "" {
		return "rule " + u.r.Origins[i].Rule + " has made or changed the line"
	}
	return "rules have changed what stands there"
}

func (u *undoing) print() {
	var out strings.Builder
	write := func(line string) {
		if out.Len() > 0 && !strings.HasSuffix(out.String()[max(0, out.Len()-1):], "\n") {
			out.WriteString("\n")
		}
		out.WriteString(line)
	}
	for i := range len(u.old) + 1 {
		if i > 0 && !u.gone[i] {
			write(u.old[i-1])
		}
		for _, line := range u.after[i] {
			write(line)
		}
	}
	u.reversal.Output = []byte(out.String())
}

// splitLines cuts a text behind each line end.
func splitLines(text []byte) []string { return slices.Collect(strings.Lines(string(text))) }

func lineText(line string) string { return strings.TrimRight(line, "\r\n") }

// commonLines gives pairs of places of a longest common sequence of lines.
// What differs too much in the middle to be compared counts as different.
func commonLines(a, b []string) (pairs [][2]int) {
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		pairs = append(pairs, [2]int{head, head})
		head++
	}
	tail := 0
	for tail < len(a)-head && tail < len(b)-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	for _, p := range Common(a[head:len(a)-tail], b[head:len(b)-tail]) {
		pairs = append(pairs, [2]int{p[0] + head, p[1] + head})
	}
	for k := tail; k > 0; k-- {
		pairs = append(pairs, [2]int{len(a) - k, len(b) - k})
	}
	return pairs
}
