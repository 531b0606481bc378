package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// contender is a server to be measured.
type contender struct {
	name string
	port int
	argv func(root, dir string, port int) []string
	file func(i int) string // what transfer i asks for
}

func sameFile(int) string { return "image" }

func contenders(self string) []contender {
	return []contender{
		{"drydock", 6900, func(_, dir string, port int) []string {
			return []string{self, "serve", "-dir", dir, "-port", strconv.Itoa(port)}
		}, grantName},
		{"tftpd-hpa", 6901, func(root, dir string, port int) []string {
			return []string{root + "/usr/sbin/in.tftpd", "-L", "-s", dir, "-u", "root", "-a", fmt.Sprintf("127.0.0.1:%d", port)}
		}, sameFile},
		{"atftpd", 6902, func(root, dir string, port int) []string {
			return []string{root + "/usr/sbin/atftpd", "--daemon", "--no-fork", "--port", strconv.Itoa(port), "--bind-address", "127.0.0.1",
				"--user", "root", "--group", "root", "--maxthread", "4000", "--logfile", "/dev/null", "--verbose=0", dir}
		}, sameFile},
		{"dnsmasq", 69, func(root, dir string, _ int) []string {
			return []string{root + "/usr/sbin/dnsmasq", "--port=0", "--enable-tftp", "--tftp-root=" + dir, "--no-daemon", "--tftp-max=4000",
				"--conf-file=/dev/null", "--user=root", "--listen-address=127.0.0.1", "--bind-interfaces", "--quiet-tftp", "--log-facility=/dev/null"}
		}, sameFile},
	}
}

func grantName(i int) string { return fmt.Sprintf("image-%06d", i) }

// start runs the server and waits until its port is bound.
func start(c contender, root, dir string) (*exec.Cmd, error) {
	argv := c.argv(root, dir, c.port)
	cmd := exec.Command(argv[0], argv[1:]...)
	lib := filepath.Join(root, "usr/lib/x86_64-linux-gnu")
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+lib+":"+filepath.Join(root, "lib/x86_64-linux-gnu"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for !bound(c.port) {
		select {
		case <-ctx.Done():
			_ = stop(cmd)
			return nil, fmt.Errorf("%s does not listen: %s", c.name, out.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	return cmd, nil
}

// bound says whether the UDP port is taken, without touching it.
func bound(port int) bool {
	table, err := os.ReadFile("/proc/net/udp")
	return err == nil && bytes.Contains(table, fmt.Appendf(nil, ":%04X ", port))
}

// stop ends the server's process group and waits.
func stop(cmd *exec.Cmd) error {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	timer := time.AfterFunc(5*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	defer timer.Stop()
	return cmd.Wait()
}

// packages that hold the servers, and the libraries that dnsmasq needs.
func packages() []string {
	return []string{"tftpd-hpa", "atftpd", "dnsmasq-base", "libnetfilter-conntrack3", "libnfnetlink0", "libmnl0",
		"libnftables1", "libnftnl11", "libjansson4", "libxtables12", "libedit2", "libbsd0", "libmd0"}
}
