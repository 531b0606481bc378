package client

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// SelfRun is the newest run that a device has carried out by itself, as it has
// told it.
type SelfRun struct {
	Summary procedure.Summary     `json:"summary"`
	At      time.Time             `json:"at" doc:"when it was told"`
	Answer  *procedure.SelfAnswer `json:"answer,omitempty" doc:"to its open question; the device follows it when it asks next"`
}

// SelfRun gives what a device has told of its own run.
func (c *Client) SelfRun(ctx context.Context, id fleet.DeviceID) (r SelfRun, err error) {
	return r, c.call(ctx, http.MethodGet, "/api/v1/devices/"+url.PathEscape(string(id))+"/self", nil, nil, &r)
}

// AnswerSelf answers the open question of a device's own run.
func (c *Client) AnswerSelf(ctx context.Context, id fleet.DeviceID, a procedure.SelfAnswer) (r SelfRun, err error) {
	return r, c.call(ctx, http.MethodPost, "/api/v1/devices/"+url.PathEscape(string(id))+"/self/answer", nil, a, &r)
}
