package agent

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestDebianPackage: what make deb makes installs with dpkg, keeps the user's
// settings when it is installed again, and what it installs runs.
func TestDebianPackage(t *testing.T) {
	t.Parallel()
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	debs, root := t.TempDir(), t.TempDir()
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(root, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("var/lib/dpkg/status", "")
	tool(t, repository, filepath.Join(repository, "tools/deb-agent"), binary(t), runtime.GOARCH, "1.0", debs)
	install := func() {
		t.Helper()
		// its scripts talk to systemd, which there is none of below root
		tool(t, repository, "dpkg", "--root", root, "--install", "--force-not-root", "--force-script-chrootless", "--force-architecture", "--force-confold",
			filepath.Join(debs, "drydock-agent_1.0_"+runtime.GOARCH+".deb"))
	}
	install()
	for name, mode := range map[string]os.FileMode{"usr/bin/drydock-agent": 0o755, "lib/systemd/system/drydock-agent.service": 0o644, "etc/drydock-agent.yaml": 0o600,
		"usr/share/snmp/mibs/DRYDOCK-EQUIPMENT-MIB.txt": 0o644, "usr/share/doc/drydock-agent/agent.md": 0o644} {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	write("etc/drydock-agent.yaml", "identity: {serial: MINE}\n")
	install()
	if kept, err := os.ReadFile(filepath.Join(root, "etc/drydock-agent.yaml")); err != nil || string(kept) != "identity: {serial: MINE}\n" {
		t.Errorf("installing it again has not left the user's settings: %q, %v", kept, err)
	}
	out, err := exec.Command(filepath.Join(root, "usr/bin/drydock-agent"), "check", "--settings", filepath.Join(root, "etc/drydock-agent.yaml")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "drydock-agent.yaml") {
		t.Errorf("what was installed says of settings that lack nearly all: %v, %s", err, out)
	}
}
