package main

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"drydock/client"
	"drydock/internal/cli"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/sim"
	"drydock/internal/sim/personality"
)

// simulate runs a fleet until ctx ends.
func simulate(ctx context.Context, o cli.SimOptions, streams cli.Streams) error {
	if o.Personality != "" {
		return impersonate(ctx, o, streams)
	}
	spec, err := simSpec(o)
	if err != nil {
		return err
	}
	spec.Log = logger(streams.Err)
	fleet, err := sim.Start(ctx, spec)
	if err != nil {
		return err
	}
	if o.Import != "" {
		if err := cli.WriteDevices(o.Import, devices(fleet, community(spec.Quirks.SNMP))); err != nil {
			return fmt.Errorf("write %s: %w", o.Import, err)
		}
	}
	fmt.Fprintf(streams.Err, "%d devices answer from %s to %s, UDP port %d\n", o.Devices,
		fleet.Agent(1).Addr(), fleet.Agent(o.Devices).Addr(), fleet.Port())
	return fleet.Wait()
}

// impersonate runs vendors' equipment until ctx ends.
func impersonate(ctx context.Context, o cli.SimOptions, streams cli.Streams) error {
	address, err := netip.ParseAddr(o.First)
	if err != nil {
		return fault.New(fault.Invalid, "", "--first", "%w", err)
	}
	driver := o.Personality // most have the name of their driver
	if o.Driver != "drydock-iad" {
		driver = o.Driver
	}
	var list []client.NewDevice
	var first, last netip.AddrPort
	for n := range o.Devices {
		options := personality.Options{Address: address, Port: uint16(o.Port), TFTPPort: o.TFTPPort, FTPPort: o.FTPPort}
		if n > 0 {
			options.Serial = fmt.Sprintf("%s%04d", o.Personality, n+1)
		}
		device, err := personality.Start(ctx, o.Personality, options)
		if err != nil {
			return err
		}
		defer device.Close()
		if last = device.Addr(); n == 0 {
			first = last
		}
		list = append(list, client.NewDevice{ID: fleet.DeviceID(fmt.Sprintf("%s-%04d", o.Personality, n+1)), Address: last.String(), Driver: driver,
			Credentials: &client.Credentials{Version: "v2c", Community: "public"}})
		address = address.Next()
	}
	if o.Import != "" {
		if err := cli.WriteDevices(o.Import, list); err != nil {
			return fmt.Errorf("write %s: %w", o.Import, err)
		}
	}
	fmt.Fprintf(streams.Err, "%d devices answer from %s to %s, UDP port %d\n", o.Devices, first.Addr(), last.Addr(), first.Port())
	<-ctx.Done()
	return nil
}

func simSpec(o cli.SimOptions) (spec sim.Spec, err error) {
	spec = sim.Spec{Devices: o.Devices, Port: o.Port, Driver: o.Driver, Version: o.Version, Seed: o.Seed, EffectLog: o.EffectLog,
		Strict: o.Strict, Timings: sim.DefaultTimings(o.Speed)}
	if spec.First, err = netip.ParseAddr(o.First); err != nil {
		return spec, fault.New(fault.Invalid, "", "--first", "%w", err)
	}
	if o.Speed <= 0 {
		return spec, fault.New(fault.Invalid, "", "--speed", "%v: it must be above 0", o.Speed)
	}
	if o.TrapSink != "" {
		if spec.TrapSink, err = netip.ParseAddrPort(o.TrapSink); err != nil {
			return spec, fault.New(fault.Invalid, "", "--trap-sink", "%w", err)
		}
	}
	if spec.Faults, err = sim.ParseFaults(o.Faults); err != nil {
		return spec, err
	}
	if err := spec.ParseQuirks(o.Quirks); err != nil {
		return spec, err
	}
	if spoken := spec.Quirks.SNMP; len(spoken) > 0 && community(spoken) == "" {
		return spec, fault.New(fault.Invalid, "", "--quirks snmp", "the devices of drydock sim have a community and no user: name v1 or v2c")
	}
	return spec, nil
}

// community is the version that an import file names for devices that speak
// these; "" where none of them has communities.
func community(spoken []string) string {
	for _, v := range []string{"v2c", "v1"} {
		if len(spoken) == 0 || slices.Contains(spoken, v) {
			return v
		}
	}
	return ""
}

// devices says how the fleet is reached, for drydock device import.
func devices(f *sim.Fleet, version string) []client.NewDevice {
	list := make([]client.NewDevice, 0, f.Size())
	for n := 1; n <= f.Size(); n++ {
		list = append(list, client.NewDevice{ID: fleet.DeviceID(fmt.Sprintf("iad-%04d", n)), Address: f.Agent(n).String(), Driver: "drydock-iad",
			Labels: map[string]string{"model": f.Device(n).Model()}, Credentials: &client.Credentials{Version: version, Community: "public"}})
	}
	return list
}
