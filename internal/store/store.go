package store

import (
	"context"
	"log/slog"

	"drydock/internal/secret"
)

// Options are what a store needs beside its address.
type Options struct {
	Keyring *secret.Keyring // seals credentials, backups and sealed settings; required
	Holder  string          // who takes the store, for the one who comes second: "host pid N since T"
	Blobs   string          // URL of the bucket; empty: the directory blobs under Dir
	Dir     string          // data directory: blobs, cache of images; empty: where the SQLite database is
	Log     *slog.Logger    // nil: discarded
}

// Store is everything durable.
type Store struct {
}

// Open takes the store for this process and brings its schema up to date. url
// is "sqlite:///path/drydock.db", a plain path, or "postgres://…".
//
// It gives fault.Conflict if another process has the store, naming its Holder,
// or if the schema is newer than this drydock knows; fault.Denied if the
// keyring is not the one that the store was sealed with (F37).
func Open(ctx context.Context, url string, o Options) (*Store, error) { panic("soon") }

// Close gives the store back. Nobody may use it any more.
func (s *Store) Close() error { panic("soon") }

// Held gives one error if the hold on the store is lost, and is closed by then
// or by Close. Whoever drives runs must stop then.
func (s *Store) Held() <-chan error { panic("soon") }
