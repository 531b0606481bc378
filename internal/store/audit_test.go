package store_test

import (
	"strings"
	"testing"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/secret"
	"drydock/internal/store"
)

// TestAuditCannotBeRewritten: the database refuses changes of the log, and
// where somebody takes that away, verify names the entry (T17).
func TestAuditCannotBeRewritten(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		ctx := t.Context()
		s := p.open(t)
		for range 5 {
			_, err := s.AppendAudit(ctx, access.Entry{Actor: "alice", Action: "remove-device", Outcome: access.Ordered})
			must(t, err)
		}
		raw := p.raw(t)
		for _, statement := range []string{"DELETE FROM audit WHERE seq = 3", "UPDATE audit SET entry = 'x' WHERE seq = 3"} {
			if _, err := raw.Exec(statement); err == nil || !strings.Contains(err.Error(), "append-only") {
				t.Errorf("%s: %v", statement, err)
			}
		}
		drop := []string{"DROP TRIGGER audit_no_update", "DROP TRIGGER audit_no_delete"}
		if p.driver == "pgx" {
			drop = []string{"DROP TRIGGER audit_append_only ON audit"}
		}
		for _, statement := range drop {
			_, err := raw.Exec(statement)
			must(t, err)
		}
		for _, c := range []struct{ damage, undo, names string }{
			{"UPDATE audit SET entry = replace(entry, 'alice', 'alicf') WHERE seq = 2", "UPDATE audit SET entry = replace(entry, 'alicf', 'alice')", "entry 2 "},
			{"UPDATE audit_head SET seq = 4, code = (SELECT code FROM audit WHERE seq = 4)",
				"UPDATE audit_head SET seq = 5, code = (SELECT code FROM audit WHERE seq = 5)", "last entry is 5"},
			{"UPDATE audit_head SET code = 'x'", "UPDATE audit_head SET code = (SELECT code FROM audit WHERE seq = 5)", "entry 5 "},
			{"DELETE FROM audit WHERE seq = 5", "", "it ends with entry 4"},
			{"DELETE FROM audit WHERE seq = 3", "", "entry 3 "},
		} {
			_, err := raw.Exec(c.damage)
			must(t, err)
			_, err = s.VerifyAudit(ctx, access.Head{})
			wantCode(t, err, fault.Corrupt, c.names)
			if c.undo != "" {
				_, err := raw.Exec(c.undo)
				must(t, err)
				_, err = s.VerifyAudit(ctx, access.Head{})
				must(t, err)
			}
		}
	})
}

// TestAuditOutlivesTheSealingKey: after a new key was put before the old one the
// log is still whole, and goes on.
func TestAuditOutlivesTheSealingKey(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		ctx := t.Context()
		s := p.open(t)
		entry := access.Entry{Actor: "alice", Action: "remove-device", Outcome: access.Ordered}
		_, err := s.AppendAudit(ctx, entry)
		must(t, err)
		must(t, s.Close())
		o := p.options(t)
		o.Keyring, err = secret.NewKeyring([secret.KeySize]byte{77}, [secret.KeySize]byte{1})
		must(t, err)
		s, err = store.Open(ctx, p.url, o)
		must(t, err)
		t.Cleanup(func() { must(t, s.Close()) })
		_, err = s.AppendAudit(ctx, entry)
		must(t, err)
		head, err := s.VerifyAudit(ctx, access.Head{})
		must(t, err)
		if head.Seq != 2 {
			t.Errorf("head %v", head)
		}
	})
}
