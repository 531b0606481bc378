package cli

import (
	"context"
	"errors"
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
		return printable(string(st.Result.Outcome))
	case st.Question != nil:
		return "asks"
	case st.StopBy != "":
		return "stopping"
	}
	return printable(string(st.Phase))
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

// watcher knows how the watched runs stand.
type watcher struct {
	*session
	api      *client.Client
	order    []fleet.RunID
	states   map[fleet.RunID]procedure.State
	left     map[string]bool // questions that were left open, by ID
	answered map[string]bool // questions that were answered here, until the run's next change
	decide   decider         // answers instead of a person; nil = a person does, where there is a terminal
}

// decider answers the question of a device without a person. It does not block.
type decider func(fleet.DeviceID, procedure.Question) (procedure.Choice, error)

// watch follows runs until each has ended or waits for an answer that nobody
// gives now: on a terminal with a live picture that asks the runs' questions,
// elsewhere with a line for each change. Its error carries the exit code.
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
	return &watcher{
		session: s, api: api, order: runs, states: map[fleet.RunID]procedure.State{},
		left: map[string]bool{}, answered: map[string]bool{},
	}
}

// run follows the runs until nothing more is to be waited for.
func (w *watcher) run(ctx context.Context) error {
	if w.IsTerminal && w.output == "table" {
		return w.console(ctx)
	}
	return w.plain(ctx)
}

// follow gives the runs' changes to seen until that returns false. It begins
// anew with every run's state where the server had to leave out too much.
func (w *watcher) follow(ctx context.Context, seen func(client.Change) bool) error {
	for {
		gap := false
		err := w.api.Watch(ctx, w.order, func(c client.Change) bool {
			gap = c.Run == ""
			return !gap && seen(c)
		})
		if err != nil || !gap {
			return err
		}
	}
}

// settled says whether there is nothing to wait for.
func (w *watcher) settled() bool {
	if len(w.states) < len(w.order) {
		return false
	}
	for _, st := range w.states {
		waits := st.Question != nil && w.left[st.Question.ID]
		if st.Phase != procedure.Ended && !waits {
			return false
		}
	}
	return true
}

// open is a run's question that nobody has decided about here.
func (w *watcher) open(id fleet.RunID) *procedure.Question {
	q := w.states[id].Question
	if q == nil || w.left[q.ID] || w.answered[q.ID] {
		return nil
	}
	return q
}

// answer gives an answer to the server. Where somebody else was first, that is
// no error: it says so.
func (w *watcher) answer(ctx context.Context, q procedure.Question, choice procedure.Choice) (note string, err error) {
	_, err = w.api.Answer(ctx, q.ID, choice, w.who())
	if fault.Is(err, fault.Conflict) {
		return err.Error(), nil
	}
	return "", err
}

// plain writes a line for each change, and leaves questions open unless there
// is somebody to decide.
func (w *watcher) plain(ctx context.Context) error {
	var failed error
	err := w.follow(ctx, func(c client.Change) bool {
		before, known := w.states[c.Run]
		w.states[c.Run] = c.State
		w.tell(c, before, known)
		if q := w.open(c.Run); q != nil {
			if failed = w.settle(ctx, c.Device, *q); failed != nil {
				return false
			}
		}
		return !w.settled()
	})
	return errors.Join(failed, err)
}

// settle has a question decided, or leaves it open.
func (w *watcher) settle(ctx context.Context, device fleet.DeviceID, q procedure.Question) error {
	if w.decide == nil {
		w.left[q.ID] = true
		return nil
	}
	choice, err := w.decide(device, q)
	if err != nil {
		return err
	}
	fmt.Fprintln(w.Stderr, answeredLine(device, q, choice))
	w.answered[q.ID] = true
	note, err := w.answer(ctx, q, choice)
	if note != "" {
		fmt.Fprintln(w.Stderr, printable(note))
	}
	return err
}

// answeredLine is the record of an answer on the screen.
func answeredLine(device fleet.DeviceID, q procedure.Question, choice procedure.Choice) string {
	return printable(fmt.Sprintf("%s asked at %s, attempt %d: %s: %s -> %s", device, q.Step, q.Attempt, q.Cause, q.Detail, choice))
}

// tell writes a change as a line.
func (w *watcher) tell(c client.Change, before procedure.State, known bool) {
	if w.output != "table" || known && before.Step == c.State.Step && status(before) == status(c.State) {
		return
	}
	text := fmt.Sprintf("%s  %s  %s  %s", time.Now().Format("15:04:05"), c.Device, c.State.Step, status(c.State))
	if more := detail(c.State); more != "" {
		text += "  " + more
	}
	if q := c.State.Question; q != nil && w.decide == nil {
		text += fmt.Sprintf("  -> drydock question answer %s %s", q.ID, choices(q.Choices))
	}
	fmt.Fprintln(w.Stderr, printable(text))
}

// barSteps are the cells of a progress bar.
var barSteps = []procedure.Step{procedure.Preflight, procedure.Backup, procedure.Keep, procedure.Load, procedure.Recover,
	procedure.Assess, procedure.Modify, procedure.Verify}

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
	return fmt.Sprintf("%s: %s", count(len(w.order), "run"), strings.Join(parts, ", "))
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
