package store

import (
	"context"

	"drydock/internal/fleet"
)

// BackupFilter selects backups; empty fields select all.
type BackupFilter struct {
	Device  fleet.DeviceID
	Run     fleet.RunID
	Purpose fleet.Purpose
	After   fleet.BackupID // cursor: the last id of the page before
	Limit   int            // 0: no limit
}

// SealBackup encrypts a configuration and keeps it. On return it is on disk and
// was read back and opened (I1). ID is made where it is empty, TakenAt likewise;
// Size and Digest are computed. fault.Conflict if there is a backup of this id.
func (s *Store) SealBackup(ctx context.Context, b fleet.Backup, plain []byte) (fleet.Backup, error) {
	panic("soon")
}

// Backup gives what is known about a backup, without opening it.
func (s *Store) Backup(ctx context.Context, id fleet.BackupID) (fleet.Backup, error) { panic("soon") }

// OpenBackup decrypts a backup. fault.Corrupt if it, or the place it was found
// in, is not what it was when it was sealed.
func (s *Store) OpenBackup(ctx context.Context, id fleet.BackupID) (fleet.Backup, []byte, error) {
	panic("soon")
}

// Backups gives the selected backups, newest first.
func (s *Store) Backups(ctx context.Context, f BackupFilter) ([]fleet.Backup, error) { panic("soon") }
