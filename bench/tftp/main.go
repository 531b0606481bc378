package main

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"drydock/bench/peer"
)

// row is one line of DESIGN.md section 11.
type row struct {
	name            string
	clients, repeat int
	blksize, window int
	size            int // of the image, octets
	against         []string
}

func rows() []row {
	all := []string{"tftpd-hpa", "atftpd", "dnsmasq"}
	return []row{
		{"64 clients, blksize 512", 64, 2, 512, 0, 4 << 20, all},
		{"64 clients, blksize 1428", 64, 4, 1428, 0, 4 << 20, all},
		{"1 client, blksize 1428, windowsize 16", 1, 12, 1428, 16, 64 << 20, []string{"atftpd"}},
		{"2000 clients, blksize 1428", 2000, 1, 1428, 0, 256 << 10, all},
	}
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve":
			return serve(args[1:])
		case "load":
			return load(args[1:])
		}
	}
	flags := flag.NewFlagSet("tftp", flag.ContinueOnError)
	inside := flags.Bool("inside", false, "already in a network namespace of its own")
	only := flags.String("only", "", "servers, by comma; all where empty")
	prefix := flags.String("rows", "", "rows whose name begins so")
	rounds := flags.Int("rounds", 3, "of each measurement; the median counts")
	if err := flags.Parse(args); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cache, err := filepath.Abs(".cache/bench")
	if err != nil {
		return err
	}
	root, err := peer.Unpack(cache, packages()...)
	if err != nil {
		return err
	}
	if !*inside {
		// in.tftpd resolves its address with AI_ADDRCONFIG, which wants one besides 127.0.0.1.
		cmd := exec.Command("unshare", "-n", "sh", "-c", `ip link set lo up && ip addr add 192.0.2.1/32 dev lo && exec "$0" -inside "$@"`, self)
		cmd.Args = append(cmd.Args, args...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return cmd.Run()
	}
	return table(self, root, *only, *prefix, *rounds)
}

func table(self, root, only, prefix string, rounds int) error {
	dir, err := os.MkdirTemp("", "tftp-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	fmt.Println("| load | server | wall s | CPU s | MB per CPU s | memory MB | failed | CPU ratio to the best other | wall ratio |")
	fmt.Println("|---|---|---|---|---|---|---|---|---|")
	for _, r := range rows() {
		if !strings.HasPrefix(r.name, prefix) {
			continue
		}
		if err := image(dir, r.size); err != nil {
			return err
		}
		got, err := compare(self, r, root, dir, only, rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		report(r, got)
	}
	return nil
}

// compare takes the servers in turn, round by round, so that what else the
// machine does meets all of them, and gives each one's median by CPU time.
func compare(self string, r row, root, dir, only string, rounds int) ([]measure, error) {
	all := map[string][]measure{}
	var names []string
	for range rounds {
		for _, c := range contenders(self) {
			if only != "" && !contains(strings.Split(only, ","), c.name) || c.name != "drydock" && !contains(r.against, c.name) {
				continue
			}
			m, err := once(self, c, r, root, dir)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if all[c.name] == nil {
				names = append(names, c.name)
			}
			all[c.name] = append(all[c.name], m)
		}
	}
	var got []measure
	for _, n := range names {
		list := all[n]
		sort.Slice(list, func(i, j int) bool { return list[i].cpu < list[j].cpu })
		got = append(got, list[len(list)/2])
	}
	return got, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func image(dir string, size int) error {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{9}).Read(b)
	return os.WriteFile(filepath.Join(dir, "image"), b, 0o644)
}

// measure is what one server did under one load.
type measure struct {
	server string
	wall   float64
	cpu    time.Duration // of the server and all it forked
	memory int64
	failed int
	octets float64
}

func (m measure) rate() float64 { return m.octets / 1e6 / m.cpu.Seconds() }

func once(self string, c contender, r row, root, dir string) (measure, error) {
	m := measure{server: c.name, octets: float64(r.clients) * float64(r.repeat) * float64(r.size)}
	cmd, err := start(c, root, dir)
	if err != nil {
		return m, err
	}
	g, err := peer.NewGroup()
	if err != nil {
		return m, err
	}
	defer g.Remove() // after the server has ended
	defer func() { _ = stop(cmd) }()
	if err := g.Add(cmd.Process.Pid); err != nil {
		return m, err
	}
	args := []string{"load", "-port", strconv.Itoa(c.port), "-image", filepath.Join(dir, "image"), "-clients", strconv.Itoa(r.clients),
		"-repeat", strconv.Itoa(r.repeat), "-blksize", strconv.Itoa(r.blksize), "-windowsize", strconv.Itoa(r.window)}
	if c.name == "drydock" {
		args = append(args, "-grants")
	}
	client := exec.Command(self, args...)
	client.Stderr = os.Stderr
	out, err := client.Output()
	if err != nil {
		return m, err
	}
	if _, err := fmt.Sscan(string(out), &m.wall, &m.failed); err != nil {
		return m, err
	}
	m.memory = peer.Memory(cmd.Process.Pid)
	m.cpu, err = g.CPU()
	return m, err
}

func report(r row, got []measure) {
	var cpu, wall float64 // of the best other
	for _, m := range got {
		if m.server != "drydock" && m.failed == 0 {
			cpu = max(cpu, m.rate())
			if wall == 0 || m.wall < wall {
				wall = m.wall
			}
		}
	}
	for _, m := range got {
		ratios := "| |"
		if m.server == "drydock" && cpu > 0 {
			ratios = fmt.Sprintf("| **%.2f** | %.2f |", m.rate()/cpu, wall/m.wall)
		}
		fmt.Printf("| %s | %s | %.2f | %.2f | %.0f | %.1f | %d %s\n", r.name, m.server, m.wall, m.cpu.Seconds(), m.rate(),
			float64(m.memory)/1e6, m.failed, ratios)
	}
}
