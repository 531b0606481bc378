package api

import (
	"context"
	"encoding/json"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/store"
)

type backupID struct {
	ID fleet.BackupID `path:"id"`
}

// content is a configuration as it was sent by the device.
type content struct {
	ContentType        string `header:"Content-Type"`
	ContentDisposition string `header:"Content-Disposition"`
	Body               []byte
}

func (s *server) backups() {
	register(s, get("list-backups", "/api/v1/backups", "Backups, newest first"), func(ctx context.Context, q *struct {
		Device fleet.DeviceID `query:"device"`
		Run    fleet.RunID    `query:"run"`
		After  fleet.BackupID `query:"after" doc:"cursor: the last id of the page before"`
		Limit  int            `query:"limit" minimum:"1" maximum:"10000" default:"100"`
	}) (*body[[]fleet.Backup], error) {
		if err := s.mayGoOn(ctx, ofBackup, string(q.After)); err != nil {
			return nil, err
		}
		return list(s.Store.Backups(ctx, store.BackupFilter{Device: q.Device, Run: q.Run, Within: within(ctx), After: q.After, Limit: q.Limit}))
	})
	register(s, get("show-backup", "/api/v1/backups/{id}", "What is known about a backup"), func(ctx context.Context, in *backupID) (*body[fleet.Backup], error) {
		return answer(s.Store.Backup(ctx, in.ID))
	})
	register(s, get("open-backup", "/api/v1/backups/{id}/content", "The configuration itself, secrets included"), func(ctx context.Context, in *backupID) (*content, error) {
		_, plain, err := s.Store.OpenBackup(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &content{"application/octet-stream", "attachment", plain}, nil
	})
	register(s, get("diff-backups", "/api/v1/diff", "Two backups compared by meaning"), func(ctx context.Context, q *struct {
		A fleet.BackupID `query:"a" required:"true"`
		B fleet.BackupID `query:"b" required:"true"`
	}) (*body[client.Diff], error) {
		if err := s.mayBackup(ctx, q.A, q.B); err != nil {
			return nil, err
		}
		d, err := s.Engine.Diff(ctx, q.A, q.B)
		return answer(diff(d), err)
	})
}

func marshal(v any) ([]byte, error) { return json.Marshal(v) }
