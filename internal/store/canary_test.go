package store_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"drydock/internal/fleet"
	"drydock/internal/secret"
	"drydock/internal/store"
)

// lockedBuffer collects a log.
type lockedBuffer struct {
	mu  sync.Mutex // owns buf
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// TestCanary: secrets planted in credentials, configurations and sealed
// settings are in no byte of database, WAL, blobs, cache, server files, logs or
// errors (T1).
func TestCanary(t *testing.T) {
	const canary = "canary-5d41402a"
	eachKind(t, func(t *testing.T, p place) {
		var log lockedBuffer
		o := p.options(t)
		o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		s, err := store.Open(t.Context(), p.url, o)
		must(t, err)
		hidden := secret.New(canary)
		c := &fleet.Credentials{Version: "v3", Community: hidden, WriteCommunity: hidden, User: "u", AuthPassword: hidden, PrivPassword: hidden}
		for i := range 50 {
			id := fleet.DeviceID(fmt.Sprint("marker-", i))
			must(t, s.PutDevice(t.Context(), fleet.Device{ID: id}, c))
			_, err := s.SealBackup(t.Context(), fleet.Backup{ID: "one", Device: id}, fmt.Appendf(nil, "user %d password %s\n", i, canary))
			if (i == 0) != (err == nil) {
				t.Fatal(err)
			}
			if err != nil {
				fmt.Fprintln(&log, err)
			}
			must(t, s.PutSetting(t.Context(), "token", []byte(canary), true))
			must(t, s.RemoveDevice(t.Context(), id))
		}
		must(t, s.PutDevice(t.Context(), fleet.Device{ID: "marker-last"}, c))
		roots := []string{p.dir}
		if p.driver == "pgx" {
			_, err := p.raw(t).Exec("CHECKPOINT")
			must(t, err)
			roots = append(roots, postgres.cluster.dir)
		}
		seen := map[string]bool{}
		for _, root := range roots {
			n := search(t, root, []byte(canary), []byte("marker-last"), seen)
			t.Logf("%d octets searched under %s", n, root)
		}
		if !seen["marker-last"] {
			t.Error("the search does not even find what is there")
		}
		if seen[canary] || bytes.Contains(log.buf.Bytes(), []byte(canary)) {
			t.Error("a secret rests in the open")
		}
		must(t, s.Close())
	})
}

// search looks for words in all files, and notes which it found.
func search(t *testing.T, root string, a, b []byte, seen map[string]bool) (octets int) {
	t.Helper()
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // the server removes files of its own meanwhile
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil
		}
		octets += len(content)
		for _, w := range [][]byte{a, b} {
			seen[string(w)] = seen[string(w)] || bytes.Contains(content, w)
		}
		return nil
	}))
	return octets
}
