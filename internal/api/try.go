package api

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2/sse"

	"drydock/client"
	"drydock/internal/driver"
	"drydock/internal/driver/mib"
	"drydock/internal/engine"
	"drydock/internal/fault"
)

func (s *server) trials() {
	op := post("try-driver", "/api/v1/drivers/try", "Carry out, or only show, one operation of a driver on one device")
	op.MaxBodyBytes = 128 << 20
	sse.Register(s.api, op, map[string]any{"message": client.TrialStep{}}, s.try)
}

// try tells each step as it happens; the operation stops when nobody listens
// any more. One that cannot begin ends with one message that says why.
func (s *server) try(ctx context.Context, in *struct{ Body client.Trial }, send sse.Sender) {
	trial, err := trialOf(in.Body)
	if err == nil {
		err = s.ordered(ctx, in)
	}
	if err == nil {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		err = s.Engine.Try(ctx, trial, func(step engine.TrialStep) {
			if send.Data(trialStep(step)) != nil {
				cancel()
			}
		})
	}
	if err != nil && ctx.Err() == nil {
		s.failed(ctx, err)
		_ = send.Data(client.TrialStep{Kind: "error", Error: err.Error(), Code: fault.CodeOf(err), Hint: fault.HintOf(err)}) // nobody listens any more
	}
}

func trialOf(in client.Trial) (engine.Trial, error) {
	out := engine.Trial{Device: in.Device, Operation: driver.Operation(in.Operation), DryRun: in.DryRun, Protocol: in.Protocol, Release: in.Release,
		Backup: in.Backup, Configuration: in.Configuration}
	objects := make([]mib.Object, 0, len(in.Objects))
	for _, o := range in.Objects {
		objects = append(objects, mib.Object{Module: o.Module, Name: o.Name, OID: o.OID, Macro: o.Macro, Access: o.Access, Column: o.Column,
			Syntax: mib.Syntax{Type: o.Type, Base: o.Base, Values: o.Values}})
	}
	var modules *mib.Library
	if len(objects) > 0 {
		modules = mib.Of(objects...)
	}
	var err error
	if out.Driver, err = driver.ParseWith(in.File, []byte(in.Driver), modules); err != nil {
		return out, err
	}
	if in.Timeout != "" {
		if out.Timeout, err = time.ParseDuration(in.Timeout); err != nil {
			return out, fault.New(fault.Invalid, "", "timeout "+in.Timeout, "%w", err)
		}
	}
	return out, nil
}

func trialStep(s engine.TrialStep) client.TrialStep {
	out := client.TrialStep{Kind: s.Kind, Line: s.Line, Text: s.Text, Backup: s.Backup}
	for _, v := range s.Vars {
		out.Vars = append(out.Vars, client.TrialVar(v))
	}
	if r := s.Result; r != nil {
		out.Verdict, out.Cause, out.Unclear = r.Verdict, r.Cause, r.Unclear
		if o := r.Observed; o != nil {
			out.Text = "serial " + o.Identity.Serial + ", model " + o.Model + ", version " + o.Version
		}
		if r.Free != nil {
			out.Free = int64(*r.Free)
		}
		out.Health = r.Health
	}
	return out
}
