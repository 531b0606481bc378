package store

import (
	"context"
	"fmt"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Entry is one entry of a run's journal. Seq counts from 1 without gaps.
type Entry struct {
	Run   fleet.RunID
	Seq   int
	Event procedure.Event
}

// Commit is an event to be made durable, with the state that it led to.
type Commit struct {
	Run        fleet.RunID
	Seq        int // the entry's own: the newest one of the run, plus one; the first is 1
	Event      procedure.Event
	State      procedure.State
	RequestKey string // only with the first: the same key never starts a second run (I12)
}

// Clash is the cause (errors.As) of the fault.Conflict that refuses a Commit.
type Clash struct {
	Kind ClashKind
	Run  fleet.RunID // the run that is in the way
	Seq  int         // its newest entry
}

// ClashKind says which rule refused.
type ClashKind string

// The rules.
const (
	ClashSeq        ClashKind = "seq"         // the run's newest entry is not the one before
	ClashDevice     ClashKind = "device"      // the device has another active run (I5)
	ClashRequestKey ClashKind = "request-key" // the request has started a run already (I12)
)

func (c *Clash) Error() string {
	switch c.Kind {
	case ClashDevice:
		return fmt.Sprintf("the device has the active run %s", c.Run)
	case ClashRequestKey:
		return fmt.Sprintf("the request has started run %s already", c.Run)
	}
	return fmt.Sprintf("run %s has %d entries", c.Run, c.Seq)
}

// RunRecord is a run as it is now.
type RunRecord struct {
	State     procedure.State
	Seq       int // of its newest entry
	StartedAt time.Time
	UpdatedAt time.Time
}

// RunFilter selects runs; empty fields select all.
type RunFilter struct {
	Device  fleet.DeviceID
	Release fleet.ReleaseID
	Active  *bool       // has not ended
	After   fleet.RunID // cursor: the last id of the page before
	Limit   int         // 0: no limit
}

// Commit makes events durable in one transaction with one fsync. The first
// result has one error for each commit, in their order: nil, or the
// fault.Conflict (cause *Clash) of a commit that did not fit, which does not
// fail those of other runs; later commits of the same run in the batch fail
// with it. The second is an error of the whole: then nothing is known to be
// durable.
//
// The open question of each run is kept in step with State.Question.
func (s *Store) Commit(ctx context.Context, batch []Commit) ([]error, error) { panic("soon") }

// RunByRequestKey gives the run that a request has started.
func (s *Store) RunByRequestKey(ctx context.Context, key string) (fleet.RunID, bool, error) {
	panic("soon")
}

// Run gives one run, or fault.NotFound.
func (s *Store) Run(ctx context.Context, id fleet.RunID) (RunRecord, error) { panic("soon") }

// Runs gives the selected runs, newest first.
func (s *Store) Runs(ctx context.Context, f RunFilter) ([]RunRecord, error) { panic("soon") }

// ActiveRuns gives every run that has not ended to each, until it returns an
// error.
func (s *Store) ActiveRuns(ctx context.Context, each func(RunRecord) error) error { panic("soon") }

// Journal gives a run's entries after the one with sequence number after.
func (s *Store) Journal(ctx context.Context, run fleet.RunID, after int) ([]Entry, error) {
	panic("soon")
}
