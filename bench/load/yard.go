package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/secret"
	"drydock/test/ports"
)

const releaseID = fleet.ReleaseID("iad-2.0")

// yard is a server and a fleet, each a process.
type yard struct {
	options
	dir       string
	ports     [4]string // HTTP, TFTP, FTP, trap
	server    *exec.Cmd
	fleet     *exec.Cmd
	api       *client.Client
	token     string
	ids       []fleet.DeviceID
	addresses []string
	spent     usage // by servers that are gone
}

// standing are the answers that an operator would give beforehand.
func standing() []procedure.Standing {
	var list []procedure.Standing
	for _, step := range []procedure.Step{procedure.Preflight, procedure.Backup, procedure.Keep, procedure.Load, procedure.Recover, procedure.Modify, procedure.Verify, procedure.RestoreFiles} {
		list = append(list, procedure.Standing{Step: step, Repeat: 2, Then: procedure.Stop},
			procedure.Standing{Step: step, Cause: procedure.IdentityChanged, Then: procedure.Stop}, // named, or a person is asked
			procedure.Standing{Step: step, Cause: procedure.OutcomeUnknown, Repeat: 2, Then: procedure.Stop})
	}
	return append(list, procedure.Standing{Step: procedure.Assess, Cause: procedure.ManualFindings, Then: procedure.Proceed})
}

// faults are mixed, once each, on every so many devices.
func (y *yard) faults() string {
	kinds := []string{"op=backup fault=fail", "op=update fault=fail", "op=backup fault=truncate=900", "op=recover fault=fail", "fault=drop-set-response", "op=update fault=old-version"}
	if y.jobs > 0 {
		return injectedFaults()
	}
	if y.soaking > 0 {
		return y.scattered()
	}
	if y.faulty <= 0 {
		return ""
	}
	var list []string
	for i, n := 0, 2; n <= y.devices; i, n = i+1, n+100/y.faulty {
		list = append(list, fmt.Sprintf("dev=%d %s count=1", n, kinds[i%len(kinds)]))
	}
	return strings.Join(list, "; ")
}

// findPorts finds places for the server.
func (y *yard) findPorts() error {
	for i := range y.ports {
		network := "udp"
		if i == 0 || i == 2 {
			network = "tcp"
		}
		address, err := ports.Free(network)
		if err != nil {
			return err
		}
		y.ports[i] = address
	}
	return nil
}

func (y *yard) start(ctx context.Context) error {
	if err := y.findPorts(); err != nil {
		return err
	}
	if err := y.startServer(ctx); err != nil {
		return err
	}
	if err := y.startFleet(ctx); err != nil {
		return err
	}
	if y.soaking > 0 {
		return nil // each round has a release of its own
	}
	_, err := y.addRelease(ctx, 0)
	return err
}

// startFleet starts the fleet, anew perhaps, and tells the server of it.
func (y *yard) startFleet(ctx context.Context) error {
	if y.fleet != nil {
		_ = y.fleet.Process.Kill()
		_ = y.fleet.Wait() // it was killed
	}
	list := filepath.Join(y.dir, "fleet.csv")
	_ = os.Remove(list) // there may be none
	agents, err := ports.Free("udp")
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(agents)
	if y.fleet, err = y.command("sim", "sim", "--devices", strconv.Itoa(y.devices), "--speed", strconv.Itoa(y.speed), "--trap-sink", y.ports[3],
		"--import", list, "--port", port, "--faults", y.faults(), "--effect-log", y.effects(), "--quirks", y.quirks); err != nil {
		return err
	}
	return wait(ctx, time.Minute, func() error { return y.importFleet(ctx, list) })
}

func (y *yard) startServer(ctx context.Context) (err error) {
	data := filepath.Join(y.dir, "data")
	if y.server, err = y.command("server", "serve", "--data", data, "--http", y.ports[0], "--tftp", y.ports[1], "--ftp", y.ports[2], "--trap", y.ports[3], "--server-address", "127.0.0.1", "--rate", "10000"); err != nil {
		return err
	}
	return wait(ctx, time.Minute, func() error {
		token, err := os.ReadFile(filepath.Join(data, "token"))
		if err != nil {
			return err
		}
		y.token = strings.TrimSpace(string(token))
		if y.api, err = client.New("http://"+y.ports[0], secret.New(y.token)); err != nil {
			return err
		}
		return y.isUp(ctx)
	})
}

func (y *yard) isUp(ctx context.Context) error {
	return wait(ctx, 30*time.Second, func() error { _, err := y.api.Drivers(ctx); return err })
}

// killAndStart is a crash.
func (y *yard) killAndStart(ctx context.Context) error {
	y.spent = y.used()
	if err := y.server.Process.Kill(); err != nil {
		return err
	}
	_ = y.server.Wait() // it was killed
	return y.startServer(ctx)
}

// importFleet reads the list that the fleet has written.
func (y *yard) importFleet(ctx context.Context, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil || len(records) < y.devices+1 {
		return fmt.Errorf("the fleet's list has %d lines: %w", len(records), err)
	}
	column := func(name string) int { return slices.Index(records[0], name) }
	y.ids, y.addresses = nil, nil
	var devices []client.NewDevice
	for _, r := range records[1:] {
		id := fleet.DeviceID(r[column("id")])
		y.ids = append(y.ids, id)
		y.addresses = append(y.addresses, r[column("address")])
		devices = append(devices, client.NewDevice{ID: id, Address: r[column("address")], Driver: r[column("driver")],
			Credentials: &client.Credentials{Version: "v2c", Community: r[column("community")]}})
	}
	for part := range slices.Chunk(devices, 1000) {
		if err := y.api.PutDevices(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// wait tries until it works.
func wait(ctx context.Context, limit time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return err
		}
	}
}

func (y *yard) stop() {
	for _, c := range []*exec.Cmd{y.server, y.fleet} {
		if c != nil && c.Process != nil {
			_ = c.Process.Kill()
			_ = c.Wait()
		}
	}
}

// usage is what the server has used, those before it included.
type usage struct {
	cpu  time.Duration
	peak int64 // octets of memory at most
}

func (u usage) minus(o usage) usage { return usage{u.cpu - o.cpu, u.peak} }

// used is what the server has used since the yard was made.
func (y *yard) used() usage {
	u := processUsage(y.server.Process.Pid)
	return usage{y.spent.cpu + u.cpu, max(y.spent.peak, u.peak)}
}

func (y *yard) usedByFleet() usage { return processUsage(y.fleet.Process.Pid) }

// processUsage reads /proc (proc(5)).
func processUsage(pid int) (u usage) {
	dir := fmt.Sprintf("/proc/%d/", pid)
	if raw, err := os.ReadFile(dir + "stat"); err == nil {
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+2:]))
		for _, f := range fields[11:13] { // utime and stime, in ticks of 10 ms
			ticks, _ := strconv.ParseInt(f, 10, 64)
			u.cpu += time.Duration(ticks) * 10 * time.Millisecond
		}
	}
	raw, _ := os.ReadFile(dir + "status")
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			u.peak = kib << 10
		}
	}
	return u
}

// effects is the file in which the fleet writes what happens to it.
func (y *yard) effects() string { return filepath.Join(y.dir, "effects") }
