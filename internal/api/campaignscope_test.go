package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

// orders are campaigns that a person with the scope site=north tries, with
// what the refusal says; empty: they are let through, up to a release that is
// not there.
func orders() map[string]struct {
	spec    campaign.Spec
	refusal string
} {
	spec := func(t campaign.Targets) campaign.Spec {
		return campaign.Spec{Name: "x", Release: "none", Targets: t}
	}
	const beyond, noSouth = "--label site=north", "device south: there is no such device"
	return map[string]struct {
		spec    campaign.Spec
		refusal string
	}{
		"their label":         {spec(campaign.Targets{Labels: []string{"tier=edge", "site=north"}}), ""},
		"their device":        {spec(campaign.Targets{Devices: []fleet.DeviceID{"north"}}), ""},
		"all":                 {spec(campaign.Targets{}), beyond},
		"a driver":            {spec(campaign.Targets{Driver: "drydock-iad"}), beyond},
		"a filter":            {spec(campaign.Targets{Filter: "f"}), beyond},
		"another's label":     {spec(campaign.Targets{Labels: []string{"site=south"}}), beyond},
		"another's device":    {spec(campaign.Targets{Devices: []fleet.DeviceID{"north", "south"}}), noSouth},
		"their label, and an": {spec(campaign.Targets{Labels: []string{"site=north"}, Devices: []fleet.DeviceID{"south"}}), noSouth},
		"another's way back":  {campaign.Spec{Name: "x", Goal: "revert", Of: "campaign-south"}, "campaign campaign-south: there is no such campaign"},
	}
}

func testOrdersKeepScope(t *testing.T, y *yard, ask func(campaign.Spec) (path string, body any)) {
	t.Helper()
	for name, c := range orders() {
		path, body := ask(c.spec)
		got := y.ask("operator-north", http.MethodPost, path, body)
		want := c.refusal
		if want == "" {
			want = "release none: there is no such release"
		}
		if got.Code < 400 || !strings.Contains(got.Body.String(), want) {
			t.Errorf("%s: %d %s; want %q", name, got.Code, got.Body, want)
		}
		y.want(y.ask("operator", http.MethodPost, path, body), y.ask("bootstrap", http.MethodPost, path, body).Code)
	}
}

func testPlanCampaignScope(t *testing.T, y *yard) {
	testOrdersKeepScope(t, y, func(s campaign.Spec) (string, any) {
		return "/api/v1/campaigns/plan", client.CampaignPlanOrder{Spec: s}
	})
}

func testStartCampaignScope(t *testing.T, y *yard) {
	testOrdersKeepScope(t, y, func(s campaign.Spec) (string, any) { return "/api/v1/campaigns", client.CampaignOrder{Spec: &s} })
	testOrdersKeepScope(t, y, func(s campaign.Spec) (string, any) {
		return "/api/v1/campaigns", client.CampaignOrder{Plan: &campaign.Plan{Spec: s, Devices: []campaign.PlanDevice{}, Groups: []campaign.PlanGroup{}}}
	})
	spec := campaign.Spec{Name: "x", Release: "none", Targets: campaign.Targets{Labels: []string{"site=north"}}}
	y.want(y.ask("viewer-north", http.MethodPost, "/api/v1/campaigns", client.CampaignOrder{Spec: &spec}), http.StatusForbidden)
}

// TestCampaignOfTwoSites: who may not see each of its devices does not know of
// it; who may see all and command some is told so.
func TestCampaignOfTwoSites(t *testing.T) {
	y := newYard(t, nil)
	both := campaign.New("both", campaign.Spec{Name: "both"}.WithDefaults(), []int{2}, "ann", time.Now())
	must(t, y.Store.CreateCampaign(t.Context(), both, []campaign.Member{{Device: "north", State: campaign.Waiting}, {Device: "south", State: campaign.Waiting}}))
	y.user("mixed", access.Grant{Role: access.Viewer}, access.Grant{Role: access.Approver, Scope: "site=north"})
	for _, path := range []string{"", "/devices", "/events", "/report"} {
		y.want(y.ask("administrator-north", http.MethodGet, "/api/v1/campaigns/both"+path, nil), http.StatusNotFound, "campaign both: there is no such campaign")
	}
	if got := y.ask("operator-north", http.MethodGet, "/api/v1/campaigns", nil); strings.Contains(got.Body.String(), "both") {
		t.Errorf("listed: %s", got.Body)
	}
	y.want(y.ask("mixed", http.MethodGet, "/api/v1/campaigns/both", nil), http.StatusOK)
	for _, order := range []string{"pause", "resume", "approve", "cancel", "retry"} {
		body := map[string]string{}
		y.want(y.ask("mixed", http.MethodPost, "/api/v1/campaigns/both/"+order, body), http.StatusForbidden, "for each device of campaign both is needed")
		y.want(y.ask("operator-north", http.MethodPost, "/api/v1/campaigns/campaign-south/"+order, body), map[bool]int{true: http.StatusForbidden, false: http.StatusNotFound}[order == "approve"])
	}
	gone := campaign.New("gone", campaign.Spec{Name: "gone"}.WithDefaults(), []int{2}, "ann", time.Now())
	must(t, y.Store.CreateCampaign(t.Context(), gone, []campaign.Member{{Device: "north", State: campaign.Waiting}, {Device: "removed", State: campaign.Waiting}}))
	y.want(y.ask("operator-north", http.MethodGet, "/api/v1/campaigns/gone", nil), http.StatusNotFound)
	y.want(y.ask("operator", http.MethodGet, "/api/v1/campaigns/gone", nil), http.StatusOK)
}
