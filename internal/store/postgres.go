package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	postgresReaders = 8
	// postgresLock is the key of the advisory lock, "drydock" as a number. Its
	// scope is the database.
	postgresLock = 0x647279646f636b
	// holdCheck is how often the hold's connection is asked.
	holdCheck = 2 * time.Second
	// holdAnswer is how long an answer may take: a database that stalls for
	// seconds is not lost, and who has the store is checked in every transaction.
	holdAnswer = 20 * time.Second
	// holdPatience is how long a lock that is taken is asked for.
	holdPatience = time.Second
)

func postgresDialect() dialect {
	return dialect{
		name:     "PostgreSQL",
		schema:   "schema/postgres",
		begin:    "BEGIN",
		share:    " FOR SHARE",
		tables:   "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()",
		bind:     numbered,
		diagnose: diagnosePostgres,
	}
}

func postgresConfig(url, name string) (*pgx.ConnConfig, error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the PostgreSQL address cannot be read") // pgx's text may hold the password
	}
	set := func(key, value string) {
		if _, ok := cfg.RuntimeParams[key]; !ok {
			cfg.RuntimeParams[key] = value
		}
	}
	set("application_name", name)
	set("synchronous_commit", "on")
	set("lock_timeout", "5000")
	set("idle_in_transaction_session_timeout", "60000")
	if cfg.ConnectTimeout == 0 {
		cfg.ConnectTimeout = 10 * time.Second
	}
	return cfg, nil
}

func openPostgres(url string) (pools, error) {
	cfg, err := postgresConfig(url, "drydock")
	if err != nil {
		return pools{}, err
	}
	write := stdlib.OpenDB(*cfg)
	write.SetMaxOpenConns(1)
	read := stdlib.OpenDB(*cfg)
	read.SetMaxOpenConns(postgresReaders)
	read.SetMaxIdleConns(postgresReaders)
	return pools{write: write, read: read}, nil
}

func diagnosePostgres(err error) trouble {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var n net.Error
		var c *pgconn.ConnectError
		switch {
		case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return otherTrouble
		case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
			errors.Is(err, net.ErrClosed), errors.As(err, &n), errors.As(err, &c), pgconn.SafeToRetry(err):
			return connectionLost
		}
		return otherTrouble
	}
	// PostgreSQL, appendix A: error codes
	switch e.Code {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock timeout
		return contention
	case "53100": // disk full
		return noRoom
	case "XX001", "XX002": // data corrupted, index corrupted
		return damaged
	case "58030": // IO error
		return ioTrouble
	}
	switch e.Code[:2] {
	case "08", "57", "53": // connection, operator intervention, resources
		return connectionLost
	}
	return otherTrouble
}

// sessionHold is an advisory lock on a connection of its own. PostgreSQL gives
// it up when the session ends.
type sessionHold struct{ conn *pgx.Conn }

func holdSession(ctx context.Context, url, holder string) (hold, error) {
	cfg, err := postgresConfig(url, "drydock hold: "+holder)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	h := &sessionHold{conn}
	if err := h.take(ctx); err != nil {
		return nil, errors.Join(err, h.release())
	}
	return h, nil
}

// take asks for the lock for a moment: the server may not have noticed yet
// that the process before this one was killed.
func (h *sessionHold) take(ctx context.Context) error {
	until := time.Now().Add(holdPatience)
	for {
		var got bool
		err := h.conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", int64(postgresLock)).Scan(&got)
		if err != nil || got {
			return err
		}
		if time.Now().After(until) {
			break
		}
		select {
		case <-time.After(holdPatience / 10):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	var other string // not there before the first holder has made the schema
	_ = h.conn.QueryRow(ctx, "SELECT holder FROM hold").Scan(&other)
	return taken(other)
}

func (h *sessionHold) lost(ctx context.Context) error {
	tick := time.NewTicker(holdCheck)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		ask, cancel := context.WithTimeout(ctx, holdAnswer)
		err := h.conn.Ping(ask)
		cancel()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("the connection that holds the store is lost: %w", err)
		}
	}
}

func (h *sessionHold) release() error {
	ctx, cancel := context.WithTimeout(context.Background(), holdCheck)
	defer cancel()
	if h.conn.IsClosed() {
		return nil
	}
	// closing alone would free the lock a moment later than it returns
	_, _ = h.conn.Exec(ctx, "SELECT pg_advisory_unlock_all()")
	return h.conn.Close(ctx)
}
