package local

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/store"
)

// noop is equipment that does everything at once, so that only drydock's own
// cost is measured; or that never ends an operation.
type noop struct{ hang procedure.Op }

func (p noop) Do(ctx context.Context, st procedure.State, a procedure.Action, report func(procedure.Event)) {
	d := devices{known: map[fleet.DeviceID]*device{st.Plan.Device: {version: "1.4"}}}
	if st.Touched {
		d.known[st.Plan.Device].version = st.Plan.Target
	}
	if a.Kind == procedure.Perform {
		report(procedure.Event{Kind: procedure.Accepted})
	}
	if a.Op == p.hang {
		<-ctx.Done()
		return
	}
	report(d.outcome(st, a))
}

func (noop) Wake(fleet.RunID, uint64) {}
func (noop) Finish(fleet.RunID)       {}

// BenchmarkRuns10000 takes 10,000 runs at once through the whole procedure on
// SQLite with synchronous=FULL. An operation is all of them.
func BenchmarkRuns10000(b *testing.B) {
	const runs = 10_000
	for b.Loop() {
		b.StopTimer()
		r, stop := serve(b, b.TempDir(), noop{})
		b.StartTimer()
		cpu, began := processorTime(b), time.Now()
		until(b, r, runs, func(st procedure.State) bool {
			if st.Phase == procedure.Ended && st.Result.Outcome != procedure.Updated {
				b.Fatalf("run %s ended as %+v", st.Plan.Run, st.Result)
			}
			return st.Phase == procedure.Ended
		})
		used, took := processorTime(b)-cpu, time.Since(began)
		b.StopTimer()
		s := r.Stats()
		stop()
		b.ReportMetric(float64(used.Microseconds())/1000/runs, "cpu-ms/run")
		b.ReportMetric(float64(s.Entries)/runs, "entries/run")
		b.ReportMetric(float64(s.Entries)/float64(s.Commits), "commits/fsync")
		b.ReportMetric(runs/took.Seconds(), "runs/s")
		b.StartTimer()
	}
}

// BenchmarkWaiting10000 has 10,000 runs wait for their devices at once and
// measures the memory of the runtime for each: state, goroutine and alarm; then
// how long it takes after a restart until all wait again.
func BenchmarkWaiting10000(b *testing.B) {
	const runs = 10_000
	for b.Loop() {
		dir := b.TempDir()
		r, stop := serve(b, dir, noop{hang: procedure.OpUpdate})
		before := inUse()
		until(b, r, runs, func(st procedure.State) bool {
			return st.Op == procedure.OpUpdate && st.Phase == procedure.Awaiting
		})
		b.ReportMetric(float64(inUse()-before)/1024/runs, "KiB/run")
		stop()
		began := time.Now()
		r, stop = serve(b, dir, noop{hang: procedure.OpUpdate})
		for s := r.Stats(); s.Entries < runs || s.UnderWay < runs; s = r.Stats() {
			runtime.Gosched()
		}
		b.ReportMetric(time.Since(began).Seconds(), "s/restart")
		stop()
	}
}

// serve starts a runtime on the SQLite store in dir.
func serve(b *testing.B, dir string, p Performer) (r *Runtime, stop func()) {
	keys, err := secret.NewKeyring([secret.KeySize]byte{1})
	if err != nil {
		b.Fatal(err)
	}
	s, err := store.Open(b.Context(), filepath.Join(dir, "drydock.db"), store.Options{Keyring: keys, Dir: dir})
	if err != nil {
		b.Fatal(err)
	}
	r = New(Options{Journal: s, Performer: p})
	ctx, cancel := context.WithCancel(b.Context())
	served := make(chan error, 1)
	go func() { served <- r.Run(ctx) }()
	return r, func() {
		cancel()
		if err := <-served; err != nil {
			b.Error(err)
		}
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	}
}

// until starts runs, as many callers at once as a busy API has, and waits until
// each has come so far.
func until(b *testing.B, r *Runtime, runs int, there func(procedure.State) bool) {
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	changes := r.Watch(ctx)
	var callers sync.WaitGroup
	next := make(chan int)
	for range 1000 {
		callers.Go(func() {
			for n := range next {
				if _, err := r.Start(ctx, plan(n), ""); err != nil {
					b.Errorf("start: %v", err)
				}
			}
		})
	}
	callers.Go(func() {
		defer close(next)
		for n := range runs {
			next <- n
		}
	})
	missing := make(map[fleet.RunID]bool, runs)
	for n := range runs {
		missing[plan(n).Run] = true
	}
	for c := range changes {
		if there(c.State) {
			delete(missing, c.Run)
		}
		if len(missing) == 0 {
			break
		}
	}
	callers.Wait()
}

// inUse is what heap and stacks hold.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse) //nolint:gosec // 8 EiB are not to be feared
}

// processorTime is what this process has used, user and system.
func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
