package api

import (
	"context"
	"net/netip"

	"github.com/danielgtaylor/huma/v2/sse"

	"drydock/client"
	"drydock/internal/engine"
	"drydock/internal/fault"
)

func (s *server) discovery() {
	op := post("discover", "/api/v1/discover", "Look for equipment in networks; reads only")
	sse.Register(s.api, op, map[string]any{"message": client.Swept{}}, s.discover)
}

// discover tells each step as it happens; a sweep that cannot begin ends with
// one message that says why.
func (s *server) discover(ctx context.Context, in *struct{ Body client.Sweep }, send sse.Sender) {
	sweep, err := sweepOf(in.Body)
	if err == nil {
		err = s.ordered(ctx, in)
	}
	if err == nil {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		err = s.Engine.Discover(ctx, sweep, func(step engine.Swept) {
			out := client.Swept{Asked: step.Asked, Total: step.Total}
			if step.Found != nil {
				out.Found = found(*step.Found)
			}
			if send.Data(out) != nil {
				cancel() // nobody listens any more
			}
		})
	}
	if err != nil && ctx.Err() == nil {
		text := err.Error()
		if hint := fault.HintOf(err); hint != "" {
			text += " (" + hint + ")"
		}
		_ = send.Data(client.Swept{Error: text}) // nobody listens any more
	}
}

func sweepOf(in client.Sweep) (engine.Sweep, error) {
	out := engine.Sweep{Port: in.Port, Rate: in.Rate}
	for _, text := range in.Networks {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, notAddress := netip.ParseAddr(text)
			if notAddress != nil {
				return out, fault.New(fault.Invalid, "", "network "+text, "it is neither a prefix, as 10.0.0.0/22, nor an address")
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		out.Prefixes = append(out.Prefixes, p)
	}
	for i := range in.Credentials {
		out.Credentials = append(out.Credentials, credentials(in.Credentials[i]))
	}
	return out, nil
}

func found(f engine.Found) *client.Found {
	return &client.Found{Address: f.Address.String(), Credentials: f.Credentials, SysObjectID: f.SysObjectID, SysDescr: f.SysDescr, SysName: f.SysName,
		Driver: f.Driver, Serial: f.Identity.Serial, Model: f.Model, Version: f.Version, Known: f.Known, Problem: f.Problem}
}
