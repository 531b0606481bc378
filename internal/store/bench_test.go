package store_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"drydock/internal/procedure"
	"drydock/internal/store"
	"drydock/internal/store/storetest"
)

// BenchmarkCommit commits batches of events of different runs; each batch is
// one transaction with one fsync. An operation is one commit.
func BenchmarkCommit(b *testing.B) {
	for name, make := range kinds() {
		for _, size := range []int{1, 10, 100, 1000} {
			b.Run(fmt.Sprintf("%s/batch=%d", name, size), func(b *testing.B) { benchmarkCommit(b, make(b), size) })
		}
	}
}

func benchmarkCommit(b *testing.B, p place, size int) {
	s, err := store.Open(b.Context(), p.url, store.Options{Keyring: testKey(1), Dir: p.dir})
	must(b, err)
	defer s.Close()
	var players []*storetest.Player
	var starts []store.Commit
	for i := range size {
		players = append(players, storetest.NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("d%d", i)))
		starts = append(starts, players[i].Start(b))
	}
	_, err = s.Commit(b.Context(), starts)
	must(b, err)
	before, started, batches := cpu(b), time.Now(), 0
	b.ResetTimer()
	for n := 0; n < b.N; n += size {
		var batch []store.Commit
		for _, p := range players {
			batch = append(batch, p.Next(b, procedure.Event{Kind: procedure.Restarted}))
		}
		errs, err := s.Commit(b.Context(), batch)
		must(b, err)
		must(b, errs[0])
		batches++
	}
	b.StopTimer()
	done := float64(batches * size)
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/done, "cpu-µs/commit")
	b.ReportMetric(done/float64(batches), "commits/fsync")
	b.ReportMetric(done/time.Since(started).Seconds(), "commits/s")
}

// BenchmarkActiveRuns reads 10,000 active runs, as a start after a crash does.
func BenchmarkActiveRuns(b *testing.B) {
	for name, make := range kinds() {
		b.Run(name, func(b *testing.B) {
			p := make(b)
			s, err := store.Open(b.Context(), p.url, store.Options{Keyring: testKey(1), Dir: p.dir})
			must(b, err)
			defer s.Close()
			var batch []store.Commit
			for i := range 10_000 {
				batch = append(batch, storetest.NewPlayer(fmt.Sprintf("r%d", i), fmt.Sprintf("d%d", i)).Start(b))
			}
			_, err = s.Commit(b.Context(), batch)
			must(b, err)
			for b.Loop() {
				n := 0
				must(b, s.ActiveRuns(b.Context(), func(store.RunRecord) error { n++; return nil }))
				if n != len(batch) {
					b.Fatal(n)
				}
			}
		})
	}
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	must(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
