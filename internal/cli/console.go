package cli

import (
	"context"
	"errors"
	"fmt"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/sync/errgroup"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// errLeft ends a watch that the person left.
var errLeft = fmt.Errorf("the watch was left: %w", context.Canceled)

// console is a watch on a person's terminal: a live picture of the runs, and
// beneath it the oldest open question. The picture goes on while the person
// thinks; nothing is chosen until they choose it, nothing is answered until
// they press Enter.
type console struct {
	*watcher
	ctx           context.Context //nolint:containedctx // the model lives as long as one call of watcher.console
	width, height int
	queue         []fleet.RunID    // runs in the order in which they asked
	shown         string           // the question that is on the screen, by ID
	choice        procedure.Choice // of the question on the screen; "" = none yet
	alike         bool             // the answer is for all questions like this one
	notes         []string         // what the last answers met
	err           error
}

type (
	changed client.Change
	ended   struct{ err error }
	replied struct {
		note string
		err  error
	}
)

// console runs the picture until nothing more is to be waited for, or the
// person leaves.
func (w *watcher) console(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := &console{watcher: w, ctx: ctx, width: 80, height: 24}
	program := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(w.Stdin), tea.WithOutput(w.screen()), tea.WithoutSignalHandler())
	var feed errgroup.Group
	feed.Go(func() error {
		err := w.follow(ctx, func(c client.Change) bool {
			program.Send(changed(c))
			return true
		})
		program.Send(ended{err})
		return nil
	})
	_, err := program.Run()
	outside := ctx.Err()
	cancel()
	_ = feed.Wait() // its error came as a message
	switch {
	case outside != nil:
		return outside
	case m.err != nil:
		return m.err
	}
	return err
}

// Init is part of tea.Model.
func (*console) Init() tea.Cmd { return nil }

// Update is part of tea.Model: it takes in one thing that happened.
func (m *console) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	var cmd tea.Cmd
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case changed:
		cmd = m.change(client.Change(msg))
	case ended:
		m.fail(msg.err)
	case replied:
		m.note(msg.note)
		m.fail(msg.err)
	case tea.KeyPressMsg:
		cmd = m.press(msg.String())
	}
	m.present()
	if m.err != nil || m.settled() {
		return m, tea.Sequence(cmd, tea.Quit)
	}
	return m, cmd
}

func (m *console) fail(err error) {
	if err != nil && m.err == nil && !errors.Is(err, context.Canceled) {
		m.err = err
	}
}

func (m *console) note(text string) {
	if text == "" {
		return
	}
	m.notes = append(m.notes, printable(text))
	m.notes = m.notes[max(0, len(m.notes)-3):]
}

// change takes in a run's new state.
func (m *console) change(c client.Change) tea.Cmd {
	m.states[c.Run] = c.State
	q := m.open(c.Run)
	if q == nil {
		return nil
	}
	if m.decide == nil {
		m.queue = append(m.queue, c.Run)
		return nil
	}
	choice, err := m.decide(c.Device, *q)
	if err != nil {
		m.fail(err)
		return nil
	}
	return tea.Sequence(tea.Println(answeredLine(c.Device, *q, choice)), m.give(*q, choice))
}

// give answers a question, outside of the picture's own loop.
func (m *console) give(q procedure.Question, choice procedure.Choice) tea.Cmd {
	m.answered[q.ID] = true
	return func() tea.Msg {
		note, err := m.answer(m.ctx, q, choice)
		return replied{note, err}
	}
}

// present puts the oldest open question on the screen. The choice that was
// made for another one does not count for it.
func (m *console) present() {
	for len(m.queue) > 0 && m.open(m.queue[0]) == nil {
		m.queue = m.queue[1:]
	}
	id := ""
	if len(m.queue) > 0 {
		id = m.open(m.queue[0]).ID
	}
	if id != m.shown {
		m.shown, m.choice, m.alike = id, "", false
	}
}

// likeIt are the runs whose open question is like the one on the screen, that
// one first.
func (m *console) likeIt() []fleet.RunID {
	if len(m.queue) == 0 {
		return nil
	}
	first := m.open(m.queue[0])
	seen := map[string]bool{}
	var runs []fleet.RunID
	for _, id := range m.queue {
		q := m.open(id)
		if q == nil || seen[q.ID] || !sameQuestion(*first, *q) {
			continue
		}
		seen[q.ID] = true
		runs = append(runs, id)
	}
	return runs
}

// sameQuestion says whether two questions differ in their device only.
func sameQuestion(a, b procedure.Question) bool {
	return a.Step == b.Step && a.Op == b.Op && a.Cause == b.Cause && a.Attempt == b.Attempt && choices(a.Choices) == choices(b.Choices)
}

// press does what a key means.
func (m *console) press(key string) tea.Cmd {
	if key == "ctrl+c" {
		m.err = errLeft
		return nil
	}
	if m.shown == "" {
		return nil
	}
	q := m.open(m.queue[0])
	switch key {
	case "enter":
		return m.confirm()
	case "l", "esc":
		for _, id := range m.meant() {
			m.left[m.open(id).ID] = true
		}
	case "a":
		m.alike = !m.alike && len(m.likeIt()) > 1
	case "tab", "right":
		m.choice = stepTo(q.Choices, m.choice, 1)
	case "shift+tab", "left":
		m.choice = stepTo(q.Choices, m.choice, -1)
	default:
		for _, c := range q.Choices {
			if keyOf(c) == key {
				m.choice = c
			}
		}
	}
	return nil
}

// meant are the runs that an answer is for.
func (m *console) meant() []fleet.RunID {
	if m.alike {
		return m.likeIt()
	}
	return m.queue[:1]
}

// confirm gives the chosen answer.
func (m *console) confirm() tea.Cmd {
	if m.choice == "" {
		return nil
	}
	var cmds []tea.Cmd
	for _, id := range m.meant() {
		q := *m.open(id)
		cmds = append(cmds, tea.Println(answeredLine(m.states[id].Plan.Device, q, m.choice)), m.give(q, m.choice))
	}
	return tea.Sequence(cmds...)
}

// stepTo gives the choice next to one, in a circle.
func stepTo(list []procedure.Choice, from procedure.Choice, by int) procedure.Choice {
	for i, c := range list {
		if c == from {
			return list[(i+by+len(list))%len(list)]
		}
	}
	if by < 0 {
		return list[len(list)-1]
	}
	return list[0]
}

// keyOf is the key of a choice; the picture marks it in the choice's name.
func keyOf(c procedure.Choice) string {
	if c == procedure.Restore {
		return "f" // "r" repeats
	}
	return string(c[:1])
}
