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

func userObject(name string) string { return "user " + name }

// AddUser keeps a new user with the hash of their password, "" for none.
// fault.Conflict if there is one of that name, or, where first is set, if there
// is any user at all.
func (s *Store) AddUser(ctx context.Context, u access.User, password string, first bool) error {
	const op = "store.AddUser"
	object := userObject(u.Name)
	doc, err := userDoc(u, password)
	if err != nil {
		return s.explain(op, object, err)
	}
	err = s.write(ctx, func(ctx context.Context, t *tx) error {
		query, args := "SELECT count(*) FROM account WHERE name = ?", []any{u.Name}
		if first {
			query, args = "SELECT count(*) FROM account", nil
		}
		var n int
		if err := t.row(ctx, query, args, &n); err != nil {
			return err
		}
		switch {
		case n > 0 && first:
			return fault.New(fault.Conflict, "", object, "there are users already").WithHint("an administrator adds more: drydock user add")
		case n > 0:
			return fault.New(fault.Conflict, "", object, "there is a user of this name")
		}
		return t.exec(ctx, "INSERT INTO account (name, password, doc, sum) VALUES (?, ?, ?, ?)", u.Name, password, string(doc), checksum(doc, u.Name))
	})
	return s.explain(op, object, err)
}

func userDoc(u access.User, password string) ([]byte, error) {
	if err := u.Check(); err != nil {
		return nil, err
	}
	if err := storable(userObject(u.Name), u.External, password); err != nil {
		return nil, err
	}
	return json.Marshal(u)
}

// ChangeUser replaces what is known of a user by what change makes of it, in
// one step; the password's hash may be changed with it. A user whose password
// changes, or who is disabled, has no session any more.
func (s *Store) ChangeUser(ctx context.Context, name string, change func(u *access.User, password *string) error) error {
	object := userObject(name)
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		u, password, err := t.user(ctx, name)
		if err != nil {
			return err
		}
		before := password
		if err := change(&u, &password); err != nil {
			return err
		}
		u.Name = name
		doc, err := userDoc(u, password)
		if err != nil {
			return err
		}
		if password != before || u.Disabled {
			if err := t.exec(ctx, "DELETE FROM session WHERE account = ?", name); err != nil {
				return err
			}
		}
		return t.exec(ctx, "UPDATE account SET password = ?, doc = ?, sum = ? WHERE name = ?", password, string(doc), checksum(doc, name), name)
	})
	return s.explain("store.ChangeUser", object, err)
}

func (t *tx) user(ctx context.Context, name string) (u access.User, password string, err error) {
	var doc string
	var sum int64
	err = t.row(ctx, "SELECT password, doc, sum FROM account WHERE name = ?", []any{name}, &password, &doc, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return u, "", notFound(userObject(name))
	}
	if err == nil {
		err = unpack(doc, sum, &u, userObject(name), name)
	}
	return u, password, err
}

// User gives a user and the hash of their password, or fault.NotFound.
func (s *Store) User(ctx context.Context, name string) (u access.User, password string, err error) {
	var doc string
	var sum int64
	err = s.readOne(ctx, "SELECT password, doc, sum FROM account WHERE name = ?", []any{name}, &password, &doc, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return u, "", notFound(userObject(name))
	case err != nil:
		return u, "", s.explain("store.User", userObject(name), err)
	}
	return u, password, unpack(doc, sum, &u, userObject(name), name)
}

// Users gives all users by name.
func (s *Store) Users(ctx context.Context) (users []access.User, err error) {
	err = s.read(ctx, "SELECT name, doc, sum FROM account ORDER BY name", nil, func(r *sql.Rows) error {
		var name, doc string
		var sum int64
		if err := r.Scan(&name, &doc, &sum); err != nil {
			return err
		}
		var u access.User
		err := unpack(doc, sum, &u, userObject(name), name)
		users = append(users, u)
		return err
	})
	return users, s.explain("store.Users", "", err)
}

// RemoveUser forgets a user with their sessions and tokens.
func (s *Store) RemoveUser(ctx context.Context, name string) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		for _, table := range []string{"session", "token"} {
			if err := t.exec(ctx, "DELETE FROM "+table+" WHERE account = ?", name); err != nil {
				return err
			}
		}
		n, err := t.change(ctx, "DELETE FROM account WHERE name = ?", name)
		if err == nil && n == 0 {
			return notFound(userObject(name))
		}
		return err
	})
	return s.explain("store.RemoveUser", userObject(name), err)
}

// AddSession keeps a login, and forgets those that have ended by then.
func (s *Store) AddSession(ctx context.Context, in access.Session) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		if err := t.exec(ctx, "DELETE FROM session WHERE seen_at < ? OR created_at < ?",
			micros(in.CreatedAt.Add(-access.SessionIdle)), micros(in.CreatedAt.Add(-access.SessionLife))); err != nil {
			return err
		}
		return t.exec(ctx, "INSERT INTO session (hash, account, address, created_at, seen_at) VALUES (?, ?, ?, ?, ?)",
			in.Hash, in.User, asText(in.Address), micros(in.CreatedAt), micros(in.SeenAt))
	})
	return s.explain("store.AddSession", userObject(in.User), err)
}

// Session gives the login of a secret's hash, or fault.NotFound. Whether it is
// still good is the caller's to see.
func (s *Store) Session(ctx context.Context, hash string) (out access.Session, err error) {
	var created, seen int64
	out.Hash = hash
	err = s.readOne(ctx, "SELECT account, address, created_at, seen_at FROM session WHERE hash = ?", []any{hash}, &out.User, &out.Address, &created, &seen)
	if errors.Is(err, sql.ErrNoRows) {
		return out, notFound("session")
	}
	out.CreatedAt, out.SeenAt = fromMicros(created), fromMicros(seen)
	return out, s.explain("store.Session", "session", err)
}

// MarkSession keeps when a session was last heard of.
func (s *Store) MarkSession(ctx context.Context, hash string, at time.Time) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "UPDATE session SET seen_at = ? WHERE hash = ? AND seen_at < ?", micros(at), hash, micros(at))
	})
	return s.explain("store.MarkSession", "session", err)
}

// RemoveSession ends a login; one that is not there has ended.
func (s *Store) RemoveSession(ctx context.Context, hash string) error {
	err := s.write(ctx, func(ctx context.Context, t *tx) error {
		return t.exec(ctx, "DELETE FROM session WHERE hash = ?", hash)
	})
	return s.explain("store.RemoveSession", "session", err)
}
