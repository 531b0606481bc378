package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

func TestSecondIsToldWhoHolds(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		s := p.open(t)
		o := p.options(t)
		o.Holder = "second"
		_, err := store.Open(t.Context(), p.url, o)
		wantCode(t, err, fault.Conflict, "testhost pid 1")
		must(t, s.PutDevice(t.Context(), fleet.Device{ID: "d"}, nil)) // the first goes on
		must(t, s.Close())
		if err, ok := <-s.Held(); ok {
			t.Errorf("Close is not a loss: %v", err)
		}
		wantCode(t, s.PutDevice(t.Context(), fleet.Device{ID: "d"}, nil), fault.Unavailable, "closed")
		second, err := store.Open(t.Context(), p.url, o)
		must(t, err)
		must(t, second.Close())
	})
}

// TestLostHoldCannotWrite: whoever was replaced, and does not know it yet,
// writes nothing (F33, F34).
func TestLostHoldCannotWrite(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		s := p.open(t)
		_, err := p.raw(t).Exec("UPDATE hold SET epoch = epoch + 1, holder = 'the new one'")
		must(t, err)
		_, err = s.Commit(t.Context(), []store.Commit{storetest.NewPlayer("r1", "d1").Start(t)})
		wantCode(t, err, fault.Unavailable, "the new one")
		if err := <-s.Held(); err == nil {
			t.Error("Held says nothing")
		}
		_, err = s.Run(t.Context(), "r1")
		wantCode(t, err, fault.Unavailable)
		var n int
		must(t, p.raw(t).QueryRow("SELECT count(*) FROM run").Scan(&n))
		if n != 0 {
			t.Error("the old holder wrote")
		}
	})
}

// TestHoldConnectionDies: the loss of the connection that holds a PostgreSQL
// store is noticed, and the store can be taken again.
func TestHoldConnectionDies(t *testing.T) {
	p := kinds()["PostgreSQL"](t)
	s := p.open(t)
	_, err := p.raw(t).Exec("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())")
	must(t, err)
	if err := <-s.Held(); err == nil {
		t.Error("the loss was not noticed")
	}
	wantCode(t, s.PutDevice(t.Context(), fleet.Device{ID: "d"}, nil), fault.Unavailable)
	must(t, p.open(t).Close())
}

// TestConnectionsDie: a transaction whose connection dies before its commit is
// done again on another.
func TestConnectionsDie(t *testing.T) {
	p := kinds()["PostgreSQL"](t)
	s := p.open(t)
	raw := p.raw(t)
	for i := range 5 {
		_, err := raw.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE application_name = 'drydock' AND datname = current_database()`)
		must(t, err)
		must(t, s.PutDevice(t.Context(), fleet.Device{ID: fleet.DeviceID(fmt.Sprint(i))}, nil))
	}
	devices, err := s.Devices(t.Context(), store.DeviceFilter{})
	if err != nil || len(devices) != 5 {
		t.Errorf("%d devices, %v", len(devices), err)
	}
	must(t, s.Close())
}

// TestWrongKey: a store is not opened with a key that cannot open what is in
// it (F37); an older key beside a new one does.
func TestWrongKey(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		must(t, p.open(t).Close())
		o := p.options(t)
		o.Keyring = testKey(2)
		_, err := store.Open(t.Context(), p.url, o)
		wantCode(t, err, fault.Denied, "key")
		must(t, p.open(t).Close()) // the refusal left nothing behind
	})
}

func TestOpenRefuses(t *testing.T) {
	for _, url := range []string{"", "mysql://x/y", "postgres://%zz"} {
		_, err := store.Open(t.Context(), url, store.Options{Keyring: testKey(1), Dir: t.TempDir()})
		if err == nil {
			t.Errorf("%q was opened", url)
		}
	}
	_, err := store.Open(t.Context(), t.TempDir()+"/x.db", store.Options{})
	wantCode(t, err, fault.Invalid, "keyring")
}

// TestChecksTellWhatIsBroken: what /readyz asks says that another process has
// the store before anything was written, that the store has stopped, and that
// its blobs are gone or have no room.
func TestChecksTellWhatIsBroken(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		s := p.open(t)
		must(t, s.CheckDatabase(t.Context()))
		must(t, s.CheckBlobs(t.Context()))
		_, err := p.raw(t).Exec("UPDATE hold SET epoch = epoch + 1, holder = 'the new one'")
		must(t, err)
		wantCode(t, s.CheckDatabase(t.Context()), fault.Conflict, "another process")
		wantCode(t, s.PutDevice(t.Context(), fleet.Device{ID: "d"}, nil), fault.Unavailable, "the new one")
		wantCode(t, s.CheckDatabase(t.Context()), fault.Unavailable)
		must(t, os.RemoveAll(filepath.Join(p.options(t).Dir, "blobs")))
		wantCode(t, s.CheckBlobs(t.Context()), fault.Unavailable, "folder releases")
	})
}
