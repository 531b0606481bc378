package tftp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

// wire is a socket that speaks raw packets.
type wire struct {
	t    testing.TB
	conn *net.UDPConn
	to   netip.AddrPort
}

func dial(t testing.TB, to netip.AddrPort) *wire {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &wire{t, conn, to}
}

func (w *wire) send(p []byte) {
	w.t.Helper()
	if _, err := w.conn.WriteToUDPAddrPort(p, w.to); err != nil {
		w.t.Fatal(err)
	}
}

// receive gives the next packet and follows its port; nil after d of silence.
func (w *wire) receive(d time.Duration) []byte {
	w.t.Helper()
	_ = w.conn.SetReadDeadline(time.Now().Add(d))
	buf := make([]byte, 70000)
	n, from, err := w.conn.ReadFromUDPAddrPort(buf)
	if err != nil {
		return nil
	}
	w.to = from
	return buf[:n]
}

func (w *wire) expect(op, block uint16) []byte {
	w.t.Helper()
	p := w.receive(5 * time.Second)
	if p == nil || binary.BigEndian.Uint16(p) != op || op != 6 && binary.BigEndian.Uint16(p[2:]) != block {
		w.t.Fatalf("got %q, want opcode %d, block or code %d", p[:min(len(p), 60)], op, block)
	}
	return p
}

func req(op byte, fields ...string) []byte {
	return append([]byte{0, op}, (strings.Join(fields, "\x00") + "\x00")...)
}

func packet(op byte, block uint16, data ...byte) []byte {
	return append([]byte{0, op, byte(block >> 8), byte(block)}, data...)
}

const (
	rrq, wrq, dataOp, ackOp, errOp, oackOp = 1, 2, 3, 4, 5, 6
	silence                                = 50 * time.Millisecond
)

// corpus is RELIABILITY.md section 3, around a name that is granted.
func corpus(name string) []string {
	return []string{
		"../" + name, `..\` + name, "....//" + name, "...", "..//" + name, "/etc/passwd", "//" + name, `C:\` + name, `\\srv\c$\` + name,
		"%2e%2e%2f" + name, "%252e%252e%252f" + name, "\xc0\xae\xc0\xae/" + name, "．．／" + name, name + ".", name + " ",
		" " + name, strings.ToUpper(name), strings.Repeat("a", 255), strings.Repeat("a", 900), strings.Repeat("a", 4096), "", "/", name + "\r\nx", name + ";id",
		"`id`", "CON", "NUL", "aux.txt", "./" + name, name + "/", name + "/..", "a/../" + name,
	}
}

// Without a grant that fits, not one octet is sent and nothing is created
// (RELIABILITY.md T3, T4, T9): the ratio of octets out to octets in is 0.
func TestNoGrantNoAnswer(t *testing.T) {
	r := newRig(t)
	down := r.download(content(100))
	up, s := r.upload(100)
	elsewhere := r.open(transfer.Spec{Direction: transfer.Download, Peer: netip.MustParseAddr("127.0.0.9"), Source: transfer.Memory("secret")})
	ftpOnly := r.open(transfer.Spec{Direction: transfer.Download, Protocols: []transfer.Protocol{transfer.FTP}, Source: transfer.Memory("secret")})
	w := dial(t, r.srv.Addr())
	for _, name := range append(corpus(down.Name()), up.Name(), elsewhere.Name(), ftpOnly.Name(), transfer.NewName()) {
		w.send(req(rrq, name, "octet"))
		w.send(req(rrq, name, "netascii", "blksize", "1428"))
	}
	for _, name := range append(corpus(up.Name()), down.Name(), elsewhere.Name(), transfer.NewName()) {
		w.send(req(wrq, name, "octet"))
		w.send(req(wrq, name, "mail"))
	}
	for _, p := range [][]byte{{}, {0}, {0, 1}, {0, 1, 0}, {0, 9, 9, 9}, packet(dataOp, 1, 1, 2, 3), packet(ackOp, 0), packet(errOp, 1, 0), packet(oackOp, 0),
		[]byte("\x00\x01" + down.Name()), []byte("\x00\x01" + down.Name() + "\x00octet")} {
		w.send(p)
	}
	if p := w.receive(4 * silence); p != nil {
		t.Fatalf("answered %q", p)
	}
	if _, created, _, _ := s.got(); created != 0 {
		t.Fatalf("%d uploads were created", created)
	}
	if st := r.reg.Stats(); st.Began != 0 || st.Unknown < 100 {
		t.Fatalf("stats %+v", st)
	}
}

// A flood of requests that no grant fits leaves memory as it was.
func TestFloodOfUnknownRequestsLeavesNothing(t *testing.T) {
	r := newRig(t)
	w := dial(t, r.srv.Addr())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range 100_000 {
		w.send(req(wrq, fmt.Sprintf("x%d", i), "octet", "blksize", "65464"))
	}
	if p := w.receive(silence); p != nil {
		t.Fatalf("answered %q", p)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapInuse) - int64(before.HeapInuse); grown > 1<<20 {
		t.Fatalf("heap grew by %d octets", grown)
	}
}

// At most three datagrams leave before the device answers (RELIABILITY.md T9).
func TestThreeDatagramsBeforeTheFirstACK(t *testing.T) {
	t.Parallel()
	for _, options := range [][]string{nil, {"blksize", "1428", "windowsize", "64"}, {"windowsize", "64"}} {
		r := newRig(t, quick)
		g := r.download(content(100_000))
		w := dial(t, r.srv.Addr())
		p := req(rrq, append([]string{g.Name(), "octet"}, options...)...)
		w.send(p)
		w.send(p) // the same request twice is one transfer (F14)
		w.send(p)
		n := 0
		for w.receive(400*time.Millisecond) != nil {
			n++
		}
		if n < 1 || n > 3 {
			t.Errorf("options %v: %d datagrams", options, n)
		}
		if st := r.reg.Stats(); st.Began != 1 || st.Failed != 1 {
			t.Errorf("options %v: stats %+v", options, st)
		}
	}
}

// A packet from a wrong port gets one ERROR 5, and the transfer lives on (RFC
// 1350 section 4).
func TestWrongPortGetsOneErrorAndTheTransferLivesOn(t *testing.T) {
	r := newRig(t)
	data := content(1000)
	g := r.download(data)
	w := dial(t, r.srv.Addr())
	w.send(req(rrq, g.Name(), "octet"))
	w.expect(dataOp, 1)
	other := dial(t, w.to)
	other.send(packet(ackOp, 1))
	other.expect(errOp, 5)
	if p := other.receive(silence); p != nil {
		t.Fatalf("a second answer: %q", p)
	}
	w.send(packet(ackOp, 1))
	w.expect(dataOp, 2)
	w.send(packet(ackOp, 2))
	finished(t, g, data)
}

// Old ACKs and ACKs of blocks never sent change nothing (RELIABILITY.md F13).
func TestStrayACKsChangeNothing(t *testing.T) {
	r := newRig(t)
	data := content(5 * 512)
	g := r.download(data)
	w := dial(t, r.srv.Addr())
	w.send(req(rrq, g.Name(), "octet"))
	for b := uint16(1); b <= 6; b++ {
		w.expect(dataOp, b)
		for _, stray := range []uint16{0, b - 1, b + 1, b + 40000} {
			if stray != b {
				w.send(packet(ackOp, stray))
			}
		}
		w.send(packet(oackOp, 0)[:2]) // too short for anything
		w.send(packet(ackOp, b))
	}
	if p := w.receive(silence); p != nil {
		t.Fatalf("more came: %q", p)
	}
	if res := finished(t, g, data); res.Sent != 6 {
		t.Fatalf("%d packets sent", res.Sent)
	}
}

func TestOptionsAsTheRFCsSay(t *testing.T) {
	cases := []struct{ ask, want []string }{
		{[]string{"blksize", "0"}, nil}, {[]string{"blksize", "7"}, nil}, {[]string{"blksize", "-5"}, nil}, {[]string{"blksize", "65465"}, nil},
		{[]string{"blksize", "99999999999999999999"}, nil}, {[]string{"blksize", "8"}, []string{"blksize", "8"}},
		{[]string{"BLKSIZE", "65464"}, []string{"blksize", "1468"}}, {[]string{"windowsize", "0"}, nil},
		{[]string{"windowsize", "65535"}, []string{"windowsize", "32"}}, {[]string{"timeout", "0"}, nil},
		{[]string{"timeout", "255"}, []string{"timeout", "255"}}, {[]string{"timeout", "256"}, nil},
		{[]string{"tsize", "0", "x-other", "1"}, []string{"tsize", "700"}}, {[]string{"tsize", "-1"}, nil},
		{[]string{"tsize", "0", "blksize", "512"}, []string{"tsize", "700", "blksize", "512"}},
	}
	r := newRig(t)
	for _, c := range cases {
		g := r.download(content(700))
		w := dial(t, r.srv.Addr())
		w.send(req(rrq, append([]string{g.Name(), "octet"}, c.ask...)...))
		if c.want == nil {
			w.expect(dataOp, 1)
		} else if p := w.expect(oackOp, 0); !bytes.Equal(p, req(oackOp, c.want...)) {
			t.Errorf("%q got %q", c.ask, p)
		}
		w.send(packet(errOp, 0, 0)) // the server must not answer this
		r.reg.Close(g.Name())
	}
}

func TestRefusals(t *testing.T) {
	r := newRig(t)
	down := r.download(content(700))
	up, s := r.upload(1000)
	for _, c := range []struct {
		p    []byte
		code uint16
	}{
		{req(rrq, down.Name(), "netascii"), 0}, {req(rrq, down.Name(), "MAIL"), 0}, {req(wrq, up.Name(), "netascii"), 0},
		{req(rrq, down.Name(), "octet", "blksize", "512", "BlkSize", "1024"), 8}, {req(rrq, down.Name(), "octet", "blksize"), 8},
		{req(wrq, up.Name(), "octet", "tsize", "1001"), 3},
	} {
		w := dial(t, r.srv.Addr())
		w.send(c.p)
		w.expect(errOp, c.code)
		w.send(packet(errOp, 4, 0))
		if p := w.receive(silence); p != nil {
			t.Fatalf("an ERROR was answered: %q", p)
		}
	}
	if _, created, _, _ := s.got(); created != 0 || r.reg.Stats().Began != 0 {
		t.Fatal("a refused request began a transfer")
	}
}

// An upload that is cut at any block boundary is never sealed (RELIABILITY.md
// F15, seeded bug B2), nor one whose end does not match its tsize.
func TestCutUploadIsNotSealed(t *testing.T) {
	t.Parallel()
	r := newRig(t, quick, func(c *tftpConfig, _ *transfer.Config) { c.Retries = 2 })
	const blocks = 6
	for cut := range blocks {
		g, s := r.upload(1 << 20)
		w := dial(t, r.srv.Addr())
		w.send(req(wrq, g.Name(), "octet"))
		w.expect(ackOp, 0)
		for b := uint16(1); b <= uint16(cut); b++ {
			w.send(packet(dataOp, b, make([]byte, 512)...))
			w.expect(ackOp, b)
		}
		expectAborted(t, g, s, fmt.Sprintf("cut after %d blocks", cut))
	}
	for _, tsize := range []string{"100", "3000"} {
		g, s := r.upload(1 << 20)
		w := dial(t, r.srv.Addr())
		w.send(req(wrq, g.Name(), "octet", "tsize", tsize))
		w.expect(oackOp, 0)
		w.send(packet(dataOp, 1, make([]byte, 512)...))
		w.expect(ackOp, 1)
		w.send(packet(dataOp, 2, 1, 2, 3))
		w.expect(errOp, 0)
		expectAborted(t, g, s, "tsize "+tsize)
	}
}

func expectAborted(t *testing.T, g *transfer.Grant, s *sink, what string) {
	t.Helper()
	deadline := time.After(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, _, committed, aborted := s.got(); committed > 0 {
			t.Fatalf("%s: committed", what)
		} else if aborted == 1 {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("%s: not given up", what)
		case <-tick.C:
		}
	}
	if g.Over() {
		t.Fatalf("%s: the grant is over", what)
	}
}

// An endless upload stops at the cap (RELIABILITY.md F16).
func TestEndlessUploadStopsAtTheCap(t *testing.T) {
	r := newRig(t)
	g, s := r.upload(10_000)
	_, err := (&tftp.Client{}).Put(t.Context(), r.srv.Addr(), g.Name(), endless{}, 1<<40)
	if !fault.Is(err, fault.Unavailable) {
		t.Fatalf("put gave %v", err)
	}
	expectAborted(t, g, s, "endless")
	if s.written > 10_000 {
		t.Fatalf("%d octets written", s.written)
	}
}

type endless struct{}

func (endless) ReadAt(p []byte, _ int64) (int, error) { return len(p), nil }

// A device that is slower than the minimum rate is given up, others are not
// disturbed (RELIABILITY.md F17, T16); so is one past its grant's deadline.
func TestSlowDeviceIsGivenUp(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(_ *tftpConfig, c *transfer.Config) { c.RateWindow, c.MinRate = 500*time.Millisecond, 5000 })
	failed := make(chan error, 1)
	g := r.open(transfer.Spec{Direction: transfer.Download, Source: transfer.Memory(content(1 << 20)), Observe: func(e transfer.Event) {
		if e.Kind == transfer.Failed {
			failed <- e.Err
		}
	}})
	w := dial(t, r.srv.Addr())
	w.send(req(rrq, g.Name(), "octet"))
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for b := uint16(1); ; b++ {
		select {
		case err := <-failed:
			if !errors.Is(err, transfer.ErrTooSlow) {
				t.Fatal(err)
			}
			return
		case <-tick.C:
			w.send(packet(ackOp, b))
		}
		if b > 50 {
			t.Fatal("never given up")
		}
	}
}

// A device that restarts its client asks from another port: the old transfer
// gives way once it is silent.
func TestRestartedDeviceSupersedesItsOldTransfer(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	data := content(2000)
	g := r.download(data)
	old := dial(t, r.srv.Addr())
	old.send(req(rrq, g.Name(), "octet"))
	old.expect(dataOp, 1)
	var got bytes.Buffer
	c := tftp.Client{Timeout: 300 * time.Millisecond, Retries: 20}
	if _, err := c.Get(t.Context(), r.srv.Addr(), g.Name(), &got); err != nil {
		t.Fatal(err)
	}
	equal(t, "download", got.Bytes(), data)
	if st := r.srv.Stats(); st.Superseded != 1 {
		t.Fatalf("stats %+v", st)
	}
}

// Where large blocks never arrive the attempt fails cleanly, and the next one
// is offered less (RELIABILITY.md F43).
func TestLargeBlocksThatNeverArriveAreLowered(t *testing.T) {
	t.Parallel()
	r := newRig(t, quick, func(c *tftpConfig, _ *transfer.Config) { c.MaxBlksize, c.Retries = 8192, 2 })
	g := r.download(content(20_000))
	for _, want := range []string{"8192", "1428", "512"} {
		w := dial(t, r.srv.Addr())
		w.send(req(rrq, g.Name(), "octet", "blksize", "8192"))
		if p := w.expect(oackOp, 0); !bytes.Equal(p, req(oackOp, "blksize", want)) {
			t.Fatalf("got %q, want %s", p, want)
		}
		w.send(packet(ackOp, 0))
		for {
			p := w.receive(5 * time.Second)
			if p == nil {
				t.Fatal("no ERROR came")
			}
			if p[1] == errOp {
				break
			}
		}
	}
}

func TestServeTellsDevicesWhenItEnds(t *testing.T) {
	reg := transfer.NewRegistry(transfer.Config{})
	defer reg.Shutdown()
	srv, err := tftp.Listen(tftp.Config{Addr: netip.AddrPortFrom(loopback, 0)}, reg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx) }()
	r := &rig{t, reg, srv}
	g, s := r.upload(1000)
	w := dial(t, srv.Addr())
	w.send(req(wrq, g.Name(), "octet"))
	w.expect(ackOp, 0)
	w.send(packet(dataOp, 1, make([]byte, 512)...))
	w.expect(ackOp, 1)
	cancel()
	w.expect(errOp, 0)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	expectAborted(t, g, s, "shutdown")
}
