package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
)

// migration is one step of the schema. A step that was released is never
// changed; what is to change is another step.
type migration struct {
	version int
	name    string
	text    string
}

// readMigrations reads the files NNNN_name.sql of a folder, which count from
// one without a gap.
func readMigrations(files fs.FS, folder string) ([]migration, error) {
	entries, err := fs.ReadDir(files, folder) // sorted by name
	if err != nil {
		return nil, err
	}
	var steps []migration
	for i, e := range entries {
		number, name, _ := strings.Cut(strings.TrimSuffix(e.Name(), ".sql"), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s: its number is not %d", e.Name(), i+1)
		}
		text, err := fs.ReadFile(files, path.Join(folder, e.Name()))
		if err != nil {
			return nil, err
		}
		steps = append(steps, migration{version, name, string(text)})
	}
	return steps, nil
}

const schemaTable = `CREATE TABLE IF NOT EXISTS schema_migration (
    version    INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL,
    applied_at BIGINT  NOT NULL
)`

// migrate applies the steps that the database has not seen, each in a
// transaction of its own. It changes nothing in a database that is newer than
// the steps, or that is not drydock's (F38).
func (s *Store) migrate(ctx context.Context, steps []migration) error {
	at, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	if at > len(steps) {
		return fault.New(fault.Conflict, "store.Open", "", "the database has schema %d, this drydock knows schemas up to %d", at, len(steps)).
			WithHint("use the drydock that made it, or a newer one; nothing was changed")
	}
	for _, step := range steps[at:] {
		s.log.Info("store schema is brought up to date", "schema", step.version, "name", step.name)
		if err := s.apply(ctx, step); err != nil {
			return fmt.Errorf("schema %d (%s): %w", step.version, step.name, err)
		}
	}
	return nil
}

// schemaVersion gives the newest step that was applied, 0 in an empty
// database.
func (s *Store) schemaVersion(ctx context.Context) (version int, err error) {
	var tables []string
	rows, err := s.pools.write.QueryContext(ctx, s.tables)
	if err != nil {
		return 0, err
	}
	err = drain(rows, func(r *sql.Rows) error {
		var name string
		err := r.Scan(&name)
		tables = append(tables, name)
		return err
	})
	switch {
	case err != nil || len(tables) == 0:
		return 0, err
	case !slices.Contains(tables, "schema_migration"):
		return 0, fault.New(fault.Conflict, "store.Open", "", "the database holds something that is not drydock's").
			WithHint("give drydock a database of its own; nothing was changed")
	}
	err = s.pools.write.QueryRowContext(ctx, "SELECT COALESCE(max(version), 0) FROM schema_migration").Scan(&version)
	return version, err
}

func (s *Store) apply(ctx context.Context, step migration) (err error) {
	conn, err := s.pools.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.ExecContext(ctx, s.begin); err != nil {
		return err
	}
	for _, text := range []string{schemaTable, step.text} {
		if err == nil {
			_, err = conn.ExecContext(ctx, text)
		}
	}
	if err == nil {
		_, err = conn.ExecContext(ctx, s.bind("INSERT INTO schema_migration (version, name, applied_at) VALUES (?, ?, ?)"),
			step.version, step.name, micros(time.Now()))
	}
	if err == nil {
		_, err = conn.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // SQLite may have done it: the first error says why
		return err
	}
	return nil
}
