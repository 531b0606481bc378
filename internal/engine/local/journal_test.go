package local

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

var _ Journal = (*store.Store)(nil)

var errDisk = errors.New("disk on fire")

// memory is a Journal that can be told to fail: before anything is durable, or
// after all is, unreported.
type memory struct {
	mu      sync.Mutex
	runs    map[fleet.RunID]*store.RunRecord
	journal map[fleet.RunID][]procedure.Event
	keys    map[string]fleet.RunID
	asked   map[string]store.QuestionRecord
	commits int
	// fail is asked before each commit; nil: all goes well.
	fail func(commit int) failure
	// refuse is asked about each entry; nil: all are taken.
	refuse func(ev procedure.Event) bool
}

type failure int

const (
	well       failure = iota
	undone             // nothing is durable
	unreported         // all is durable, and an error is reported all the same
	full               // there is no room: nothing is durable, and it may be tried again
)

func newMemory() *memory {
	return &memory{runs: map[fleet.RunID]*store.RunRecord{}, journal: map[fleet.RunID][]procedure.Event{}, keys: map[string]fleet.RunID{},
		asked: map[string]store.QuestionRecord{}}
}

func (m *memory) Commit(_ context.Context, batch []store.Commit) ([]error, error) {
	m.mu.Lock()
	m.commits++
	n, fail, how := m.commits, m.fail, well
	m.mu.Unlock()
	if fail != nil {
		how = fail(n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	switch how {
	case undone:
		return nil, errDisk
	case full:
		return nil, fault.New(fault.Full, "", "", "no room")
	}
	errs := make([]error, len(batch))
	bad := map[fleet.RunID]error{}
	for i, c := range batch {
		if errs[i] = bad[c.Run]; errs[i] == nil {
			errs[i] = m.commit(c)
			bad[c.Run] = errs[i]
		}
	}
	if how == unreported {
		return nil, errDisk
	}
	return errs, nil
}

func (m *memory) commit(c store.Commit) error {
	if m.refuse != nil && m.refuse(c.Event) {
		return fault.New(fault.Invalid, "", "run "+string(c.Run), "refused")
	}
	record := m.runs[c.Run]
	if c.Seq == 1 {
		if id, ok := m.keys[c.RequestKey]; ok && c.RequestKey != "" {
			return fault.New(fault.Conflict, "", "", "%w", &store.Clash{Kind: store.ClashRequestKey, Run: id})
		}
		for id, other := range m.runs {
			if other.State.Plan.Device == c.State.Plan.Device && other.State.Phase != procedure.Ended {
				return fault.New(fault.Conflict, "", "", "%w", &store.Clash{Kind: store.ClashDevice, Run: id})
			}
		}
		record = &store.RunRecord{}
		m.runs[c.Run] = record
		if c.RequestKey != "" {
			m.keys[c.RequestKey] = c.Run
		}
	}
	if record == nil || record.Seq != c.Seq-1 {
		return fault.New(fault.Conflict, "", "", "%w", &store.Clash{Kind: store.ClashSeq, Run: c.Run})
	}
	m.question(record.State, c)
	record.Seq, record.State, record.UpdatedAt = c.Seq, through(c.State), c.Event.At
	m.journal[c.Run] = append(m.journal[c.Run], c.Event)
	return nil
}

// question keeps the record of questions in step with the state.
func (m *memory) question(before procedure.State, c store.Commit) {
	if q := before.Question; q != nil && (c.State.Question == nil || c.State.Question.ID != q.ID) {
		rec := m.asked[q.ID]
		rec.Open, rec.Choice, rec.AnsweredBy, rec.AnsweredAt = false, c.Event.Choice, c.Event.By, c.Event.At
		m.asked[q.ID] = rec
	}
	if q := c.State.Question; q != nil {
		m.asked[q.ID] = store.QuestionRecord{Question: *q, Run: c.Run, Device: c.State.Plan.Device, Open: true}
	}
}

func (m *memory) Questions(_ context.Context, f store.QuestionFilter) ([]store.QuestionRecord, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if rec, ok := m.asked[f.ID]; ok && rec.Run == f.Run {
		return []store.QuestionRecord{rec}, nil
	}
	return nil, nil
}

func (m *memory) Run(_ context.Context, id fleet.RunID) (store.RunRecord, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.runs[id]; r != nil {
		return *r, nil
	}
	return store.RunRecord{}, fault.New(fault.NotFound, "", "run "+string(id), "there is no such run")
}

// entries gives a run's journal.
func (m *memory) entries(run fleet.RunID) []procedure.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.journal[run])
}

// through takes a state through its encoding, as a real journal does.
func through(s procedure.State) (out procedure.State) {
	raw, err := json.Marshal(s)
	if err == nil {
		err = json.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(err)
	}
	return out
}

func (m *memory) ActiveRuns(_ context.Context, each func(store.RunRecord) error) error {
	m.mu.Lock()
	records := make([]store.RunRecord, 0, len(m.runs))
	for _, r := range m.runs {
		if r.State.Phase != procedure.Ended {
			records = append(records, *r)
		}
	}
	m.mu.Unlock()
	slices.SortFunc(records, func(a, b store.RunRecord) int {
		if a.State.Plan.Run < b.State.Plan.Run {
			return -1
		}
		return 1
	})
	for _, r := range records {
		if err := each(r); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) RunByRequestKey(_ context.Context, key string) (fleet.RunID, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := m.keys[key]
	return id, ok, nil
}

// count is how many commits there were.
func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.commits
}

func (m *memory) state(run fleet.RunID) procedure.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.runs[run]; r != nil {
		return r.State
	}
	return procedure.State{}
}
