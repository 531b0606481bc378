package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// Commit makes events durable in one transaction with one fsync. The first
// result has one error for each commit, in their order: nil, or the
// fault.Conflict (cause *Clash) of a commit that did not fit, which does not
// fail those of other runs; later commits of the same run in the batch fail
// with it. The second is an error of the whole: then nothing is known to be
// durable.
//
// Within a batch, runs that end make way for runs that start. The open question
// of each run is kept in step with State.Question.
func (s *Store) Commit(ctx context.Context, batch []Commit) ([]error, error) {
	const op = "store.Commit"
	errs := make([]error, len(batch))
	rounds := arrange(batch, errs)
	refused := slices.Clone(errs)
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		copy(errs, refused) // this may be another try
		failed := map[fleet.RunID]error{}
		for _, round := range rounds {
			if err := t.commitRound(ctx, round, errs, failed); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.explain(op, "", err)
	}
	return errs, nil
}

// change is one commit in the form in which it is written.
type change struct {
	*Commit
	at    int // its place in the batch
	event string
	state string
}

// arrange encodes the commits and sorts them into rounds, so that no round has
// two of the same run. What cannot be written gets its error here, and so do
// the later ones of its run.
func arrange(batch []Commit, errs []error) (rounds [][]*change) {
	count := map[fleet.RunID]int{}
	bad := map[fleet.RunID]error{}
	for i := range batch {
		c := &batch[i]
		if errs[i] = bad[c.Run]; errs[i] != nil {
			continue
		}
		ch, err := encode(c, i)
		if err != nil {
			errs[i], bad[c.Run] = err, err
			continue
		}
		round := count[c.Run]
		count[c.Run]++
		if round == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[round] = append(rounds[round], ch)
	}
	return rounds
}

func encode(c *Commit, at int) (*change, error) {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "store.Commit", runObject(c.Run), format, args...)
	}
	plan := c.State.Plan
	switch {
	case c.Run == "" || plan.Run != c.Run || plan.Device == "":
		return nil, wrong("the state is of run %q, device %q", plan.Run, plan.Device)
	case c.Seq < 1:
		return nil, wrong("entry %d; the first is 1", c.Seq)
	case c.RequestKey != "" && c.Seq != 1:
		return nil, wrong("entry %d has a request key; only the first may", c.Seq)
	case c.State.Format != procedure.Format || c.Event.Format != procedure.Format:
		return nil, wrong("format %d and %d; it must be %d", c.State.Format, c.Event.Format, procedure.Format)
	}
	texts := []string{string(c.Run), string(plan.Device), string(plan.Release), c.RequestKey}
	if err := storable(runObject(c.Run), texts...); err != nil {
		return nil, err
	}
	event, err := json.Marshal(c.Event)
	if err != nil {
		return nil, wrong("event: %w", err)
	}
	state, err := json.Marshal(c.State)
	if err != nil {
		return nil, wrong("state: %w", err)
	}
	return &change{c, at, string(event), string(state)}, nil
}

func (ch *change) active() int64 { return flag(ch.State.Phase != procedure.Ended) }

func (ch *change) stateSum() int64 {
	return checksum(ch.state, string(ch.Run), strconv.Itoa(ch.Seq))
}

// commitRound writes at most one commit a run.
func (t *tx) commitRound(ctx context.Context, round []*change, errs []error, failed map[fleet.RunID]error) error {
	var starts, goesOn []*change
	for _, ch := range round {
		switch {
		case failed[ch.Run] != nil:
			errs[ch.at] = failed[ch.Run]
		case ch.Seq == 1:
			starts = append(starts, ch)
		default:
			goesOn = append(goesOn, ch)
		}
	}
	written := make([]*change, 0, len(round))
	for _, part := range []struct {
		changes []*change
		write   func(context.Context, []*change) (map[fleet.RunID]bool, error)
	}{{goesOn, t.advanceRuns}, {starts, t.startRuns}} { // ends first: they free their devices
		took, err := part.write(ctx, part.changes)
		if err != nil {
			return err
		}
		for _, ch := range part.changes {
			if took[ch.Run] {
				written = append(written, ch)
				continue
			}
			clash, err := t.clash(ctx, ch)
			if err != nil {
				return err
			}
			errs[ch.at], failed[ch.Run] = clash, clash
		}
	}
	if err := t.writeJournal(ctx, written); err != nil {
		return err
	}
	if err := t.closeQuestions(ctx, written); err != nil {
		return err
	}
	if err := t.openQuestions(ctx, written); err != nil {
		return err
	}
	return t.noticesOf(ctx, written)
}

func (t *tx) advanceRuns(ctx context.Context, changes []*change) (map[fleet.RunID]bool, error) {
	const types = "(CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT))"
	return t.bulk(ctx, changes, "WITH v (id, seq, active, state, sum, at) AS (VALUES ", types, `)
		UPDATE run SET seq = v.seq, active = v.active, state = v.state, sum = v.sum, updated_at = v.at
		FROM v WHERE run.id = v.id AND run.seq = v.seq - 1 RETURNING run.id`,
		func(ch *change) []any {
			return []any{ch.Run, ch.Seq, ch.active(), ch.state, ch.stateSum(), micros(ch.Event.At)}
		})
}

func (t *tx) startRuns(ctx context.Context, changes []*change) (map[fleet.RunID]bool, error) {
	changes, err := t.unpaired(ctx, changes)
	if err != nil {
		return nil, err
	}
	return t.bulk(ctx, changes, `INSERT INTO run (id, device, release_id, request_key, active, seq, state, sum, started_at, updated_at) VALUES `,
		"(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", " ON CONFLICT DO NOTHING RETURNING id",
		func(ch *change) []any {
			key := sql.NullString{String: ch.RequestKey, Valid: ch.RequestKey != ""}
			at := micros(ch.Event.At)
			return []any{ch.Run, ch.State.Plan.Device, ch.State.Plan.Release, key, ch.active(), ch.Seq, ch.state, ch.stateSum(), at, at}
		})
}

func (t *tx) writeJournal(ctx context.Context, changes []*change) error {
	_, err := t.bulk(ctx, changes, "INSERT INTO journal (run, seq, at, event, sum) VALUES ", "(?, ?, ?, ?, ?)", "",
		func(ch *change) []any {
			return []any{ch.Run, ch.Seq, micros(ch.Event.At), ch.event, checksum(ch.event, string(ch.Run), strconv.Itoa(ch.Seq))}
		})
	return err
}

// closeQuestions closes what is open and is not the state's question any more.
func (t *tx) closeQuestions(ctx context.Context, changes []*change) error {
	const types = "(CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS TEXT), CAST(? AS BIGINT))"
	_, err := t.bulk(ctx, changes, "WITH v (run, keep, choice, answered_by, at) AS (VALUES ", types, `)
		UPDATE question SET open = 0, choice = v.choice, answered_by = v.answered_by, answered_at = v.at
		FROM v WHERE question.run = v.run AND question.open = 1 AND question.id <> v.keep`,
		func(ch *change) []any {
			keep := ""
			if q := ch.State.Question; q != nil {
				keep = q.ID
			}
			return []any{ch.Run, keep, ch.Event.Choice, asText(ch.Event.By), micros(ch.Event.At)}
		})
	return err
}

func (t *tx) openQuestions(ctx context.Context, changes []*change) error {
	for _, ch := range changes {
		q := ch.State.Question
		if q == nil {
			continue
		}
		doc, err := json.Marshal(q)
		if err != nil {
			return err
		}
		err = t.exec(ctx, `INSERT INTO question (id, run, device, step, cause, open, asked_at, doc, sum)
			VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING`,
			q.ID, ch.Run, ch.State.Plan.Device, q.Step, q.Cause, micros(q.AskedAt), string(doc), checksum(doc, q.ID, string(ch.Run)))
		if err != nil {
			return err
		}
	}
	return nil
}

// clash finds out why a commit did not fit.
func (t *tx) clash(ctx context.Context, ch *change) (error, error) {
	device := string(ch.State.Plan.Device)
	look := []struct {
		kind  ClashKind
		where string
		arg   string
	}{{ClashRequestKey, "request_key = ?", ch.RequestKey}, {ClashSeq, "id = ?", string(ch.Run)}, {ClashDevice, "device = ? AND active = 1", device}}
	if ch.Seq > 1 {
		look = look[1:2]
	}
	for _, l := range look {
		c := &Clash{Kind: l.kind}
		err := t.row(ctx, "SELECT id, seq FROM run WHERE "+l.where, []any{l.arg}, &c.Run, &c.Seq)
		if err == nil {
			return fault.New(fault.Conflict, "store.Commit", runObject(ch.Run), "entry %d: %w", ch.Seq, c), nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return nil, err
		}
	}
	if pair, err := t.pairOf(ctx, ch); err != nil || ch.Seq == 1 && pair != nil {
		return fault.New(fault.Conflict, "store.Commit", runObject(ch.Run), "entry %d: %w", ch.Seq, pair), err
	}
	c := &Clash{Kind: ClashSeq, Run: ch.Run}
	return fault.New(fault.Conflict, "store.Commit", runObject(ch.Run), "entry %d: %w", ch.Seq, c), nil
}
