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
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"time"

	"drydock/client"
	"drydock/internal/fleet/campaign"
)

type options struct {
	devices int
	speed   int
	image   int64
	faulty  int
	kill    bool
	rate    int
	drydock string
	keep    bool
}

func main() {
	var o options
	flag.IntVar(&o.devices, "devices", 1000, "devices, up to 10000")
	flag.IntVar(&o.speed, "speed", 1, "make the devices so many times as fast")
	flag.Int64Var(&o.image, "image", 1<<20, "octets of the image")
	flag.IntVar(&o.faulty, "faulty", 2, "percent of the devices with a fault")
	flag.BoolVar(&o.kill, "kill", true, "kill the server in the middle")
	flag.IntVar(&o.rate, "rate", 500, "starts a second")
	flag.StringVar(&o.drydock, "drydock", "bin/drydock", "the binary")
	flag.BoolVar(&o.keep, "keep", false, "keep the data directory and say where it is")
	flag.Parse()
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
	if err := y.start(ctx); err != nil {
		return err
	}
	alone, err := y.update(ctx, "alone", campaign.Targets{Devices: y.ids[:1]}, nil)
	if err != nil {
		return err
	}
	before := y.used()
	var interrupt func() error
	if o.kill {
		interrupt = func() error { return y.killAndStart(ctx) }
	}
	all, err := y.update(ctx, "all", campaign.Targets{Except: y.ids[:1]}, interrupt)
	if err != nil {
		return err
	}
	return y.report(alone, all, y.used().minus(before))
}

// result is what became of a campaign.
type result struct {
	client.Campaign
	took time.Duration
}

// update runs one campaign to its end; interrupt is called when half of the
// devices have ended.
func (y *yard) update(ctx context.Context, name string, targets campaign.Targets, interrupt func() error) (r result, err error) {
	spec := campaign.Spec{Name: name, Release: releaseID, Targets: targets, Runs: campaign.Runs{Standing: standing()},
		Caps: campaign.Caps{InFlight: y.devices, PerSecond: y.rate}, Budget: campaign.Budget{Failures: y.devices}}
	began := time.Now()
	started, err := y.api.StartCampaign(ctx, client.CampaignOrder{Spec: &spec, By: "load"})
	if err != nil {
		return r, err
	}
	for {
		err := y.api.WatchCampaign(ctx, started.ID, func(one client.Campaign) bool {
			r.Campaign = one
			return interrupt == nil || 2*done(one) < one.Devices
		})
		switch {
		case r.Status.Over():
			r.took = time.Since(began)
			return r, nil
		case interrupt != nil && 2*done(r.Campaign) >= r.Devices:
			if err := interrupt(); err != nil {
				return r, err
			}
			interrupt = nil
		case err == nil || ctx.Err() != nil:
			return r, errors.Join(err, ctx.Err(), fmt.Errorf("campaign %s is %s: %+v", name, r.Status, r.Tally))
		}
		if err := y.isUp(ctx); err != nil {
			return r, fmt.Errorf("the server went away: %w", err)
		}
	}
}

func done(one client.Campaign) int {
	return one.Tally.States[campaign.Succeeded] + one.Tally.States[campaign.Failed]
}

func (y *yard) report(alone, all result, server usage) error {
	n := float64(all.Devices)
	fmt.Printf("| devices | one alone | all | ratio | updated | failed | server CPU a device | server memory at most | a device |\n|---|---|---|---|---|---|---|---|---|\n")
	fmt.Printf("| %d | %.1f s | %.1f s | %.2f | %d | %d | %.1f ms | %.0f MiB | %.1f KiB |\n", all.Devices, alone.took.Seconds(), all.took.Seconds(),
		all.took.Seconds()/alone.took.Seconds(), all.Tally.States[campaign.Succeeded], all.Tally.States[campaign.Failed],
		1000*server.cpu.Seconds()/n, float64(server.peak)/(1<<20), float64(server.peak)/1024/n)
	for cause, k := range all.Tally.Causes {
		fmt.Printf("\n%d failed with %s\n", k, cause)
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
