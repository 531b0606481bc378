package notify

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// yard is a store with a notifier on a clock that the test sets.
type yard struct {
	*Notifier
	t     *testing.T
	dir   string
	store *store.Store

	mu  sync.Mutex // owns now
	now time.Time
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 5, 0, 0, 0, time.UTC)}
	y.open()
	return y
}

// open opens the store, again perhaps.
func (y *yard) open() {
	y.t.Helper()
	if y.store != nil {
		y.must(y.store.Close())
	}
	keys, err := secret.NewKeyring([secret.KeySize]byte{1})
	y.must(err)
	outbox := &Outbox{}
	y.store, err = store.Open(context.Background(), filepath.Join(y.dir, "drydock.db"), store.Options{Keyring: keys, Outbox: outbox})
	y.must(err)
	st := y.store
	y.t.Cleanup(func() { _ = st.Close() }) // a second time is harmless
	y.Notifier, err = New(context.Background(), Config{Store: st, Outbox: outbox, Linker: NewLinker([32]byte{9}),
		URL: func() string { return "https://drydock.test/" }, Now: y.clock})
	y.must(err)
}

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

func (y *yard) clock() time.Time {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.now
}

func (y *yard) pass(d time.Duration) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.now = y.now.Add(d)
}

func (y *yard) put(c Channel) Channel {
	y.t.Helper()
	out, _, err := y.Put(context.Background(), c)
	y.must(err)
	return out
}

// deliver lets the notifier do what is due now.
func (y *yard) deliver() {
	y.t.Helper()
	y.must(y.look(context.Background()))
	y.working.Wait()
	y.must(y.look(context.Background())) // what the first has led to
	y.working.Wait()
}

// commit plays events of a run.
func (y *yard) commit(p *storetest.Player, events ...procedure.Event) {
	y.t.Helper()
	var batch []store.Commit
	for _, ev := range events {
		if ev.Kind == procedure.Started {
			batch = append(batch, p.Start(y.t))
			continue
		}
		batch = append(batch, p.Next(y.t, ev))
	}
	errs, err := y.store.Commit(context.Background(), batch)
	y.must(err)
	for _, err := range errs {
		y.must(err)
	}
}

// asks starts a run that asks at once.
func (y *yard) asks(run, device string) *storetest.Player {
	y.t.Helper()
	p := storetest.NewPlayer(run, device)
	y.commit(p, procedure.Event{Kind: procedure.Started}, procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoAnswer, Detail: hostile})
	return p
}

func (y *yard) states(channel string) map[string]store.Delivery {
	y.t.Helper()
	list, err := y.store.Deliveries(context.Background(), store.DeliveryFilter{Channel: channel})
	y.must(err)
	states := map[string]store.Delivery{}
	for _, d := range list {
		states[d.Notice.ID] = d
	}
	return states
}

// hostile is what a device may say of itself: an escape sequence, a header, a
// mention, a link in every chat's form, script, a formula, and characters that
// turn the direction.
const hostile = "\x1b[2J\x1b]0;owned\x07\r\nBcc: evil@example.org\r\n\r\n<!channel> @here <https://evil.example|ok> [ok](https://evil.example) `x` <script>alert(1)</script> =cmd()\u202e\u009b31m #town"

// hook is a web server that keeps what it is sent and answers as it is told.
type hook struct {
	*httptest.Server
	mu      sync.Mutex // owns what follows
	answers []int      // then 200
	got     []*http.Request
	bodies  [][]byte
}

func newHook(t *testing.T, answers ...int) *hook {
	t.Helper()
	h := &hook{answers: answers}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got, h.bodies = append(h.got, r), append(h.bodies, body)
		if len(h.answers) > 0 {
			if h.answers[0] == http.StatusFound {
				w.Header().Set("Location", "http://localhost:1/elsewhere")
			}
			w.WriteHeader(h.answers[0])
			h.answers = h.answers[1:]
		}
	}))
	t.Cleanup(h.Close)
	return h
}

// message reads the n-th body.
func (h *hook) message(t *testing.T, n int) (m Message) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if n >= len(h.bodies) {
		t.Fatalf("%d messages came, wanted number %d", len(h.bodies), n+1)
	}
	if err := json.Unmarshal(h.bodies[n], &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (h *hook) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.bodies)
}
