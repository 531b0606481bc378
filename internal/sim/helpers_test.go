package sim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/equipment"
	"drydock/internal/snmp"
	"drydock/internal/transfer"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/tftp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program gives the path of a foreign program that the test needs.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		missing(t, "the test needs the program "+name)
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

// yard is a fleet with a management system's file servers beside it.
type yard struct {
	*Fleet
	t   *testing.T
	reg *transfer.Registry

	protocol equipment.Protocol
	servers  map[equipment.Protocol]netip.AddrPort
	row      uint32
	effects  chan equipment.Effect // ends and restarts
}

// newYard starts a fleet with quick timings, changed as told.
func newYard(t *testing.T, spec Spec) *yard {
	t.Helper()
	loopback := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	y := &yard{t: t, reg: transfer.NewRegistry(transfer.Config{}), protocol: equipment.TFTP, effects: make(chan equipment.Effect, 1000)}
	t.Cleanup(y.reg.Shutdown)
	log := slog.New(slog.DiscardHandler)
	ts, err := tftp.Listen(tftp.Config{Addr: loopback, Logger: log}, y.reg)
	if err != nil {
		t.Fatal(err)
	}
	fs, err := ftp.Listen(ftp.Config{Addr: loopback, Logger: log, FailureDelay: time.Millisecond}, y.reg)
	if err != nil {
		t.Fatal(err)
	}
	y.servers = map[equipment.Protocol]netip.AddrPort{equipment.TFTP: ts.Addr(), equipment.FTP: fs.Addr()}
	ctx, cancel := context.WithCancel(context.Background())
	var servers sync.WaitGroup
	servers.Go(func() { _ = ts.Serve(ctx) })
	servers.Go(func() { _ = fs.Serve(ctx) })
	t.Cleanup(func() { cancel(); servers.Wait() })

	if spec.Devices == 0 {
		spec.Devices = 2
	}
	spec.TFTP.Timeout, spec.TFTP.Retries = 50*time.Millisecond, 4
	if spec.Timings.Restart == 0 {
		spec.Timings.Restart = 20 * time.Millisecond
	}
	spec.Observe = func(_ int, e equipment.Effect) {
		if e.What != "start" {
			y.effects <- e
		}
	}
	if y.Fleet, err = Start(context.Background(), spec); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := y.Close(); err != nil {
			t.Error(err)
		}
	})
	return y
}

func mustFaults(t *testing.T, text string) []Fault {
	t.Helper()
	faults, err := ParseFaults(text)
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

// upload is a grant to send a file, and what came.
type upload struct {
	*transfer.Grant
	mu   sync.Mutex
	data []byte
	done bool
}

type uploading struct {
	bytes.Buffer
	u *upload
}

func (w *uploading) Commit(context.Context) error {
	w.u.mu.Lock()
	defer w.u.mu.Unlock()
	w.u.data, w.u.done = w.Bytes(), true
	return nil
}

func (w *uploading) Abort() {}

func (u *upload) text() string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return string(u.data)
}

func (y *yard) upload(d *Device) *upload {
	y.t.Helper()
	u := &upload{}
	g, err := y.reg.Open(transfer.Spec{
		Direction: transfer.Upload, Peer: d.Addr, Deadline: time.Now().Add(time.Minute), MaxBytes: 1 << 20, File: "config",
		Create: func(context.Context) (transfer.Temp, error) { return &uploading{u: u}, nil },
	})
	if err != nil {
		y.t.Fatal(err)
	}
	u.Grant = g
	return u
}

func (y *yard) download(d *Device, data []byte) *transfer.Grant {
	y.t.Helper()
	g, err := y.reg.Open(transfer.Spec{
		Direction: transfer.Download, Peer: d.Addr, Deadline: time.Now().Add(time.Minute), File: "file",
		Source: transfer.Memory(data), Digest: sha256.Sum256(data),
	})
	if err != nil {
		y.t.Fatal(err)
	}
	return g
}

var (
	root  = snmp.MustOID("1.3.6.1.4.1.8072.9999.9999.3729")
	entry = root.Append(1, 2, 1)
)

// order is what a management system sets, written from the MIB.
func (y *yard) order(op equipment.Type, g *transfer.Grant) (row uint32, vars []snmp.Varbind) {
	y.row++
	add := func(column uint32, v snmp.Value) {
		vars = append(vars, snmp.Varbind{OID: entry.Append(column, y.row), Value: v})
	}
	add(2, snmp.IntegerValue(int64(op)))
	if g != nil {
		server := y.servers[y.protocol]
		add(3, snmp.IntegerValue(int64(y.protocol)))
		add(4, snmp.IntegerValue(1))
		add(5, snmp.OctetsValue(server.Addr().AsSlice()))
		add(6, snmp.GaugeValue(uint32(server.Port())))
		add(7, snmp.TextValue(g.Name()))
		add(8, snmp.TextValue(g.Spec.User))
		add(9, snmp.TextValue(g.Spec.Password.Reveal()))
	}
	add(15, snmp.IntegerValue(4))
	return y.row, vars
}

// set commands a device as the management system does: by one SET.
func (y *yard) set(d *Device, vars []snmp.Varbind) snmp.Status {
	y.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for !d.Up() && ctx.Err() == nil { // it restarts
		y.await("restart")
	}
	s, err := snmp.Dial(ctx, snmp.Target{Address: y.Agent(d.Number), Credentials: snmp.Credentials(y.spec.Credentials[0]), Timeout: 5 * time.Second})
	if err != nil {
		y.t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	_, err = s.Set(ctx, vars...)
	var refused *snmp.PDUError
	switch {
	case errors.As(err, &refused):
		return refused.Status
	case err != nil:
		y.t.Fatal(err)
	}
	return snmp.NoError
}

// await waits for an effect of the kind.
func (y *yard) await(what string) equipment.Effect {
	y.t.Helper()
	deadline := time.After(20 * time.Second)
	for {
		select {
		case e := <-y.effects:
			if e.What == what {
				return e
			}
		case <-deadline:
			y.t.Fatalf("no %s came", what)
		}
	}
}

// do commands an operation, waits for its end and expects the cause.
func (y *yard) do(d *Device, op equipment.Type, g *transfer.Grant, want equipment.Cause) {
	y.t.Helper()
	row, vars := y.order(op, g)
	if s := y.set(d, vars); s != snmp.NoError {
		y.t.Fatalf("%v is refused: %v", op, s)
	}
	e := y.await("end")
	if e.Order.Index != row || e.Cause != want {
		text := d.eq.Interface().Get(entry.Append(13, row))
		y.t.Fatalf("%v ended with %v (%v), want %v", op, e.Cause, text, want)
	}
}

// backup takes a backup and gives what the server got.
func (y *yard) backup(d *Device) string {
	y.t.Helper()
	u := y.upload(d)
	y.do(d, equipment.Backup, u.Grant, equipment.NoFailure)
	return u.text()
}

// closedPort is a TCP address where nobody listens.
func closedPort(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).AddrPort()
}
