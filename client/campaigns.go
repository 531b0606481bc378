package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
)

// CampaignPlanOrder asks what a campaign would do.
type CampaignPlanOrder struct {
	Spec campaign.Spec `json:"spec"`
	Ask  bool          `json:"ask,omitempty" doc:"read every device as preflight does; takes longer and finds more"`
}

// CampaignOrder starts a campaign: by its order, or by a plan of it that was
// looked at.
type CampaignOrder struct {
	Spec *campaign.Spec `json:"spec,omitempty"`
	Plan *campaign.Plan `json:"plan,omitempty" doc:"refused if the world has changed since it was made"`
	By   string         `json:"by,omitempty" doc:"who starts it"`
	Key  string         `json:"key,omitempty" maxLength:"200" doc:"the same key of the same user gives the same campaign"`
}

// Campaign is a campaign with what its devices are doing.
type Campaign struct {
	campaign.Campaign
	Tally   campaign.Tally `json:"tally" doc:"of all devices"`
	ByWave  []WaveTally    `json:"byWave"`
	Devices int            `json:"devices"`
}

// WaveTally counts one wave's devices.
type WaveTally struct {
	Devices int            `json:"devices"`
	Tally   campaign.Tally `json:"tally"`
}

// BulkAnswer answers every open question that it fits and that allows the
// answer; empty fields fit all.
type BulkAnswer struct {
	Choice    procedure.Choice `json:"choice" enum:"repeat,stop,restore-files,proceed"`
	Step      procedure.Step   `json:"step,omitempty"`
	Cause     procedure.Cause  `json:"cause,omitempty"`
	Campaign  campaign.ID      `json:"campaign,omitempty"`
	Questions []string         `json:"questions,omitempty" doc:"only these"`
	By        string           `json:"by,omitempty"`
}

// BulkAnswered says what became of a BulkAnswer.
type BulkAnswered struct {
	Answered []string `json:"answered" doc:"questions"`
	Refused  []string `json:"refused" doc:"questions that somebody else has answered meanwhile, or that do not allow it, each with why"`
}

// PlanCampaign says what a campaign would do.
func (c *Client) PlanCampaign(ctx context.Context, o CampaignPlanOrder) (p campaign.Plan, err error) {
	return p, c.slow(ctx, http.MethodPost, "/api/v1/campaigns/plan", nil, o, &p)
}

// StartCampaign starts a campaign.
func (c *Client) StartCampaign(ctx context.Context, o CampaignOrder) (out Campaign, err error) {
	return out, c.slow(ctx, http.MethodPost, "/api/v1/campaigns", nil, o, &out)
}

// Campaigns lists campaigns, newest first; active leaves out those that are over.
func (c *Client) Campaigns(ctx context.Context, active bool) (list []Campaign, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/campaigns", url.Values{"active": {strconv.FormatBool(active)}}, nil, &list)
}

// Campaign gives one campaign.
func (c *Client) Campaign(ctx context.Context, id campaign.ID) (out Campaign, err error) {
	return out, c.call(ctx, http.MethodGet, campaignPath(id, ""), nil, nil, &out)
}

// CampaignDevices gives the devices of a campaign by id; state may be empty.
func (c *Client) CampaignDevices(ctx context.Context, id campaign.ID, state campaign.State, after fleet.DeviceID, limit int) (list []campaign.Member, err error) {
	v := url.Values{}
	if state != "" {
		v.Set("state", string(state))
	}
	if after != "" {
		v.Set("after", string(after))
	}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return list, c.call(ctx, http.MethodGet, campaignPath(id, "/devices"), v, nil, &list)
}

func campaignPath(id campaign.ID, rest string) string {
	return "/api/v1/campaigns/" + url.PathEscape(string(id)) + rest
}

// OrderCampaign pauses, resumes, approves or cancels a campaign.
func (c *Client) OrderCampaign(ctx context.Context, id campaign.ID, what, by string) (out Campaign, err error) {
	return out, c.call(ctx, http.MethodPost, campaignPath(id, "/"+what), nil, map[string]string{"by": by}, &out)
}

// RetryCampaign gives failed devices another chance: those named, or all.
func (c *Client) RetryCampaign(ctx context.Context, id campaign.ID, devices []fleet.DeviceID, by string) (out Campaign, err error) {
	return out, c.call(ctx, http.MethodPost, campaignPath(id, "/retry"), nil, CampaignRetry{Devices: devices, By: by}, &out)
}

// CampaignRetry names the devices that get another chance; none: all that failed.
type CampaignRetry struct {
	Devices []fleet.DeviceID `json:"devices,omitempty"`
	By      string           `json:"by,omitempty"`
}

// WatchCampaign gives the campaign whenever it has changed, until it is over,
// ctx ends or seen returns false.
func (c *Client) WatchCampaign(ctx context.Context, id campaign.ID, seen func(Campaign) bool) error {
	resp, err := c.send(ctx, http.MethodGet, campaignPath(id, "/events"), nil, "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return stream(ctx, c, resp.Body, seen)
}

// CampaignReport gives the printable report, HTML in one file.
func (c *Client) CampaignReport(ctx context.Context, id campaign.ID) (html []byte, err error) {
	return html, c.slow(ctx, http.MethodGet, campaignPath(id, "/report"), nil, nil, &html)
}

// PutFilter saves targets under a name.
func (c *Client) PutFilter(ctx context.Context, name string, t campaign.Targets) error {
	return c.call(ctx, http.MethodPut, "/api/v1/filters/"+url.PathEscape(name), nil, t, nil)
}

// AnswerAll answers many questions at once.
func (c *Client) AnswerAll(ctx context.Context, b BulkAnswer) (out BulkAnswered, err error) {
	return out, c.call(ctx, http.MethodPost, "/api/v1/answers", nil, b, &out)
}
