package store

import (
	"context"
	"io"

	"drydock/internal/fleet"
)

// Content is one file of a release, verified, on the local disk. All who have
// the same file share it; the last Close lets it go.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64 // octets
}

// AddRelease stores a release with its files, all or nothing. open gives a
// file's content by its name. Size and digest are computed; where the release
// gives them, they must agree (fault.Invalid). fault.Conflict if there is a
// release of this id.
func (s *Store) AddRelease(ctx context.Context, r fleet.Release, open func(name string) (io.ReadCloser, error)) (fleet.Release, error) {
	panic("soon")
}

// Release gives one release, or fault.NotFound.
func (s *Store) Release(ctx context.Context, id fleet.ReleaseID) (fleet.Release, error) {
	panic("soon")
}

// Releases gives all releases by id.
func (s *Store) Releases(ctx context.Context) ([]fleet.Release, error) { panic("soon") }

// ReleaseFile opens a file of a release. Its digest is verified before a byte
// is given: fault.Corrupt names the file whose bytes have changed.
func (s *Store) ReleaseFile(ctx context.Context, id fleet.ReleaseID, name string) (Content, error) {
	panic("soon")
}
