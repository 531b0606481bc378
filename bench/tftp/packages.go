package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// packages that hold the servers, and the libraries that dnsmasq needs.
func packages() []string {
	return []string{"tftpd-hpa", "atftpd", "dnsmasq-base", "libnetfilter-conntrack3", "libnfnetlink0", "libmnl0",
		"libnftables1", "libnftnl11", "libjansson4", "libxtables12", "libedit2", "libbsd0", "libmd0"}
}

// unpack fetches the packages once and gives the folder they are unpacked in.
func unpack(cache string) (string, error) {
	root := filepath.Join(cache, "root")
	if _, err := os.Stat(filepath.Join(root, "done")); err == nil {
		return root, nil
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return "", err
	}
	for _, p := range packages() {
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
