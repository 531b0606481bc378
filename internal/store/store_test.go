package store_test

import (
	"database/sql"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	_ "github.com/jackc/pgx/v5/stdlib"

	"drydock/internal/fault"
	"drydock/internal/secret"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// postgres is the one cluster of this test binary, started when first wanted.
var postgres struct {
	once    sync.Once
	cluster *cluster
	err     error
}

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		os.Exit(child())
	}
	code := m.Run()
	if postgres.cluster != nil {
		if err := postgres.cluster.stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func skip(t testing.TB, why error) {
	t.Helper()
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal(why)
	}
	t.Skip(why)
}

// place is where a store is; it can be opened again.
type place struct {
	driver string // of database/sql
	url    string
	dir    string
}

// kinds makes an empty place of each kind.
func kinds() map[string]func(t testing.TB) place {
	return map[string]func(t testing.TB) place{
		"SQLite": func(t testing.TB) place {
			dir := t.TempDir()
			return place{"sqlite", filepath.Join(dir, "drydock.db"), dir}
		},
		"PostgreSQL": func(t testing.TB) place {
			postgres.once.Do(func() { postgres.cluster, postgres.err = startCluster() })
			if postgres.err != nil {
				skip(t, postgres.err)
			}
			return place{"pgx", postgres.cluster.fresh(t), t.TempDir()}
		},
	}
}

func eachKind(t *testing.T, test func(t *testing.T, p place)) {
	for name, make := range kinds() {
		t.Run(name, func(t *testing.T) { test(t, make(t)) })
	}
}

func testKey(fill byte) *secret.Keyring {
	k, err := secret.NewKeyring([secret.KeySize]byte{fill})
	if err != nil {
		panic(err)
	}
	return k
}

func (p place) options(t testing.TB) store.Options {
	return store.Options{Keyring: testKey(1), Holder: "testhost pid 1", Dir: p.dir, Log: slog.New(slog.NewTextHandler(t.Output(), nil))}
}

func (p place) open(t testing.TB) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), p.url, p.options(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() }) // a second Close of a closed one does nothing
	return s
}

// raw opens the database without the store.
func (p place) raw(t testing.TB) *sql.DB {
	t.Helper()
	db, err := sql.Open(p.driver, p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, db.Close()) })
	return db
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code fault.Code, words ...string) {
	t.Helper()
	if !fault.Is(err, code) {
		t.Fatalf("want %s, got %v (%s)", code, err, fault.CodeOf(err))
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("the error does not name %q: %v", w, err)
		}
	}
}

func TestContract(t *testing.T) {
	for name, make := range kinds() {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) *store.Store { return make(t).open(t) })
		})
	}
}
