package agent

import (
	"context"
	"net/url"
	"os"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// reporting is what is told to the management system of the equipment's own
// run.
type reporting struct {
	http   serverHTTP
	path   string
	news   chan procedure.Summary // the newest; it replaces one that was not told yet
	waited time.Duration          // between asking for an answer
}

// askEvery is how often the answer to an open question is asked for, and how
// long after a failure it is told again.
const askEvery = 5 * time.Second

// newReporting reads where to report; nil where the settings name no server.
func (a *Agent) newReporting() (*reporting, error) {
	s := a.s.Autonomous
	if s == nil || s.Server == "" {
		return nil, nil
	}
	h, err := newHTTP(Enrolment{Server: s.Server, CA: s.CA})
	if err != nil {
		return nil, err
	}
	token, err := os.ReadFile(s.Token)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "autonomous.token", "%w", err)
	}
	h.token = strings.TrimSpace(string(token))
	every := time.Duration(s.Ask)
	if every == 0 {
		every = askEvery
	}
	return &reporting{http: h, path: "/api/v1/devices/" + url.PathEscape(s.Device) + "/self", news: make(chan procedure.Summary, 1), waited: every}, nil
}

// put makes a summary the one that is told next.
func (r *reporting) put(s procedure.Summary) {
	if r == nil {
		return
	}
	for {
		select {
		case r.news <- s:
			return
		default:
		}
		select {
		case <-r.news: // it is older
		default:
		}
	}
}

// report tells the newest state until ctx ends, and takes the user's answers.
// A server that is away holds nothing up: the newest state is told when it is
// there again.
func (a *Agent) report(ctx context.Context) error {
	r := a.reports
	var newest procedure.Summary
	tell := false
	tick := time.NewTicker(r.waited)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case newest = <-r.news:
			tell = true
		case <-tick.C:
			tell = tell || newest.Question != nil
		}
		if !tell {
			continue
		}
		var told struct {
			Answer *procedure.SelfAnswer `json:"answer"`
		}
		if err := r.http.send(ctx, "PUT", r.path, newest, &told); err != nil {
			if ctx.Err() == nil {
				a.log.Warn("the run was not reported", "err", err)
			}
			continue
		}
		tell = false
		if told.Answer == nil {
			continue
		}
		if err := a.self.Answer(told.Answer.Question, told.Answer.Choice, told.Answer.By); err != nil {
			a.log.Warn("an answer was not taken", "question", told.Answer.Question, "err", err)
		}
	}
}
