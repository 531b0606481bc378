package api

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"drydock/internal/access"
	"drydock/internal/fault"
)

// cookieName is the session's cookie. With __Host- a browser takes it over TLS
// only, and from this host only (RFC 6265bis section 4.1.3.2).
func cookieName(secure bool) string {
	if secure {
		return "__Host-drydock"
	}
	return "drydock"
}

// cookie makes the session's cookie; an empty secret takes it away.
func cookie(secret string, secure bool, life time.Duration) string {
	c := http.Cookie{Name: cookieName(secure), Value: secret, Path: "/", HttpOnly: true, Secure: secure,
		SameSite: http.SameSiteStrictMode, MaxAge: int(life / time.Second)}
	if secret == "" {
		c.MaxAge = -1
	}
	return c.String()
}

// identify finds out who asks: by the header Authorization, or else by the
// session's cookie.
func (s *server) identify(ctx huma.Context, r *request, now time.Time) (err error) {
	if given, ok := strings.CutPrefix(ctx.Header("Authorization"), "Bearer "); ok {
		r.who, err = s.byToken(ctx.Context(), strings.TrimSpace(given), now, r.quiet)
		return err
	}
	c, err := huma.ReadCookie(ctx, cookieName(r.secure))
	if err != nil {
		return unknown("nobody is logged in, and the token is missing or not the right one")
	}
	return s.bySession(ctx.Context(), r, access.HashSecret(c.Value), now)
}

// unknown is the answer to whoever did not show who they are.
func unknown(why string) error {
	return (&fault.Error{Code: fault.Denied, Msg: why, Err: unknownError{}}).
		WithHint("log in, or give --token or DRYDOCK_TOKEN: a token of drydock token create, or the text of the file token in the server's data directory")
}

// byToken finds who has an API token, or the bootstrap token.
func (s *server) byToken(ctx context.Context, text string, now time.Time, quiet bool) (access.Principal, error) {
	nobody := access.Principal{}
	if s.isBootstrap(text) {
		return access.Bootstrap(), nil
	}
	id, hash, ok := access.ParseToken(text)
	if !ok {
		return nobody, unknown("the token is missing or not the right one")
	}
	token, want, err := s.Store.Token(ctx, id)
	switch {
	case fault.Is(err, fault.NotFound), err == nil && subtle.ConstantTimeCompare([]byte(hash), []byte(want)) != 1:
		return nobody, unknown("the token is not the right one, or was revoked")
	case err != nil:
		return nobody, err
	case !token.Alive(now):
		return nobody, unknown("the token has expired")
	}
	owner, err := s.activeUser(ctx, token.Owner)
	if err != nil {
		return nobody, err
	}
	if now.Sub(token.UsedAt) >= access.SessionMark && !quiet {
		if err := s.Store.MarkToken(ctx, id, now); err != nil {
			return nobody, err
		}
	}
	return token.Principal(owner), nil
}

func (s *server) isBootstrap(text string) bool {
	want := s.Token.Reveal()
	return want != "" && subtle.ConstantTimeCompare([]byte(text), []byte(want)) == 1
}

// activeUser gives a user who may come in.
func (s *server) activeUser(ctx context.Context, name string) (access.User, error) {
	u, _, err := s.Store.User(ctx, name)
	switch {
	case fault.Is(err, fault.NotFound):
		return u, unknown("the user is not there any more")
	case err == nil && u.Disabled:
		return u, unknown("the user is disabled")
	}
	return u, err
}

func (s *server) bySession(ctx context.Context, r *request, hash string, now time.Time) error {
	session, err := s.Store.Session(ctx, hash)
	if fault.Is(err, fault.NotFound) || err == nil && !session.Alive(now) {
		return unknown("the session has ended")
	}
	if err != nil {
		return err
	}
	user, err := s.activeUser(ctx, session.User)
	if err != nil {
		return err
	}
	if now.Sub(session.SeenAt) >= access.SessionMark && !r.quiet {
		if err := s.Store.MarkSession(ctx, hash, now); err != nil {
			return err
		}
		session.SeenAt = now
	}
	r.who, r.session, r.ends = user.Principal(), hash, session.Expires()
	return nil
}

// newSecret makes the text of a session's secret.
func newSecret() (random [access.SecretSize]byte) {
	rand.Read(random[:]) // never fails (crypto/rand)
	return random
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

// decode gives nothing for what is not encoded.
func decode(text string) []byte {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}
