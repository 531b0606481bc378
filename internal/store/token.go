package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
)

func tokenObject(id string) string { return "token " + id }

// AddToken keeps a token with the hash of its text. fault.NotFound if its owner
// is not there, fault.Conflict if the id is taken.
func (s *Store) AddToken(ctx context.Context, in access.Token, hash string) error {
	const op = "store.AddToken"
	object := tokenObject(in.ID)
	err := in.Check()
	if err == nil {
		err = storable(object, in.ID, hash)
	}
	if err != nil {
		return s.explain(op, object, err)
	}
	in.UsedAt = time.Time{}
	doc, err := json.Marshal(in)
	if err != nil {
		return s.explain(op, object, err)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		if _, _, err := t.user(ctx, in.Owner); err != nil {
			return err
		}
		n, err := t.change(ctx, `INSERT INTO token (id, account, hash, doc, sum, used_at) VALUES (?, ?, ?, ?, ?, 0)
			ON CONFLICT (id) DO NOTHING`, in.ID, in.Owner, hash, string(doc), checksum(doc, in.ID, hash))
		if err == nil && n == 0 {
			return fault.New(fault.Conflict, "", object, "there is a token of this id")
		}
		return err
	})
	return s.explain(op, object, err)
}

const tokenColumns = "SELECT id, hash, doc, sum, used_at FROM token"

func scanToken(r scanner) (out access.Token, hash string, err error) {
	var id, doc string
	var sum, used int64
	if err := r.Scan(&id, &hash, &doc, &sum, &used); err != nil {
		return out, "", err
	}
	err = unpack(doc, sum, &out, tokenObject(id), id, hash)
	out.UsedAt = fromMicros(used)
	return out, hash, err
}

// Token gives a token and the hash of its text, or fault.NotFound.
func (s *Store) Token(ctx context.Context, id string) (out access.Token, hash string, err error) {
	err = sql.ErrNoRows
	readErr := s.read(ctx, tokenColumns+" WHERE id = ?", []any{id}, func(r *sql.Rows) error {
		out, hash, err = scanToken(r)
		return err
	})
	if readErr == nil && errors.Is(err, sql.ErrNoRows) {
		readErr = notFound(tokenObject(id))
	}
	return out, hash, s.explain("store.Token", tokenObject(id), readErr)
}

// Tokens gives the tokens of an owner by id; no owner: of all.
func (s *Store) Tokens(ctx context.Context, owner string) (tokens []access.Token, err error) {
	var sel selection
	sel.equal("account", owner)
	query, args := sel.query(tokenColumns, "ORDER BY id", 0)
	err = s.read(ctx, query, args, func(r *sql.Rows) error {
		out, _, err := scanToken(r)
		tokens = append(tokens, out)
		return err
	})
	return tokens, s.explain("store.Tokens", "", err)
}

// MarkToken keeps when a token was last used.
func (s *Store) MarkToken(ctx context.Context, id string, at time.Time) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "UPDATE token SET used_at = ? WHERE id = ? AND used_at < ?", micros(at), id, micros(at))
	})
	return s.explain("store.MarkToken", tokenObject(id), err)
}

// RemoveToken revokes a token.
func (s *Store) RemoveToken(ctx context.Context, id string) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "DELETE FROM token WHERE id = ?", id)
		if err == nil && n == 0 {
			return notFound(tokenObject(id))
		}
		return err
	})
	return s.explain("store.RemoveToken", tokenObject(id), err)
}
