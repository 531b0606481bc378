package store

import (
	"context"
	"database/sql"
	"errors"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Setting gives a small value, opened if it rests sealed; fault.NotFound where
// it was never put.
func (s *Store) Setting(ctx context.Context, key string) ([]byte, error) {
	const op = "store.Setting"
	object := "setting " + key
	var sealed bool
	var value []byte
	var sum int64
	err := s.readOne(ctx, "SELECT sealed, value, sum FROM setting WHERE key = ?", []any{key}, &sealed, &value, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, notFound(object)
	case err != nil:
		return nil, s.explain(op, object, err)
	case checksum(value, key) != sum:
		return nil, corrupt(object, "its bytes in the database are not what they were")
	case !sealed:
		return value, nil
	}
	return s.unseal(value, object, object)
}

// PutSetting keeps a small value, encrypted if sealed.
func (s *Store) PutSetting(ctx context.Context, key string, value []byte, sealed bool) error {
	object := "setting " + key
	if err := storable(object, key); err != nil {
		return err
	}
	if sealed {
		value = s.keyring.Seal(value, object)
	}
	if value == nil {
		value = []byte{}
	}
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, `INSERT INTO setting (key, sealed, value, sum) VALUES (?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET sealed = excluded.sealed, value = excluded.value, sum = excluded.sum`,
			key, flag(sealed), value, checksum(value, key))
	})
	return s.explain("store.PutSetting", object, err)
}

// SettingKeys gives the keys that begin with prefix, in order.
func (s *Store) SettingKeys(ctx context.Context, prefix string) (keys []string, err error) {
	err = s.read(ctx, "SELECT key FROM setting WHERE substr(key, 1, ?) = ? ORDER BY key", []any{len([]rune(prefix)), prefix}, func(rows *sql.Rows) error {
		var key string
		err := rows.Scan(&key)
		keys = append(keys, key)
		return err
	})
	return keys, s.explain("store.SettingKeys", "settings "+prefix, err)
}

// RemoveSetting removes a setting, or gives fault.NotFound.
func (s *Store) RemoveSetting(ctx context.Context, key string) error {
	object := "setting " + key
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "DELETE FROM setting WHERE key = ?", key)
		if err == nil && n == 0 {
			return notFound(object)
		}
		return err
	})
	return s.explain("store.RemoveSetting", object, err)
}

// unseal opens bytes that were sealed under a context.
func (s *Store) unseal(sealed []byte, context, object string) ([]byte, error) {
	plain, err := s.keyring.Open(sealed, context)
	switch {
	case errors.Is(err, secret.ErrWrongKey):
		return nil, fault.New(fault.Denied, "", object, "%w", err).
			WithHint("add the key that it was sealed with to the key file")
	case err != nil:
		return nil, corrupt(object, "%w", err)
	}
	return plain, nil
}
