package api

import (
	"context"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

func (s *server) questions() {
	register(s, get("list-questions", "/api/v1/questions", "Questions that wait for an answer"), func(ctx context.Context, q *struct {
		All   bool   `query:"all" doc:"answered and withdrawn ones too"`
		After string `query:"after" doc:"cursor: the last id of the page before"`
		Limit int    `query:"limit" minimum:"0" maximum:"10000" doc:"0: all"`
	}) (*body[[]client.Question], error) {
		if err := s.mayGoOn(ctx, ofQuestion, q.After); err != nil {
			return nil, err
		}
		records, err := s.Store.Questions(ctx, store.QuestionFilter{Open: !q.All, Within: within(ctx), After: q.After, Limit: q.Limit})
		return list(mapped(records, question), err)
	})
	register(s, get("show-question", "/api/v1/questions/{id}", "One question, open or not"), func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*body[client.Question], error) {
		return answer(s.question(ctx, in.ID))
	})
	op := post("answer-question", "/api/v1/questions/{id}/answer", "Answer; the first answer wins")
	op.MaxBodyBytes = maxConfiguration
	register(s, op, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body client.Reply
	}) (*body[client.Question], error) {
		return answer(s.answer(ctx, in.ID, in.Body))
	})
}

// maxConfiguration bounds an answer with a configuration in it, in base64.
const maxConfiguration = 96 << 20

func (s *server) answer(ctx context.Context, id string, r client.Reply) (client.Question, error) {
	before, err := s.question(ctx, id)
	if err != nil {
		return before, err
	}
	if !before.Open && before.Choice != "" {
		return before, fault.New(fault.Conflict, "", "question "+id, "%s has answered it with %q", before.AnsweredBy, before.Choice)
	}
	reply := procedure.Reply{Question: id, Choice: r.Choice, By: by(ctx, r.By)}
	if len(r.Configuration) > 0 {
		if reply.Edited, err = s.Engine.Edit(ctx, before.Run, id, r.Configuration, reply.By); err != nil {
			return before, err
		}
	}
	if _, err := s.Runtime.Answer(ctx, before.Run, reply); err != nil {
		return before, err
	}
	return s.question(ctx, id)
}

func (s *server) question(ctx context.Context, id string) (client.Question, error) {
	records, err := s.Store.Questions(ctx, store.QuestionFilter{ID: id})
	if err != nil {
		return client.Question{}, err
	}
	if len(records) == 0 {
		return client.Question{}, fault.New(fault.NotFound, "", "question "+id, "there is no such question").
			WithHint("drydock question list shows the open ones")
	}
	return question(records[0]), nil
}

func question(r store.QuestionRecord) client.Question {
	return client.Question{Question: r.Question, Run: r.Run, Device: r.Device, Open: r.Open,
		Choice: r.Choice, AnsweredBy: r.AnsweredBy, AnsweredAt: r.AnsweredAt}
}
