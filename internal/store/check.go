package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"drydock/internal/fault"
)

// CheckDatabase says why the database cannot be used, nil if it can: this
// process holds it, and it answers.
func (s *Store) CheckDatabase(ctx context.Context) error {
	var epoch int64
	err := s.readOne(ctx, "SELECT epoch FROM hold", nil, &epoch)
	if err == nil && epoch != s.epoch {
		err = fault.New(fault.Conflict, "", "", "another process has the store")
	}
	return s.explain("store.CheckDatabase", "", err)
}

// CheckBlobs says why releases and backups cannot be kept, nil if they can. In
// a directory it writes a small file and removes it; it does not sync.
func (s *Store) CheckBlobs(ctx context.Context) error {
	return s.explain("store.CheckBlobs", "", s.blobs.check(ctx))
}

func (b *bucket) check(ctx context.Context) error {
	if b.dir == "" {
		ok, err := b.IsAccessible(ctx)
		if err == nil && !ok {
			err = fault.New(fault.Unavailable, "", "bucket", "it is not there")
		}
		return err
	}
	for _, folder := range []string{releasesFolder, backupsFolder} {
		f, err := os.CreateTemp(filepath.Join(b.dir, folder), "check-*.tmp") // a crash leaves what the next Open removes
		if err != nil {
			return unusable(folder, err)
		}
		_, err = f.Write(make([]byte, checkOctets))
		if err := errors.Join(err, f.Close(), os.Remove(f.Name())); err != nil {
			return unusable(folder, err)
		}
	}
	return nil
}

// checkOctets must find room for CheckBlobs to be content: less is no room for
// a backup either.
const checkOctets = 4096

func unusable(folder string, err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return err // explained as no room
	}
	return fault.New(fault.Unavailable, "", "folder "+folder, "%w", err)
}
