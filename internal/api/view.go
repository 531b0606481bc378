package api

import (
	"context"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/store"
)

// views are what a screen asks for: the fleet in numbers, and searches.
func (s *server) views() {
	register(s, get("counts", "/api/v1/counts", "The fleet in numbers: devices by driver, model and version; runs and questions that are open"), s.counts)
	register(s, get("search-backups", "/api/v1/search", "Lines of backups with a text in them, newest first; opens every backup that it looks through"),
		func(ctx context.Context, q *struct {
			Text   string         `query:"text" required:"true" minLength:"2" maxLength:"200"`
			Device fleet.DeviceID `query:"device"`
			Newest bool           `query:"newest" doc:"only each device's newest backup"`
			After  fleet.BackupID `query:"after" doc:"cursor: next of the page before"`
		}) (*body[client.Search], error) {
			if err := s.mayGoOn(ctx, ofBackup, string(q.After)); err != nil {
				return nil, err
			}
			found, err := s.Store.SearchBackups(ctx, store.BackupFilter{Device: q.Device, Newest: q.Newest, Within: within(ctx), After: q.After}, q.Text)
			return answer(client.Search{Scanned: found.Scanned, Next: found.Next,
				Hits: mapped(found.Hits, func(h store.Hit) client.Hit { return client.Hit{Backup: h.Backup, Line: h.Line, Text: h.Text} })}, err)
		})
	register(s, get("list-migrations", "/api/v1/migrations", "Migration packs with their rules"), func(context.Context, *struct{}) (*body[[]client.Pack], error) {
		return list(mapped(s.Engine.AllPacks(), pack), nil)
	})
	register(s, post("check-migration", "/api/v1/migrations/{name}/check", "What a pack makes of a configuration, line by line; touches nothing"),
		func(ctx context.Context, in *struct {
			Name string `path:"name"`
			Body client.PackCheck
		}) (*body[client.Report], error) {
			o := in.Body
			if o.Backup != "" {
				if err := s.mayBackup(ctx, o.Backup); err != nil {
					return nil, err
				}
			}
			r, err := s.Engine.TryPack(ctx, in.Name, o.From, o.To, o.Backup, []byte(o.Configuration))
			if err != nil {
				return nil, err
			}
			return answer(report(r), nil)
		})
}

func (s *server) counts(ctx context.Context, q *deviceQuery) (*body[client.FleetCounts], error) {
	groups, err := s.Store.CountDevices(ctx, q.filter(ctx))
	if err != nil {
		return nil, err
	}
	out := client.FleetCounts{Devices: mapped(groups, func(g store.DeviceGroup) client.DeviceGroup { return client.DeviceGroup(g) })}
	out.Running, out.Asking, err = s.Store.CountActive(ctx, within(ctx))
	return answer(out, err)
}

func pack(p *migrate.Pack) client.Pack {
	return client.Pack{Name: p.Name, Format: p.Format, Newest: p.Newest(), Steps: mapped(p.Steps, func(s migrate.Step) client.PackStep {
		return client.PackStep{From: s.From, To: s.To, Convert: s.Convert, Rules: mapped(s.Rules, func(r *migrate.Rule) client.PackRule {
			return client.PackRule{ID: r.ID, Why: r.Why, Category: string(r.Category), Severity: string(r.Severity)}
		})}
	})}
}
