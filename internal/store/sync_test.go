package store_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drydock/internal/fleet"
	"drydock/internal/store/storetest"
)

// TestFailedSync injects EIO into every sync after the Nth of a child process
// (strace). The child's store must refuse everything from then on, and what it
// acknowledged before must be there (F20). Commits come with a sync of the WAL,
// shared by at most as many as write at once, and backups with one of the blob
// and one of its directory (B9, B10).
func TestFailedSync(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		skip(t, err)
	}
	p := kinds()["SQLite"](t)
	must(t, p.open(t).Close()) // the schema is there
	for _, n := range []int{8, 9, 10, 15, 30, 61} {
		trace := filepath.Join(t.TempDir(), "trace")
		cmd := exec.Command("strace", "-f", "-qq", "-y", "-o", trace, "-e", "trace=fsync,fdatasync",
			"-e", fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d+", n), os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+p.url+" "+p.dir)
		out, err := cmd.Output()
		if err == nil {
			t.Fatalf("sync %d: the child ended well:\n%s", n, out)
		}
		a := acknowledged{runs: map[fleet.RunID]int{}, backups: map[fleet.BackupID]string{}}
		refusals := 0
		in := bufio.NewScanner(strings.NewReader(string(out)))
		for in.Scan() {
			switch {
			case strings.HasPrefix(in.Text(), "error"):
				refusals++
				if !strings.Contains(in.Text(), "the store stopped") {
					t.Errorf("sync %d: %s", n, in.Text())
				}
			default:
				a.note(t, in.Text())
			}
		}
		if refusals == 0 {
			t.Errorf("sync %d: nobody was told", n)
		}
		enough(t, trace, a)
		s := p.open(t)
		for id, seq := range a.runs {
			rec, err := s.Run(t.Context(), id)
			if err != nil || rec.Seq < seq {
				t.Errorf("sync %d: run %s: entry %d was acknowledged, %d is there, %v", n, id, seq, rec.Seq, err)
			}
			storetest.Replay(t, s, id)
		}
		must(t, s.Close())
		t.Logf("sync %d: %d acknowledgements, %d writers refused", n, a.lines, refusals)
	}
}

// enough checks that the trace has the syncs that stand for what was
// acknowledged.
func enough(t *testing.T, trace string, a acknowledged) {
	t.Helper()
	text, err := os.ReadFile(trace)
	must(t, err)
	// a call is one line, or begins on one and is resumed on another: its
	// beginning names the file. Those that failed make the count too high by
	// one a thread, which does not hide a missing one for each acknowledgement.
	count := func(file string) int {
		return len(regexp.MustCompile(`sync\(\d+<[^>]*`+file+`>`).FindAllString(string(text), -1))
	}
	commits := a.lines - len(a.backups)
	if wal := count("db-wal"); wal*(childWriters+1) < commits {
		t.Errorf("%d syncs of the WAL for %d commits", wal, commits)
	}
	blobs, directory := count("blobs/backups/[0-9a-f]+"), count("blobs/backups")
	if blobs < len(a.backups) || directory < len(a.backups) {
		t.Errorf("%d syncs of blobs and %d of their directory for %d backups", blobs, directory, len(a.backups))
	}
}
