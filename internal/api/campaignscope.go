package api

import (
	"context"
	"slices"
	"strings"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet/campaign"
)

// mayCampaign lets somebody at a campaign whose devices all lie where they may
// do it. One of which they may not see every device does not exist for them.
func (s *server) mayCampaign(ctx context.Context, r request, id campaign.ID) error {
	for _, need := range []access.Permission{access.View, r.route.need} {
		if r.who.MayEverywhere(need) {
			continue
		}
		inside, err := s.Store.CampaignWithin(ctx, id, r.who.Within(need))
		switch {
		case err != nil && !fault.Is(err, fault.NotFound):
			return err
		case inside:
		case need == access.View || err != nil:
			return absent(ofCampaign, string(id))
		default:
			return denied(r.who, need, "each device of campaign "+string(id))
		}
	}
	return nil
}

// mayTarget lets somebody with a scope order a campaign that keeps to it: by a
// label, by the names of devices, or by the campaign that it takes back. What
// happens to fit is not looked at: a refusal would tell of devices that they
// may not see.
func (s *server) mayTarget(ctx context.Context, spec campaign.Spec) error {
	r := requestOf(ctx)
	if r.who.MayEverywhere(r.route.need) {
		return nil
	}
	if err := s.may(ctx, spec.Targets.Devices...); err != nil {
		return err
	}
	scopes := r.who.Within(r.route.need)
	switch {
	case spec.Of != "":
		return s.mayCampaign(ctx, r, spec.Of)
	case len(spec.Targets.Devices) > 0, slices.ContainsFunc(scopes, func(scope access.Scope) bool { return keepsTo(spec.Targets, scope) }):
		return nil
	}
	var texts []string
	for _, scope := range scopes {
		texts = append(texts, "--label "+strings.ReplaceAll(string(scope), ",", " --label "))
	}
	return fault.New(fault.Denied, "", "campaign targets", "%s may order campaigns in a scope only, and these targets reach beyond it", r.who.Actor()).
		WithHint("give %s, or name the devices", strings.Join(texts, ", or "))
}

// keepsTo says whether the labels that targets must have are those of the scope.
func keepsTo(t campaign.Targets, scope access.Scope) bool {
	return !slices.ContainsFunc(scope.Labels(), func(l access.Label) bool { return !slices.Contains(t.Labels, l.Key+"="+l.Value) })
}

// visible keeps the campaigns that somebody may see.
func (s *server) visible(ctx context.Context, all []campaign.Campaign) (list []campaign.Campaign, err error) {
	scopes := within(ctx)
	if scopes == nil {
		return all, nil
	}
	for _, one := range all {
		inside, err := s.Store.CampaignWithin(ctx, one.ID, scopes)
		if err != nil {
			return nil, err
		}
		if inside {
			list = append(list, one)
		}
	}
	return list, nil
}
