package procedure

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite testdata and docs/procedure.md from what the code does")

// TestTranscripts plays the stories of testdata: a line is an event, the
// indented lines below it are what follows. A new story needs the events only;
// -update writes the rest.
//
// A line is KIND [WORD] [key=value]...: plan lines set up the run, "+10m" or
// "at deadline" before a kind moves the clock, "old" sends the token that the
// run had before, and "reread" writes the state and reads it back.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(data))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(data) {
				t.Errorf("the story goes otherwise (go test -update rewrites it, then read the diff):\n%s", firstDifference(string(data), got))
			}
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			return fmt.Sprintf("line %d\nwritten: %s\nnow:     %s", i+1, w[i], g[i])
		}
	}
	return fmt.Sprintf("%d lines written, %d now", len(w), len(g))
}

// story is a run that a transcript tells.
type story struct {
	plan  Plan
	state State
	now   time.Time
	old   uint64
	asked string // the question before the one that is open
}

func replay(t *testing.T, text string) string {
	st := &story{plan: testPlan(), now: epoch}
	var out strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, " ") {
			continue
		}
		fmt.Fprintln(&out, line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, result := range st.play(t, strings.Fields(line)) {
			fmt.Fprintln(&out, "    "+result)
		}
	}
	return out.String()
}

func (st *story) play(t *testing.T, words []string) []string {
	if words[0] == "plan" {
		st.set(t, words[1:])
		return nil
	}
	if words[0] == "reread" {
		var wrong string
		st.state, wrong = rewritten(st.state)
		if wrong != "" {
			t.Fatal(wrong)
		}
		return nil
	}
	ev := st.event(t, words)
	ev.At = st.now
	next, actions, err := Next(st.state, ev)
	if err != nil {
		return []string{"refused: " + err.Error()}
	}
	if next.Token != st.state.Token {
		st.old = st.state.Token
	}
	if st.state.Question != nil && (next.Question == nil || next.Question.ID != st.state.Question.ID) {
		st.asked = st.state.Question.ID
	}
	st.state = next
	lines := []string{st.summary()}
	for _, a := range actions {
		lines = append(lines, "-> "+st.action(a))
	}
	return lines
}

func (st *story) set(t *testing.T, words []string) {
	for _, w := range words {
		key, value, _ := strings.Cut(w, "=")
		switch key {
		case "keep":
			st.plan.CanKeep = value == "true"
		case "recover":
			st.plan.Recover = "modified"
		case "reboot":
			st.plan.RebootAfter = append(st.plan.RebootAfter, Op(value))
		case "goal":
			st.plan.Goal, st.plan.Target, st.plan.Source = Goal(value), "", &BackupRef{ID: "b0", Run: "r0", Device: "iad-1"}
		case "standing": // step/cause/repeat/then
			f := strings.Split(value, "/")
			n, err := strconv.Atoi(f[2])
			if err != nil {
				t.Fatal(err)
			}
			st.plan.Standing = append(st.plan.Standing, Standing{Step: Step(f[0]), Cause: Cause(f[1]), Repeat: n, Then: Choice(f[3])})
		default:
			t.Fatalf("unknown setting %s", w)
		}
	}
}

func (st *story) event(t *testing.T, words []string) Event {
	ev := Event{Format: Format, Token: st.state.Token}
	if d, ok := strings.CutPrefix(words[0], "+"); ok {
		wait, err := time.ParseDuration(d)
		if err != nil {
			t.Fatal(err)
		}
		st.now, words = st.now.Add(wait), words[1:]
	}
	if words[0] == "old" {
		ev.Token, words = st.old, words[1:]
	}
	ev.Kind = EventKind(words[0])
	switch ev.Kind {
	case Started:
		ev.Plan = &st.plan
	case Overdue:
		st.now = st.state.Deadline
	case Answered:
		ev.By, ev.Choice, words = "ann", Choice(words[1]), words[1:]
		if st.state.Question != nil {
			ev.Question = st.state.Question.ID
		}
	case Cancelled:
		ev.By = "bob"
	}
	for _, w := range words[1:] {
		st.detail(t, &ev, w)
	}
	return ev
}

func (st *story) detail(t *testing.T, ev *Event, word string) {
	key, value, _ := strings.Cut(word, "=")
	switch key {
	case "unclear":
		ev.Unclear = true
	case "late-question":
		ev.Question = st.asked
	case "version":
		ev.Observed = &Observation{Version: value}
		ev.Observed.Identity.Serial = "S1"
	case "serial":
		ev.Observed.Identity.Serial = value
	case "concern":
		ev.Concerns = append(ev.Concerns, value)
	case "backup":
		ev.Backup = &BackupRef{ID: "b1", Run: "r1", Device: "iad-1"}
	case "modification":
		ev.Assessment = &Assessment{Needed: value != "none"}
		if value == "manual" {
			ev.Assessment.Manual = 2
		}
	case "lost":
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(err)
		}
		ev.Comparison = &Comparison{Carried: 100 - n, Lost: n}
	default:
		switch {
		case slices.Contains(Causes(), Cause(word)):
			ev.Cause = Cause(word)
		case ev.Kind == Probed:
			ev.Verdict = Verdict(word)
		default:
			t.Fatalf("unknown word %s", word)
		}
	}
}

// summary is the state in a line.
func (st *story) summary() string {
	s := st.state
	words := []string{fmt.Sprintf("%s/%s %s, attempt %d", s.Step, s.Op, s.Phase, s.Attempts[s.Step])}
	if s.Unproven {
		words = append(words, "outcome not known")
	}
	if s.Pending != "" {
		words = append(words, "then "+string(s.Pending))
	}
	if s.StopBy != "" {
		words = append(words, "to be stopped by "+s.StopBy)
	}
	if s.Phase != Ended {
		return strings.Join(append(words, "until "+s.Deadline.Format("02 15:04")), ", ")
	}
	r := s.Result
	text := fmt.Sprintf("ended %s, device %s", r.Outcome, r.Left)
	if r.Cause != "" {
		text += fmt.Sprintf(", because of %s", r.Cause)
	}
	if r.By != "" {
		text += ", by " + r.By
	}
	for _, f := range r.Accepted {
		text += fmt.Sprintf(", in spite of %s at %s", f.Cause, f.Op)
	}
	return text
}

func (st *story) action(a Action) string {
	switch a.Kind {
	case Ask:
		return fmt.Sprintf("ask %s: %s (%s) %v", a.Question.ID, a.Question.Cause, a.Question.Detail, a.Question.Choices)
	case Withdraw:
		return "withdraw " + a.Question.ID
	case Finish:
		return "finish"
	case Await, Probe:
		return fmt.Sprintf("%s %s #%d of effect #%d", a.Kind, a.Op, a.Token, a.Effect)
	}
	return fmt.Sprintf("%s %s #%d", a.Kind, a.Op, a.Token)
}
