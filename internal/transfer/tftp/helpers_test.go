package tftp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// rig is a running server with its registry.
type rig struct {
	t   testing.TB
	reg *transfer.Registry
	srv *tftp.Server
}

type rigOption func(*tftp.Config, *transfer.Config)

func newRig(t testing.TB, opts ...rigOption) *rig {
	t.Helper()
	cfg := tftp.Config{Addr: netip.AddrPortFrom(loopback, 0), Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
	var regCfg transfer.Config
	for _, o := range opts {
		o(&cfg, &regCfg)
	}
	reg := transfer.NewRegistry(regCfg)
	srv, err := tftp.Listen(cfg, reg)
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
		case <-time.After(10 * time.Second):
			t.Error("Serve did not end")
		}
		reg.Shutdown()
	})
	return &rig{t, reg, srv}
}

type tftpConfig = tftp.Config

func quick(c *tftp.Config, _ *transfer.Config) {
	c.FirstRTO, c.MinRTO, c.MaxRTO, c.Retries = 100*time.Millisecond, 20*time.Millisecond, 100*time.Millisecond, 30
}

// content makes n octets from a fixed seed.
func content(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1, 2, 3}).Read(b)
	return b
}

func (r *rig) open(spec transfer.Spec) *transfer.Grant {
	r.t.Helper()
	if !spec.Peer.IsValid() {
		spec.Peer = loopback
	}
	if spec.Deadline.IsZero() {
		spec.Deadline = time.Now().Add(2 * time.Minute)
	}
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
	s := &sink{}
	return r.open(transfer.Spec{Direction: transfer.Upload, File: "config", MaxBytes: max, Create: s.create}), s
}

// sink keeps uploads in memory and counts what became of them.
type sink struct {
	mu                          sync.Mutex
	created, committed, aborted int
	written                     int
	final                       []byte
	commitErr                   error
}

type temp struct {
	s *sink
	bytes.Buffer
}

func (s *sink) create(context.Context) (transfer.Temp, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.created++
	return &temp{s: s}, nil
}

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

func (t *temp) Abort() {
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.aborted++
}

func (s *sink) got() (final []byte, created, committed, aborted int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.final, s.created, s.committed, s.aborted
}

func wait(t testing.TB, g *transfer.Grant) (transfer.Result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return g.Wait(ctx)
}

func finished(t testing.TB, g *transfer.Grant, data []byte) transfer.Result {
	t.Helper()
	res, err := wait(t, g)
	if err != nil {
		t.Fatalf("grant: %v", err)
	}
	if res.Octets != int64(len(data)) || res.SHA256 != sha256.Sum256(data) {
		t.Fatalf("result says %d octets, digest %x; want %d", res.Octets, res.SHA256[:4], len(data))
	}
	return res
}

func equal(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		t.Fatalf("%s: %d octets differ from the %d wanted", what, len(got), len(want))
	}
}

// program gives the path of a foreign program, or skips.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name+" is not installed")
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
		t.Fatal(what)
	}
	t.Skip(what)
}

// run executes a foreign client and gives its output.
func run(t testing.TB, limit time.Duration, dir, stdin string, argv ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	if stdin != "" {
		cmd.Stdin = bytes.NewBufferString(stdin)
	}
	out, err := cmd.CombinedOutput()
	return string(out), err
}
