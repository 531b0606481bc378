// Package kill kills the real server at random moments while it updates a
// fleet, and checks afterwards that nothing was lost and nothing done blindly
// (RELIABILITY.md I2, I5, I9, F22).
package kill

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/internal/sim"
	"drydock/test/invariant"
	"drydock/test/ports"
)

const (
	devices  = 12
	patience = 10 * time.Minute
	// resumeWithin is how soon after its start a server must be ready. The
	// median is some tenths of a second; a machine that is busy with other
	// things may stall a single start for longer, up to startPatience.
	resumeWithin  = 5 * time.Second
	startPatience = 30 * time.Second
)

// TestKill kills the server DRYDOCK_KILLS times (200); DRYDOCK_SEED repeats a
// run's moments.
func TestKill(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	y := newYard(ctx, t)
	operator := sync.WaitGroup{}
	stop := make(chan struct{})
	operator.Go(func() { y.operate(ctx, stop) })
	y.killAll(ctx, setting(t, "DRYDOCK_KILLS", 200), uint64(setting(t, "DRYDOCK_SEED", int(time.Now().UnixNano()))))
	server := y.start(ctx)
	close(stop)
	operator.Wait()
	y.settle(ctx)
	y.check(ctx)
	_ = server.Process.Kill()
	_ = server.Wait()
}

func setting(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%s: a number is expected", name, text)
	}
	return n
}

// yard is the server's data, which outlives it, the fleet, and what the
// operator was told.
type yard struct {
	t       *testing.T
	binary  string
	args    []string
	data    string
	url     string
	fleet   *sim.Fleet
	effects string
	log     *os.File
	resumed []time.Duration

	watchers sync.WaitGroup

	mu       sync.Mutex // owns what follows
	runs     []fleet.RunID
	answered map[string]answer // by question
	rounds   int
}

type answer struct {
	run    fleet.RunID
	choice procedure.Choice
}

func newYard(ctx context.Context, t *testing.T) *yard {
	y := &yard{t: t, binary: filepath.Join(t.TempDir(), "drydock"), data: t.TempDir(), effects: filepath.Join(t.TempDir(), "effects"),
		answered: map[string]answer{}}
	build := exec.CommandContext(ctx, "go", "build", "-o", y.binary, "drydock/cmd/drydock")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	http, tftp, ftp, trap := free(t, "tcp"), free(t, "udp"), free(t, "tcp"), free(t, "udp")
	y.url = "http://" + http
	y.args = []string{"serve", "--data", y.data, "--http", http, "--tftp", tftp, "--ftp", ftp, "--trap", trap, "--server-address", "127.0.0.1"}
	faults, err := sim.ParseFaults("dev=3 op=backup fault=fail count=4; dev=5 fault=drop-set-response count=0; dev=7 op=recover fault=fail count=3; " +
		"dev=9 op=update fault=fail count=2; dev=11 op=keep fault=fail count=2")
	y.must(err)
	y.fleet, err = sim.Start(context.Background(), sim.Spec{Devices: devices, First: netip.MustParseAddr("127.200.0.1"), TrapSink: netip.MustParseAddrPort(trap),
		Timings: sim.DefaultTimings(100), ImageSize: 32 << 10, Seed: 3, Faults: faults, EffectLog: y.effects})
	y.must(err)
	t.Cleanup(func() { y.must(y.fleet.Close()) })
	y.log, err = os.Create(filepath.Join(t.TempDir(), "server.log"))
	y.must(err)
	t.Cleanup(func() { _ = y.log.Close() })
	t.Cleanup(y.watchers.Wait)
	return y
}

// free finds a free port of loopback.
func free(t *testing.T, network string) string {
	t.Helper()
	address, err := ports.Free(network)
	if err != nil {
		t.Fatal(err)
	}
	return address
}

func (y *yard) must(err error) {
	if err != nil {
		y.t.Helper()
		y.t.Fatal(err)
	}
}

// start starts the server and waits until it is ready.
func (y *yard) start(ctx context.Context) *exec.Cmd {
	y.t.Helper()
	server := exec.CommandContext(ctx, y.binary, y.args...)
	server.Stdout, server.Stderr = y.log, y.log
	began := time.Now()
	y.must(server.Start())
	ready := make(chan error, 1)
	go func() { ready <- y.awaitReady(ctx, began) }() // ends within startPatience
	if err := <-ready; err != nil {
		log, _ := os.ReadFile(y.log.Name())
		y.t.Fatalf("%v; the end of its log:\n%s", err, log[max(0, len(log)-3000):])
	}
	y.resumed = append(y.resumed, time.Since(began))
	return server
}

func (y *yard) awaitReady(ctx context.Context, began time.Time) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var last error
	for time.Since(began) < startPatience {
		if api, err := y.client(); err != nil {
			last = err
		} else if _, last = api.Releases(ctx); last == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return fmt.Errorf("the server is not ready after %s: %w", startPatience, last)
}

func (y *yard) client() (*client.Client, error) {
	token, err := os.ReadFile(filepath.Join(y.data, "token"))
	if err != nil {
		return nil, err
	}
	return client.New(y.url, secret.New(strings.TrimSpace(string(token))))
}

// killAll starts and kills the server: some at a random moment, some in the
// moment in which a device has begun what it was told, whose answer is still
// on its way.
func (y *yard) killAll(ctx context.Context, kills int, seed uint64) {
	y.t.Logf("%d kills, DRYDOCK_SEED=%d", kills, seed)
	moments := rand.New(rand.NewPCG(seed, 1))
	for range kills {
		server := y.start(ctx)
		life := time.NewTimer(lifetime(moments))
		var begun <-chan time.Time
		if moments.IntN(2) == 0 {
			begun = y.nextEffect(ctx, time.Duration(moments.IntN(4000))*time.Microsecond)
		}
		select {
		case <-begun:
		case <-life.C:
		case <-ctx.Done():
			y.t.Fatal(ctx.Err())
		}
		y.must(server.Process.Kill())
		_ = server.Wait() // killed
	}
}

// lifetime is short enough to kill a server that resumes, or long enough for
// it to get somewhere.
func lifetime(r *rand.Rand) time.Duration {
	if r.IntN(2) == 0 {
		return time.Duration(50+r.IntN(300)) * time.Millisecond
	}
	return time.Duration(300+r.IntN(1500)) * time.Millisecond
}

// nextEffect tells when something has happened to a device, a little later.
func (y *yard) nextEffect(ctx context.Context, later time.Duration) <-chan time.Time {
	size := func() int64 {
		info, err := os.Stat(y.effects)
		if err != nil {
			return 0
		}
		return info.Size()
	}
	before := size()
	told := make(chan time.Time, 1)
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // longer than any lifetime
	y.watchers.Go(func() {
		defer cancel()
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for size() == before {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		tick.Reset(max(later, 1))
		told <- <-tick.C
	})
	return told
}

// operate is the user: sets the fleet up, starts round after round of updates
// and answers repeat to every question. Calls that the kills break are made
// again; those that were acknowledged are remembered.
func (y *yard) operate(ctx context.Context, stop <-chan struct{}) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	ready := false
	for {
		select {
		case <-stop:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		api, err := y.client()
		if err != nil {
			continue
		}
		if !ready {
			ready = y.setUp(ctx, api) == nil
			continue
		}
		y.answerAll(ctx, api)
		y.nextRound(ctx, api)
	}
}

func (y *yard) setUp(ctx context.Context, api *client.Client) error {
	var list []client.NewDevice
	for n := 1; n <= devices; n++ {
		list = append(list, client.NewDevice{ID: deviceID(n), Address: y.fleet.Agent(n).String(), Driver: "drydock-iad",
			Credentials: &client.Credentials{Version: "v2c", Community: "public"}})
	}
	return api.PutDevices(ctx, list)
}

func deviceID(n int) fleet.DeviceID { return fleet.DeviceID(fmt.Sprintf("iad-%02d", n)) }

func (y *yard) answerAll(ctx context.Context, api *client.Client) {
	questions, err := api.Questions(ctx, false)
	if err != nil {
		return
	}
	for _, q := range questions {
		choice := q.Choices[0] // repeat, where it is offered
		if _, err := api.Answer(ctx, q.ID, choice, "operator"); err == nil {
			y.mu.Lock()
			y.answered[q.ID] = answer{q.Run, choice}
			y.mu.Unlock()
		}
	}
}

// nextRound orders the next version for the whole fleet when the last round
// has ended.
func (y *yard) nextRound(ctx context.Context, api *client.Client) {
	active, err := api.Runs(ctx, "", true, devices)
	if err != nil || len(active) > 0 {
		return
	}
	y.mu.Lock()
	round := y.rounds
	y.mu.Unlock()
	release := fleet.Release{ID: fleet.ReleaseID(fmt.Sprintf("iad-2.%d", round)), Driver: "drydock-iad", Version: fmt.Sprintf("2.%d", round),
		Recover: fleet.RecoverOriginal, Files: []fleet.File{{Role: "image", Name: "iad.img"}}}
	if round == 0 {
		release.Pack = "drydock-iad"
	}
	image := sim.MakeImage(release.Version, 2, []string{"IAD-4", "IAD-24"}, 48<<10)
	_, err = api.AddRelease(ctx, release, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(image)), nil })
	if _, known := api.Release(ctx, release.ID); err != nil && known != nil {
		return
	}
	order := client.RunOrder{Release: release.ID, Key: string(release.ID)}
	for n := 1; n <= devices; n++ {
		order.Devices = append(order.Devices, deviceID(n))
	}
	rows, err := api.Start(ctx, order)
	if err != nil {
		return // it may have been taken: the same key orders it once
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	for _, row := range rows {
		if row.Error != "" {
			return
		}
	}
	for _, row := range rows {
		y.runs = append(y.runs, row.Run)
	}
	y.rounds++
}

// settle answers until no run is active.
func (y *yard) settle(ctx context.Context) {
	api, err := y.client()
	y.must(err)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last []client.Run
	for {
		y.answerAll(ctx, api)
		active, err := api.Runs(ctx, "", true, devices)
		if err == nil && len(active) == 0 {
			return
		}
		if err == nil {
			last = active
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			if err != nil {
				log, _ := os.ReadFile(y.log.Name())
				y.t.Errorf("%v; the end of the server's log:\n%s", err, log[max(0, len(log)-3000):])
			}
			for _, r := range last {
				y.t.Errorf("run %s of %s does not end: %s at %s, question %+v, deadline %s", r.ID, r.Device, r.State.Phase, r.State.Op, r.State.Question, r.State.Deadline)
			}
			y.t.FailNow()
		}
	}
}

func (y *yard) check(ctx context.Context) {
	api, err := y.client()
	y.must(err)
	var ledger invariant.Ledger
	all, err := api.Runs(ctx, "", false, 20000)
	y.must(err)
	known := map[fleet.RunID]bool{}
	for _, r := range all {
		known[r.ID] = true
		journal, err := api.Journal(ctx, r.ID)
		y.must(err)
		ledger.Run(r, journal)
		for _, e := range journal {
			if e.Event.Kind == procedure.Answered {
				y.seen(e.Event)
			}
		}
	}
	for _, id := range y.runs {
		if !known[id] {
			y.t.Errorf("run %s was acknowledged and is lost", id)
		}
	}
	for question, a := range y.answered {
		y.t.Errorf("the answer %s to %s of run %s was acknowledged and is lost", a.choice, question, a.run)
	}
	list, err := sim.ReadEffects(y.effects)
	y.must(err)
	ledger.Equipment(list)
	for _, broken := range ledger.Broken {
		y.t.Error(broken)
	}
	slices.Sort(y.resumed)
	y.t.Logf("%d rounds, %d runs, %d effects on devices, %d probes; ready again after %s (median), %s (longest)",
		y.rounds, len(all), ledger.Effects, ledger.Probes, y.resumed[len(y.resumed)/2], y.resumed[len(y.resumed)-1])
	if late := y.resumed[len(y.resumed)*9/10]; late > resumeWithin {
		y.t.Errorf("one start in ten took more than %s until the server was ready, the demand is %s", late, resumeWithin)
	}
	if ledger.Probes == 0 {
		y.t.Error("no kill came between an intent and its outcome: this shows nothing")
	}
}

// seen strikes an answer off that the journal has.
func (y *yard) seen(ev procedure.Event) {
	if a, ok := y.answered[ev.Question]; ok && a.choice == ev.Choice {
		delete(y.answered, ev.Question)
	}
}
