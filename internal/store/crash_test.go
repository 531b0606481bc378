package store_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// childVariable makes the test binary the process that is killed: it holds the
// store's URL and directory.
const childVariable = "DRYDOCK_STORE_CHILD"

const childWriters = 8

// child commits, and says what was acknowledged, until it is killed.
func child() int {
	url, dir, _ := strings.Cut(os.Getenv(childVariable), " ")
	ctx := context.Background()
	s, err := store.Open(ctx, url, store.Options{Keyring: testKey(1), Holder: "the child", Dir: dir})
	if err != nil {
		fmt.Println("error", err)
		return 1
	}
	var writers sync.WaitGroup
	for w := range childWriters {
		writers.Go(func() {
			for n := 0; ; n++ {
				if err := childRun(ctx, s, fmt.Sprintf("r-%d-%d-%d", os.Getpid(), w, n)); err != nil {
					fmt.Println("error", err)
					return
				}
			}
		})
	}
	writers.Wait()
	return 1
}

// childRun plays a run to its end.
func childRun(ctx context.Context, s *store.Store, id string) error {
	p := storetest.NewPlayer(id, "device-"+id)
	for !p.Ended() {
		c := p.Step(playOnly{}, func(n int) int { return rand.IntN(n) })
		errs, err := s.Commit(ctx, []store.Commit{c})
		if err != nil || errs[0] != nil {
			return fmt.Errorf("%v %v", err, errs)
		}
		fmt.Println("run", c.Run, c.Seq)
	}
	b, err := s.SealBackup(ctx, fleet.Backup{Device: fleet.DeviceID(id), Run: fleet.RunID(id)}, []byte(id))
	if err == nil {
		fmt.Println("backup", b.ID, id)
	}
	return err
}

// playOnly lets a Player work outside of a test.
type playOnly struct{ testing.TB }

func (playOnly) Helper()                   {}
func (playOnly) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// acknowledged is what a killed child was told is on disk.
type acknowledged struct {
	runs    map[fleet.RunID]int
	backups map[fleet.BackupID]string
	lines   int
}

// killAfter starts a child, kills it after so many acknowledgements, and reads
// what else it was told.
func (a *acknowledged) killAfter(t *testing.T, p place, lines int) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVariable+"="+p.url+" "+p.dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	in := bufio.NewScanner(out)
	for n := 0; in.Scan(); n++ {
		a.note(t, in.Text())
		if n == lines {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // it was killed
}

func (a *acknowledged) note(t *testing.T, line string) {
	t.Helper()
	var kind, id, rest string
	if n, _ := fmt.Sscan(line, &kind, &id, &rest); n != 3 || kind == "error" {
		if kind == "error" {
			t.Fatal(line)
		}
		return // cut off by the kill
	}
	a.lines++
	switch kind {
	case "run":
		var seq int
		if _, err := fmt.Sscan(rest, &seq); err == nil {
			a.runs[fleet.RunID(id)] = max(seq, a.runs[fleet.RunID(id)])
		}
	case "backup":
		a.backups[fleet.BackupID(id)] = rest
	}
}

// TestKillLosesNothing: whatever was acknowledged before a kill -9 is there
// after it (I2, F22), and every journal replays.
func TestKillLosesNothing(t *testing.T) {
	eachKind(t, func(t *testing.T, p place) {
		a := acknowledged{runs: map[fleet.RunID]int{}, backups: map[fleet.BackupID]string{}}
		for _, lines := range []int{0, 3, 150, 40, 300} {
			a.killAfter(t, p, lines)
		}
		s := p.open(t)
		for id, seq := range a.runs {
			rec, err := s.Run(t.Context(), id)
			if err != nil || rec.Seq < seq {
				t.Fatalf("run %s: entry %d was acknowledged, %d is there, %v", id, seq, rec.Seq, err)
			}
			storetest.Replay(t, s, id)
		}
		for id, plain := range a.backups {
			if _, got, err := s.OpenBackup(t.Context(), id); err != nil || string(got) != plain {
				t.Errorf("backup %s: %q, %v", id, got, err)
			}
		}
		must(t, s.ActiveRuns(t.Context(), func(rec store.RunRecord) error {
			if rec.State.Phase == procedure.Ended {
				t.Errorf("run %s has ended and is active", rec.State.Plan.Run)
			}
			return nil
		}))
		t.Logf("%d acknowledgements over 5 kills, none lost", a.lines)
		must(t, s.Close())
	})
}
