package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
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
	// ClashPair: the device that is in the way, which campaign has it in flight,
	// and the label that both have, as "pair-id=7"; Run may be empty still.
	Device   fleet.DeviceID
	Campaign campaign.ID
	Label    string
}

// ClashKind says which rule refused.
type ClashKind string

// The rules.
const (
	ClashSeq        ClashKind = "seq"         // the run's newest entry is not the one before
	ClashDevice     ClashKind = "device"      // the device has another active run (I5)
	ClashRequestKey ClashKind = "request-key" // the request has started a run already (I12)
	ClashPair       ClashKind = "pair"        // a device with the same exclusive label is in flight (I15)
)

func (c *Clash) Error() string {
	switch c.Kind {
	case ClashDevice:
		return fmt.Sprintf("the device has the active run %s", c.Run)
	case ClashPair:
		return fmt.Sprintf("campaign %s has %s under way, which has the label %s as well: never both at once", c.Campaign, c.Device, c.Label)
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
	Within  []access.Scope // of the devices; nil: the whole fleet
	Active  *bool          // has not ended
	// Outcomes are those of ended runs; none: all runs.
	Outcomes []procedure.Outcome
	After    fleet.RunID // cursor: the last id of the page before
	Limit    int         // 0: no limit
}

const runColumns = "SELECT id, seq, state, sum, started_at, updated_at FROM run"

func runObject(id fleet.RunID) string { return "run " + string(id) }

func scanRun(r scanner) (rec RunRecord, err error) {
	var id, state string
	var sum, startedAt, updatedAt int64
	if err := r.Scan(&id, &rec.Seq, &state, &sum, &startedAt, &updatedAt); err != nil {
		return rec, err
	}
	rec.StartedAt, rec.UpdatedAt = fromMicros(startedAt), fromMicros(updatedAt)
	return rec, unpack(state, sum, &rec.State, "run "+id, id, strconv.Itoa(rec.Seq))
}

// RunByRequestKey gives the run that a request has started.
func (s *Store) RunByRequestKey(ctx context.Context, key string) (id fleet.RunID, found bool, err error) {
	err = s.readOne(ctx, "SELECT id FROM run WHERE request_key = ?", []any{key}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return id, err == nil, s.explain("store.RunByRequestKey", "", err)
}

// Run gives one run, or fault.NotFound.
func (s *Store) Run(ctx context.Context, id fleet.RunID) (rec RunRecord, err error) {
	found := false
	err = s.read(ctx, runColumns+" WHERE id = ?", []any{id}, func(rows *sql.Rows) (err error) {
		found = true
		rec, err = scanRun(rows)
		return err
	})
	if err == nil && !found {
		err = notFound(runObject(id))
	}
	return rec, s.explain("store.Run", runObject(id), err)
}

// Runs gives the selected runs, newest first.
func (s *Store) Runs(ctx context.Context, f RunFilter) (runs []RunRecord, err error) {
	var sel selection
	sel.within("run.device", f.Within)
	sel.equal("device", string(f.Device))
	sel.equal("release_id", string(f.Release))
	switch {
	case f.Active == nil:
	case *f.Active:
		sel.and("active = 1")
	default:
		sel.and("active = 0")
	}
	if len(f.Outcomes) > 0 {
		sel.and("active = 0")
		either, args := []string{}, []any{}
		for _, o := range f.Outcomes { // within a text of the document the quotes have a backslash
			either, args = append(either, `state LIKE ? ESCAPE '\'`), append(args, like(`"outcome":"`+string(o)+`"`))
		}
		sel.and("("+strings.Join(either, " OR ")+")", args...)
	}
	if f.After != "" {
		sel.and("(started_at, id) < (SELECT started_at, id FROM run WHERE id = ?)", f.After)
	}
	query, args := sel.query(runColumns, "ORDER BY started_at DESC, id DESC", f.Limit)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		rec, err := scanRun(rows)
		runs = append(runs, rec)
		return err
	})
	return runs, s.explain("store.Runs", "", err)
}

// ActiveRuns gives every run that has not ended to each, until it returns an
// error.
func (s *Store) ActiveRuns(ctx context.Context, each func(RunRecord) error) error {
	err := s.read(ctx, runColumns+" WHERE active = 1", nil, func(rows *sql.Rows) error {
		rec, err := scanRun(rows)
		if err != nil {
			return err
		}
		return each(rec)
	})
	return s.explain("store.ActiveRuns", "", err)
}

// Journal gives a run's entries after the one with sequence number after.
func (s *Store) Journal(ctx context.Context, run fleet.RunID, after int) (entries []Entry, err error) {
	err = s.read(ctx, "SELECT seq, event, sum FROM journal WHERE run = ? AND seq > ? ORDER BY seq", []any{run, after},
		func(rows *sql.Rows) error {
			e := Entry{Run: run}
			var event string
			var sum int64
			if err := rows.Scan(&e.Seq, &event, &sum); err != nil {
				return err
			}
			object := fmt.Sprintf("run %s entry %d", run, e.Seq)
			if want := after + len(entries) + 1; e.Seq != want {
				return corrupt(object, "entry %d is missing", want)
			}
			if err := unpack(event, sum, &e.Event, object, string(run), strconv.Itoa(e.Seq)); err != nil {
				return err
			}
			if e.Event.Format != procedure.Format {
				return corrupt(object, "its format is %d, this drydock reads %d", e.Event.Format, procedure.Format)
			}
			entries = append(entries, e)
			return nil
		})
	return entries, s.explain("store.Journal", runObject(run), err)
}
