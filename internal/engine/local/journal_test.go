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
	commits int
	// fail is asked before each commit: 0 goes well, 1 nothing is durable, 2
	// all is durable and an error is reported all the same.
	fail func(commit int) int
}

func newMemory() *memory {
	return &memory{runs: map[fleet.RunID]*store.RunRecord{}, journal: map[fleet.RunID][]procedure.Event{}, keys: map[string]fleet.RunID{}}
}

func (m *memory) Commit(_ context.Context, batch []store.Commit) ([]error, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.commits++
	how := 0
	if m.fail != nil {
		how = m.fail(m.commits)
	}
	if how == 1 {
		return nil, errDisk
	}
	errs := make([]error, len(batch))
	for i, c := range batch {
		errs[i] = m.commit(c)
	}
	if how == 2 {
		return nil, errDisk
	}
	return errs, nil
}

func (m *memory) commit(c store.Commit) error {
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
	record.Seq, record.State = c.Seq, through(c.State)
	m.journal[c.Run] = append(m.journal[c.Run], c.Event)
	return nil
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

func (m *memory) state(run fleet.RunID) procedure.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	if r := m.runs[run]; r != nil {
		return r.State
	}
	return procedure.State{}
}
