package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// status is one word for where a run is.
func status(st procedure.State) string {
	switch {
	case st.Result != nil:
		return string(st.Result.Outcome)
	case st.Question != nil:
		return "asks"
	case st.StopBy != "":
		return "stopping"
	}
	return string(st.Phase)
}

// detail says what a person should know beyond the status.
func detail(st procedure.State) string {
	switch {
	case st.Question != nil:
		return fmt.Sprintf("%s: %s", st.Question.Cause, st.Question.Detail)
	case st.Result != nil && st.Result.Cause != "":
		return fmt.Sprintf("%s at %s; device left %s", st.Result.Cause, st.Result.Step, st.Result.Left)
	}
	return ""
}

// exitOf is the exit code that says how watched runs stand: a failure weighs
// more than a question that waits, and that more than a person's stop.
func exitOf(states map[fleet.RunID]procedure.State) int {
	worst := fault.ExitDone
	weight := []int{fault.ExitDone, fault.ExitStopped, fault.ExitWaiting, fault.ExitFailed}
	for _, st := range states {
		if code := exitOfOne(st); slices.Index(weight, code) > slices.Index(weight, worst) {
			worst = code
		}
	}
	return worst
}

func exitOfOne(st procedure.State) int {
	if st.Result == nil {
		return fault.ExitWaiting
	}
	switch st.Result.Outcome {
	case procedure.Updated, procedure.Unneeded, procedure.BackedUp, procedure.Restored:
		return fault.ExitDone
	case procedure.Stopped:
		return fault.ExitStopped
	}
	return fault.ExitFailed
}

// watcher follows runs until each has ended or, where nobody can be asked,
// waits for an answer.
type watcher struct {
	*session
	api    *client.Client
	order  []fleet.RunID
	states map[fleet.RunID]procedure.State
	asked  map[string]bool
	decide decider
	screen screen
}

// decider answers a question, or leaves it open (false).
type decider func(ctx context.Context, device fleet.DeviceID, q procedure.Question) (procedure.Choice, bool, error)

// watch shows runs and asks their questions on a terminal; elsewhere it writes
// a line for each change. Its error carries the exit code.
func (s *session) watch(ctx context.Context, api *client.Client, runs []fleet.RunID) error {
	w := s.newWatcher(api, runs)
	if err := w.run(ctx); err != nil {
		return err
	}
	if s.output != "table" {
		if err := s.printStates(w); err != nil {
			return err
		}
	}
	w.summary()
	if code := exitOf(w.states); code != fault.ExitDone {
		return exitError(code)
	}
	return nil
}

func (s *session) newWatcher(api *client.Client, runs []fleet.RunID) *watcher {
	w := &watcher{session: s, api: api, order: runs, states: map[fleet.RunID]procedure.State{}, asked: map[string]bool{}}
	w.screen.out, w.screen.live = s.Stderr, s.IsTerminal && s.output == "table"
	if s.IsTerminal {
		w.decide = w.prompt
	}
	return w
}

// run follows the runs until nothing more is to be waited for.
func (w *watcher) run(ctx context.Context) error {
	for {
		again, err := w.follow(ctx)
		if err != nil {
			return err
		}
		if !again {
			w.screen.clear()
			return nil
		}
	}
}

// follow reads changes until nothing more is to be waited for (false), or a
// question was asked and answered (true).
func (w *watcher) follow(ctx context.Context) (again bool, err error) {
	var question *procedure.Question
	var device fleet.DeviceID
	gap := false
	err = w.api.Watch(ctx, w.order, func(c client.Change) bool {
		if gap = c.Run == ""; gap {
			return false // too much was missed: begin anew with every run's state
		}
		before, known := w.states[c.Run]
		w.states[c.Run] = c.State
		w.show(c, before, known)
		if q := c.State.Question; q != nil && w.decide != nil && !w.asked[q.ID] {
			question, device = q, c.Device
			return false
		}
		return !w.settled()
	})
	if err != nil || question == nil {
		return gap, err
	}
	return true, w.ask(ctx, device, *question)
}

// settled says whether there is nothing to wait for.
func (w *watcher) settled() bool {
	if len(w.states) < len(w.order) {
		return false
	}
	for _, st := range w.states {
		waiting := st.Question != nil && (w.decide == nil || w.asked[st.Question.ID])
		if st.Phase != procedure.Ended && !waiting {
			return false
		}
	}
	return true
}

func (w *watcher) show(c client.Change, before procedure.State, known bool) {
	if w.screen.live {
		w.screen.draw(w.lines())
		return
	}
	if w.output != "table" || known && before.Step == c.State.Step && status(before) == status(c.State) {
		return
	}
	text := fmt.Sprintf("%s  %s  %s  %s", time.Now().Format("15:04:05"), c.Device, c.State.Step, status(c.State))
	if more := detail(c.State); more != "" {
		text += "  " + more
	}
	if q := c.State.Question; q != nil {
		text += fmt.Sprintf("  -> drydock question answer %s %s", q.ID, choices(q.Choices))
	}
	fmt.Fprintln(w.Stderr, printable(text))
}

// barSteps are the cells of a progress bar.
var barSteps = []procedure.Step{procedure.Preflight, procedure.Backup, procedure.Keep, procedure.Load, procedure.Recover,
	procedure.Assess, procedure.Modify, procedure.Verify}

// maxLines is how many runs a screen shows; those that need a person first.
const maxLines = 30

func (w *watcher) lines() []string {
	shown := slices.Clone(w.order)
	if len(shown) > maxLines {
		slices.SortStableFunc(shown, func(a, b fleet.RunID) int { return urgency(w.states[b]) - urgency(w.states[a]) })
		shown = shown[:maxLines]
	}
	lines := make([]string, 0, len(shown)+1)
	for _, id := range shown {
		st := w.states[id]
		lines = append(lines, printable(fmt.Sprintf("%-20s [%s] %-13s %-9s %s", st.Plan.Device, bar(st), st.Step, status(st), detail(st))))
	}
	return append(lines, w.counts())
}

// urgency orders runs on a screen: questions, then active ones, then ended.
func urgency(st procedure.State) int {
	switch {
	case st.Question != nil:
		return 2
	case st.Phase != procedure.Ended:
		return 1
	}
	return 0
}

func bar(st procedure.State) string {
	if st.Step == procedure.Done {
		return strings.Repeat("#", len(barSteps))
	}
	done := max(0, slices.Index(barSteps, st.Step))
	if st.Step == procedure.RestoreFiles {
		return strings.Repeat("<", len(barSteps))
	}
	return strings.Repeat("#", done) + ">" + strings.Repeat(".", len(barSteps)-done-1)
}

func (w *watcher) counts() string {
	counts := map[string]int{}
	for _, id := range w.order {
		counts[status(w.states[id])]++
	}
	parts := make([]string, 0, len(counts))
	for _, k := range sortedKeys(counts) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[k], orDefault(k, "starting")))
	}
	return fmt.Sprintf("%d runs: %s", len(w.order), strings.Join(parts, ", "))
}

// ask has a question decided and gives the answer to the server.
func (w *watcher) ask(ctx context.Context, device fleet.DeviceID, q procedure.Question) error {
	w.asked[q.ID] = true
	choice, decided, err := w.decide(ctx, device, q)
	if err != nil || !decided {
		return err
	}
	answered, err := w.api.Answer(ctx, q.ID, choice, w.who())
	delete(w.states, answered.Run)     // what is known of it is from before the answer
	if fault.Is(err, fault.Conflict) { // somebody else was first
		fmt.Fprintf(w.Stderr, "  %v\n", err)
		return nil
	}
	return err
}

// prompt puts a question on the terminal. An empty answer leaves it open.
func (w *watcher) prompt(_ context.Context, device fleet.DeviceID, q procedure.Question) (procedure.Choice, bool, error) {
	w.screen.clear()
	fmt.Fprintf(w.Stderr, "\n%s failed at %s, attempt %d: %s\n  %s\n", printable(string(device)), q.Step, q.Attempt, q.Cause, printable(q.Detail))
	for {
		reply, err := w.askLine(fmt.Sprintf("  %s, or nothing to decide later? ", choices(q.Choices)))
		if err != nil || reply == "" {
			return "", false, nil
		}
		if slices.Contains(q.Choices, procedure.Choice(reply)) {
			return procedure.Choice(reply), true, nil
		}
		fmt.Fprintf(w.Stderr, "  %q is not one of the answers\n", reply)
	}
}

func (w *watcher) summary() {
	fmt.Fprintln(w.Stderr, w.counts())
	for _, id := range w.order {
		if q := w.states[id].Question; q != nil {
			fmt.Fprintf(w.Stderr, "waiting: drydock question answer %s %s\n", q.ID, choices(q.Choices))
		}
	}
}

// printStates writes the runs' newest states as data.
func (s *session) printStates(w *watcher) error {
	type view struct {
		Run    fleet.RunID     `json:"run"`
		Device fleet.DeviceID  `json:"device"`
		Status string          `json:"status"`
		State  procedure.State `json:"state"`
	}
	views := make([]view, 0, len(w.order))
	for _, id := range w.order {
		st := w.states[id]
		views = append(views, view{id, st.Plan.Device, status(st), st})
	}
	return s.print(views, nil)
}
