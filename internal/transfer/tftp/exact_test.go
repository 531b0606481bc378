package tftp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"drydock/internal/fault"
	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

var sizes = []int{0, 1, 511, 512, 513, 1023, 1024, 1428, 65535, 1 << 20}

func clients() map[string]tftp.Client {
	return map[string]tftp.Client{
		"plain":    {},
		"options":  {Blksize: 1428, Tsize: true, TimeoutOpt: 3},
		"window":   {Blksize: 1428, Windowsize: 16, Tsize: true},
		"smallest": {Blksize: 8, Windowsize: 64},
		"capped":   {Blksize: 65464, Windowsize: 65535},
	}
}

func TestExactBothWays(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{false, true} {
		r := newRig(t, func(c *tftp.Config, _ *transfer.Config) { c.SinglePort = single })
		for name, c := range clients() {
			for _, size := range sizes {
				if size > 100_000 && c.Blksize == 8 {
					continue
				}
				t.Run(fmt.Sprintf("single=%v/%s/%d", single, name, size), func(t *testing.T) { exactBothWays(t, r, c, content(size)) })
			}
		}
	}
}

func exactBothWays(t *testing.T, r *rig, c tftp.Client, data []byte) {
	r.t = t
	down := r.download(data)
	var got bytes.Buffer
	if _, err := c.Get(t.Context(), r.srv.Addr(), down.Name(), &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "download", got.Bytes(), data)
	finished(t, down, data)

	up, s := r.upload(int64(len(data)) + 1)
	if n, err := c.Put(t.Context(), r.srv.Addr(), up.Name(), bytes.NewReader(data), int64(len(data))); err != nil || n != int64(len(data)) {
		t.Fatalf("put %d: %v", n, err)
	}
	finished(t, up, data)
	final, created, committed, aborted := s.got()
	equal(t, "upload", final, data)
	if created != 1 || committed != 1 || aborted != 0 {
		t.Fatalf("created %d, committed %d, aborted %d", created, committed, aborted)
	}
}

// Block numbers wrap after 65535 blocks (RELIABILITY.md F12).
func TestRolloverBothWays(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	data := content(8*65540 + 5) // once around with blksize 8
	for _, toOne := range []bool{false, true} {
		opts := transfer.TFTPOptions{RolloverToOne: toOne}
		down := r.open(transfer.Spec{Direction: transfer.Download, Source: transfer.Memory(data), TFTP: opts})
		var got bytes.Buffer
		c := tftp.Client{Blksize: 8, Windowsize: 64, ToOne: toOne}
		if _, err := c.Get(t.Context(), r.srv.Addr(), down.Name(), &got); err != nil {
			t.Fatalf("to one %v: %v", toOne, err)
		}
		equal(t, "download", got.Bytes(), data)
		if !toOne {
			continue // the foreign clients upload over a rollover to 0
		}
		c.Windowsize = 0 // then the device's way shows by itself
		up, _ := r.upload(1 << 21)
		if _, err := c.Put(t.Context(), r.srv.Addr(), up.Name(), bytes.NewReader(data), int64(len(data))); err != nil {
			t.Fatalf("to one %v: %v", toOne, err)
		}
		finished(t, up, data)
	}
}

// Replies leave from the address that was asked, also on a wildcard, and every
// device may have an address of its own.
func TestWildcardAnswersFromTheAddressAsked(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", "[::]:0"} {
		for _, single := range []bool{false, true} {
			r := newRig(t, func(c *tftp.Config, _ *transfer.Config) {
				c.Addr, c.SinglePort = netip.MustParseAddrPort(addr), single
			})
			data := content(5000)
			peer := netip.MustParseAddr("127.8.7.6")
			g := r.open(transfer.Spec{Direction: transfer.Download, Peer: peer, Source: transfer.Memory(data)})
			server := netip.AddrPortFrom(netip.MustParseAddr("127.3.2.1"), r.srv.Addr().Port())
			var got bytes.Buffer
			c := tftp.Client{LocalAddr: netip.AddrPortFrom(peer, 0), Windowsize: 4}
			if _, err := c.Get(t.Context(), server, g.Name(), &got); err != nil { // takes answers from server only
				t.Fatalf("%s single=%v: %v", addr, single, err)
			}
			equal(t, "download", got.Bytes(), data)
		}
	}
}

func TestIPv6(t *testing.T) {
	six := netip.MustParseAddr("::1")
	r := newRig(t, func(c *tftp.Config, _ *transfer.Config) { c.Addr = netip.AddrPortFrom(six, 0) })
	data := content(70_000)
	g := r.open(transfer.Spec{Direction: transfer.Download, Peer: six, Source: transfer.Memory(data)})
	var got bytes.Buffer
	if _, err := (&tftp.Client{Blksize: 1428, Windowsize: 16}).Get(t.Context(), r.srv.Addr(), g.Name(), &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "download", got.Bytes(), data)
}

// 1,000 devices begin at once (RELIABILITY.md F32), each from its own address.
func TestThousandAtOnce(t *testing.T) {
	r := newRig(t)
	data := content(40_000)
	const n = 1000
	grants := make([]*transfer.Grant, n)
	for i := range grants {
		grants[i] = r.open(transfer.Spec{Direction: transfer.Download, Peer: deviceAddr(i), Source: transfer.Memory(data)})
	}
	var wg sync.WaitGroup
	for i, g := range grants {
		wg.Go(func() {
			c := tftp.Client{LocalAddr: netip.AddrPortFrom(deviceAddr(i), 0), Blksize: 1428, Retries: 10}
			var got bytes.Buffer
			if _, err := c.Get(t.Context(), r.srv.Addr(), g.Name(), &got); err != nil {
				t.Errorf("device %d: %v", i, err)
			} else if !bytes.Equal(got.Bytes(), data) {
				t.Errorf("device %d got other bytes", i)
			}
		})
	}
	wg.Wait()
	for _, g := range grants {
		if _, err := wait(t, g); err != nil {
			t.Fatal(err)
		}
	}
}

func deviceAddr(i int) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}) }

func TestFailedCommitReachesTheDeviceAndLeavesTheGrantOpen(t *testing.T) {
	r := newRig(t)
	g, s := r.upload(100)
	s.mu.Lock()
	s.commitErr = errors.New("disk full")
	s.mu.Unlock()
	put := func() error {
		_, err := (&tftp.Client{}).Put(t.Context(), r.srv.Addr(), g.Name(), bytes.NewReader([]byte("abc")), 3)
		return err
	}
	if err := put(); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("put gave %v", err)
	}
	s.mu.Lock()
	s.commitErr = nil
	s.mu.Unlock()
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if res := finished(t, g, []byte("abc")); res.Attempts != 2 {
		t.Fatalf("%d attempts", res.Attempts)
	}
}

func TestClosedGrantEndsItsTransfer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	g := r.download(content(64 << 20))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	pr := &closer{f: func() { r.reg.Close(g.Name()) }}
	_, err := (&tftp.Client{}).Get(ctx, r.srv.Addr(), g.Name(), pr)
	if !fault.Is(err, fault.Unavailable) {
		t.Fatalf("get gave %v", err)
	}
	if _, err := wait(t, g); !fault.Is(err, fault.Conflict) {
		t.Fatalf("grant gave %v", err)
	}
}

// closer calls f at the first write.
type closer struct {
	once sync.Once
	f    func()
}

func (c *closer) Write(p []byte) (int, error) { c.once.Do(c.f); return len(p), nil }
