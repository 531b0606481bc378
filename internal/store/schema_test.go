package store_test

import (
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
)

// TestNewerSchemaIsRefused: an old drydock leaves a newer one's database alone
// (F38).
func TestNewerSchemaIsRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		s := p.open(t)
		must(t, s.PutDevice(t.Context(), fleet.Device{ID: "d"}, nil))
		must(t, s.Close())
		raw := p.raw(t)
		_, err := raw.Exec("INSERT INTO schema_migration (version, name, applied_at) VALUES (99, 'future', 1)")
		must(t, err)
		_, err = store.Open(t.Context(), p.url, p.options(t))
		wantCode(t, err, fault.Conflict, "schema 99")
		var epoch int
		must(t, raw.QueryRow("SELECT epoch FROM hold").Scan(&epoch))
		if epoch != 1 {
			t.Error("the refused one wrote")
		}
		_, err = raw.Exec("DELETE FROM schema_migration WHERE version = 99")
		must(t, err)
		s = p.open(t)
		_, err = s.Device(t.Context(), "d")
		must(t, err)
		must(t, s.Close())
	})
}

func TestForeignDatabaseIsRefused(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		_, err := p.raw(t).Exec("CREATE TABLE somebody (x INTEGER)")
		must(t, err)
		_, err = store.Open(t.Context(), p.url, p.options(t))
		wantCode(t, err, fault.Conflict, "not drydock's")
	})
}
