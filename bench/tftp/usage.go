package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// group is a control group that counts the CPU time of a server and of every
// process it forks, waited for or not: in.tftpd does not wait for its children,
// so proc(5) alone would hide nearly all it costs.
type group struct {
	dir  string
	read func(dir string) (time.Duration, error)
}

// newGroup makes a group of cgroup v2 or of v1's cpuacct.
func newGroup() (*group, error) {
	name := fmt.Sprintf("tftp-bench-%d", os.Getpid())
	for _, kind := range []struct {
		mark, dir string
		read      func(string) (time.Duration, error)
	}{
		{"/sys/fs/cgroup/cgroup.controllers", "/sys/fs/cgroup", readV2},
		{"/sys/fs/cgroup/cpuacct/cpuacct.usage", "/sys/fs/cgroup/cpuacct", readV1},
	} {
		if _, err := os.Stat(kind.mark); err != nil {
			continue
		}
		dir := filepath.Join(kind.dir, name)
		if err := os.Mkdir(dir, 0o755); err != nil && !os.IsExist(err) {
			return nil, err
		}
		return &group{dir, kind.read}, nil
	}
	return nil, fmt.Errorf("no cgroup v2 and no cpuacct: the CPU time of forked servers cannot be counted")
}

func readV1(dir string) (time.Duration, error) {
	b, err := os.ReadFile(filepath.Join(dir, "cpuacct.usage"))
	if err != nil {
		return 0, err
	}
	ns, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return time.Duration(ns), err
}

func readV2(dir string) (time.Duration, error) {
	b, err := os.ReadFile(filepath.Join(dir, "cpu.stat"))
	if err != nil {
		return 0, err
	}
	var us int64
	_, err = fmt.Sscanf(string(b), "usage_usec %d", &us)
	return time.Duration(us) * time.Microsecond, err
}

// add moves a process, and what it forks from now on, into the group.
func (g *group) add(pid int) error {
	return os.WriteFile(filepath.Join(g.dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0o644)
}

func (g *group) cpu() (time.Duration, error) { return g.read(g.dir) }

func (g *group) remove() { _ = os.Remove(g.dir) }

// memory sums the largest resident sizes of the process group's living
// processes, in octets. Shared pages count in each.
func memory(pgid int) (total int64) {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		b, err := os.ReadFile(filepath.Join(p, "stat"))
		if err != nil {
			continue
		}
		f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(f) < 3 || f[2] != strconv.Itoa(pgid) {
			continue
		}
		status, _ := os.ReadFile(filepath.Join(p, "status"))
		for line := range strings.Lines(string(status)) {
			if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
				total += kb << 10
			}
		}
	}
	return total
}
