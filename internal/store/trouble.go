package store

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"drydock/internal/fault"
)

// trouble is what a database's error means for whoever wrote or read.
type trouble int

const (
	otherTrouble   trouble = iota // the statement is wrong, or what it was given
	contention                    // somebody was in the way: again
	connectionLost                // an open transaction is rolled back; a commit's outcome is not known
	noRoom
	damaged
	ioTrouble // a read or a write failed
	unsynced  // a sync failed: nobody knows what is on disk
)

// meaning is diagnose, with the troubles of files that both databases share.
func (s *Store) meaning(err error) trouble {
	switch {
	case err == nil:
		return otherTrouble
	case errors.Is(err, errSync):
		return unsynced
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return noRoom
	case s.diagnose == nil: // the address named no database
		return otherTrouble
	}
	return s.diagnose(err)
}

// explain gives a database's or a bucket's error the code that crosses the
// boundary. Errors that have one stay as they are.
func (s *Store) explain(op, object string, err error) error {
	var coded *fault.Error
	if err == nil || errors.As(err, &coded) {
		return err
	}
	switch s.meaning(err) {
	case contention:
		return fault.New(fault.Unavailable, op, object, "the database is busy: %w", err)
	case connectionLost:
		return fault.New(fault.Unavailable, op, object, "the database is not there: %w", err).
			WithHint("does it run, and is it where --database says?")
	case noRoom:
		return full(op, object, err)
	case damaged:
		return fault.New(fault.Corrupt, op, object, "the database is damaged: %w", err).
			WithHint("keep a copy of it as it is, then restore it from a backup")
	case ioTrouble, unsynced:
		return fault.New(fault.Unavailable, op, object, "the disk failed: %w", err)
	}
	switch {
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return fault.New(fault.Unavailable, op, object, "it cannot be written: %w", err).
			WithHint("give drydock a data directory that it may write")
	case errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Timeout, op, object, "%w", err)
	case errors.Is(err, context.Canceled):
		return err
	}
	return fault.New(fault.Internal, op, object, "%w", err)
}

func full(op, object string, err error) error {
	return fault.New(fault.Full, op, object, "no room: %w", err).WithHint("make room on the disk, then do it again")
}

func corrupt(object, format string, args ...any) error {
	return fault.New(fault.Corrupt, "", object, format, args...)
}

// notFound says what is missing ("device iad-1") and how to see what there is.
func notFound(object string) error {
	kind, _, _ := strings.Cut(object, " ")
	if kind == "credentials" {
		return fault.New(fault.NotFound, "", object, "there are none").WithHint("drydock device add or import gives them")
	}
	err := fault.New(fault.NotFound, "", object, "there is no such %s", kind)
	switch kind {
	case "device", "release", "backup", "user", "token", "campaign":
		return err.WithHint("drydock %s list shows what there is", kind)
	case "run":
		return err.WithHint("drydock update list shows the runs")
	}
	return err
}
