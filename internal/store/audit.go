package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
)

const auditObject = "audit log"

// AppendAudit writes the next entry of the audit log and gives it back with
// its number. On return it is on disk.
func (s *Store) AppendAudit(ctx context.Context, e access.Entry) (access.Entry, error) {
	for _, text := range []*string{&e.Actor, &e.Address, &e.Action, &e.Object, &e.Detail} {
		*text = asText(*text)
	}
	if e.At.IsZero() {
		e.At = time.Now()
	}
	e.At = fromMicros(micros(e.At))
	key := s.auditKey
	var written access.Entry
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		next := e
		var before string
		if err := t.row(ctx, "SELECT seq, code FROM audit_head WHERE id = 1", nil, &next.Seq, &before); err != nil {
			return err
		}
		next.Seq++
		link, err := access.Chain(key, before, next)
		if err != nil {
			return err
		}
		if err := t.exec(ctx, "INSERT INTO audit (seq, at, actor, action, entry, code) VALUES (?, ?, ?, ?, ?, ?)",
			link.Seq, micros(next.At), next.Actor, next.Action, link.Text, link.Code); err != nil {
			return err
		}
		written = next
		if t.s.outbox != nil {
			if err := t.addNotices(ctx, t.s.outbox.OfAudit(next)); err != nil {
				return err
			}
		}
		return t.exec(ctx, "UPDATE audit_head SET seq = ?, code = ? WHERE id = 1", link.Seq, link.Code)
	})
	return written, s.explain("store.AppendAudit", auditObject, err)
}

// openAudit reads the key of the log's chain, which rests sealed, so that it
// outlives a new sealing key; it makes one for a log that is empty.
func (s *Store) openAudit(ctx context.Context) error {
	const setting = "audit key"
	raw, err := s.Setting(ctx, setting)
	if fault.Is(err, fault.NotFound) {
		var entries int64
		if err := s.readOne(ctx, "SELECT count(*) FROM audit", nil, &entries); err != nil {
			return err
		}
		if entries > 0 {
			return corrupt(auditObject, "it has %d entries, and its key is gone", entries)
		}
		rand.Read(s.auditKey[:]) // never fails (crypto/rand)
		return s.PutSetting(ctx, setting, s.auditKey[:], true)
	}
	if err == nil && len(raw) != len(s.auditKey) {
		err = corrupt(auditObject, "its key has %d octets", len(raw))
	}
	copy(s.auditKey[:], raw)
	return err
}

// AuditFilter selects entries; empty fields select all.
type AuditFilter struct {
	Actor  string
	Action string
	Before int64 // cursor: the last number of the page before
	Limit  int   // 0: no limit
}

// Audit gives the selected entries, newest first.
func (s *Store) Audit(ctx context.Context, f AuditFilter) (entries []access.Entry, err error) {
	var sel selection
	sel.equal("actor", f.Actor)
	sel.equal("action", f.Action)
	if f.Before > 0 {
		sel.and("seq < ?", f.Before)
	}
	query, args := sel.query("SELECT entry FROM audit", "ORDER BY seq DESC", f.Limit)
	err = s.read(ctx, query, args, func(r *sql.Rows) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		var e access.Entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			return corrupt(auditObject, "an entry is not one: %w", err)
		}
		entries = append(entries, e)
		return nil
	})
	return entries, s.explain("store.Audit", auditObject, err)
}

// VerifyAudit walks the whole log, past the head that was known earlier, if
// that is not zero, and gives its head; fault.Corrupt names the first entry
// that is not what was written.
func (s *Store) VerifyAudit(ctx context.Context, known access.Head) (access.Head, error) {
	const op = "store.VerifyAudit"
	// the head first: what is appended meanwhile lies behind it
	var head access.Head
	if err := s.readOne(ctx, "SELECT seq, code FROM audit_head WHERE id = 1", nil, &head.Seq, &head.Code); err != nil {
		return head, s.explain(op, auditObject, err)
	}
	v := access.Verifier{Key: s.auditKey, Known: known}
	err := s.read(ctx, "SELECT seq, entry, code FROM audit WHERE seq <= ? ORDER BY seq", []any{head.Seq}, func(r *sql.Rows) error {
		var l access.Link
		if err := r.Scan(&l.Seq, &l.Text, &l.Code); err != nil {
			return err
		}
		return v.Next(l)
	})
	if err == nil {
		err = v.End(head)
	}
	if err == nil {
		err = s.auditBeyond(ctx, head.Seq)
	}
	return v.Head, s.explain(op, auditObject, err)
}

// auditBeyond finds a head that was set back: entries that stay behind it,
// and were not appended meanwhile.
func (s *Store) auditBeyond(ctx context.Context, seq int64) error {
	var last, head int64
	if err := s.readOne(ctx, "SELECT COALESCE(max(seq), 0), (SELECT seq FROM audit_head WHERE id = 1) FROM audit", nil, &last, &head); err != nil {
		return err
	}
	if last != head || head < seq {
		return corrupt(auditObject, "its last entry is %d, and its head names %d", last, head)
	}
	return nil
}
