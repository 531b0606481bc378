package api

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
)

// loginsAtOnce bounds how many passwords are checked at the same time: each
// takes 64 MiB (access.DefaultCost).
const loginsAtOnce = 4

// entered is an answer that sets the session's cookie.
type entered struct {
	SetCookie string `header:"Set-Cookie"`
	Body      client.Me
}

type left struct {
	SetCookie string `header:"Set-Cookie"`
}

func (s *server) logins() {
	type none struct{}
	register(s, get("show-setup", "/api/v1/setup", "Whether the first user is still to be made, and how one can log in"),
		func(ctx context.Context, _ *none) (*body[client.Setup], error) {
			users, err := s.Store.Users(ctx)
			if err != nil {
				return nil, err
			}
			out := client.Setup{Needed: len(users) == 0}
			if _, err := s.oidcSettings(ctx); err == nil {
				out.OIDC = "/api/v1/oidc/start"
			}
			return answer(out, nil)
		})
	register(s, post("setup", "/api/v1/setup", "Make the first user, an administrator, with the token of the data directory; logs in"),
		func(ctx context.Context, in *body[client.FirstUser]) (*entered, error) {
			if err := s.setup(ctx, in.Body); err != nil {
				s.entranceRefused(ctx, in.Body.Name, err)
				return nil, err
			}
			return s.enterAs(ctx, in.Body.Name)
		})
	register(s, post("login", "/api/v1/login", "Log in with a password; the answer sets the session's cookie"),
		func(ctx context.Context, in *body[client.Login]) (*entered, error) {
			if err := s.checkLogin(ctx, requestOf(ctx), in.Body); err != nil {
				s.entranceRefused(ctx, in.Body.Name, err)
				return nil, err
			}
			return s.enterAs(ctx, in.Body.Name)
		})
	out := post("logout", "/api/v1/logout", "End the session")
	out.DefaultStatus = http.StatusNoContent
	register(s, out, func(ctx context.Context, _ *none) (*left, error) {
		r := requestOf(ctx)
		return &left{cookie("", r.secure, 0)}, s.Store.RemoveSession(ctx, r.session)
	})
	register(s, get("me", "/api/v1/me", "Who asks, and what they may"), func(ctx context.Context, _ *none) (*body[client.Me], error) {
		r := requestOf(ctx)
		return answer(me(r.who, r.ends), nil)
	})
}

// entranceRefused audits who tried to come in under a name. One that came too
// early is not told: the log is not to be filled by who is locked out.
func (s *server) entranceRefused(ctx context.Context, name string, err error) {
	r := requestOf(ctx)
	r.who.Name = name
	if !fault.Is(err, fault.Limited) {
		s.audit(ctx, r, access.Refused, err.Error())
	}
}

func me(who access.Principal, ends time.Time) client.Me {
	out := client.Me{Name: who.Name, Kind: who.Kind, Grants: who.Grants, EndsAt: ends}
	if out.Grants == nil {
		out.Grants = []access.Grant{}
	}
	for _, p := range access.Permissions() {
		if who.MaySomewhere(p) {
			out.Permissions = append(out.Permissions, p)
		}
		if who.MayEverywhere(p) {
			out.Everywhere = append(out.Everywhere, p)
		}
	}
	return out
}

// checkLogin checks name and password; who is not there takes as long as who
// is, and gets the same answer.
func (s *server) checkLogin(ctx context.Context, r request, in client.Login) error {
	if err := s.recall(ctx); err != nil {
		return err
	}
	if err := s.limits.try(in.Name, r.address, time.Now()); err != nil {
		return err
	}
	user, hash, err := s.Store.User(ctx, in.Name)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return err
	}
	if hash == "" {
		hash = s.decoy
	}
	ok, checkErr := s.checkPassword(ctx, hash, in.Password)
	switch {
	case checkErr != nil:
		return checkErr
	case !ok || err != nil || user.Disabled:
		return (&fault.Error{Code: fault.Denied, Msg: wrongLogin, Err: unknownError{}}).
			WithHint("who has forgotten a password gets a new one from an administrator: drydock user password NAME")
	}
	s.limits.passed(in.Name, r.address)
	return nil
}

func (s *server) checkPassword(ctx context.Context, hash, password string) (bool, error) {
	if len(password) > access.PasswordMost {
		return false, nil
	}
	if err := s.takeTurn(ctx); err != nil {
		return false, err
	}
	defer func() { <-s.turns }()
	return access.CheckPassword(hash, password), nil
}

func (s *server) takeTurn(ctx context.Context) error {
	select {
	case s.turns <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hashPassword vets a new password and hashes it.
func (s *server) hashPassword(ctx context.Context, user, password string) (string, error) {
	if err := access.VetPassword(user, password); err != nil {
		return "", err
	}
	if err := s.takeTurn(ctx); err != nil {
		return "", err
	}
	defer func() { <-s.turns }()
	var salt [access.SaltSize]byte
	rand.Read(salt[:]) // never fails (crypto/rand)
	return access.HashPassword(password, salt, s.Passwords), nil
}

// enterAs starts a session of a user who has shown who they are.
func (s *server) enterAs(ctx context.Context, name string) (*entered, error) {
	r := requestOf(ctx)
	user, err := s.activeUser(ctx, name)
	if err != nil {
		return nil, err
	}
	r.who = user.Principal()
	if err := s.record(ctx, r, access.Ordered, ""); err != nil {
		return nil, err
	}
	secret, now := access.SecretText(newSecret()), time.Now()
	session := access.Session{Hash: access.HashSecret(secret), User: name, Address: r.address, CreatedAt: now, SeenAt: now}
	if err := s.Store.AddSession(ctx, session); err != nil {
		return nil, err
	}
	return &entered{cookie(secret, r.secure, access.SessionLife), me(r.who, session.Expires())}, nil
}

// setup makes the first user. Whoever can read the data directory is trusted
// with it.
func (s *server) setup(ctx context.Context, in client.FirstUser) error {
	r := requestOf(ctx)
	if err := s.limits.try(access.Bootstrap().Name, r.address, time.Now()); err != nil {
		return err
	}
	if !s.isBootstrap(in.Token) {
		return (&fault.Error{Code: fault.Denied, Msg: "the token is not the right one", Err: unknownError{}}).
			WithHint("it is the text of the file token in the server's data directory")
	}
	s.limits.passed(access.Bootstrap().Name, r.address)
	hash, err := s.hashPassword(ctx, in.Name, in.Password)
	if err != nil {
		return err
	}
	return s.Store.AddUser(ctx, access.User{Name: in.Name, CreatedAt: time.Now(), Grants: []access.Grant{{Role: access.Administrator}}}, hash, true)
}
