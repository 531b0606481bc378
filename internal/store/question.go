package store

import (
	"context"
	"database/sql"
	"time"

	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// QuestionFilter selects questions; empty fields select all.
type QuestionFilter struct {
	ID       string
	Open     bool // only those that wait for an answer
	Run      fleet.RunID
	Campaign campaign.ID // of the runs that are under way in it
	Device   fleet.DeviceID
	Step     procedure.Step
	Cause    procedure.Cause
	Within   []access.Scope // of the devices; nil: the whole fleet
	After    string         // cursor: the last id of the page before, closed by now or not
	Limit    int            // 0: no limit
}

// QuestionRecord is a question with what became of it.
type QuestionRecord struct {
	Question   procedure.Question
	Run        fleet.RunID
	Device     fleet.DeviceID
	Open       bool
	Choice     procedure.Choice // the answer; empty: none, or withdrawn
	AnsweredBy string           // who answered, or who stopped the run
	AnsweredAt time.Time        // when it was closed
}

// Questions gives the selected questions in the order in which they were asked.
func (s *Store) Questions(ctx context.Context, f QuestionFilter) (records []QuestionRecord, err error) {
	sel := f.selection()
	query, args := sel.query("SELECT id, run, device, open, doc, sum, choice, answered_by, answered_at FROM question", "ORDER BY asked_at, id", f.Limit)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error {
		rec, err := scanQuestion(rows)
		records = append(records, rec)
		return err
	})
	return records, s.explain("store.Questions", "", err)
}

// CountQuestions says how many questions are selected.
func (s *Store) CountQuestions(ctx context.Context, f QuestionFilter) (n int, err error) {
	sel := f.selection()
	query, args := sel.query("SELECT COUNT(*) FROM question", "", 0)
	err = s.read(ctx, query, args, func(rows *sql.Rows) error { return rows.Scan(&n) })
	return n, s.explain("store.CountQuestions", "", err)
}

func (f QuestionFilter) selection() (sel selection) {
	sel.equal("id", f.ID)
	if f.Open {
		sel.and("open = 1")
	}
	sel.equal("run", string(f.Run))
	if f.Campaign != "" {
		sel.and("run IN (SELECT m.run FROM member m WHERE m.campaign = ? AND m.state = ?)", f.Campaign, campaign.Running)
	}
	sel.equal("device", string(f.Device))
	sel.equal("step", string(f.Step))
	sel.equal("cause", string(f.Cause))
	sel.within("question.device", f.Within)
	if f.After != "" {
		sel.and("(asked_at, id) > (SELECT q.asked_at, q.id FROM question q WHERE q.id = ?)", f.After)
	}
	return sel
}

func scanQuestion(r scanner) (rec QuestionRecord, err error) {
	var id, doc string
	var sum, answeredAt int64
	if err := r.Scan(&id, &rec.Run, &rec.Device, &rec.Open, &doc, &sum, &rec.Choice, &rec.AnsweredBy, &answeredAt); err != nil {
		return rec, err
	}
	rec.AnsweredAt = fromMicros(answeredAt)
	return rec, unpack(doc, sum, &rec.Question, "question "+id, id, string(rec.Run))
}
