package api

import (
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/engine"
	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// The API's types are the published ones of package client; these turn the
// engine's into them and back.

func order(o client.RunOrder) (engine.Order, error) {
	out := engine.Order{Devices: o.Devices, Release: o.Release, Goal: o.Goal, Backup: o.Backup, Standing: o.Standing,
		Timeouts: map[procedure.Op]time.Duration{}, Protocol: o.Protocol, Key: o.Key}
	var err error
	if o.QuestionTimeout != "" {
		if out.QuestionTimeout, err = duration("questionTimeout", o.QuestionTimeout); err != nil {
			return out, err
		}
	}
	for op, text := range o.Timeouts {
		if out.Timeouts[op], err = duration("timeout of "+string(op), text); err != nil {
			return out, err
		}
	}
	return out, nil
}

func duration(what, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, fault.New(fault.Invalid, "", what, "%q: a duration as 90s, 10m or 24h is expected", text)
	}
	return d, nil
}

func started(s engine.Started) client.RunStarted {
	out := client.RunStarted{Device: s.Device, Run: s.Run, Hint: fault.HintOf(s.Err)}
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	return out
}

func plan(p engine.Preview) client.Plan {
	return client.Plan{Device: p.Device, Model: p.Model, From: p.From, To: p.To, Bytes: p.Bytes, Backup: p.Backup,
		Modify: string(p.Modify), Rules: p.Rules, Blockers: p.Blockers, Concerns: p.Concerns}
}

func family(f engine.Family) client.Driver {
	return client.Driver{Name: f.Name, Description: f.Description, Protocols: f.Protocols, Operations: f.Operations, Cannot: f.Cannot}
}

func difference(d migrate.Difference) client.Difference {
	return client.Difference{Kind: string(d.Kind), Category: string(d.Category), Path: d.Path, Expected: d.Expected, Got: d.Got,
		ExpectedLine: d.ExpectedLine, GotLine: d.GotLine}
}

func diff(d engine.Diff) client.Diff {
	return client.Diff{A: d.A, B: d.B, Same: len(d.Differences) == 0, Differences: mapped(d.Differences, difference)}
}

func report(r engine.Report) client.Report {
	out := client.Report{Run: r.Run, Comparison: r.Comparison, Added: mapped(r.Added, difference),
		EditedBy: r.EditedBy, Edited: mapped(r.Edited, difference)}
	if r.Migration == nil {
		return out
	}
	out.Needed = r.Migration.Needed
	out.Lines = mapped(r.Migration.Fates, func(l migrate.LineFate) client.Line {
		return client.Line{Line: l.Line, Text: l.Text, Fate: string(l.Fate), Rule: l.Rule, Because: l.Because, Outputs: l.Outputs}
	})
	out.Findings = mapped(r.Migration.Findings, func(f migrate.Finding) client.Finding {
		return client.Finding{Rule: f.Rule, Severity: string(f.Severity), Line: f.Line, Text: f.Text, Message: f.Message}
	})
	out.Output = strings.Split(strings.TrimSuffix(string(r.Migration.Output), "\n"), "\n")
	out.Summary = map[string]client.Counts{}
	for category, c := range r.Migration.Summary {
		out.Summary[string(category)] = client.Counts(c)
	}
	return out
}

func mapped[A, B any](in []A, f func(A) B) []B {
	out := make([]B, 0, len(in))
	for _, a := range in {
		out = append(out, f(a))
	}
	return out
}
