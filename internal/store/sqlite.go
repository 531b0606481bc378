package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"drydock/internal/fault"
)

// sqliteReaders is how many connections read at the same time.
const sqliteReaders = 4

func sqliteDialect() dialect {
	return dialect{
		name:      "SQLite",
		schema:    "schema/sqlite",
		preparing: true,
		begin:     "BEGIN IMMEDIATE",
		tables:    "SELECT name FROM sqlite_master WHERE type = 'table'",
		bind:      asWritten,
		diagnose:  diagnoseSQLite,
	}
}

// openSQLite opens the database with WAL and synchronous=FULL: each commit is
// synced (NORMAL loses acknowledged commits when the power fails).
func openSQLite(ctx context.Context, path string) (pools, error) {
	if err := createOwnerOnly(path); err != nil {
		return pools{}, err
	}
	write, err := sqlitePool(path, 1, "synchronous(FULL)", "foreign_keys(1)", "wal_autocheckpoint(2000)", "cache_size(-16000)")
	if err != nil {
		return pools{}, err
	}
	read, err := sqlitePool(path, sqliteReaders, "query_only(1)", "cache_size(-4000)")
	if err != nil {
		return pools{}, errors.Join(err, write.Close())
	}
	p := pools{write: write, read: read}
	var mode string
	var synchronous int
	err = write.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode)
	if err == nil {
		err = write.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous)
	}
	if err == nil && (mode != "wal" || synchronous != 2) {
		err = fault.New(fault.Unavailable, "", "", "the file system does not support a write-ahead log (journal mode %s, synchronous %d)", mode, synchronous).
			WithHint("put the database on a local file system")
	}
	if err != nil {
		return pools{}, errors.Join(err, p.close())
	}
	return p, nil
}

func sqlitePool(path string, conns int, pragmas ...string) (*sql.DB, error) {
	query := url.Values{}
	// temp_store: nothing of a sort or a statement's journal goes to other files
	common := []string{"busy_timeout(1000)", "journal_mode(WAL)", "temp_store(MEMORY)", "trusted_schema(0)", "cell_size_check(1)"}
	for _, p := range append(common, pragmas...) {
		query.Add("_pragma", p)
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + query.Encode()
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// createOwnerOnly makes the database's file, so that it, its WAL and its index
// are readable by their owner only, and syncs its name.
func createOwnerOnly(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return syncPath(filepath.Dir(path))
}

func diagnoseSQLite(err error) trouble {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return otherTrouble
	}
	switch e.Code() {
	case sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC:
		return unsynced
	case sqlite3.SQLITE_IOERR_SHMSIZE: // the WAL's index could not grow
		return noRoom
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return contention
	case sqlite3.SQLITE_FULL:
		return noRoom
	case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return damaged
	case sqlite3.SQLITE_IOERR:
		return ioTrouble
	}
	return otherTrouble
}

// fileHold is an exclusive flock(2) on a file beside the database. The kernel
// gives it up when the process ends, however it ends. The file stays: to remove
// it would let two processes lock two files of one name.
type fileHold struct{ f *os.File }

func holdFile(path, holder string) (hold, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		other, _ := os.ReadFile(path)
		return nil, errors.Join(taken(string(other)), f.Close())
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(holder), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return &fileHold{f}, nil
}

func (h *fileHold) lost(ctx context.Context) error {
	<-ctx.Done() // the kernel does not take a flock away
	return nil
}

func (h *fileHold) release() error { return h.f.Close() }

// taken is the error for whoever comes second.
func taken(holder string) error {
	if holder == "" {
		holder = "another process"
	}
	return fault.New(fault.Conflict, "", "", "%s has this store", holder).
		WithHint("stop that process first, or give this one another database")
}
