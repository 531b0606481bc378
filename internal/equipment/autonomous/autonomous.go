// Package autonomous lets the equipment carry out the whole procedure itself:
// package procedure, with the equipment's own operations as its effects and a
// journal on flash. Whatever ends the process, the next one replays the journal
// and goes on; an effect whose outcome is not in it is looked for, never
// repeated blindly.
//
// It commands nothing that the interface unit could not be commanded: each
// effect is a row of the operation table, so that a management system sees it
// and cannot interfere. It decides nothing that procedure does not.
package autonomous

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Unit is the equipment as it is commanded: see equipment.Equipment.
type Unit interface {
	Begin(equipment.Order) error
	Outcome(index uint32) (equipment.State, equipment.Failure, bool)
	Identity() equipment.Identity
}

// Box is what is read from the equipment.
type Box interface {
	Facts() equipment.Facts
	Archive() ([]byte, error)
}

// Options are what a Runner is made of. All but Pack are needed.
type Options struct {
	Unit  Unit
	Box   Box
	Files equipment.FileClient
	FS    disk.FS
	Dir   string             // for the journal and the backups; it must exist
	Pack  equipment.Migrator // nil: nothing is ever modified
	Tell  func(State)        // called with every new state, one after the other
	Log   *slog.Logger
}

// State is a run as others may see it.
type State struct {
	procedure.State
	Source Source
}

// Source is where a release comes from, and whose word is believed about it.
type Source struct {
	Server   equipment.Server `json:"-"`
	Protocol string           `json:"protocol"` // tftp, ftp or local
	Address  string           `json:"address,omitempty"`
	Names    []string         `json:"names"` // image, manifest, and perhaps the patch
	Version  string           `json:"version"`
	Digest   string           `json:"digest"` // of the image
}

// Ruling is what the user has said beforehand.
type Ruling struct {
	Windows  *procedure.Windows
	Repeat   int // of steps that fail, before anybody is asked
	Question time.Duration
}

// Runner carries out one run at a time. Its methods may be called at once.
type Runner struct {
	o       Options
	journal journal
	events  chan procedure.Event
	orders  chan func() error

	mu     sync.Mutex // owns what follows
	state  procedure.State
	source Source
}

// The files in the directory.
const (
	journalFile = "journal"
	sourceFile  = "source.json"
)

// Open reads the journal.
func Open(o Options) (*Runner, error) {
	r := &Runner{o: o, journal: journal{o.FS, filepath.Join(o.Dir, journalFile)}, events: make(chan procedure.Event, 16), orders: make(chan func() error)}
	text, err := o.FS.ReadFile(r.path(sourceFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err == nil {
		if err := json.Unmarshal(text, &r.source); err != nil {
			return nil, fmt.Errorf("%s: %w", r.path(sourceFile), err)
		}
		if r.source.Server, err = parseServer(r.source.Protocol, r.source.Address); err != nil {
			return nil, err
		}
	}
	events, err := r.journal.read()
	if err != nil {
		return nil, err
	}
	for i, ev := range events {
		if r.state, _, err = procedure.Next(r.state, ev); err != nil {
			return nil, fmt.Errorf("journal %s: entry %d: %w", r.journal.path, i+1, err)
		}
	}
	return r, nil
}

func (r *Runner) path(name string) string { return filepath.Join(r.o.Dir, name) }

// State is the newest run; its Phase is empty where there was none.
func (r *Runner) State() State {
	r.mu.Lock()
	defer r.mu.Unlock()
	return State{r.state, r.source}
}

// idle says whether no run is under way.
func (r *Runner) idle() bool {
	s := r.State()
	return s.Phase == "" || s.Phase == procedure.Ended
}

// Run drives until ctx ends. A run that is under way then goes on in the next
// process.
func (r *Runner) Run(ctx context.Context) error {
	var work sync.WaitGroup
	defer work.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d := &driving{r: r, ctx: ctx, work: &work, going: map[uint64]context.CancelFunc{}}
	if !r.idle() {
		if err := d.step(procedure.Event{Kind: procedure.Restarted}); err != nil {
			return err
		}
	}
	for {
		timer, stop := r.deadline()
		var err error
		select {
		case <-ctx.Done():
			stop()
			return nil
		case ev := <-r.events:
			err = d.step(ev)
		case order := <-r.orders:
			err = order()
			if err == nil {
				continue // its event follows
			}
		case <-timer:
			err = d.step(procedure.Event{Kind: procedure.Overdue, Token: r.State().Token})
		}
		stop()
		if err != nil {
			return err
		}
	}
}

// deadline is a channel that tells when the state's deadline has come.
func (r *Runner) deadline() (<-chan time.Time, func()) {
	s := r.State()
	if s.Deadline.IsZero() || s.Phase == procedure.Ended {
		return nil, func() {}
	}
	t := time.NewTimer(time.Until(s.Deadline) + time.Millisecond)
	return t.C, func() { t.Stop() }
}

// Order starts a run from a source, whose manifest has been read. The error is
// a *Failure with Busy where one is under way.
func (r *Runner) Order(ctx context.Context, s Source, rule Ruling) error {
	done := make(chan error, 1)
	order := func() error {
		done <- r.order(s, rule)
		return nil
	}
	select {
	case r.orders <- order:
		return <-done
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *Runner) order(s Source, rule Ruling) error {
	if !r.idle() {
		return &equipment.Failure{Cause: equipment.Busy, Text: "a run is under way"}
	}
	id := r.o.Unit.Identity()
	now := time.Now()
	plan := procedure.Plan{Run: fleet.RunID(fmt.Sprintf("self-%d", now.UnixMilli())), Device: fleet.DeviceID(id.Serial), Target: s.Version,
		Release: fleet.ReleaseID(s.Version), Recover: fleet.RecoverOriginal, Protocol: s.Protocol, CanKeep: true, QuestionTimeout: rule.Question,
		Windows: rule.Windows, Timeouts: map[procedure.Op]time.Duration{procedure.OpUpdate: 30 * time.Minute, procedure.OpRestoreFiles: 20 * time.Minute}}
	if rule.Repeat > 0 {
		for _, step := range []procedure.Step{procedure.Backup, procedure.Load, procedure.Recover} {
			plan.Standing = append(plan.Standing, procedure.Standing{Step: step, Repeat: rule.Repeat})
		}
	}
	if err := plan.Check(); err != nil {
		return err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := r.journal.clear(); err != nil {
		return err
	}
	if err := disk.Replace(r.o.FS, r.path(sourceFile), text, 0o600); err != nil {
		return err
	}
	r.mu.Lock()
	r.state, r.source = procedure.State{}, s
	r.mu.Unlock()
	r.events <- procedure.Event{Kind: procedure.Started, Plan: &plan}
	return nil
}

// Answer gives a person's answer to the open question. An answer that does not
// fit is an error and changes nothing.
func (r *Runner) Answer(question string, choice procedure.Choice, by string) error {
	ev := procedure.Reply{Question: question, Choice: choice, By: by}.Event()
	ev.Format, ev.At = procedure.Format, time.Now()
	if _, _, err := procedure.Next(r.State().State, ev); err != nil {
		return err
	}
	r.events <- ev
	return nil
}

// driving is the loop's own: what goes on for which token.
type driving struct {
	r     *Runner
	ctx   context.Context //nolint:containedctx // of the loop, which ends with it
	work  *sync.WaitGroup
	going map[uint64]context.CancelFunc
}

// step takes one event: durable first, then its actions. One that does not fit
// is late, and dropped.
func (d *driving) step(ev procedure.Event) error {
	r := d.r
	ev.Format = procedure.Format
	if ev.At.IsZero() {
		ev.At = time.Now()
	}
	next, actions, err := procedure.Next(r.State().State, ev)
	if err != nil {
		r.o.Log.Debug("event was dropped", "event", ev.Kind, "err", err)
		return nil
	}
	if err := r.journal.append(ev); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	r.mu.Lock()
	r.state = next
	told := State{next, r.source}
	r.mu.Unlock()
	r.o.Log.Info("run", "event", ev.Kind, "step", next.Step, "phase", next.Phase, "op", next.Op, "cause", ev.Cause, "detail", ev.Detail)
	if r.o.Tell != nil {
		r.o.Tell(told)
	}
	for _, a := range actions {
		d.let(next, a)
	}
	return nil
}

// let carries out an action, in a goroutine of its own where it takes time.
func (d *driving) let(s procedure.State, a procedure.Action) {
	switch a.Kind {
	case procedure.Abandon:
		if cancel := d.going[a.Token]; cancel != nil {
			cancel()
		}
		return
	case procedure.Perform, procedure.Await, procedure.Probe, procedure.Read:
	default:
		return // a question is in the state for all to see; nothing is held
	}
	ctx, cancel := context.WithCancel(d.ctx)
	d.going[a.Token] = cancel
	t := task{Runner: d.r, state: s, action: a}
	d.work.Go(func() {
		defer cancel()
		ev := t.outcome(ctx)
		if ctx.Err() == nil {
			t.report(ctx, ev)
		}
	})
}

// Manifest fetches and checks what a source says of its release.
func Manifest(ctx context.Context, files equipment.FileClient, s equipment.Server, name string, parse func([]byte) (install.Manifest, error)) (install.Manifest, error) {
	text := &limited{left: 64 << 10}
	if err := files.Fetch(ctx, s, name, text); err != nil {
		return install.Manifest{}, err
	}
	return parse(text.b)
}

type limited struct {
	b    []byte
	left int
}

// Write takes what there is room for.
func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		return 0, errors.New("the manifest is too large")
	}
	l.b = append(l.b, p...)
	return len(p), nil
}
