package cli

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// console with n runs whose backups failed alike, run-0 to run-(n-1), and
// nothing yet known of one more.
func askingConsole(t *testing.T, n int) *console {
	t.Helper()
	var runs []fleet.RunID
	for i := range n + 1 {
		runs = append(runs, fleet.RunID(fmt.Sprintf("run-%d", i)))
	}
	s := &session{Program: &Program{Env: func(string) string { return "" }}, output: "table"}
	m := &console{watcher: s.newWatcher(nil, runs), ctx: t.Context(), width: 100, height: 40}
	for i := range n {
		m.Update(asksAt(i, 1, procedure.Timeout))
	}
	return m
}

// asksAt is the change by which a run comes to ask.
func asksAt(i, attempt int, cause procedure.Cause) changed {
	st := procedure.State{Step: procedure.Backup, Question: &procedure.Question{
		ID: fmt.Sprintf("q-%d-%d", i, attempt), Step: procedure.Backup, Attempt: attempt, Cause: cause, Detail: "said \x1b[31mred",
		Choices: []procedure.Choice{procedure.Repeat, procedure.Stop}, Deadline: time.Date(2026, 1, 2, 3, 4, 0, 0, time.UTC),
	}}
	st.Plan.Device = fleet.DeviceID(fmt.Sprintf("dev-%d", i))
	return changed(client.Change{Run: fleet.RunID(fmt.Sprintf("run-%d", i)), Device: st.Plan.Device, State: st})
}

// keys presses keys and gives how many commands that made.
func (m *console) keys(keys ...string) (commands int) {
	for _, k := range keys {
		msg := tea.KeyPressMsg{Text: k, Code: rune(k[0])}
		if k == "enter" {
			msg = tea.KeyPressMsg{Code: tea.KeyEnter}
		}
		if _, cmd := m.Update(msg); cmd != nil {
			commands++
		}
	}
	return commands
}

func TestNothingIsAnsweredThatWasNotChosen(t *testing.T) {
	m := askingConsole(t, 2)
	if n := m.keys("enter", "x", "enter", "y"); n != 0 || len(m.answered) != 0 {
		t.Fatalf("answered %v by keys that choose nothing", m.answered)
	}
	if m.keys("s"); len(m.answered) != 0 {
		t.Fatal("a choice is not yet an answer")
	}
	if n := m.keys("enter"); n != 1 || !m.answered["q-0-1"] || len(m.answered) != 1 {
		t.Fatalf("answered %v, want the question on the screen alone", m.answered)
	}
	if m.shown != "q-1-1" || m.choice != "" {
		t.Fatalf("question %s with choice %q: the next question must begin without one", m.shown, m.choice)
	}
	if m.keys("enter"); len(m.answered) != 1 {
		t.Fatal("the choice for one question answered the next one")
	}
}

func TestAChoiceIsForTheQuestionThatWasRead(t *testing.T) {
	m := askingConsole(t, 1)
	m.keys("s")
	m.Update(asksAt(0, 2, procedure.Refused)) // somebody else answered, and it failed again
	if m.keys("enter"); len(m.answered) != 0 {
		t.Fatal("Enter answered a question that came after the choice")
	}
}

func TestOneAnswerForAllAlike(t *testing.T) {
	m := askingConsole(t, 3)
	m.Update(asksAt(1, 1, procedure.Refused)) // not alike any more
	m.keys("a", "r", "enter")
	if len(m.answered) != 2 || !m.answered["q-0-1"] || !m.answered["q-2-1"] {
		t.Fatalf("answered %v, want the two that are alike", m.answered)
	}
	if m.shown != "q-1-1" {
		t.Fatalf("asks %q next", m.shown)
	}
}

func TestLaterLeavesTheQuestionOpen(t *testing.T) {
	m := askingConsole(t, 2)
	m.keys("l", "l")
	if m.shown != "" || len(m.answered) != 0 || m.settled() {
		t.Fatalf("shown %q answered %v settled %v with a run that is not known yet", m.shown, m.answered, m.settled())
	}
	m.Update(changed(client.Change{Run: "run-2", State: procedure.State{Phase: procedure.Ended, Result: &procedure.Result{}}}))
	if !m.settled() {
		t.Fatal("there is nothing more to wait for")
	}
}

func TestLeavingTheConsole(t *testing.T) {
	m := askingConsole(t, 1)
	if _, cmd := m.Update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl}); cmd == nil || m.err != errLeft {
		t.Fatalf("Ctrl-C: error %v", m.err)
	}
}

func TestThePictureFitsAndIsHarmless(t *testing.T) {
	m := askingConsole(t, 200)
	m.Update(tea.WindowSizeMsg{Width: 60, Height: 20})
	text := m.View().Content
	if lines := strings.Count(text, "\n"); lines > 20 {
		t.Errorf("%d lines on a screen of 20", lines)
	}
	if strings.Contains(text, "\x1b[31mred") {
		t.Error("a device's text reached the terminal as a control sequence")
	}
	for _, want := range []string{"dev-0 asks at backup", "[r]epeat", "[s]top", "200 questions wait"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestHostilePicture: whatever field a hostile text stands in, the picture has
// no control sequence but its own colours.
func TestHostilePicture(t *testing.T) {
	colours := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	for _, text := range hostileTexts() {
		m := askingConsole(t, 2)
		st := procedure.State{Step: procedure.Step(text), Phase: procedure.Phase(text), Question: &procedure.Question{ID: "q", Step: procedure.Step(text),
			Cause: procedure.Cause(text), Detail: text, Choices: []procedure.Choice{procedure.Repeat, procedure.Choice(text)}}}
		st.Plan.Device = fleet.DeviceID(text)
		m.Update(changed(client.Change{Run: "run-0", Device: st.Plan.Device, State: st}))
		ended := procedure.State{Phase: procedure.Ended, Result: &procedure.Result{Outcome: procedure.Outcome(text), Cause: procedure.Cause(text), Step: procedure.Step(text)}}
		ended.Plan.Device = fleet.DeviceID(text)
		m.Update(changed(client.Change{Run: "run-1", Device: ended.Plan.Device, State: ended}))
		m.keys("r")
		if picture := colours.ReplaceAllString(m.View().Content, ""); live(strings.ReplaceAll(picture, "31m", "")) {
			t.Errorf("%q is live in %q", text, picture)
		}
	}
}
