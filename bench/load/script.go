package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"drydock/bench/peer"
	"drydock/internal/fleet/campaign"
	"drydock/internal/sim"
	"drydock/test/ports"
)

//go:embed update.sh
var script string

// injected are the ten failures: what goes wrong, on which device.
func injected() map[int]string {
	return map[int]string{10: "op=backup fault=fail", 20: "op=backup fault=truncate=900", 30: "op=backup fault=lie", 40: "op=update fault=fail", 50: "op=update fault=lie",
		60: "op=update fault=old-version", 70: "op=update fault=other-serial", 80: "op=recover fault=lose=3", 90: "op=recover fault=lie", 100: "op=recover fault=fail"}
}

func injectedFaults() string {
	var list []string
	for n, what := range injected() {
		list = append(list, fmt.Sprintf("dev=%d %s count=0", n, what))
	}
	return strings.Join(list, "; ")
}

// against updates the same fleet twice: by a shell script with net-snmp, atftpd
// and xargs -P, and by drydock; and says what each has noticed.
func (y *yard) against(ctx context.Context, jobs int) error {
	if err := y.start(ctx); err != nil {
		return err
	}
	byScript, noticedByScript, cpuOfScript, err := y.runScript(ctx, jobs)
	if err != nil {
		return err
	}
	if err := y.startFleet(ctx); err != nil { // as it was before
		return err
	}
	before := y.used()
	all, err := y.update(ctx, "all", releaseID, campaign.Targets{}, interruption{})
	if err != nil {
		return err
	}
	used := y.used().minus(before)
	noticed := map[int]bool{}
	members, err := y.api.CampaignDevices(ctx, all.ID, campaign.Failed, "", 0)
	if err != nil {
		return err
	}
	for _, m := range members {
		noticed[y.number(string(m.Device))] = true
	}
	fmt.Printf("| %d devices | wall time | CPU | noticed of %d injected failures | other failures |\n|---|---|---|---|---|\n", y.devices, len(injected()))
	row := func(name string, took, cpu time.Duration, noticed map[int]bool) {
		hits := 0
		for n := range injected() {
			if noticed[n] {
				hits++
			}
		}
		fmt.Printf("| %s | %.1f s | %.1f s | %d | %d |\n", name, took.Seconds(), cpu.Seconds(), hits, len(noticed)-hits)
	}
	row(fmt.Sprintf("shell script, xargs -P %d", jobs), byScript, cpuOfScript, noticedByScript)
	row("drydock", all.took, used.cpu, noticed)
	fmt.Println()
	for n, what := range injected() {
		fmt.Printf("%-30s script: %-8s drydock: %s\n", what, seen(noticedByScript[n]), seen(noticed[n]))
	}
	return nil
}

func seen(noticed bool) string {
	if noticed {
		return "noticed"
	}
	return "missed"
}

// number is a device's place in the list.
func (y *yard) number(id string) int {
	for i, d := range y.ids {
		if string(d) == id {
			return i + 1
		}
	}
	return 0
}

// runScript has the script update every device, jobs at once.
func (y *yard) runScript(ctx context.Context, jobs int) (took time.Duration, noticed map[int]bool, cpu time.Duration, err error) {
	dir := filepath.Join(y.dir, "tftp")
	program := filepath.Join(y.dir, "update.sh")
	if err := errors.Join(os.Mkdir(dir, 0o777), os.Chmod(dir, 0o777), os.WriteFile(filepath.Join(dir, "iad.img"), sim.MakeImage("2.0", 2, []string{"IAD-4", "IAD-24"}, y.image), 0o644),
		os.WriteFile(program, []byte(script), 0o755)); err != nil {
		return 0, nil, 0, err
	}
	tftp, err := ports.Free("udp")
	if err != nil {
		return 0, nil, 0, err
	}
	_, port, _ := net.SplitHostPort(tftp)
	root, err := peer.Unpack(filepath.Join(".cache", "bench"), "tftpd-hpa")
	if err != nil {
		return 0, nil, 0, err
	}
	used, err := peer.NewGroup()
	if err != nil {
		return 0, nil, 0, err
	}
	defer used.Remove()
	// the shell joins the group before anything is forked
	inGroup := func(args ...string) *exec.Cmd {
		return exec.CommandContext(ctx, "sh", append([]string{"-c", `echo $$ >"$0" && exec "$@"`, used.Procs()}, args...)...)
	}
	server := inGroup(filepath.Join(root, "usr/sbin/in.tftpd"), "-L", "-c", "-p", "-s", dir, "-u", "root", "-U", "000", "-a", tftp)
	if err := server.Start(); err != nil {
		return 0, nil, 0, err
	}
	var list strings.Builder
	for i, id := range y.ids {
		fmt.Fprintf(&list, "%s %s %s %s\n", y.addresses[i], id, port, dir)
	}
	began := time.Now()
	c := inGroup("xargs", "-P", fmt.Sprint(jobs), "-L", "1", program)
	c.Stdin = strings.NewReader(list.String())
	var out, told strings.Builder
	c.Stdout, c.Stderr = &out, &told
	_ = c.Run() // it fails where one device did; what it printed says which
	took = time.Since(began)
	cpu, err = used.CPU()
	_ = server.Process.Kill()
	_ = server.Wait() // it was killed
	if err != nil {
		return 0, nil, 0, err
	}
	updated := map[string]bool{}
	for line := range strings.Lines(out.String()) {
		if id, ok := strings.CutSuffix(strings.TrimSpace(line), ": updated"); ok {
			updated[id] = true
		}
	}
	noticed = map[int]bool{}
	for i, id := range y.ids {
		if !updated[string(id)] {
			noticed[i+1] = true
		}
	}
	return took, noticed, cpu, nil
}
