package ftp_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/transfer"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/ftpclient"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// rig is a running server with its registry.
type rig struct {
	t   testing.TB
	reg *transfer.Registry
	srv *ftp.Server
}

func newRig(t testing.TB, opts ...func(*ftp.Config, *transfer.Config)) *rig {
	t.Helper()
	cfg := ftp.Config{Addr: netip.AddrPortFrom(loopback, 0), FailureDelay: time.Millisecond, CheckEvery: 50 * time.Millisecond,
		Logger: slog.New(slog.DiscardHandler)}
	var regCfg transfer.Config
	for _, o := range opts {
		o(&cfg, &regCfg)
	}
	reg := transfer.NewRegistry(regCfg)
	srv, err := ftp.Listen(cfg, reg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(15 * time.Second):
			t.Error("Serve did not end")
		}
		reg.Shutdown()
	})
	return &rig{t, reg, srv}
}

func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{4, 5, 6}).Read(b)
	return b
}

func (r *rig) open(spec transfer.Spec) *transfer.Grant {
	r.t.Helper()
	if !spec.Peer.IsValid() {
		spec.Peer = loopback
	}
	spec.Deadline = time.Now().Add(time.Minute)
	g, err := r.reg.Open(spec)
	if err != nil {
		r.t.Fatal(err)
	}
	return g
}

func (r *rig) download(data []byte) *transfer.Grant {
	return r.open(transfer.Spec{Direction: transfer.Download, File: "image", Source: transfer.Memory(data), Digest: sha256.Sum256(data)})
}

func (r *rig) upload(max int64) (*transfer.Grant, *sink) {
	s := &sink{aborted: make(chan struct{})}
	return r.open(transfer.Spec{Direction: transfer.Upload, File: "config", MaxBytes: max, Create: s.create}), s
}

func (r *rig) login(g *transfer.Grant) ftpclient.Login {
	return ftpclient.Login{Server: r.srv.Addr(), User: g.Spec.User, Password: g.Spec.Password}
}

// sink keeps uploads in memory.
type sink struct {
	mu        sync.Mutex
	committed int
	final     []byte
	written   int
	commitErr error
	aborted   chan struct{}
}

type temp struct {
	s *sink
	bytes.Buffer
}

func (s *sink) create(context.Context) (transfer.Temp, error) { return &temp{s: s}, nil }

func (t *temp) Write(p []byte) (int, error) {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.written += len(p)
	return t.Buffer.Write(p)
}

func (t *temp) Commit(context.Context) error {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	if t.s.commitErr != nil {
		return t.s.commitErr
	}
	t.s.committed++
	t.s.final = t.Bytes()
	return nil
}

func (t *temp) Abort() { close(t.s.aborted) }

func (s *sink) got() ([]byte, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.final, s.committed
}

// expectAborted waits until the upload was thrown away, and checks that none
// was committed and that the grant stays open.
func (s *sink) expectAborted(t *testing.T, g *transfer.Grant) {
	t.Helper()
	select {
	case <-s.aborted:
	case <-time.After(10 * time.Second):
		t.Fatal("the upload was not thrown away")
	}
	if _, n := s.got(); n != 0 || g.Over() {
		t.Fatalf("committed %d times, grant over: %v", n, g.Over())
	}
}

func finished(t testing.TB, g *transfer.Grant, data []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := g.Wait(ctx)
	if err != nil {
		t.Fatalf("grant: %v", err)
	}
	if res.Octets != int64(len(data)) || res.SHA256 != sha256.Sum256(data) || res.Protocol != transfer.FTP {
		t.Fatalf("result %+v, want %d octets", res, len(data))
	}
}

func equal(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d octets differ from the %d wanted", what, len(got), len(want))
	}
}

func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
			t.Fatal(name + " is not installed")
		}
		t.Skip(name + " is not installed")
	}
	return path
}

func run(t testing.TB, dir string, argv ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// raw is a control connection by hand.
type raw struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

func dial(t testing.TB, to netip.AddrPort) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	r := &raw{t, conn, bufio.NewReader(conn)}
	r.expect("220")
	return r
}

// line reads an answer's last line; "" when the connection ends.
func (r *raw) line() string {
	_ = r.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	for {
		s, err := r.in.ReadString('\n')
		if err != nil {
			return ""
		}
		if len(s) > 3 && s[3] == ' ' && s[0] != ' ' {
			return strings.TrimSpace(s)
		}
	}
}

func (r *raw) expect(code string) string {
	r.t.Helper()
	s := r.line()
	if !strings.HasPrefix(s, code) {
		r.t.Fatalf("got %q, want %s", s, code)
	}
	return s
}

func (r *raw) cmd(code, format string, args ...any) string {
	r.t.Helper()
	if _, err := fmt.Fprintf(r.conn, format+"\r\n", args...); err != nil {
		r.t.Fatal(err)
	}
	return r.expect(code)
}

func (r *raw) login(g *transfer.Grant) {
	r.t.Helper()
	r.cmd("331", "USER %s", g.Spec.User)
	r.cmd("230", "PASS %s", g.Spec.Password.Reveal())
}

// passive opens a passive data connection.
func (r *raw) passive() *net.TCPConn {
	r.t.Helper()
	var a, b, c, d, hi, lo int
	s := r.cmd("227", "PASV")
	if _, err := fmt.Sscanf(s[strings.IndexByte(s, '('):], "(%d,%d,%d,%d,%d,%d)", &a, &b, &c, &d, &hi, &lo); err != nil {
		r.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", fmt.Sprintf("%d.%d.%d.%d:%d", a, b, c, d, hi<<8|lo))
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn.(*net.TCPConn)
}

var errDisk = errors.New("disk full")
