package api

import (
	"context"
	"encoding/hex"
	"net/http"
	"time"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/store"
)

func (s *server) tokens() {
	register(s, get("list-tokens", "/api/v1/tokens", "One's own API tokens; all for an administrator"),
		func(ctx context.Context, _ *struct{}) (*body[[]access.Token], error) {
			who := requestOf(ctx).who
			if who.MayEverywhere(access.Administer) {
				return list(s.Store.Tokens(ctx, ""))
			}
			return list(s.Store.Tokens(ctx, who.Name))
		})
	add := post("add-token", "/api/v1/tokens", "Make an API token; its text is shown this once")
	add.DefaultStatus = http.StatusCreated
	register(s, add, func(ctx context.Context, in *body[client.NewToken]) (*body[client.MadeToken], error) {
		return answer(s.addToken(ctx, in.Body))
	})
	register(s, operation(http.MethodDelete, "revoke-token", "/api/v1/tokens/{id}", "Revoke an API token"), func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*struct{}, error) {
		who := requestOf(ctx).who
		token, _, err := s.Store.Token(ctx, in.ID)
		if err == nil && token.Owner != who.Name && !who.MayEverywhere(access.Administer) {
			err = fault.New(fault.NotFound, "", "token "+in.ID, "there is no such token").WithHint("drydock token list shows what there is")
		}
		if err != nil {
			return nil, err
		}
		return nil, s.Store.RemoveToken(ctx, in.ID)
	})
}

// addToken makes a token for its owner. A token makes no other: one that was
// stolen would live on in it.
func (s *server) addToken(ctx context.Context, in client.NewToken) (made client.MadeToken, err error) {
	who := requestOf(ctx).who
	if who.Kind == access.ByToken {
		return made, fault.New(fault.Denied, "", "", "a token cannot make another").WithHint("log in, or use the token of the data directory")
	}
	if in.Owner == "" {
		in.Owner = who.Name
	}
	if in.Owner != who.Name && !who.MayEverywhere(access.Administer) {
		return made, denied(who, access.Administer, "the whole fleet")
	}
	owner, _, err := s.Store.User(ctx, in.Owner)
	if err != nil {
		return made, err
	}
	if len(in.Grants) == 0 {
		in.Grants = owner.Grants
	}
	if len(access.Both(owner.Grants, in.Grants)) == 0 {
		return made, fault.New(fault.Invalid, "", "token "+in.Name, "%s may do nothing of what it asks for", in.Owner)
	}
	random := newSecret()
	now := time.Now().UTC().Truncate(time.Microsecond)
	made.Token = access.Token{ID: hex.EncodeToString(random[:4]), Name: in.Name, Owner: in.Owner, Grants: in.Grants,
		CreatedAt: now, ExpiresAt: now.AddDate(0, 0, in.Days)}
	made.Text = access.TokenText(made.ID, newSecret())
	_, hash, _ := access.ParseToken(made.Text)
	return made, s.Store.AddToken(ctx, made.Token, hash)
}

func (s *server) auditLog() {
	register(s, get("list-audit", "/api/v1/audit", "Who did what, newest first"), func(ctx context.Context, q *struct {
		Actor  string `query:"actor"`
		Action string `query:"action" doc:"operation id, as start-runs"`
		Before int64  `query:"before" doc:"cursor: the last number of the page before"`
		Limit  int    `query:"limit" minimum:"1" maximum:"10000" default:"100"`
	}) (*body[[]access.Entry], error) {
		return list(s.Store.Audit(ctx, store.AuditFilter{Actor: q.Actor, Action: q.Action, Before: q.Before, Limit: q.Limit}))
	})
	register(s, get("verify-audit", "/api/v1/audit/verify", "Walk the whole audit log"), func(ctx context.Context, q *struct {
		Entries int64  `query:"entries" doc:"an earlier last entry: it must still be there"`
		Code    string `query:"code" doc:"and this its code"`
	}) (*body[client.AuditHead], error) {
		head, err := s.Store.VerifyAudit(ctx, access.Head{Seq: q.Entries, Code: q.Code})
		return answer(client.AuditHead{Entries: head.Seq, Code: head.Code}, err)
	})
}
