package api

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/sse"

	"drydock/client"
	campaignreport "drydock/internal/api/report"
	"drydock/internal/engine/campaigns"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

type campaignID struct {
	ID campaign.ID `path:"id"`
}

// maxPlan bounds a plan that is sent back, for 100,000 devices.
const maxPlan = 128 << 20

func (s *server) campaigns() {
	register(s, post("plan-campaign", "/api/v1/campaigns/plan", "What a campaign would do, device by device; touches nothing"),
		func(ctx context.Context, in *body[client.CampaignPlanOrder]) (*body[campaign.Plan], error) {
			if err := s.mayTarget(ctx, in.Body.Spec); err != nil {
				return nil, err
			}
			return answer(s.Campaigns.Plan(ctx, in.Body.Spec, in.Body.Ask))
		})
	start := post("start-campaign", "/api/v1/campaigns", "Start a campaign, by its order or by a plan of it")
	start.MaxBodyBytes = maxPlan
	register(s, start, func(ctx context.Context, in *body[client.CampaignOrder]) (*body[client.Campaign], error) {
		o := in.Body
		if (o.Spec == nil) == (o.Plan == nil) {
			return nil, fault.New(fault.Invalid, "", "campaign", "either spec or plan is expected")
		}
		var spec campaign.Spec
		if o.Spec != nil {
			spec = *o.Spec
		} else {
			spec = o.Plan.Spec
		}
		if err := s.mayTarget(ctx, spec); err != nil {
			return nil, err
		}
		one, err := s.Campaigns.Start(ctx, campaigns.Order{Spec: spec, Plan: o.Plan, By: person(ctx), Key: o.Key})
		if err != nil {
			return nil, err
		}
		return answer(s.campaign(ctx, one))
	})
	register(s, get("list-campaigns", "/api/v1/campaigns", "Campaigns, newest first"), func(ctx context.Context, q *struct {
		Active bool        `query:"active" doc:"only those that are not over"`
		After  campaign.ID `query:"after" doc:"cursor: the last id of the page before"`
		Limit  int         `query:"limit" minimum:"1" maximum:"1000" default:"1000"`
	}) (*body[[]client.Campaign], error) {
		all, err := s.listed(ctx, q.Active, q.After)
		all = all[:min(len(all), q.Limit)]
		out := []client.Campaign{}
		for _, one := range all {
			view, e := s.campaign(ctx, one)
			if e != nil {
				return nil, e
			}
			out = append(out, view)
		}
		return list(out, err)
	})
	register(s, get("show-campaign", "/api/v1/campaigns/{id}", "One campaign"), func(ctx context.Context, in *campaignID) (*body[client.Campaign], error) {
		one, err := s.Store.Campaign(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(s.campaign(ctx, one))
	})
	register(s, get("campaign-devices", "/api/v1/campaigns/{id}/devices", "A campaign's devices, by id"), func(ctx context.Context, in *struct {
		ID    campaign.ID    `path:"id"`
		State campaign.State `query:"state"`
		Wave  int            `query:"wave" doc:"counts from 1; 0: all"`
		After fleet.DeviceID `query:"after" doc:"cursor: the last device of the page before"`
		Limit int            `query:"limit" minimum:"1" maximum:"20000" default:"1000"`
	}) (*body[[]campaign.Member], error) {
		f := store.MemberFilter{State: in.State, After: in.After, Limit: in.Limit}
		if in.Wave > 0 {
			wave := in.Wave - 1
			f.Wave = &wave
		}
		return list(s.Store.Members(ctx, in.ID, f))
	})
	s.campaignReport()
	s.campaignOrders()
	s.filters()
	sse.Register(s.api, get("campaign-events", "/api/v1/campaigns/{id}/events", "The campaign whenever it has changed, until it is over"),
		map[string]any{"message": client.Campaign{}}, s.campaignEvents)
	register(s, post("answer-questions", "/api/v1/answers", "Answer every open question that fits"),
		func(ctx context.Context, in *body[client.BulkAnswer]) (*body[client.BulkAnswered], error) {
			return answer(s.answerAll(ctx, in.Body))
		})
}

// campaignReport writes the printable report.
func (s *server) campaignReport() {
	op := get("campaign-report", "/api/v1/campaigns/{id}/report", "The printable report: one HTML file")
	op.Responses = map[string]*huma.Response{"200": {Description: "OK", Content: map[string]*huma.MediaType{"text/html": {}}}}
	register(s, op, func(ctx context.Context, in *campaignID) (*huma.StreamResponse, error) {
		one, err := s.Store.Campaign(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		members, err := s.Store.Members(ctx, in.ID, store.MemberFilter{})
		if err != nil {
			return nil, err
		}
		devices := make([]campaignreport.Device, len(members))
		for i, m := range members {
			devices[i].Member = m
			if m.Run == "" {
				continue
			}
			record, err := s.Store.Run(ctx, m.Run)
			if err != nil {
				return nil, err
			}
			devices[i].Run = &record.State
		}
		return &huma.StreamResponse{Body: func(ctx huma.Context) {
			ctx.SetHeader("Content-Type", "text/html; charset=utf-8")
			ctx.SetHeader("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
			if err := campaignreport.Write(ctx.BodyWriter(), one, devices); err != nil {
				s.Log.Warn("a campaign's report was not written whole", "campaign", in.ID, "err", err)
			}
		}}, nil
	})
}

// campaignOrders are what a person can order a campaign to do.
func (s *server) campaignOrders() {
	for _, o := range []struct {
		name, summary string
		do            func(context.Context, campaign.ID, string) (campaign.Campaign, error)
	}{
		{"pause", "Start no more devices; those that have not begun to load are called back", s.Campaigns.Pause},
		{"resume", "Go on; failures up to now are forgiven", s.Campaigns.Resume},
		{"approve", "Let the next wave begin; not by who started the campaign", s.Campaigns.Approve},
		{"cancel", "End it; what has begun to load goes through", s.Campaigns.Cancel},
	} {
		register(s, post(o.name+"-campaign", "/api/v1/campaigns/{id}/"+o.name, o.summary), func(ctx context.Context, in *struct {
			ID   campaign.ID `path:"id"`
			Body struct {
				By string `json:"by,omitempty"`
			}
		}) (*body[client.Campaign], error) {
			one, err := o.do(ctx, in.ID, person(ctx))
			if err != nil {
				return nil, err
			}
			return answer(s.campaign(ctx, one))
		})
	}
	register(s, post("retry-campaign", "/api/v1/campaigns/{id}/retry", "Give failed devices another chance"), func(ctx context.Context, in *struct {
		ID   campaign.ID `path:"id"`
		Body client.CampaignRetry
	}) (*body[client.Campaign], error) {
		if _, err := s.Campaigns.Retry(ctx, in.ID, in.Body.Devices); err != nil {
			return nil, err
		}
		one, err := s.Store.Campaign(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return answer(s.campaign(ctx, one))
	})
}

func (s *server) filters() {
	put := huma.Operation{OperationID: "put-filter", Method: http.MethodPut, Path: "/api/v1/filters/{name}", Summary: "Save targets under a name"}
	register(s, put, func(ctx context.Context, in *struct {
		Name string `path:"name" maxLength:"100"`
		Body campaign.Targets
	}) (*body[campaign.Targets], error) {
		return answer(in.Body, s.Campaigns.SaveFilter(ctx, in.Name, in.Body))
	})
	register(s, get("show-filter", "/api/v1/filters/{name}", "Targets that were saved under a name"), func(ctx context.Context, in *struct {
		Name string `path:"name"`
	}) (*body[campaign.Targets], error) {
		return answer(s.Campaigns.Filter(ctx, in.Name))
	})
	register(s, get("list-filters", "/api/v1/filters", "Saved targets, by name"), func(ctx context.Context, _ *struct{}) (*body[[]campaign.Filter], error) {
		return list(s.Campaigns.Filters(ctx))
	})
	register(s, operation(http.MethodDelete, "remove-filter", "/api/v1/filters/{name}", "Forget saved targets; campaigns that were started with them have their devices"), func(ctx context.Context, in *struct {
		Name string `path:"name"`
	}) (*struct{}, error) {
		return nil, s.Campaigns.RemoveFilter(ctx, in.Name)
	})
}

// campaign adds what the devices are doing.
func (s *server) campaign(ctx context.Context, one campaign.Campaign) (client.Campaign, error) {
	counts, err := s.Store.Tallies(ctx, one.ID)
	if err != nil {
		return client.Campaign{}, err
	}
	out := client.Campaign{Campaign: one, Tally: campaign.Tally{}, ByWave: make([]client.WaveTally, len(one.Sizes))}
	if out.Asking, err = s.Store.CountQuestions(ctx, store.QuestionFilter{Open: true, Campaign: one.ID}); err != nil {
		return out, err
	}
	for wave, tally := range counts {
		n := 0
		for _, k := range tally.States {
			n += k
		}
		out.Devices += n
		out.Tally = out.Tally.Plus(tally)
		if wave < len(out.ByWave) {
			out.ByWave[wave] = client.WaveTally{Devices: n, Tally: tally}
		}
	}
	return out, nil
}

// campaignPace bounds how often a watcher is told.
const campaignPace = 500 * time.Millisecond

func (s *server) campaignEvents(ctx context.Context, in *campaignID, send sse.Sender) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	changes := s.Campaigns.Watch(ctx)
	pace := time.NewTicker(campaignPace)
	defer pace.Stop()
	for changed := true; ; {
		if changed {
			one, err := s.Store.Campaign(ctx, in.ID)
			if err != nil {
				return
			}
			view, err := s.campaign(ctx, one)
			if err != nil || send.Data(view) != nil || one.Status.Over() && view.Tally.Open() == 0 {
				return
			}
			changed = false
		}
		select {
		case <-pace.C:
		case <-ctx.Done():
			return
		}
		for more := true; more; {
			select {
			case id, ok := <-changes:
				if !ok {
					return
				}
				changed = changed || id == in.ID
			default:
				more = false
			}
		}
	}
}

// answerAll answers what fits, one after another: the first answer to each
// question wins, and who comes second is told.
func (s *server) answerAll(ctx context.Context, b client.BulkAnswer) (out client.BulkAnswered, err error) {
	out.Answered, out.Refused = []string{}, []string{}
	records, err := s.Store.Questions(ctx, store.QuestionFilter{Open: true, Campaign: b.Campaign, Step: b.Step, Cause: b.Cause, Within: within(ctx)})
	if err != nil {
		return out, err
	}
	for _, q := range records {
		id := q.Question.ID
		if len(b.Questions) > 0 && !slices.Contains(b.Questions, id) {
			continue
		}
		if !slices.Contains(q.Question.Choices, b.Choice) {
			if len(b.Questions) > 0 {
				out.Refused = append(out.Refused, fmt.Sprintf("%s: %s is none of its answers", id, b.Choice))
			}
			continue
		}
		if _, err := s.Runtime.Answer(ctx, q.Run, procedure.Reply{Question: id, Choice: b.Choice, By: by(ctx, b.By)}); err != nil {
			out.Refused = append(out.Refused, fmt.Sprintf("%s: %v", id, err))
			continue
		}
		out.Answered = append(out.Answered, id)
	}
	out.Refused = append(out.Refused, s.lateFor(ctx, b, out)...)
	return out, nil
}

// lateFor says of the questions that an answer names, and that were not open
// any more, what became of them.
func (s *server) lateFor(ctx context.Context, b client.BulkAnswer, out client.BulkAnswered) (late []string) {
	for _, id := range b.Questions {
		told := slices.ContainsFunc(out.Refused, func(why string) bool { return strings.HasPrefix(why, id+": ") })
		if told || slices.Contains(out.Answered, id) {
			continue
		}
		q, err := s.question(ctx, id)
		if err == nil {
			err = s.mayObject(ctx, requestOf(ctx), ofQuestion, id)
		}
		switch {
		case fault.Is(err, fault.NotFound):
			late = append(late, id+": there is no such question")
		case err != nil:
			late = append(late, fmt.Sprintf("%s: %v", id, err))
		case q.Open:
			late = append(late, id+": it is not among those that step, cause and campaign choose")
		case q.Choice == "":
			late = append(late, id+": it is no longer open")
		default:
			late = append(late, fmt.Sprintf("%s: %s has answered it with %q", id, q.AnsweredBy, q.Choice))
		}
	}
	return late
}

// listed gives the campaigns that whoever asks may see, newest first; after an
// id, those that are older, whether that one is over by now or not.
func (s *server) listed(ctx context.Context, active bool, after campaign.ID) ([]campaign.Campaign, error) {
	all, err := s.Store.Campaigns(ctx, active && after == "")
	if err == nil {
		all, err = s.visible(ctx, all)
	}
	if err != nil || after == "" {
		return all, err
	}
	at := slices.IndexFunc(all, func(c campaign.Campaign) bool { return c.ID == after })
	if at < 0 {
		return nil, absent("campaign", string(after))
	}
	return slices.DeleteFunc(all[at+1:], func(c campaign.Campaign) bool { return active && c.Status.Over() }), nil
}
