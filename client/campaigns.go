package client

import (
	"context"

	"drydock/internal/fault"
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
	Asking  int            `json:"asking" doc:"devices whose question waits for an answer; their wave waits with them"`
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

// OrderCampaign pauses, resumes, approves or cancels a campaign.
func (c *Client) OrderCampaign(ctx context.Context, id campaign.ID, what, by string) (Campaign, error) {
	switch what {
	case "pause":
		return c.PauseCampaign(ctx, id, by)
	case "resume":
		return c.ResumeCampaign(ctx, id, by)
	case "approve":
		return c.ApproveCampaign(ctx, id, by)
	case "cancel":
		return c.CancelCampaign(ctx, id, by)
	}
	return Campaign{}, fault.New(fault.Invalid, "", "campaign "+string(id), "%q is no order for it", what)
}

// CampaignRetry names the devices that get another chance; none: all that failed.
type CampaignRetry struct {
	Devices []fleet.DeviceID `json:"devices,omitempty"`
	By      string           `json:"by,omitempty"`
}
