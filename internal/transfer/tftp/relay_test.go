package tftp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

// faults are what a relay does to packets, as probabilities.
type faults struct{ loss, double, swap float64 }

// relay stands between one client and the server, drops, doubles and swaps
// packets both ways, and counts the DATA packets that the server sent.
type relay struct {
	front, back *net.UDPConn // towards the client, towards the server
	server      netip.AddrPort
	faults

	mu     sync.Mutex // owns what follows
	rng    *rand.Rand
	client netip.AddrPort
	tid    netip.AddrPort // the server's transfer port, once known
	data   int
	held   [2][]byte // a packet to be swapped with the next of its direction
}

func newRelay(t testing.TB, server netip.AddrPort, f faults, seed uint64) *relay {
	t.Helper()
	listen := func() *net.UDPConn {
		c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	r := &relay{front: listen(), back: listen(), server: server, faults: f, rng: rand.New(rand.NewPCG(seed, 1))}
	var wg sync.WaitGroup
	wg.Go(r.toServer)
	wg.Go(r.toClient)
	t.Cleanup(func() { _ = r.front.Close(); _ = r.back.Close(); wg.Wait() })
	return r
}

func (r *relay) addr() netip.AddrPort { return r.front.LocalAddr().(*net.UDPAddr).AddrPort() }

func (r *relay) toServer() {
	buf := make([]byte, 70000)
	for {
		n, from, err := r.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.client = from
		to := r.tid
		if op := binary.BigEndian.Uint16(buf); op <= 2 || !to.IsValid() {
			to = r.server
		}
		out := r.mangle(0, buf[:n])
		r.mu.Unlock()
		for _, p := range out {
			_, _ = r.back.WriteToUDPAddrPort(p, to)
		}
	}
}

func (r *relay) toClient() {
	buf := make([]byte, 70000)
	for {
		n, from, err := r.back.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.tid = from
		if binary.BigEndian.Uint16(buf) == 3 {
			r.data++
		}
		to, out := r.client, r.mangle(1, buf[:n])
		r.mu.Unlock()
		for _, p := range out {
			_, _ = r.front.WriteToUDPAddrPort(p, to)
		}
	}
}

// mangle gives what leaves for one packet that came. The caller holds mu.
func (r *relay) mangle(dir int, p []byte) (out [][]byte) {
	p = bytes.Clone(p)
	held := r.held[dir]
	r.held[dir] = nil
	switch roll := r.rng.Float64(); {
	case roll < r.loss:
	case roll < r.loss+r.double:
		out = append(out, p, p)
	case roll < r.loss+r.double+r.swap && held == nil:
		r.held[dir] = p
	default:
		out = append(out, p)
	}
	if held != nil {
		out = append(out, held)
	}
	return out
}

func (r *relay) dataSent() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.data
}

// Loss, duplicates and reordering: exact octets or a clean failure
// (RELIABILITY.md F10, I8), both ways. All of these end exact, because the
// retries suffice.
func TestLossyRelay(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, f := range []faults{{loss: .01}, {loss: .05}, {loss: .2}, {double: .1}, {swap: .1}, {.05, .1, .1}, {.2, .1, .25}} {
		for _, window := range []int{1, 8} {
			t.Run(fmt.Sprintf("loss=%v,double=%v,swap=%v,window=%d", f.loss, f.double, f.swap, window), func(t *testing.T) {
				t.Parallel()
				lossy(t, f, window, seed)
			})
		}
	}
}

func lossy(t *testing.T, f faults, window int, seed uint64) {
	r := newRig(t, quick, func(c *tftpConfig, _ *transfer.Config) { c.Retries = 60 })
	data := content(100_000)
	c := tftp.Client{Blksize: 1024, Windowsize: window, Tsize: true, Timeout: 30 * time.Millisecond, Retries: 60, Dally: 300 * time.Millisecond}

	down := r.download(data)
	var got bytes.Buffer
	n, err := c.Get(t.Context(), newRelay(t, r.srv.Addr(), f, seed).addr(), down.Name(), &got)
	if err != nil {
		t.Fatalf("get: %d octets, %v", n, err)
	}
	equal(t, "download", got.Bytes(), data)

	up, s := r.upload(1 << 20)
	if _, err := c.Put(t.Context(), newRelay(t, r.srv.Addr(), f, seed+1).addr(), up.Name(), bytes.NewReader(data), int64(len(data))); err != nil {
		// The last ACK may be lost for good; then the file is whole here.
		if final, _, committed, _ := s.got(); committed == 0 || !bytes.Equal(final, data) {
			t.Fatalf("put: %v, and nothing was committed", err)
		}
	}
	finished(t, up, data)
	final, _, _, _ := s.got()
	equal(t, "upload", final, data)
}

// Every packet doubled: DATA sent stays under 1.1 x blocks (RELIABILITY.md
// F11, seeded bug B11: a duplicate ACK answered with DATA doubles it).
func TestDuplicateEverything(t *testing.T) {
	for _, window := range []int{1, 16} {
		r := newRig(t)
		data := content(512 * 2000)
		g := r.download(data)
		re := newRelay(t, r.srv.Addr(), faults{double: 1}, 1)
		var got bytes.Buffer
		if _, err := (&tftp.Client{Windowsize: window}).Get(t.Context(), re.addr(), g.Name(), &got); err != nil {
			t.Fatal(err)
		}
		equal(t, "download", got.Bytes(), data)
		res := finished(t, g, data)
		if blocks := 2001; float64(re.dataSent()) >= 1.1*float64(blocks) {
			t.Errorf("window %d: %d DATA for %d blocks", window, re.dataSent(), blocks)
		}
		if window == 1 && res.Duplicates < 1000 {
			t.Errorf("only %d duplicates counted", res.Duplicates)
		}
	}
}

// Hopeless loss ends as a clean failure on both sides, within the bound.
func TestHopelessLossFailsCleanly(t *testing.T) {
	t.Parallel()
	r := newRig(t, quick, func(c *tftpConfig, _ *transfer.Config) { c.Retries = 3 })
	g := r.download(content(100_000))
	re := newRelay(t, r.srv.Addr(), faults{loss: .9}, 7)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c := tftp.Client{Timeout: 20 * time.Millisecond, Retries: 3}
	if _, err := c.Get(ctx, re.addr(), g.Name(), io.Discard); err == nil {
		t.Fatal("get succeeded at 90 % loss")
	}
	select {
	case <-g.Done():
		t.Fatal("the grant was used up by a failed transfer")
	default:
	}
}
