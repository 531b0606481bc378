package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

// Watch gives changes to seen as they happen until ctx ends or seen returns
// false. runs names the runs to watch; none means all. Changes since the
// runs' start are given first.
func (c *Client) Watch(ctx context.Context, runs []fleet.RunID, seen func(Change) bool) error {
	v := url.Values{}
	for _, run := range runs {
		v.Add("run", string(run))
	}
	resp, err := c.send(ctx, http.MethodGet, "/api/v1/events", v, "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return stream(ctx, c, resp.Body, seen)
}

// stream reads server-sent events until seen returns false.
func stream[T any](ctx context.Context, c *Client, body io.Reader, seen func(T) bool) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var event T
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return fault.New(fault.Unavailable, "", "server "+c.base, "its event stream is not understood: %w", err)
		}
		if !seen(event) {
			return nil
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fault.New(fault.Unavailable, "", "server "+c.base, "the event stream ended: %w", errors.Join(lines.Err(), io.EOF))
}

// Discover looks for equipment and gives every step of it to seen until the
// last address was asked or seen returns false. It only reads.
func (c *Client) Discover(ctx context.Context, s Sweep, seen func(Swept) bool) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/discover", nil, "application/json", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var failed string
	err = stream(ctx, c, resp.Body, func(step Swept) bool {
		failed = step.Error
		return failed == "" && seen(step) && step.Asked < step.Total
	})
	if failed != "" {
		return fault.New(fault.Invalid, "", "", "%s", failed)
	}
	return err
}

// WatchCampaign gives the campaign whenever it has changed, until it is over,
// ctx ends or seen returns false.
func (c *Client) WatchCampaign(ctx context.Context, id campaign.ID, seen func(Campaign) bool) error {
	resp, err := c.send(ctx, http.MethodGet, "/api/v1/campaigns/"+url.PathEscape(string(id))+"/events", nil, "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return stream(ctx, c, resp.Body, seen)
}
