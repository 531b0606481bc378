package store_test

import (
	"bytes"
	"database/sql"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/secret"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

func oneFile(text string) func(string) (io.ReadCloser, error) {
	return func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil }
}

func iadRelease() fleet.Release {
	return fleet.Release{ID: "iad-2.0", Driver: "drydock", Version: "2.0", Recover: fleet.RecoverOriginal, Files: []fleet.File{{Name: "image.bin"}}}
}

// filled is a store with one thing of each kind in it.
func filled(t *testing.T, p place) (*store.Store, fleet.Backup) {
	t.Helper()
	s := p.open(t)
	ctx := t.Context()
	must(t, s.PutDevice(ctx, fleet.Device{ID: "d1", Model: "IAD-4"}, &fleet.Credentials{Version: "v2c", Community: secret.New("c1")}))
	must(t, s.PutDevice(ctx, fleet.Device{ID: "d2"}, &fleet.Credentials{Version: "v2c", Community: secret.New("c2")}))
	_, err := s.AddRelease(ctx, iadRelease(), oneFile(strings.Repeat("image", 1000)))
	must(t, err)
	b, err := s.SealBackup(ctx, fleet.Backup{ID: "b1", Device: "d1", Run: "r1"}, []byte("configuration of d1"))
	must(t, err)
	pl := storetest.NewPlayer("r1", "d1")
	errs, err := s.Commit(ctx, []store.Commit{pl.Start(t), pl.Step(t, func(n int) int { return 0 })})
	must(t, err)
	for _, err := range errs {
		must(t, err)
	}
	must(t, s.PutSetting(ctx, "token", []byte("sealed value"), true))
	return s, b
}

// TestChangedRowsAreFound: a row whose bytes were changed is named and refused
// (F23, I11).
func TestChangedRowsAreFound(t *testing.T) {
	ctx := t.Context()
	reads := map[string]struct {
		damage string
		read   func(*store.Store) error
		names  string
	}{
		"device":      {"UPDATE device SET doc = replace(doc, 'IAD-4', 'IAD-5')", func(s *store.Store) error { _, err := s.Device(ctx, "d1"); return err }, "device d1"},
		"devices":     {"UPDATE device SET doc = replace(doc, 'IAD-4', 'IAD-5')", func(s *store.Store) error { _, err := s.Devices(ctx, store.DeviceFilter{}); return err }, "device d1"},
		"credentials": {"UPDATE device SET credentials = (SELECT credentials FROM device WHERE id = 'd2')", func(s *store.Store) error { _, err := s.Credentials(ctx, "d1"); return err }, "device d1"},
		"release":     {"UPDATE releases SET doc = replace(doc, '2.0', '2.1')", func(s *store.Store) error { _, err := s.Release(ctx, "iad-2.0"); return err }, "release iad-2.0"},
		"backup":      {"UPDATE backup SET doc = replace(doc, 'd1', 'd2')", func(s *store.Store) error { _, _, err := s.OpenBackup(ctx, "b1"); return err }, "backup b1"},
		"blob key":    {"UPDATE backup SET blob = blob || 'x'", func(s *store.Store) error { _, err := s.Backup(ctx, "b1"); return err }, "backup b1"},
		"state":       {"UPDATE run SET state = replace(state, 'preflight', 'done')", func(s *store.Store) error { _, err := s.Run(ctx, "r1"); return err }, "run r1"},
		"seq":         {"UPDATE run SET seq = 3", func(s *store.Store) error { _, err := s.Run(ctx, "r1"); return err }, "run r1"},
		"active": {"UPDATE run SET state = replace(state, 'preflight', 'done')",
			func(s *store.Store) error { return s.ActiveRuns(ctx, func(store.RunRecord) error { return nil }) }, "run r1"},
		"event":    {"UPDATE journal SET event = replace(event, 'failed', 'finished')", func(s *store.Store) error { _, err := s.Journal(ctx, "r1", 0); return err }, "run r1 entry 2"},
		"gap":      {"DELETE FROM journal WHERE seq = 1", func(s *store.Store) error { _, err := s.Journal(ctx, "r1", 0); return err }, "entry 1 is missing"},
		"question": {"UPDATE question SET doc = replace(doc, 'no-answer', 'timeout')", func(s *store.Store) error { _, err := s.Questions(ctx, store.QuestionFilter{}); return err }, "question r1-q"},
		"setting":  {"UPDATE setting SET value = (SELECT value FROM setting WHERE key = 'keyring')", func(s *store.Store) error { _, err := s.Setting(ctx, "token"); return err }, "setting token"},
	}
	eachKind(t, func(t *testing.T, p place) {
		s, _ := filled(t, p)
		raw := p.raw(t)
		for name, c := range reads {
			must(t, c.read(s))
			undo := damage(t, raw, c.damage)
			if err := c.read(s); !fault.Is(err, fault.Corrupt) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("%s: want corrupt %s, got %v", name, c.names, err)
			}
			undo()
		}
	})
}

// damage runs a statement and gives what puts the tables back.
func damage(t *testing.T, raw *sql.DB, statement string) (undo func()) {
	t.Helper()
	words := strings.Fields(statement)
	table := words[1]
	if words[0] == "DELETE" {
		table = words[2]
	}
	for _, q := range []string{"CREATE TABLE kept AS SELECT * FROM " + table, statement} {
		if _, err := raw.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		t.Helper()
		for _, q := range []string{"DELETE FROM device_label", "DELETE FROM " + table, "INSERT INTO " + table + " SELECT * FROM kept", "DROP TABLE kept"} {
			if _, err := raw.Exec(q); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFlippedBlobsAreFound: any flipped bit of a blob, and any cut, is found
// and named.
func TestFlippedBlobsAreFound(t *testing.T) {
	p := kinds()["SQLite"](t)
	s, b := filled(t, p)
	ctx := t.Context()
	openBackup := func() error { _, _, err := s.OpenBackup(ctx, b.ID); return err }
	openFile := func() error {
		c, err := s.ReleaseFile(ctx, "iad-2.0", "image.bin")
		if err == nil {
			err = c.Close()
			t.Error("opened")
		}
		return err
	}
	r, err := s.Release(ctx, "iad-2.0")
	must(t, err)
	for _, c := range []struct {
		key, names string
		open       func() error
		step       int
	}{{b.Blob, "backup b1", openBackup, 1}, {r.Files[0].Blob, "image.bin", openFile, 501}} {
		path := filepath.Join(p.dir, "blobs", c.key)
		good, err := os.ReadFile(path)
		must(t, err)
		for i := 0; i < len(good); i += c.step {
			bad := bytes.Clone(good)
			bad[i] ^= 1 << (i % 8)
			must(t, os.WriteFile(path, bad, 0o600))
			wantCode(t, c.open(), fault.Corrupt, c.names)
		}
		for _, n := range []int{0, 1, len(good) - 1} {
			must(t, os.WriteFile(path, good[:n], 0o600))
			wantCode(t, c.open(), fault.Corrupt)
		}
		must(t, os.WriteFile(path, append(bytes.Clone(good), 'x'), 0o600))
		wantCode(t, c.open(), fault.Corrupt)
		must(t, os.Remove(path))
		wantCode(t, c.open(), fault.Corrupt, "gone")
		must(t, os.WriteFile(path, good, 0o600))
	}
	must(t, openBackup())
}

// TestFilesInUseStayGood: what was verified stays what it was while it is in
// use, whatever happens to the blob.
func TestFilesInUseStayGood(t *testing.T) {
	p := kinds()["SQLite"](t)
	s, _ := filled(t, p)
	r, err := s.Release(t.Context(), "iad-2.0")
	must(t, err)
	c, err := s.ReleaseFile(t.Context(), "iad-2.0", "image.bin")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(p.dir, "blobs", r.Files[0].Blob), []byte("changed"), 0o600))
	got, err := io.ReadAll(io.NewSectionReader(c, 0, c.Size()))
	if err != nil || string(got) != strings.Repeat("image", 1000) {
		t.Errorf("%d octets, %v", len(got), err)
	}
	lent := c.(interface{ Slice(off int64, n int) []byte })
	if b := lent.Slice(4990, 10); string(b) != "imageimage" || lent.Slice(4991, 10) != nil || lent.Slice(-1, 1) != nil {
		t.Errorf("lent %q; nothing may be lent outside of the file", b)
	}
	must(t, c.Close())
	left, err := os.ReadDir(filepath.Join(p.dir, "cache"))
	if err != nil || len(left) != 0 {
		t.Errorf("the cache directory holds names: %v %v", left, err)
	}
}

// TestSwappedBackupsDoNotOpen: somebody who can write the database and the
// bucket, and makes every checksum fit, cannot pass one device's backup, or one
// run's, off as another's (T1).
func TestSwappedBackupsDoNotOpen(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		s := p.open(t)
		ctx := t.Context()
		var backups []fleet.Backup
		for _, b := range []fleet.Backup{{Device: "d1", Run: "r1"}, {Device: "d2", Run: "r1"}, {Device: "d1", Run: "r2"}} {
			b, err := s.SealBackup(ctx, b, []byte("the same configuration"))
			must(t, err)
			backups = append(backups, b)
		}
		raw := p.raw(t)
		for _, a := range backups {
			for _, b := range backups {
				must(t, store.Redirect(raw, p.driver, a, b.Blob))
				_, plain, err := s.OpenBackup(ctx, a.ID)
				if a.ID == b.ID {
					must(t, err)
				} else if !fault.Is(err, fault.Corrupt) || plain != nil {
					t.Errorf("%s/%s opened what was sealed for %s/%s: %v", a.Device, a.Run, b.Device, b.Run, err)
				}
			}
		}
	})
}
