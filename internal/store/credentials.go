package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"

	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// plainCredentials are credentials in the form that is sealed: the one place
// where they are spelled out.
type plainCredentials struct {
	Version, Community, WriteCommunity            string
	User, AuthProtocol, AuthPassword, ContextName string
	PrivProtocol, PrivPassword                    string
}

func revealed(c fleet.Credentials) plainCredentials {
	return plainCredentials{
		Version: c.Version, Community: c.Community.Reveal(), WriteCommunity: c.WriteCommunity.Reveal(),
		User: c.User, AuthProtocol: c.AuthProtocol, AuthPassword: c.AuthPassword.Reveal(),
		PrivProtocol: c.PrivProtocol, PrivPassword: c.PrivPassword.Reveal(), ContextName: c.ContextName,
	}
}

func (p plainCredentials) wrapped() fleet.Credentials {
	return fleet.Credentials{
		Version: p.Version, Community: secret.New(p.Community), WriteCommunity: secret.New(p.WriteCommunity),
		User: p.User, AuthProtocol: p.AuthProtocol, AuthPassword: secret.New(p.AuthPassword),
		PrivProtocol: p.PrivProtocol, PrivPassword: secret.New(p.PrivPassword), ContextName: p.ContextName,
	}
}

// Credentials opens what was sealed for the device. fault.NotFound where there
// are none.
func (s *Store) Credentials(ctx context.Context, id fleet.DeviceID) (c fleet.Credentials, err error) {
	object := credentialsObject(id)
	var sealed []byte
	err = s.readOne(ctx, "SELECT credentials FROM device WHERE id = ?", []any{id}, &sealed)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && sealed == nil:
		return c, notFound(object)
	case err != nil:
		return c, s.explain("store.Credentials", object, err)
	}
	plain, err := s.unseal(sealed, object, object)
	if err != nil {
		return c, err
	}
	var p plainCredentials
	if err := json.Unmarshal(plain, &p); err != nil {
		return c, corrupt(object, "the sealed form cannot be read") // its text would hold the secret
	}
	return p.wrapped(), nil
}
