package ftp_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/transfer"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/ftpclient"
)

var sizes = []int{0, 1, 511, 512, 513, 1 << 20}

func TestExactBothWays(t *testing.T) {
	for _, addr := range []string{"127.0.0.1", "::1"} {
		ip := netip.MustParseAddr(addr)
		r := newRig(t, func(c *ftp.Config, _ *transfer.Config) { c.Addr = netip.AddrPortFrom(ip, 0) })
		for _, active := range []bool{false, true} {
			for _, size := range sizes {
				t.Run(fmt.Sprintf("%s/active=%v/%d", addr, active, size), func(t *testing.T) {
					r.t = t
					data := content(size)
					c := ftpclient.Client{Active: active}
					down := r.open(transfer.Spec{Direction: transfer.Download, Peer: ip, Source: transfer.Memory(data)})
					var got bytes.Buffer
					if _, err := c.Get(t.Context(), r.login(down), down.Name(), 0, &got); err != nil {
						t.Fatal(err)
					}
					equal(t, "download", got.Bytes(), data)
					s := &sink{aborted: make(chan struct{})}
					up := r.open(transfer.Spec{Direction: transfer.Upload, Peer: ip, MaxBytes: int64(size) + 1, Create: s.create})
					if _, err := c.Put(t.Context(), r.login(up), up.Name(), bytes.NewReader(data)); err != nil {
						t.Fatal(err)
					}
					finished(t, up, data)
					final, n := s.got()
					equal(t, "upload", final, data)
					if n != 1 {
						t.Fatalf("committed %d times", n)
					}
				})
			}
		}
	}
}

// A device has an address of its own, and its grant is for no other.
func TestOnlyTheGrantsAddressMayLogIn(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, _ *transfer.Config) { c.Addr = netip.MustParseAddrPort("0.0.0.0:0") })
	peer := netip.MustParseAddr("127.9.8.7")
	data := content(5000)
	g := r.open(transfer.Spec{Direction: transfer.Download, Peer: peer, Source: transfer.Memory(data)})
	login := r.login(g)
	login.Server = netip.AddrPortFrom(loopback, r.srv.Addr().Port())
	var got bytes.Buffer
	if _, err := (&ftpclient.Client{}).Get(t.Context(), login, g.Name(), 0, &got); !fault.Is(err, fault.Denied) {
		t.Fatalf("from elsewhere: %v", err)
	}
	for _, active := range []bool{true, false} {
		got.Reset()
		g := r.open(transfer.Spec{Direction: transfer.Download, Peer: peer, Source: transfer.Memory(data)})
		login.User, login.Password = g.Spec.User, g.Spec.Password
		if _, err := (&ftpclient.Client{LocalAddr: peer, Active: active}).Get(t.Context(), login, g.Name(), 0, &got); err != nil {
			t.Fatal(err)
		}
		equal(t, "download", got.Bytes(), data)
	}
}

func TestRestOfADownload(t *testing.T) {
	r := newRig(t)
	data := content(10_000)
	for _, offset := range []int64{1, 9_999, 10_000} {
		g := r.download(data)
		var got bytes.Buffer
		if _, err := (&ftpclient.Client{}).Get(t.Context(), r.login(g), g.Name(), offset, &got); err != nil {
			t.Fatal(err)
		}
		equal(t, "rest", got.Bytes(), data[offset:])
	}
}

const mib = 1 << 20

// curl and lftp, passive and active, move exact octets.
func TestForeignClients(t *testing.T) {
	curl, lftp := program(t, "curl"), program(t, "lftp")
	r := newRig(t)
	url := func(g *transfer.Grant) string {
		return fmt.Sprintf("ftp://%s:%s@%v/%s", g.Spec.User, g.Spec.Password.Reveal(), r.srv.Addr(), g.Name())
	}
	lftpDo := func(active bool, g *transfer.Grant, what string) []string {
		return []string{lftp, "-c", fmt.Sprintf("set ftp:passive-mode %v; set net:max-retries 1; open -u %s,%s ftp://%v; %s", !active,
			g.Spec.User, g.Spec.Password.Reveal(), r.srv.Addr(), what)}
	}
	for _, size := range []int{0, 1, 511, 512, 513, mib, 33*mib + 7, 100*mib + 1} {
		for _, active := range []bool{false, true} {
			if active && size > 40*mib {
				continue
			}
			mode := "--ftp-pasv"
			if active {
				mode = "-P-"
			}
			t.Run(fmt.Sprintf("%d/active=%v", size, active), func(t *testing.T) {
				r.t = t
				data := content(size)
				foreignGet(t, r, data, func(g *transfer.Grant) []string { return []string{curl, "-sS", mode, "-o", "got", url(g)} })
				foreignPut(t, r, data, func(g *transfer.Grant) []string { return []string{curl, "-sS", mode, "-T", "sent", url(g)} })
				foreignGet(t, r, data, func(g *transfer.Grant) []string {
					return lftpDo(active, g, "get "+g.Name()+" -o got")
				})
				foreignPut(t, r, data, func(g *transfer.Grant) []string {
					return lftpDo(active, g, "put sent -o "+g.Name())
				})
			})
		}
	}
}

func foreignGet(t *testing.T, r *rig, data []byte, argv func(*transfer.Grant) []string) {
	t.Helper()
	g, dir := r.download(data), t.TempDir()
	out, err := run(t, dir, argv(g)...)
	if err != nil {
		t.Fatalf("%v: %v: %s", argv(g), err, out)
	}
	got, err := os.ReadFile(filepath.Join(dir, "got"))
	if err != nil && len(data) > 0 {
		t.Fatalf("%v: %s", err, out)
	}
	equal(t, "download", got, data)
	if len(data) > 0 { // lftp takes a size of 0 for the whole and does not ask
		finished(t, g, data)
	}
}

func foreignPut(t *testing.T, r *rig, data []byte, argv func(*transfer.Grant) []string) {
	t.Helper()
	g, s := r.upload(int64(len(data)) + 1)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sent"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, dir, argv(g)...); err != nil {
		t.Fatalf("%v: %v: %s", argv(g), err, out)
	}
	finished(t, g, data)
	final, _ := s.got()
	equal(t, "upload", final, data)
}
