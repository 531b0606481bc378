package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Options are what a store needs beside its address.
type Options struct {
	Keyring *secret.Keyring // seals credentials, backups and sealed settings; required
	Holder  string          // who takes the store, for the one who comes second: "host pid N since T"
	Blobs   string          // URL of the bucket (file:, mem:); empty: the directory blobs under Dir
	Dir     string          // data directory: blobs, copies of images; empty: where the SQLite database is
	Log     *slog.Logger    // nil: discarded
	// Observe is told of every transaction once it is over; nil: nobody. It is
	// called by a writer, which waits for it.
	Observe func(Transaction)
	Outbox  Outbox // nil: no notices are made
}

// Store is everything durable.
type Store struct {
	dialect
	pools
	keyring  *secret.Keyring
	auditKey [32]byte // of the audit log's chain
	log      *slog.Logger
	observe  func(Transaction)
	outbox   Outbox
	blobs    *bucket
	files    *cache
	writer   writer
	reader   reader
	hold     hold
	epoch    int64 // this hold's number

	deflaters deflaters

	poison  poison
	watched sync.WaitGroup // the goroutine that watches the hold
	unwatch context.CancelFunc
}

// Open takes the store for this process and brings its schema up to date. url
// is "sqlite:///path/drydock.db", a plain path, or "postgres://…".
//
// It gives fault.Conflict if another process has the store, naming its Holder,
// or if the schema is newer than this drydock knows; fault.Denied if the
// keyring is not the one that the store was sealed with (F37).
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	s := &Store{keyring: o.Keyring, log: o.Log, observe: o.Observe, outbox: o.Outbox, poison: poison{held: make(chan error, 1)}}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	err := s.open(ctx, url, o)
	if err != nil {
		return nil, errors.Join(s.explain("store.Open", "", err), s.release())
	}
	s.watch()
	return s, nil
}

func (s *Store) open(ctx context.Context, url string, o Options) (err error) {
	if o.Keyring == nil {
		return fault.New(fault.Invalid, "store.Open", "", "there is no keyring")
	}
	scheme, path, isURL := strings.Cut(url, "://")
	switch {
	case isURL && (scheme == "postgres" || scheme == "postgresql"):
		s.dialect = postgresDialect()
		if s.hold, err = holdSession(ctx, url, o.Holder); err != nil {
			return err
		}
		s.pools, err = openPostgres(url)
	case isURL && scheme != "sqlite", url == "":
		return fault.New(fault.Invalid, "store.Open", "", "database %q: it can be a path, sqlite:///path or postgres://…", scheme)
	default:
		if !isURL {
			path = url
		}
		s.dialect = sqliteDialect()
		if o.Dir == "" {
			o.Dir = filepath.Dir(path)
		}
		if s.hold, err = holdFile(path+".lock", o.Holder); err != nil {
			return err
		}
		s.pools, err = openSQLite(ctx, path)
	}
	if err != nil {
		return err
	}
	return s.prepare(ctx, o)
}

// prepare brings schema, hold, bucket and cache into order.
func (s *Store) prepare(ctx context.Context, o Options) error {
	if o.Dir == "" {
		return fault.New(fault.Invalid, "store.Open", "", "there is no data directory")
	}
	migrations, err := readMigrations(schemas, s.schema)
	if err != nil {
		return err
	}
	if err := s.migrate(ctx, migrations); err != nil {
		return err
	}
	if err := s.takeHold(ctx, o.Holder); err != nil {
		return err
	}
	if s.blobs, err = openBucket(ctx, o); err != nil {
		return err
	}
	if s.files, err = openCache(filepath.Join(o.Dir, "cache")); err != nil {
		return err
	}
	if err := s.checkKeyring(ctx); err != nil {
		return err
	}
	return s.openAudit(ctx)
}

// takeHold counts the hold's number up: whoever had it before, and does not
// know that it has lost it, cannot write any more (F33, F34).
func (s *Store) takeHold(ctx context.Context, holder string) error {
	query := s.bind("UPDATE hold SET epoch = epoch + 1, holder = ?, since = ? RETURNING epoch")
	return s.pools.write.QueryRowContext(ctx, query, holder, micros(time.Now())).Scan(&s.epoch)
}

// Close gives the store back. Nobody may use it any more.
func (s *Store) Close() error {
	s.poison.set(fault.New(fault.Unavailable, "", "", "the store is closed"), false)
	// a last write: it is refused, once those before it have ended
	_ = s.write(context.Background(), func(context.Context, *tx) error { return nil })
	return s.release()
}

// release undoes Open, as far as it came.
func (s *Store) release() error {
	if s.unwatch != nil {
		s.unwatch()
	}
	s.watched.Wait()
	var errs []error
	if s.files != nil {
		errs = append(errs, s.files.close())
	}
	if s.blobs != nil {
		errs = append(errs, s.blobs.Close())
	}
	if s.pools.write != nil {
		s.writer.close()
		s.reader.close()
		errs = append(errs, s.pools.close())
	}
	if s.hold != nil {
		errs = append(errs, s.hold.release())
	}
	return errors.Join(errs...)
}

// Held gives one error if the hold on the store is lost, or if the store
// refuses everything after a failed sync; Close closes it. Whoever drives runs
// must stop then.
func (s *Store) Held() <-chan error { return s.poison.held }

// watch starts the goroutine that waits for the hold to be lost; it ends with
// Close.
func (s *Store) watch() {
	ctx, cancel := context.WithCancel(context.Background())
	s.unwatch = cancel
	s.watched.Go(func() {
		if err := s.hold.lost(ctx); err != nil {
			s.refuse(err)
		}
	})
}

// refuse makes the store refuse everything from now on.
func (s *Store) refuse(err error) {
	s.log.Error("store refuses everything from now on", "err", err)
	s.poison.set(fault.New(fault.Unavailable, "", "", "the store stopped: %w", err).
		WithHint("restart drydock: what is on disk is found out at the start"), true)
}

// poison is why the store refuses everything.
type poison struct {
	mu     sync.Mutex // owns the rest
	err    error
	closed bool
	held   chan error
}

// set keeps the first reason, and tells whoever waits on held if tell.
func (p *poison) set(err error, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
		if tell {
			p.held <- err
		}
	}
	if !p.closed {
		p.closed = true
		close(p.held)
	}
}

func (p *poison) get() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// checkKeyring refuses a keyring that cannot open what the store holds (F37).
func (s *Store) checkKeyring(ctx context.Context) error {
	const key, text = "keyring", "drydock"
	value, err := s.Setting(ctx, key)
	switch {
	case fault.Is(err, fault.NotFound):
		return s.PutSetting(ctx, key, []byte(text), true)
	case err != nil:
		return fmt.Errorf("the key does not open this store: %w", err)
	case string(value) != text:
		return corrupt("setting "+key, "it is %q", value)
	}
	return nil
}
