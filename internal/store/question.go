package store

import (
	"context"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// QuestionFilter selects questions; empty fields select all.
type QuestionFilter struct {
	ID     string
	Open   bool // only those that wait for an answer
	Run    fleet.RunID
	Device fleet.DeviceID
	Step   procedure.Step
	Cause  procedure.Cause
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
func (s *Store) Questions(ctx context.Context, f QuestionFilter) ([]QuestionRecord, error) {
	panic("soon")
}
