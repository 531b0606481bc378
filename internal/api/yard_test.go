package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/drivers"
	"drydock/internal/access"
	"drydock/internal/driver"
	"drydock/internal/engine"
	"drydock/internal/engine/campaigns"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/notify"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

const bootstrap = "the-token-of-the-data-directory"

// yard is a server over a fleet of two sites with one device each, "north" and
// "south", each with a run, its question and a backup. Everything of a device
// has its name: run-north, backup-north, campaign-north. Each role has a user with a token, in
// the whole fleet ("viewer") and in the north ("viewer-north").
type yard struct {
	*server
	t        *testing.T
	dir      string // of the database
	handler  http.Handler
	tokens   map[string]string // by user
	question map[string]string // id by device
	runtime  *fakeRuntime
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newYard makes a yard; prepare, if not nil, has the server before its
// operations are registered.
func newYard(t *testing.T, prepare func(*server)) *yard {
	t.Helper()
	ctx := t.Context()
	outbox := &notify.Outbox{}
	keys, err := secret.NewKeyring([secret.KeySize]byte{1})
	must(t, err)
	dir := t.TempDir()
	st, err := store.Open(ctx, filepath.Join(dir, "drydock.db"), store.Options{Keyring: keys, Outbox: outbox})
	must(t, err)
	t.Cleanup(func() { must(t, st.Close()) })
	set, err := driver.LoadAll(drivers.FS)
	must(t, err)
	notifier, err := notify.New(ctx, notify.Config{Store: st, Outbox: outbox, Linker: notify.NewLinker([32]byte{2}), URL: func() string { return "https://drydock.test" }})
	must(t, err)
	y := &yard{t: t, dir: dir, tokens: map[string]string{"bootstrap": bootstrap}, question: map[string]string{}, runtime: &fakeRuntime{}}
	eng := engine.New(engine.Config{Store: st, Drivers: set})
	y.server = newServer(Parts{Store: st, Engine: eng, Runtime: y.runtime, Campaigns: campaigns.New(campaigns.Config{Store: st, Engine: eng, Runtime: y.runtime}), Metrics: http.NotFoundHandler(), Notifier: notifier, Token: secret.New(bootstrap), Version: "1",
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Passwords: access.Cost{Time: 1, Memory: 64, Threads: 1}})
	if prepare != nil {
		prepare(y.server)
	}
	y.server.register()
	y.handler = secured(routed(y.mux))
	for _, site := range []string{"north", "south"} {
		y.site(site)
	}
	for _, role := range access.Roles() {
		y.user(string(role), access.Grant{Role: role})
		y.user(string(role)+"-north", access.Grant{Role: role, Scope: "site=north"})
	}
	return y
}

func (y *yard) site(name string) {
	t, ctx := y.t, y.t.Context()
	t.Helper()
	d := fleet.Device{ID: fleet.DeviceID(name), Address: "127.0.0.9:161", Driver: "drydock-iad", Labels: map[string]string{"site": name}}
	must(t, y.Store.PutDevice(ctx, d, &fleet.Credentials{Version: "v2c", Community: secret.New("c")}))
	_, err := y.Store.SealBackup(ctx, fleet.Backup{ID: fleet.BackupID("backup-" + name), Device: d.ID}, []byte("configuration of "+name))
	must(t, err)
	p := storetest.NewPlayer("run-"+name, name)
	errs, err := y.Store.Commit(ctx, []store.Commit{p.Start(t), p.Next(t, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer})})
	must(t, err)
	for _, err := range errs {
		must(t, err)
	}
	must(t, y.Store.CreateCampaign(ctx, campaign.New(campaign.ID("campaign-"+name), campaign.Spec{Name: name}.WithDefaults(), []int{1}, "ann", time.Now()),
		[]campaign.Member{{Device: d.ID, State: campaign.Waiting, Labels: d.Labels}}))
	y.question[name] = p.State.Question.ID
	y.runtime.changes = append(y.runtime.changes, engine.Change{Run: p.ID(), Seq: 9, State: p.State})
}

const password = "correct horse battery"

func (y *yard) user(name string, grants ...access.Grant) {
	y.t.Helper()
	hash, err := y.hashPassword(y.t.Context(), name, password)
	must(y.t, err)
	must(y.t, y.Store.AddUser(y.t.Context(), access.User{Name: name, Grants: grants}, hash, false))
	y.tokens[name] = y.token(name, name, grants...)
}

// token gives a user a token.
func (y *yard) token(id, owner string, grants ...access.Grant) string {
	y.t.Helper()
	text := access.TokenText(id, newSecret())
	_, hash, _ := access.ParseToken(text)
	now := time.Now()
	must(y.t, y.Store.AddToken(y.t.Context(), access.Token{ID: id, Name: "t", Owner: owner, Grants: grants, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}, hash))
	return text
}

// ask makes a request as a user, with the user's token; "" is nobody.
func (y *yard) ask(user, method, path string, body any) *httptest.ResponseRecorder {
	y.t.Helper()
	return y.asked(method, path, body, func(r *http.Request) {
		if user != "" {
			r.Header.Set("Authorization", "Bearer "+y.tokens[user])
		}
	})
}

func (y *yard) asked(method, path string, body any, more func(*http.Request)) *httptest.ResponseRecorder {
	y.t.Helper()
	var in io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		must(y.t, err)
		in = bytes.NewReader(raw)
	}
	r := httptest.NewRequestWithContext(y.t.Context(), method, "http://drydock.example"+path, in)
	r.Header.Set("Content-Type", "application/json")
	if more != nil {
		more(r)
	}
	w := httptest.NewRecorder()
	y.handler.ServeHTTP(recorder{w}, r)
	return w
}

func (y *yard) want(w *httptest.ResponseRecorder, status int, words ...string) {
	y.t.Helper()
	if w.Code != status {
		y.t.Errorf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	for _, word := range words {
		if !strings.Contains(w.Body.String(), word) {
			y.t.Errorf("%q is not in %s", word, w.Body)
		}
	}
}

// recorder has the deadlines that an event stream sets.
type recorder struct{ *httptest.ResponseRecorder }

func (recorder) SetWriteDeadline(time.Time) error { return nil }

// fakeRuntime takes everything and does nothing.
type fakeRuntime struct {
	hold     bool // Watch gives nothing until its context ends
	changes  []engine.Change
	after    uint64 // what WatchAfter was called with
	by       string
	started  []fleet.DeviceID
	answered []string
	replies  []procedure.Reply
}

func (f *fakeRuntime) Start(_ context.Context, p procedure.Plan, _ string) (fleet.RunID, error) {
	f.started = append(f.started, p.Device)
	return p.Run, nil
}

func (f *fakeRuntime) Answer(_ context.Context, _ fleet.RunID, r procedure.Reply) (procedure.State, error) {
	f.by = r.By
	f.answered = append(f.answered, r.Question)
	f.replies = append(f.replies, r)
	return procedure.State{}, nil
}

func (f *fakeRuntime) CancelGently(_ context.Context, _ fleet.RunID, by string) (procedure.State, error) {
	f.by = by
	return procedure.State{}, fault.New(fault.Conflict, "", "", "it goes on")
}

func (f *fakeRuntime) Cancel(_ context.Context, _ fleet.RunID, by string) (procedure.State, error) {
	f.by = by
	return procedure.State{}, fault.New(fault.Conflict, "", "", "it goes on")
}

func (f *fakeRuntime) WatchAfter(ctx context.Context, no uint64) <-chan engine.Change {
	f.after = no
	return f.Watch(ctx)
}

func (f *fakeRuntime) Watch(ctx context.Context) <-chan engine.Change {
	if f.hold {
		never := make(chan engine.Change)
		context.AfterFunc(ctx, func() { close(never) })
		return never
	}
	c := make(chan engine.Change, len(f.changes)+1)
	for _, change := range f.changes {
		c <- change
	}
	c <- engine.Change{Gap: true}
	close(c)
	return c
}
