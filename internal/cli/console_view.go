package cli

import (
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Colours say nothing that the words do not say too: some terminals have none,
// some people do not see them. They are the terminal's own 16, so that they
// fit its light or dark ground.
var (
	good   = lipgloss.NewStyle().Foreground(lipgloss.Green)
	bad    = lipgloss.NewStyle().Foreground(lipgloss.Red)
	asking = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	faint  = lipgloss.NewStyle().Faint(true)
	chosen = lipgloss.NewStyle().Reverse(true).Bold(true)
	strong = lipgloss.NewStyle().Bold(true)
)

// View is part of tea.Model: the runs, how many stand where, and the question.
func (m *console) View() tea.View {
	lines := m.panel()
	room := max(3, m.height-len(lines)-2)
	lines = append(m.rows(room), append([]string{m.counts()}, lines...)...)
	for i, line := range lines {
		lines[i] = lipgloss.NewStyle().MaxWidth(m.width).Render(line)
	}
	return tea.NewView(strings.Join(lines, "\n") + "\n")
}

// rows are the runs that fit, those that need a person first where not all do.
func (m *console) rows(room int) []string {
	shown := m.order
	if len(shown) > room {
		shown = slices.Clone(shown)
		slices.SortStableFunc(shown, func(a, b fleet.RunID) int { return urgency(m.states[b]) - urgency(m.states[a]) })
		shown = shown[:room]
	}
	rows := make([]string, 0, len(shown)+6)
	for _, id := range shown {
		rows = append(rows, m.row(id))
	}
	return rows
}

func (m *console) row(id fleet.RunID) string {
	st, known := m.states[id]
	if !known {
		return faint.Render(fmt.Sprintf("%-20s starting", printable(string(id))))
	}
	word := status(st)
	if q := st.Question; q != nil && m.answered[q.ID] {
		word = "answered"
	} else if q != nil && m.left[q.ID] {
		word = "open"
	}
	return fmt.Sprintf("%-20s [%s] %-13s %s %s", printable(string(st.Plan.Device)), bar(st), printable(string(st.Step)),
		styleOf(st).Render(fmt.Sprintf("%-9s", word)), faint.Render(printable(detail(st))))
}

func styleOf(st procedure.State) lipgloss.Style {
	switch {
	case st.Question != nil:
		return asking
	case st.Result == nil:
		return lipgloss.NewStyle()
	case exitOfOne(st) == 0:
		return good
	}
	return bad
}

// panel is what stands beneath the runs: what became of the last answers, the
// question, and the keys.
func (m *console) panel() []string {
	lines := slices.Clone(m.notes)
	if m.shown == "" {
		return lines
	}
	id := m.queue[0]
	q := m.open(id)
	alike := len(m.likeIt())
	lines = append(lines, "",
		strong.Render(fmt.Sprintf("%s asks at %s, attempt %d: %s", printable(string(m.states[id].Plan.Device)), printable(string(q.Step)), q.Attempt, printable(string(q.Cause)))),
		"  "+printable(q.Detail),
		faint.Render(fmt.Sprintf("  without an answer the run stops safely at %s", q.Deadline.Local().Format("Mon 15:04"))))
	var options []string
	for _, c := range q.Choices {
		options = append(options, option(c, c == m.choice))
	}
	line := "  " + strings.Join(options, "  ") + "  [l]ater"
	if alike > 1 {
		line += fmt.Sprintf("  %s %d questions like this one", option("all", m.alike), alike)
	}
	return append(lines, line, faint.Render(m.help()))
}

// help says what the next key does.
func (m *console) help() string {
	waiting := ""
	if n := m.waiting(); n > 1 {
		waiting = fmt.Sprintf("%d questions wait. ", n)
	}
	if m.choice == "" {
		return "  " + waiting + "Choose by letter or arrow. Ctrl-C leaves; the runs go on."
	}
	whom := string(m.states[m.queue[0]].Plan.Device)
	if m.alike {
		whom = fmt.Sprintf("all %d", len(m.likeIt()))
	}
	return fmt.Sprintf("  %sEnter: %s for %s. Nothing is done before that.", waiting, m.choice, printable(whom))
}

// waiting counts the open questions.
func (m *console) waiting() int {
	n := 0
	for id := range m.states {
		if m.open(id) != nil {
			n++
		}
	}
	return n
}

// option shows a choice with its key marked.
func option(c procedure.Choice, selected bool) string {
	key := keyOf(c)
	before, after, _ := strings.Cut(printable(string(c)), key)
	text := before + "[" + printable(key) + "]" + after
	if selected {
		return chosen.Render(text)
	}
	return text
}
