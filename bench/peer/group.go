package peer

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Group is a control group that counts the CPU time of a server and of every
// process it forks, waited for or not: in.tftpd does not wait for its children,
// so proc(5) alone would hide nearly all it costs.
type Group struct {
	dir  string
	read func(dir string) (time.Duration, error)
}

// NewGroup makes a group of cgroup v2 or of v1's cpuacct.
func NewGroup() (*Group, error) {
	name := fmt.Sprintf("drydock-bench-%d", os.Getpid())
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
		return &Group{dir, kind.read}, nil
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

// Add moves a process, and what it forks from now on, into the group.
func (g *Group) Add(pid int) error {
	return os.WriteFile(g.Procs(), []byte(strconv.Itoa(pid)), 0o644)
}

// Procs is the file that a process joins the group by writing its number to.
func (g *Group) Procs() string { return filepath.Join(g.dir, "cgroup.procs") }

// CPU is what the group has used.
func (g *Group) CPU() (time.Duration, error) { return g.read(g.dir) }

// Remove gives the group up; its processes must have ended.
func (g *Group) Remove() { _ = os.Remove(g.dir) }

// Memory sums the largest resident sizes of the process group's living
// processes, in octets. Shared pages count in each.
func Memory(pgid int) (total int64) {
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
