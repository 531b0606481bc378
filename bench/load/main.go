// Command load runs one campaign over a whole simulated fleet, server and fleet
// each in a process of its own on this machine, and prints what the server used
// as a Markdown table. With -kill the server is killed in the middle and
// started again; no run may be lost.
//
// The measure is the devices' own time: how long one device takes alone with
// the same server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
)

type options struct {
	devices            int
	speed              int
	image              int64
	faulty             int
	kill               bool
	rate               int
	inFlight           int
	profile            string
	quirks             string
	jobs               int
	soaking, killEvery time.Duration
	recheck            string
	seed               uint64
	drydock            string
	keep               bool
}

func main() {
	var o options
	flag.IntVar(&o.devices, "devices", 1000, "devices, up to 10000")
	flag.IntVar(&o.speed, "speed", 1, "make the devices so many times as fast")
	flag.Int64Var(&o.image, "image", 1<<20, "octets of the image")
	flag.IntVar(&o.faulty, "faulty", 2, "percent of the devices with a fault")
	flag.BoolVar(&o.kill, "kill", true, "kill the server in the middle")
	flag.IntVar(&o.rate, "rate", 500, "starts a second")
	flag.IntVar(&o.inFlight, "in-flight", 0, "devices updated at once; all of them where 0")
	flag.StringVar(&o.quirks, "quirks", "tftp-blksize=1428", "peculiarities of the devices, as drydock sim --quirks takes them")
	flag.StringVar(&o.profile, "profile", "", "write profiles of the server under load to this name with .cpu, .heap and .goroutine")
	flag.DurationVar(&o.soaking, "soak", 0, "instead: update the fleet again and again for so long, with random faults and kills, and check the invariants")
	flag.DurationVar(&o.killEvery, "kill-every", 3*time.Minute, "with -soak: mean time between kills")
	flag.StringVar(&o.recheck, "recheck", "", "instead: check the invariants of a soak again whose directory was kept")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "with -soak: of the faults and the kills")
	flag.IntVar(&o.jobs, "script", 0, "instead: compare with a shell script that updates so many devices at once")
	flag.StringVar(&o.drydock, "drydock", "bin/drydock", "the binary")
	flag.BoolVar(&o.keep, "keep", false, "keep the data directory and say where it is")
	flag.Parse()
	if o.inFlight <= 0 || o.inFlight > o.devices {
		o.inFlight = o.devices
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "drydock-load-")
	if err != nil {
		return err
	}
	if o.keep {
		fmt.Fprintln(os.Stderr, "data:", dir)
	} else {
		defer os.RemoveAll(dir)
	}
	y := &yard{options: o, dir: dir}
	defer y.stop()
	if o.jobs > 0 {
		return y.against(ctx, o.jobs)
	}
	if o.recheck != "" {
		y.dir = o.recheck
		return y.again(ctx)
	}
	if o.soaking > 0 {
		return y.soak(ctx, o.soaking)
	}
	if err := y.start(ctx); err != nil {
		return err
	}
	alone, err := y.update(ctx, "alone", releaseID, campaign.Targets{Devices: y.ids[:1]}, interruption{})
	if err != nil {
		return err
	}
	before, simBefore := y.used(), y.usedByFleet()
	profiled := y.startProfile(ctx)
	var crash interruption
	if o.kill {
		crash = y.once(func() error { return y.killAndStart(ctx) })
	}
	all, err := y.update(ctx, "all", releaseID, campaign.Targets{Except: y.ids[:1]}, crash)
	if err != nil {
		return err
	}
	if err := profiled(); err != nil {
		return err
	}
	runs, err := y.durations(ctx)
	if err != nil {
		return err
	}
	return y.report(alone, all, runs, y.used().minus(before), y.usedByFleet().minus(simBefore))
}

// startProfile asks the server for profiles of the next 70 seconds; the
// function that it returns waits for them.
func (y *yard) startProfile(ctx context.Context) (wait func() error) {
	if y.profile == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		err := y.fetchProfile(ctx, "profile?seconds=70", ".cpu")
		done <- errors.Join(err, y.fetchProfile(ctx, "heap", ".heap"), y.fetchProfile(ctx, "goroutine", ".goroutine"))
	}()
	return func() error { return <-done }
}

func (y *yard) fetchProfile(ctx context.Context, what, suffix string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+y.ports[0]+"/debug/pprof/"+what, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+y.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("profile: %s", resp.Status)
	}
	return errors.Join(err, os.WriteFile(y.profile+suffix, raw, 0o644))
}

// durations are how long each run took, shortest first, but for that of the
// first device.
func (y *yard) durations(ctx context.Context) ([]time.Duration, error) {
	runs, err := y.api.Runs(ctx, "", false, 20000)
	var list []time.Duration
	for _, r := range runs {
		if r.Device != y.ids[0] {
			list = append(list, r.UpdatedAt.Sub(r.StartedAt))
		}
	}
	slices.Sort(list)
	return list, err
}

// result is what became of a campaign.
type result struct {
	client.Campaign
	took time.Duration
}

// interruption is what happens to the server during a campaign: act, each time
// that due says so.
type interruption struct {
	due func(client.Campaign) bool
	act func() error
}

// once acts when half of the devices have ended.
func (y *yard) once(act func() error) interruption {
	acted := false
	return interruption{
		due: func(one client.Campaign) bool { return !acted && 2*done(one) >= one.Devices },
		act: func() error { acted = true; return act() },
	}
}

// update runs one campaign to its end.
func (y *yard) update(ctx context.Context, name string, release fleet.ReleaseID, targets campaign.Targets, in interruption) (r result, err error) {
	spec := campaign.Spec{Name: name, Release: release, Targets: targets, Runs: campaign.Runs{Standing: standing()},
		Caps: campaign.Caps{InFlight: y.inFlight, PerSecond: y.rate}, Budget: campaign.Budget{Failures: y.devices}}
	began := time.Now()
	started, err := y.api.StartCampaign(ctx, client.CampaignOrder{Spec: &spec, By: "load"})
	if err != nil {
		return r, err
	}
	for {
		err := y.api.WatchCampaign(ctx, started.ID, func(one client.Campaign) bool {
			r.Campaign = one
			return in.due == nil || !in.due(one)
		})
		switch {
		case r.Status.Over():
			r.took = time.Since(began)
			return r, nil
		case ctx.Err() != nil:
			return r, errors.Join(err, ctx.Err(), fmt.Errorf("campaign %s is %s: %+v", name, r.Status, r.Tally))
		case in.due != nil && in.due(r.Campaign):
			err = in.act()
		case err == nil:
			err = fmt.Errorf("campaign %s is %s: %+v", name, r.Status, r.Tally)
		default:
			if up := y.isUp(ctx); up == nil {
				err = nil // the stream broke, and the server is there
			}
		}
		if err != nil {
			return r, err
		}
	}
}

func done(one client.Campaign) int {
	return one.Tally.States[campaign.Succeeded] + one.Tally.States[campaign.Failed]
}

// report prints what it took. The devices' own time is that of one device
// alone, times as many rounds as it takes with so many in flight.
func (y *yard) report(alone, all result, runs []time.Duration, server, sim usage) error {
	n := float64(all.Devices)
	own := alone.took * time.Duration(max(1, (all.Devices+y.inFlight-1)/y.inFlight))
	of := func(part float64) time.Duration { return runs[int(part*float64(len(runs)-1))] }
	fmt.Println("| | |\n|---|---|")
	row := func(what, format string, values ...any) {
		fmt.Printf("| %s | "+format+" |\n", append([]any{what}, values...)...)
	}
	row("devices, at once", "%d, %d", all.Devices, y.inFlight)
	row("one device alone", "%.1f s", alone.took.Seconds())
	row("all, the devices' own time", "%.1f s", own.Seconds())
	row("all, measured", "%.1f s", all.took.Seconds())
	row("ratio", "**%.2f**", all.took.Seconds()/own.Seconds())
	row("a run: median, 95 %, longest", "%.1f s, %.1f s, %.1f s", of(.5).Seconds(), of(.95).Seconds(), of(1).Seconds())
	row("updated, failed", "%d, %d", all.Tally.States[campaign.Succeeded], all.Tally.States[campaign.Failed])
	row("server's CPU a device", "**%.1f ms**", 1000*server.cpu.Seconds()/n)
	row("simulator's CPU a device", "%.1f ms", 1000*sim.cpu.Seconds()/n)
	row("server's memory at most", "%.0f MiB", float64(server.peak)/(1<<20))
	row("the same a device", "**%.1f KiB**", float64(server.peak)/1024/n)
	for cause, k := range all.Tally.Causes {
		row("failed with "+string(cause), "%d", k)
	}
	if lost := all.Devices - done(all.Campaign); lost > 0 {
		return fmt.Errorf("%d devices came to no end", lost)
	}
	return nil
}

// command starts one of the processes; its errors go to a file of its own.
func (y *yard) command(name string, args ...string) (*exec.Cmd, error) {
	log, err := os.OpenFile(filepath.Join(y.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close() // the process has its own
	c := exec.Command(y.drydock, args...)
	c.Stdout, c.Stderr = log, log
	return c, c.Start()
}
