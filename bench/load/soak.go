package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/fleet/campaign"
	"drydock/internal/sim"
	"drydock/test/invariant"
)

// round is what one campaign of the soak came to.
type round struct {
	result
	kills int
	peak  int64 // octets of the server's memory at most
	data  int64 // octets on disk at its end
}

// soak updates the whole fleet again and again for so long, kills the server at
// random moments, and holds every journal against the invariants at the end.
func (y *yard) soak(ctx context.Context, long time.Duration) error {
	random := rand.New(rand.NewPCG(y.seed, 1))
	if err := y.start(ctx); err != nil {
		return err
	}
	fmt.Printf("%d devices, %d at once, seed %d\n\n", y.devices, y.inFlight, y.seed)
	fmt.Println("| round | took | updated | failed | kills | server's memory at most | a device in flight | data on disk |\n|---|---|---|---|---|---|---|---|")
	var rounds []round
	for began := time.Now(); time.Since(began) < long; {
		r, err := y.round(ctx, len(rounds), random)
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
		fmt.Printf("| %d | %.0f s | %d | %d | %d | %.0f MiB | %.0f KiB | %.0f MiB |\n", len(rounds), r.took.Seconds(), r.Tally.States[campaign.Succeeded], r.Tally.States[campaign.Failed],
			r.kills, float64(r.peak)/(1<<20), float64(r.peak)/1024/float64(y.inFlight), float64(r.data)/(1<<20))
	}
	if err := y.judge(ctx, len(rounds)); err != nil {
		return err
	}
	return flat(rounds)
}

// again judges a soak that has ended.
func (y *yard) again(ctx context.Context) error {
	if err := y.findPorts(); err != nil {
		return err
	}
	if err := y.startServer(ctx); err != nil {
		return err
	}
	list, err := y.api.Devices(ctx, client.DeviceQuery{Limit: 10000})
	if err != nil {
		return err
	}
	for _, d := range list {
		y.ids = append(y.ids, d.ID)
	}
	campaigns, err := y.api.Campaigns(ctx, false)
	if err != nil {
		return err
	}
	return y.judge(ctx, len(campaigns))
}

// judge holds every journal against the invariants.
func (y *yard) judge(ctx context.Context, rounds int) error {
	ledger, err := y.ledger(ctx, rounds)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d runs, %d effects on devices, %d of them asked after; %d invariants broken\n", ledger.Runs, ledger.Effects, ledger.Probes, len(ledger.Broken))
	for _, broken := range ledger.Broken[:min(20, len(ledger.Broken))] {
		fmt.Println(broken)
	}
	if len(ledger.Broken) > 0 {
		return fmt.Errorf("%d invariants are broken", len(ledger.Broken))
	}
	return nil
}

// round updates the fleet to the next version.
func (y *yard) round(ctx context.Context, n int, random *rand.Rand) (r round, err error) {
	release, err := y.addRelease(ctx, n)
	if err != nil {
		return r, err
	}
	y.spent.peak = 0
	next := time.Now().Add(y.pause(random))
	r.result, err = y.update(ctx, fmt.Sprintf("round %d", n+1), release, campaign.Targets{}, interruption{
		due: func(client.Campaign) bool { return time.Now().After(next) },
		act: func() error {
			r.kills++
			next = time.Now().Add(y.pause(random))
			return y.killAndStart(ctx)
		}})
	if err != nil {
		return r, err
	}
	if lost := r.Devices - done(r.Campaign); lost > 0 {
		return r, fmt.Errorf("round %d: %d devices came to no end", n+1, lost)
	}
	r.peak = y.used().peak
	r.data = size(filepath.Join(y.dir, "data"))
	return r, nil
}

// pause is how long a server lives, from some seconds to minutes.
func (y *yard) pause(random *rand.Rand) time.Duration {
	return min(10*time.Second+time.Duration(random.ExpFloat64()*float64(y.killEvery)), 10*y.killEvery)
}

// addRelease adds the release of a round. The first changes the format of the
// configuration, the others do not.
func (y *yard) addRelease(ctx context.Context, n int) (fleet.ReleaseID, error) {
	version := fmt.Sprintf("2.%d", n)
	r := fleet.Release{ID: fleet.ReleaseID("iad-" + version), Driver: "drydock-iad", Version: version, Recover: fleet.RecoverOriginal,
		Files: []fleet.File{{Role: "image", Name: "iad.img"}}}
	if n == 0 {
		r.Pack = "drydock-iad"
	}
	image := sim.MakeImage(version, 2, []string{"IAD-4", "IAD-24"}, y.image)
	_, err := y.api.AddRelease(ctx, r, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(image)), nil })
	return r.ID, err
}

// scattered are faults of every kind at random, some hundred to each ten
// thousand operations.
func (y *yard) scattered() string {
	random := rand.New(rand.NewPCG(y.seed, 2))
	ops := map[string][]string{"backup": {"fail", "refuse", "truncate=900", "reboot", "fail-silently", "lie"}, "update": {"fail", "old-version", "reboot", "refuse", "slow=20s"},
		"recover": {"fail", "reboot", "lose=3"}, "keep": {"fail", "refuse"}}
	names := []string{"backup", "update", "recover", "keep"}
	list := []string{"dev=* fault=drop=0.002"}
	for n := 1; n <= y.devices; n++ {
		if random.IntN(100) >= y.faulty {
			continue
		}
		op := names[random.IntN(len(names))]
		kind := ops[op][random.IntN(len(ops[op]))]
		list = append(list, fmt.Sprintf("dev=%d op=%s fault=%s count=%d after=%d", n, op, kind, 1+random.IntN(4), random.IntN(8)))
	}
	return strings.Join(list, "; ")
}

// ledger reads every journal, and what the equipment says.
func (y *yard) ledger(ctx context.Context, rounds int) (*invariant.Ledger, error) {
	l := &invariant.Ledger{}
	for _, id := range y.ids {
		runs, err := y.api.Runs(ctx, id, false, 20000)
		if err != nil {
			return nil, err
		}
		if len(runs) < rounds {
			l.Broken = append(l.Broken, fmt.Errorf("device %s: %d runs in %d rounds", id, len(runs), rounds))
		}
		for _, r := range runs {
			journal, err := y.api.Journal(ctx, r.ID)
			if err != nil {
				return nil, err
			}
			l.Run(r, journal)
		}
	}
	effects, err := sim.ReadEffects(y.effects())
	l.Equipment(effects)
	return l, err
}

// flat holds the memory of the last round against that of the second: the
// first fills what is filled once.
func flat(rounds []round) error {
	if len(rounds) < 3 {
		return nil // too short to say
	}
	if second, last := rounds[1].peak, rounds[len(rounds)-1].peak; last > second+second/4 {
		return fmt.Errorf("memory is not flat: %d MiB at most in round 2, %d MiB in round %d", second>>20, last>>20, len(rounds))
	}
	return nil
}

// size is what a directory holds, in octets.
func size(dir string) (total int64) {
	_ = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if info, e := d.Info(); err == nil && e == nil && !d.IsDir() {
			total += info.Size()
		}
		return nil
	})
	return total
}
