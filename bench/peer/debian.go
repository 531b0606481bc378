// Package peer runs what drydock is measured against: it unpacks Debian's
// packages without installing them (a peer's server may not be started on the
// machine, nor stand in the way of another package) and counts the CPU time of
// programs that fork.
package peer

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Unpack fetches packages once and gives the folder below cache that they are
// unpacked in. It needs apt-get and dpkg.
func Unpack(cache string, packages ...string) (string, error) {
	cache = filepath.Join(cache, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(packages, " "))))[:12])
	root := filepath.Join(cache, "root")
	if _, err := os.Stat(filepath.Join(root, "done")); err == nil {
		return root, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	for _, p := range packages {
		get := exec.Command("apt-get", "download", p)
		get.Dir = cache
		if out, err := get.CombinedOutput(); err != nil {
			return "", fmt.Errorf("apt-get download %s: %w: %s", p, err, out)
		}
	}
	debs, err := filepath.Glob(filepath.Join(cache, "*.deb"))
	if err != nil {
		return "", err
	}
	for _, d := range debs {
		if out, err := exec.Command("dpkg", "-x", d, root).CombinedOutput(); err != nil {
			return "", fmt.Errorf("dpkg -x %s: %w: %s", d, err, out)
		}
	}
	return root, os.WriteFile(filepath.Join(root, "done"), nil, 0o644)
}
