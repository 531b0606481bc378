package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// TestDiskFull: on a disk without room each write fails as fault.Full and
// leaves the old state; with room again the same store goes on (F19, I11).
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=6m,mode=700"); err != nil {
		skip(t, fmt.Errorf("mount a small tmpfs: %w", err))
	}
	defer func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) }()
	p := place{"sqlite", filepath.Join(dir, "drydock.db"), dir}
	s := p.open(t)
	defer s.Close()
	ctx := t.Context()

	_, err := s.AddRelease(ctx, iadRelease(), oneFile(strings.Repeat("x", 8<<20)))
	wantCode(t, err, fault.Full)
	left, err := filepath.Glob(filepath.Join(dir, "blobs", "releases", "*"))
	if err != nil || len(left) != 0 {
		t.Errorf("half a release is left: %v %v", left, err)
	}
	_, err = s.Release(ctx, "iad-2.0")
	wantCode(t, err, fault.NotFound)

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	acked, devices := map[fleet.RunID]bool{}, 0
	fulls := 0
	for i := 0; fulls < 20; i++ {
		c := storetest.NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("d%d", i)).Start(t)
		errs, err := s.Commit(ctx, []store.Commit{c})
		switch {
		case err == nil && errs[0] == nil:
			acked[c.Run] = true
		case err == nil || !fault.Is(err, fault.Full):
			t.Fatal(err, errs)
		default:
			fulls++
		}
		_, err = s.SealBackup(ctx, fleet.Backup{ID: fleet.BackupID(c.Run), Device: "d"}, make([]byte, 3000))
		if err != nil {
			wantCode(t, err, fault.Full)
			continue
		}
		devices++
	}
	check := func(s *store.Store) {
		t.Helper()
		runs, err := s.Runs(ctx, store.RunFilter{})
		must(t, err)
		if len(runs) != len(acked) {
			t.Errorf("%d runs, %d were acknowledged", len(runs), len(acked))
		}
		for id := range acked {
			storetest.Replay(t, s, id)
		}
		backups, err := s.Backups(ctx, store.BackupFilter{})
		must(t, err)
		if len(backups) != devices {
			t.Errorf("%d backups, %d were acknowledged", len(backups), devices)
		}
		for _, b := range backups {
			_, _, err := s.OpenBackup(ctx, b.ID)
			must(t, err)
		}
	}
	check(s)
	must(t, os.Remove(ballast))
	c := storetest.NewPlayer("later", "later").Start(t)
	errs, err := s.Commit(ctx, []store.Commit{c})
	if err != nil || errs[0] != nil {
		t.Fatalf("with room again: %v %v", err, errs)
	}
	acked["later"] = true
	check(s)
	must(t, s.Close())
	s = p.open(t)
	check(s)
	must(t, s.Close())
	t.Logf("%d runs and %d backups before the disk was full", len(acked)-1, devices)
}

// fill takes all but a little of the room.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	must(t, err)
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	info, err := f.Stat()
	must(t, err)
	must(t, f.Truncate(info.Size()-256<<10))
	must(t, f.Close())
}
