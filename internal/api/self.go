package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// selfRuns are the operations of equipment that carries out its run by itself:
// it tells what becomes of it, and takes its user's answers with it.
func (s *server) selfRuns() {
	put := operation(http.MethodPut, "tell-self-run", "/api/v1/devices/{id}/self", "A device tells of the run that it carries out by itself; the answer to its question comes back")
	put.DefaultStatus = http.StatusOK
	register(s, put, func(ctx context.Context, in *struct {
		ID   fleet.DeviceID `path:"id"`
		Body procedure.Summary
	}) (*body[client.SelfRun], error) {
		return answer(s.tellSelf(ctx, in.ID, in.Body))
	})
	register(s, get("show-self-run", "/api/v1/devices/{id}/self", "The newest run that a device has carried out by itself"), func(ctx context.Context, in *deviceID) (*body[client.SelfRun], error) {
		return answer(s.selfRun(ctx, in.ID))
	})
	register(s, post("answer-self-run", "/api/v1/devices/{id}/self/answer", "Answer the open question of a device's own run; the first answer wins"), func(ctx context.Context, in *struct {
		ID   fleet.DeviceID `path:"id"`
		Body procedure.SelfAnswer
	}) (*body[client.SelfRun], error) {
		return answer(s.answerSelf(ctx, in.ID, in.Body))
	})
}

func selfKey(id fleet.DeviceID) string { return "self/" + string(id) }

func (s *server) selfRun(ctx context.Context, id fleet.DeviceID) (r client.SelfRun, err error) {
	raw, err := s.Store.Setting(ctx, selfKey(id))
	if fault.Is(err, fault.NotFound) {
		return r, fault.New(fault.NotFound, "", "device "+string(id), "it has told of no run of its own")
	}
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(raw, &r)
}

func (s *server) putSelf(ctx context.Context, id fleet.DeviceID, r client.SelfRun) error {
	raw, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.Store.PutSetting(ctx, selfKey(id), raw, false)
}

// tellSelf keeps what the device tells, and an answer for as long as its
// question is open.
func (s *server) tellSelf(ctx context.Context, id fleet.DeviceID, told procedure.Summary) (r client.SelfRun, err error) {
	s.enrolling.Lock()
	defer s.enrolling.Unlock()
	if _, err := s.Store.Device(ctx, id); err != nil {
		return r, err
	}
	before, err := s.selfRun(ctx, id)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return r, err
	}
	r = client.SelfRun{Summary: told, At: time.Now().UTC().Truncate(time.Second)}
	if a := before.Answer; a != nil && told.Question != nil && a.Question == told.Question.ID {
		r.Answer = a
	}
	return r, s.putSelf(ctx, id, r)
}

func (s *server) answerSelf(ctx context.Context, id fleet.DeviceID, a procedure.SelfAnswer) (client.SelfRun, error) {
	s.enrolling.Lock()
	defer s.enrolling.Unlock()
	r, err := s.selfRun(ctx, id)
	if err != nil {
		return r, err
	}
	q := r.Summary.Question
	switch {
	case q == nil || a.Question != "" && a.Question != q.ID:
		return r, fault.New(fault.Conflict, "", "device "+string(id), "that question is not open")
	case r.Answer != nil:
		return r, fault.New(fault.Conflict, "", "device "+string(id), "%s has answered it with %q", r.Answer.By, r.Answer.Choice)
	case !slices.Contains(q.Choices, a.Choice):
		return r, fault.New(fault.Invalid, "", "device "+string(id), "%q is no answer here; it can be %v", a.Choice, q.Choices)
	}
	r.Answer = &procedure.SelfAnswer{Question: q.ID, Choice: a.Choice, By: by(ctx, a.By)}
	return r, s.putSelf(ctx, id, r)
}
