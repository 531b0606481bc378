package store

import (
	"context"
	"database/sql"
	"errors"
	"reflect"
	"sync"
)

// close drops the connection that writes; the next transaction takes another.
func (w *writer) close() {
	for _, st := range w.statements {
		_ = st.Close() // the connection goes, and they with it
	}
	if w.conn != nil {
		_ = w.conn.Close()
	}
	w.conn, w.statements = nil, nil
}

// prepared gives the prepared statement for a query, on the one connection
// that writes.
func (t *tx) prepared(ctx context.Context, query string) (*sql.Stmt, error) {
	w := &t.s.writer
	if st := w.statements[query]; st != nil {
		return st, nil
	}
	if w.conn == nil {
		conn, err := t.s.pools.write.Conn(ctx)
		if err != nil {
			return nil, err
		}
		w.conn, w.statements = conn, map[string]*sql.Stmt{}
	}
	if len(w.statements) >= statementsMax {
		for q, st := range w.statements {
			_ = st.Close()
			delete(w.statements, q)
		}
	}
	st, err := w.conn.PrepareContext(ctx, t.s.bind(query))
	if err != nil {
		return nil, t.dropIfLost(err)
	}
	w.statements[query] = st
	return st, nil
}

func (t *tx) dropIfLost(err error) error {
	if err != nil && t.s.meaning(err) == connectionLost {
		t.s.writer.close()
	}
	return err
}

// exec runs a statement.
func (t *tx) exec(ctx context.Context, query string, args ...any) error {
	_, err := t.change(ctx, query, args...)
	return err
}

// change runs a statement and gives the number of rows that it changed.
func (t *tx) change(ctx context.Context, query string, args ...any) (int64, error) {
	st, err := t.prepared(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := st.ExecContext(ctx, args...)
	if err != nil {
		return 0, t.dropIfLost(err)
	}
	return result.RowsAffected()
}

// row reads one row, or gives sql.ErrNoRows.
func (t *tx) row(ctx context.Context, query string, args []any, into ...any) error {
	st, err := t.prepared(ctx, query)
	if err != nil {
		return err
	}
	return t.dropIfLost(st.QueryRowContext(ctx, args...).Scan(into...))
}

// each calls scan for each row.
func (t *tx) each(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	st, err := t.prepared(ctx, query)
	if err != nil {
		return err
	}
	rows, err := st.QueryContext(ctx, args...)
	if err != nil {
		return t.dropIfLost(err)
	}
	return t.dropIfLost(drain(rows, scan))
}

// drain calls scan for each row and closes rows.
func drain(rows *sql.Rows, scan func(*sql.Rows) error) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// read calls scan for each row of a query outside of any transaction. A
// parameter that is not text is fault.Invalid: one of the databases refuses it.
func (s *Store) read(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	if err := s.poison.get(); err != nil {
		return err
	}
	for _, arg := range args {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.String {
			if err := storable("", v.String()); err != nil {
				return err
			}
		}
	}
	for tries := 0; ; tries++ {
		rows, err := s.query(ctx, query, args)
		if err == nil {
			return drain(rows, scan)
		}
		// after a restart of the server every idle connection is a dead one
		if s.meaning(err) != connectionLost || tries == postgresReaders {
			return err
		}
	}
}

func (s *Store) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	if s.preparing {
		if st := s.reader.prepared(ctx, s.pools.read, s.bind(query)); st != nil {
			return st.QueryContext(ctx, args...)
		}
	}
	return s.pools.read.QueryContext(ctx, s.bind(query), args...)
}

// reader keeps the prepared statements of the connections that read.
type reader struct {
	mu         sync.Mutex // owns statements
	statements map[string]*sql.Stmt
}

// prepared gives the prepared statement for a query; nil where there are many
// already, or where it cannot be prepared: asking it as it is says why.
func (r *reader) prepared(ctx context.Context, db *sql.DB, query string) *sql.Stmt {
	r.mu.Lock()
	st, full := r.statements[query], len(r.statements) >= statementsMax
	r.mu.Unlock()
	if st != nil || full {
		return st
	}
	st, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if other := r.statements[query]; other != nil {
		_ = st.Close() // somebody else was faster
		return other
	}
	if r.statements == nil {
		r.statements = map[string]*sql.Stmt{}
	}
	r.statements[query] = st
	return st
}

func (r *reader) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.statements {
		_ = st.Close() // the pool that it is of is closed next
	}
	r.statements = nil
}

// readOne scans the first row of a query, or gives sql.ErrNoRows.
func (s *Store) readOne(ctx context.Context, query string, args []any, into ...any) error {
	found := false
	err := s.read(ctx, query, args, func(rows *sql.Rows) error {
		found = true
		return rows.Scan(into...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}
