package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"

	"drydock/internal/cli"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/server"
	"drydock/internal/sim"
)

// demoSpeed makes the simulated devices so much faster than small equipment.
const demoSpeed = 20

// demoImage is the new software's size in octets.
const demoImage = 1 << 20

// stories are what goes wrong in the demonstration, by the device's place in
// the fleet: device = number of devices * at / 24, rounded up.
var stories = []struct {
	at    int
	fault string
	cli.DemoStory
}{
	{2, "op=backup fault=hang", cli.DemoStory{Text: "its backup hangs: time-out, then repeated",
		Answers: []procedure.Choice{procedure.Repeat, procedure.Repeat}, Outcome: procedure.Updated}},
	{6, "op=update fault=fail cause=badImage", cli.DemoStory{Text: "loading fails: the old files are put back, then loading is repeated",
		Answers: []procedure.Choice{procedure.Repeat}, Outcome: procedure.Updated}},
	{10, "op=recover fault=fail", cli.DemoStory{Text: "recovering its configuration fails, then it is repeated",
		Answers: []procedure.Choice{procedure.Repeat}, Outcome: procedure.Updated}},
	{14, "op=backup fault=fail", cli.DemoStory{Text: "its backup fails, and the user stops it: nothing was touched",
		Answers: []procedure.Choice{procedure.Stop}, Outcome: procedure.Stopped}},
	{18, "op=update fault=lie", cli.DemoStory{Text: "it says that it has loaded the new version and still runs the old one",
		Answers: []procedure.Choice{procedure.Repeat}, Outcome: procedure.Updated}},
	{22, "op=update fault=other-serial", cli.DemoStory{Text: "it comes back as another device: nothing more is done to it",
		Answers: []procedure.Choice{procedure.Stop}, Outcome: procedure.Stopped}},
}

// startDemo starts the server with a fresh store, and the fleet.
func startDemo(ctx context.Context, o cli.DemoOptions, streams cli.Streams) (_ *cli.DemoFleet, err error) {
	var closers []func() error
	undo := func() (err error) {
		for i := range closers {
			err = errors.Join(err, closers[len(closers)-1-i]())
		}
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, undo())
		}
	}()
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "drydock-demo-"); err != nil {
			return nil, err
		}
		closers = append(closers, func() error { return os.RemoveAll(o.Data) })
	}
	log := slog.New(slog.DiscardHandler)
	if o.Verbose {
		log = logger(streams.Err)
	}
	s, err := server.Start(ctx, server.Options{Data: o.Data, HTTP: o.HTTP, TFTP: "127.0.0.1:0", FTP: "127.0.0.1:0", Trap: "127.0.0.1:0",
		ServerAddress: "127.0.0.1", Version: version, Log: log})
	if err != nil {
		return nil, err
	}
	closers = append(closers, s.Stop)
	demo := &cli.DemoFleet{URL: s.URL, Token: s.Token, Stories: map[fleet.DeviceID]cli.DemoStory{}, Stop: undo,
		Timeouts: map[procedure.Op]string{procedure.OpBackup: "6s", procedure.OpIdentify: "30s"}}
	spec := sim.Spec{Devices: o.Devices, TrapSink: s.TrapAddr, Timings: sim.DefaultTimings(demoSpeed), Seed: 1, Log: log, First: netip.MustParseAddr("127.1.0.1")}
	if spec.Faults, err = demoFaults(o.Devices, demo); err != nil {
		return nil, err
	}
	f, err := sim.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	closers = append(closers, f.Close)
	demo.Devices = devices(f, "v2c")
	demo.Release, demo.Open = demoRelease()
	demo.Next, demo.OpenNext = nextRelease()
	return demo, nil
}

// demoFaults spreads the stories over the fleet.
func demoFaults(n int, demo *cli.DemoFleet) ([]sim.Fault, error) {
	var spec string
	for _, story := range stories {
		number := (n*story.at + 23) / 24
		spec += fmt.Sprintf("dev=%d %s; ", number, story.fault)
		demo.Stories[fleet.DeviceID(fmt.Sprintf("iad-%04d", number))] = story.DemoStory
	}
	return sim.ParseFaults(spec)
}

func demoRelease() (fleet.Release, func(string) (io.ReadCloser, error)) {
	image := sim.MakeImage("2.0", 2, []string{"IAD-4", "IAD-24"}, demoImage)
	r := fleet.Release{ID: "iad-2.0", Driver: "drydock-iad", Version: "2.0", Models: []string{"IAD-*"}, From: []string{"1.4*"},
		Pack: "drydock-iad", Recover: fleet.RecoverOriginal, Notes: "second generation: another form of the configuration",
		Files: []fleet.File{{Role: "image", Name: "iad-2.0.img", Size: fleet.Bytes(len(image))}}}
	return r, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(image)), nil }
}

// nextRelease is for the visitor's own campaign, once the demonstration is over.
func nextRelease() (fleet.Release, func(string) (io.ReadCloser, error)) {
	image := sim.MakeImage("2.1", 2, []string{"IAD-4", "IAD-24"}, demoImage)
	r := fleet.Release{ID: "iad-2.1", Driver: "drydock-iad", Version: "2.1", Models: []string{"IAD-*"}, From: []string{"2.*"},
		Recover: fleet.RecoverOriginal, Notes: "the same form of the configuration as 2.0",
		Files: []fleet.File{{Role: "image", Name: "iad-2.1.img", Size: fleet.Bytes(len(image))}}}
	return r, func(string) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(image)), nil }
}
