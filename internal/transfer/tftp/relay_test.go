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
// packets both ways, and counts the DATA packets that the server sent. As a
// NAT does, it gives each of the server's transfer ports a port of its own: a
// client must be able to tell two transfers apart (RFC 1350 section 4).
type relay struct {
	front *leg // where the client sends its requests
	faults
	wg sync.WaitGroup

	mu     sync.Mutex // owns what follows
	rng    *rand.Rand
	client netip.AddrPort
	data   int
	legs   map[netip.AddrPort]*leg // by the server's port
	closed bool
}

// leg is one pair of ports, client's side and server's side.
type leg struct {
	*net.UDPConn
	server netip.AddrPort
	held   [2][]byte // a packet to be swapped with the next of its direction
}

func newRelay(t testing.TB, server netip.AddrPort, f faults, seed uint64) *relay {
	t.Helper()
	r := &relay{faults: f, rng: rand.New(rand.NewPCG(seed, 1)), legs: map[netip.AddrPort]*leg{}}
	back, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.front = r.leg(server, back)
	r.mu.Unlock()
	if r.front == nil {
		t.Fatal("no port for the relay")
	}
	r.wg.Go(func() { r.toClient(back) })
	t.Cleanup(func() { r.close(); _ = back.Close(); r.wg.Wait() })
	return r
}

// leg gives the pair of ports for one of the server's, nil when there can be
// none any more. The caller holds mu.
func (r *relay) leg(server netip.AddrPort, back *net.UDPConn) *leg {
	if l := r.legs[server]; l != nil || r.closed {
		return l
	}
	c, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		return nil
	}
	l := &leg{UDPConn: c, server: server}
	r.legs[server] = l
	r.wg.Go(func() { r.toServer(l, back) })
	return l
}

func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, l := range r.legs {
		_ = l.Close()
	}
}

func (r *relay) addr() netip.AddrPort { return r.front.LocalAddr().(*net.UDPAddr).AddrPort() }

func (r *relay) toServer(l *leg, back *net.UDPConn) {
	buf := make([]byte, 70000)
	for {
		n, from, err := l.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.client = from
		out := r.mangle(&l.held[0], buf[:n])
		r.mu.Unlock()
		for _, p := range out {
			_, _ = back.WriteToUDPAddrPort(p, l.server)
		}
	}
}

func (r *relay) toClient(back *net.UDPConn) {
	buf := make([]byte, 70000)
	for {
		n, from, err := back.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		r.mu.Lock()
		l := r.leg(from, back)
		if l == nil {
			r.mu.Unlock()
			continue
		}
		if binary.BigEndian.Uint16(buf) == 3 {
			r.data++
		}
		to, out := r.client, r.mangle(&l.held[1], buf[:n])
		r.mu.Unlock()
		for _, p := range out {
			_, _ = l.WriteToUDPAddrPort(p, to)
		}
	}
}

// mangle gives what leaves for one packet that came. The caller holds mu.
func (r *relay) mangle(swap *[]byte, p []byte) (out [][]byte) {
	p = bytes.Clone(p)
	held := *swap
	*swap = nil
	switch roll := r.rng.Float64(); {
	case roll < r.loss:
	case roll < r.loss+r.double:
		out = append(out, p, p)
	case roll < r.loss+r.double+r.swap && held == nil:
		*swap = p
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
