package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"drydock/internal/access"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
)

// noon is some time.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 123456000, time.UTC) }

func alice() access.User {
	return access.User{Name: "alice", CreatedAt: noon(), Grants: []access.Grant{{Role: access.Operator, Scope: "site=north"}}}
}

func testUsers(t *testing.T, s *store.Store) {
	ctx := t.Context()
	_, _, err := s.User(ctx, "alice")
	wantCode(t, err, fault.NotFound)
	must(t, s.AddUser(ctx, alice(), "hash", true))
	wantCode(t, s.AddUser(ctx, alice(), "other", false), fault.Conflict)
	bob := access.User{Name: "bob", Grants: []access.Grant{{Role: access.Viewer}}}
	wantCode(t, s.AddUser(ctx, bob, "", true), fault.Conflict)
	must(t, s.AddUser(ctx, bob, "", false))
	wantCode(t, s.AddUser(ctx, access.User{Name: "no role"}, "", false), fault.Invalid)

	got, hash, err := s.User(ctx, "alice")
	must(t, err)
	if hash != "hash" || !reflect.DeepEqual(got, alice()) {
		t.Errorf("got %+v %q", got, hash)
	}
	all, err := s.Users(ctx)
	must(t, err)
	if len(all) != 2 || all[1].Name != "bob" {
		t.Errorf("got %+v", all)
	}
	must(t, s.RemoveUser(ctx, "bob"))
	wantCode(t, s.RemoveUser(ctx, "bob"), fault.NotFound)
}

func testUserChanges(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.AddUser(ctx, alice(), "hash", false))
	login := access.Session{Hash: "s1", User: "alice", CreatedAt: noon(), SeenAt: noon()}
	must(t, s.AddSession(ctx, login))

	must(t, s.ChangeUser(ctx, "alice", func(u *access.User, _ *string) error {
		u.Name, u.Grants = "mallory", []access.Grant{{Role: access.Administrator}}
		return nil
	}))
	got, hash, err := s.User(ctx, "alice")
	must(t, err)
	if got.Name != "alice" || got.Grants[0].Role != access.Administrator || hash != "hash" {
		t.Errorf("got %+v %q", got, hash)
	}
	_, err = s.Session(ctx, "s1")
	must(t, err) // a change of roles ends no session

	no := errors.New("no")
	err = s.ChangeUser(ctx, "alice", func(*access.User, *string) error { return fault.New(fault.Denied, "", "", "%w", no) })
	if !errors.Is(err, no) {
		t.Errorf("got %v", err)
	}
	must(t, s.ChangeUser(ctx, "alice", func(_ *access.User, password *string) error { *password = "new"; return nil }))
	_, err = s.Session(ctx, "s1")
	wantCode(t, err, fault.NotFound)
	wantCode(t, s.ChangeUser(ctx, "nobody", func(*access.User, *string) error { return nil }), fault.NotFound)
}

func testSessions(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.AddUser(ctx, alice(), "", false))
	first := access.Session{Hash: "s1", User: "alice", Address: "192.0.2.1", CreatedAt: noon(), SeenAt: noon()}
	must(t, s.AddSession(ctx, first))
	got, err := s.Session(ctx, "s1")
	must(t, err)
	if got != first {
		t.Errorf("got %+v", got)
	}
	must(t, s.MarkSession(ctx, "s1", noon().Add(time.Hour)))
	must(t, s.MarkSession(ctx, "s1", noon())) // never back
	got, err = s.Session(ctx, "s1")
	must(t, err)
	if !got.SeenAt.Equal(noon().Add(time.Hour)) {
		t.Errorf("got %+v", got)
	}
	later := noon().Add(access.SessionIdle + 2*time.Hour)
	must(t, s.AddSession(ctx, access.Session{Hash: "s2", User: "alice", CreatedAt: later, SeenAt: later}))
	_, err = s.Session(ctx, "s1") // it had ended
	wantCode(t, err, fault.NotFound)
	must(t, s.RemoveSession(ctx, "s2"))
	must(t, s.RemoveSession(ctx, "s2"))
	_, err = s.Session(ctx, "s2")
	wantCode(t, err, fault.NotFound)
	if err := s.AddSession(ctx, access.Session{Hash: "s3", User: "nobody", CreatedAt: later, SeenAt: later}); err == nil {
		t.Error("a session of nobody")
	}
}

func testTokens(t *testing.T, s *store.Store) {
	ctx := t.Context()
	must(t, s.AddUser(ctx, alice(), "", false))
	token := access.Token{ID: "t1", Name: "ci", Owner: "alice", Grants: []access.Grant{{Role: access.Viewer}}, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}
	must(t, s.AddToken(ctx, token, "hash"))
	wantCode(t, s.AddToken(ctx, token, "hash"), fault.Conflict)
	foreign := token
	foreign.ID, foreign.Owner = "t2", "nobody"
	wantCode(t, s.AddToken(ctx, foreign, "hash"), fault.NotFound)
	forever := token
	forever.ID, forever.ExpiresAt = "t3", time.Time{}
	wantCode(t, s.AddToken(ctx, forever, "hash"), fault.Invalid)

	must(t, s.MarkToken(ctx, "t1", noon().Add(time.Minute)))
	got, hash, err := s.Token(ctx, "t1")
	must(t, err)
	token.UsedAt = noon().Add(time.Minute)
	if hash != "hash" || !reflect.DeepEqual(got, token) {
		t.Errorf("got %+v %q", got, hash)
	}
	for owner, n := range map[string]int{"": 1, "alice": 1, "bob": 0} {
		list, err := s.Tokens(ctx, owner)
		must(t, err)
		if len(list) != n {
			t.Errorf("owner %q: %+v", owner, list)
		}
	}
	must(t, s.RemoveToken(ctx, "t1"))
	wantCode(t, s.RemoveToken(ctx, "t1"), fault.NotFound)
	must(t, s.AddToken(ctx, access.Token{ID: "t4", Name: "ci", Owner: "alice", Grants: token.Grants, CreatedAt: noon(), ExpiresAt: noon().Add(time.Hour)}, "h"))
	must(t, s.RemoveUser(ctx, "alice"))
	_, _, err = s.Token(ctx, "t4")
	wantCode(t, err, fault.NotFound)
}

func testAudit(t *testing.T, s *store.Store) {
	ctx := t.Context()
	head, err := s.VerifyAudit(ctx, access.Head{})
	must(t, err)
	if head != (access.Head{}) {
		t.Errorf("empty: %v", head)
	}
	var group sync.WaitGroup
	for n := range 20 {
		group.Go(func() {
			if _, err := s.AppendAudit(ctx, access.Entry{Actor: fmt.Sprintf("user%d", n%2), Action: "start-runs", Detail: "\x00\xff", Outcome: access.Ordered}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	head, err = s.VerifyAudit(ctx, access.Head{})
	must(t, err)
	if head.Seq != 20 || head.Code == "" {
		t.Errorf("got %v", head)
	}
	_, err = s.VerifyAudit(ctx, head)
	must(t, err)
	_, err = s.VerifyAudit(ctx, access.Head{Seq: 20, Code: "x"})
	wantCode(t, err, fault.Corrupt)
	_, err = s.VerifyAudit(ctx, access.Head{Seq: 21, Code: "x"})
	wantCode(t, err, fault.Corrupt)
	page, err := s.Audit(ctx, store.AuditFilter{Actor: "user1", Before: 15, Limit: 3})
	must(t, err)
	for i, e := range page {
		if e.Actor != "user1" || e.Seq >= 15 || i > 0 && e.Seq >= page[i-1].Seq || e.At.IsZero() {
			t.Errorf("got %+v", page)
		}
	}
	if len(page) != 3 {
		t.Errorf("got %d", len(page))
	}
}

// testScopes: lists give what lies in the scopes, and nothing else.
func testScopes(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for n, labels := range []map[string]string{{"site": "north", "tier": "edge"}, {"site": "north"}, {"site": "south"}, nil} {
		d := deviceN(n)
		d.Labels = labels
		must(t, s.PutDevice(ctx, d, nil))
		_, err := s.SealBackup(ctx, fleet.Backup{Device: d.ID}, []byte("x"))
		must(t, err)
		pl := NewPlayer(fmt.Sprintf("r%d", n), string(d.ID))
		errs, err := s.Commit(ctx, []store.Commit{pl.Start(t)})
		must(t, errors.Join(append(errs, err)...))
	}
	_, err := s.SealBackup(ctx, fleet.Backup{Device: "gone"}, []byte("x"))
	must(t, err)
	for _, c := range []struct {
		within       []access.Scope
		devices, all int
	}{
		{nil, 4, 5},
		{[]access.Scope{}, 0, 0},
		{[]access.Scope{access.Everywhere}, 4, 5},
		{[]access.Scope{"site=north"}, 2, 2},
		{[]access.Scope{"site=north,tier=edge"}, 1, 1},
		{[]access.Scope{"site=north,tier=edge", "site=south"}, 2, 2},
		{[]access.Scope{"site=nort"}, 0, 0},
	} {
		devices, err := s.Devices(ctx, store.DeviceFilter{Within: c.within})
		must(t, err)
		runs, err := s.Runs(ctx, store.RunFilter{Within: c.within})
		must(t, err)
		backups, err := s.Backups(ctx, store.BackupFilter{Within: c.within})
		must(t, err)
		_, err = s.Questions(ctx, store.QuestionFilter{Within: c.within})
		must(t, err)
		if len(devices) != c.devices || len(runs) != c.devices || len(backups) != c.all {
			t.Errorf("%q: %d devices, %d runs, %d backups", c.within, len(devices), len(runs), len(backups))
		}
	}
}
