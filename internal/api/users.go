package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
)

type userName struct {
	Name string `path:"name"`
}

func operation(method, id, path, summary string) huma.Operation {
	op := huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary}
	if method == http.MethodDelete {
		op.DefaultStatus = http.StatusNoContent
	}
	return op
}

func (s *server) users() {
	register(s, get("list-users", "/api/v1/users", "Users by name"), func(ctx context.Context, _ *struct{}) (*body[[]access.User], error) {
		return list(s.Store.Users(ctx))
	})
	add := post("add-user", "/api/v1/users", "Add a user")
	add.DefaultStatus = http.StatusCreated
	register(s, add, func(ctx context.Context, in *body[client.NewUser]) (*body[access.User], error) {
		return answer(s.addUser(ctx, in.Body))
	})
	register(s, operation(http.MethodPatch, "change-user", "/api/v1/users/{name}", "Change what a user may"), func(ctx context.Context, in *struct {
		Name string `path:"name"`
		Body client.UserChange
	}) (*body[access.User], error) {
		err := s.Store.ChangeUser(ctx, in.Name, func(u *access.User, _ *string) error {
			if len(in.Body.Grants) > 0 {
				u.Grants = in.Body.Grants
			}
			if in.Body.Disabled != nil {
				u.Disabled = *in.Body.Disabled
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		u, _, err := s.Store.User(ctx, in.Name)
		return answer(u, err)
	})
	register(s, operation(http.MethodDelete, "remove-user", "/api/v1/users/{name}", "Remove a user with their sessions and tokens"),
		func(ctx context.Context, in *userName) (*struct{}, error) {
			return nil, s.Store.RemoveUser(ctx, in.Name)
		})
	change := operation(http.MethodPut, "change-password", "/api/v1/users/{name}/password", "Change one's own password, or as administrator anybody's; their sessions end")
	change.DefaultStatus = http.StatusNoContent
	register(s, change, func(ctx context.Context, in *struct {
		Name string `path:"name"`
		Body client.PasswordChange
	}) (*struct{}, error) {
		return nil, s.changePassword(ctx, in.Name, in.Body)
	})
}

func (s *server) addUser(ctx context.Context, in client.NewUser) (access.User, error) {
	u := access.User{Name: in.Name, Grants: in.Grants, CreatedAt: time.Now().UTC().Truncate(time.Microsecond)}
	if err := u.Check(); err != nil {
		return u, err
	}
	var hash string
	if in.Password != "" {
		var err error
		if hash, err = s.hashPassword(ctx, in.Name, in.Password); err != nil {
			return u, err
		}
	}
	return u, s.Store.AddUser(ctx, u, hash, false)
}

// changePassword wants the old password of everybody but an administrator who
// changes another's.
func (s *server) changePassword(ctx context.Context, name string, in client.PasswordChange) error {
	r := requestOf(ctx)
	mine := r.who.Name == name && r.who.Kind != access.ByBootstrap
	switch {
	case !mine && !r.who.MayEverywhere(access.Administer):
		return denied(r.who, access.Administer, "the whole fleet")
	case mine:
		if err := s.checkLogin(ctx, r, client.Login{Name: name, Password: in.Old}); err != nil {
			if errors.Is(err, unknownError{}) { // who asks is known all the same
				err = fault.New(fault.Denied, "", "", "the old password is wrong")
			}
			return err
		}
	}
	hash, err := s.hashPassword(ctx, name, in.New)
	if err != nil {
		return err
	}
	return s.Store.ChangeUser(ctx, name, func(_ *access.User, password *string) error {
		*password = hash
		return nil
	})
}
