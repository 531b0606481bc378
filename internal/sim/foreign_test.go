package sim

import (
	"context"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment"
)

// foreignTFTP gives a TFTP server program that is not ours: the one that make
// bench has unpacked will do.
func foreignTFTP(t *testing.T) string {
	t.Helper()
	for _, path := range []string{"/usr/sbin/atftpd", "../../.cache/bench/root/usr/sbin/atftpd"} {
		if _, err := exec.LookPath(path); err == nil {
			abs, err := filepath.Abs(path)
			if err != nil {
				t.Fatal(err)
			}
			return abs
		}
	}
	missing(t, "the test needs the program atftpd, or the one that make bench unpacks")
	return ""
}

func freeUDPPort(t *testing.T) int {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).Port
}

// TestForeignTFTPServer has a device update from a server that knows no grants.
func TestForeignTFTPServer(t *testing.T) {
	path, dir, port := foreignTFTP(t), t.TempDir(), freeUDPPort(t)
	image := MakeImage("2.0", 2, []string{"IAD-4"}, 200<<10)
	for _, f := range []struct {
		name string
		data []byte
	}{{"image", image}, {"backup", nil}} {
		if err := os.WriteFile(filepath.Join(dir, f.name), f.data, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, f.name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for at := dir; len(at) > len(os.TempDir()); at = filepath.Dir(at) { // the server gives up being root
		_ = os.Chmod(at, 0o777)
	}
	cmd := exec.Command(path, "--daemon", "--no-fork", "--bind-address", "127.0.0.1", "--port", strconv.Itoa(port), dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })

	spec := Spec{Devices: 1, First: netip.MustParseAddr("127.0.0.77"), Models: []string{"IAD-4"}}
	spec.TFTP.Blksize, spec.TFTP.Tsize = 1428, true
	y := newYard(t, spec)
	y.spec.TFTP.Retries = 100 // until the server is up
	d := y.Device(1)
	server := equipment.Server{Protocol: equipment.TFTP, Addr: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(port))}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := d.eq.Control().Load(ctx, server, []string{"image"}, nil); err != nil {
		t.Fatal(err)
	}
	if got := d.eq.Flash().Other().Image; got.Version != "2.0" || got.Size != int64(len(image)) {
		t.Errorf("loaded %+v", got)
	}
	if err := d.eq.Control().Transmit(ctx, server, "backup"); err != nil {
		t.Fatal(err)
	}
	var got strings.Builder // fetched until the server has closed what it received
	for got.String() != d.FirstConfiguration() {
		got.Reset()
		if err := d.files().Fetch(ctx, server, "backup", &got); err != nil && ctx.Err() != nil {
			t.Fatalf("%v: %d octets came", err, got.Len())
		}
	}
	if err := d.files().Fetch(ctx, server, "nothing", io.Discard); err == nil || failureCause(err) != equipment.FileNotFound {
		t.Errorf("a file that is not there: %v", err)
	}
}
