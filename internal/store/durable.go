package store

import (
	"errors"
	"fmt"
	"os"
)

// errSync marks a failed sync: what is on disk is not known any more (F20).
var errSync = errors.New("sync failed")

// syncPath puts a file's bytes, or a directory's names, on disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", errSync, err), f.Close())
	}
	return f.Close()
}
