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

// usage of a server: CPU time and the largest resident memory.
type usage struct {
	cpu time.Duration
	rss int64 // octets, VmHWM of the main process
}

// cpuOf sums the CPU time of the process, of the children it has waited for, and
// of its living children (proc(5)), in clock ticks of 10 ms.
func cpuOf(pid int) (time.Duration, error) {
	fields, err := stat(pid)
	if err != nil {
		return 0, err
	}
	ticks := sum(fields[11:15])
	others, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range others {
		child, err := strconv.Atoi(filepath.Base(p))
		if err != nil || child == pid {
			continue
		}
		if f, err := stat(child); err == nil && f[1] == strconv.Itoa(pid) {
			ticks += sum(f[11:15])
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// stat gives the fields of /proc/PID/stat after the name: 0 = state, 1 = parent.
func stat(pid int) ([]string, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	f := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(f) < 15 {
		return nil, fmt.Errorf("/proc/%d/stat has %d fields", pid, len(f))
	}
	return f, nil
}

func sum(fields []string) (n int64) {
	for _, f := range fields {
		v, _ := strconv.ParseInt(f, 10, 64)
		n += v
	}
	return n
}

func usageOf(pid int) (usage, error) {
	cpu, err := cpuOf(pid)
	if err != nil {
		return usage{}, err
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return usage{}, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kb, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return usage{cpu, kb << 10}, nil
		}
	}
	return usage{cpu, 0}, nil
}
