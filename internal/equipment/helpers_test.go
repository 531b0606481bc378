package equipment

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"drydock/internal/migrate"
	"drydock/internal/snmp"
	"drydock/migrations"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program gives the path of a foreign program that the test needs.
func program(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
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

// shelf is a FileClient whose server is a map.
type shelf struct {
	mu    sync.Mutex
	files map[string][]byte
	hold  chan struct{} // where not nil, transfers wait for it
}

func (s *shelf) await(ctx context.Context) error {
	if s.hold == nil {
		return nil
	}
	select {
	case <-s.hold:
		return nil
	case <-ctx.Done():
		return failed(TransferFailed, "%v", context.Cause(ctx))
	}
}

func (s *shelf) Fetch(ctx context.Context, _ Server, name string, w io.Writer) error {
	if err := s.await(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.files[name]
	if !ok {
		return failed(FileNotFound, "no file %s", name)
	}
	_, err := io.Copy(w, struct{ io.Reader }{bytes.NewReader(data)})
	return err
}

func (s *shelf) Send(ctx context.Context, _ Server, name string, content []byte) error {
	if err := s.await(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = content
	return nil
}

func (s *shelf) file(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.files[name])
}

// bench is an Equipment on the workbench.
type bench struct {
	*Equipment
	t     *testing.T
	files *shelf
	next  uint32
	dev   Deviation // of the next operation

	work     sync.WaitGroup
	mu       sync.Mutex
	notes    []Notification
	effects  []Effect
	stopWork context.CancelFunc
}

func image(version string, generation int, size int64, models ...string) (Image, []byte) {
	if len(models) == 0 {
		models = []string{"IAD-4", "IAD-24"}
	}
	var file bytes.Buffer
	img, err := WriteImage(&file, Image{Version: version, Models: models, Generation: generation}, size)
	if err != nil {
		panic(err)
	}
	return img, file.Bytes()
}

func initial() string { return Generate(ConfigSpec{Generation: 1, Device: 42, Ports: 4, Seed: 7}) }

func newBench(t *testing.T, change ...func(*Options)) *bench {
	b := &bench{t: t, files: &shelf{files: map[string][]byte{}}}
	img, _ := image("1.4", 1, 64<<10)
	ctx, cancel := context.WithCancel(context.Background())
	b.stopWork = cancel
	o := Options{
		Identity: Identity{Serial: "DD0042", Model: "IAD-4", Name: "iad-0042", EngineID: "\x80\x00\x1f\x88\x04dd42", Ports: 4},
		Image:    img, Config: Lazily(initial),
		Factory: func(generation int) Configuration {
			return Lazily(func() string {
				return Generate(ConfigSpec{Generation: generation, Device: 42, Ports: 4, Factory: true})
			})
		},
		Capacity: 1 << 20, Files: b.files, Notifier: b,
		Go:      func(work func(context.Context)) { b.work.Go(func() { work(ctx) }) },
		Deviate: func(Order) Deviation { return b.dev },
		Observe: func(e Effect) { b.effects = append(b.effects, e) },
	}
	for _, f := range change {
		f(&o)
	}
	b.Equipment = New(o)
	t.Cleanup(func() { cancel(); b.work.Wait() })
	return b
}

func (b *bench) Notify(_ context.Context, n Notification) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.notes = append(b.notes, n)
}

func (b *bench) notified(oid snmp.OID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := 0
	for _, note := range b.notes {
		if note.Type.String() == oid.String() {
			n++
		}
	}
	return n
}

func col(column uint32, index uint32, v snmp.Value) snmp.Varbind {
	return snmp.Varbind{OID: deOperationEntry.Append(column, index), Value: v}
}

// order is what a manager sets for an operation.
func order(index uint32, o Type, names, digests string) []snmp.Varbind {
	all := []snmp.Varbind{col(deOperType, index, integer(int(o)))}
	if names != "" {
		all = append(all,
			col(deOperProtocol, index, integer(1)), col(deOperServerAddressType, index, integer(1)),
			col(deOperServerAddress, index, octets("\x7f\x00\x00\x01")), col(deOperServerPort, index, gauge(6969)),
			col(deOperFileNames, index, octets(names)), col(deOperDigests, index, octets(digests)))
	}
	return append(all, col(deOperRowStatus, index, integer(rowCreateAndGo)))
}

// begin starts an operation and gives its row.
func (b *bench) begin(o Type, names, digests string) uint32 {
	b.t.Helper()
	b.next++
	if s, at := b.Interface().Set(order(b.next, o, names, digests)); s != snmp.NoError {
		b.t.Fatalf("%v is refused with %d at %d", o, s, at)
	}
	return b.next
}

// do starts an operation, waits for its end and expects the cause.
func (b *bench) do(o Type, names string, want Cause) {
	b.t.Helper()
	index := b.begin(o, names, "")
	b.work.Wait()
	b.expect(index, want)
}

func (b *bench) expect(index uint32, want Cause) {
	b.t.Helper()
	state := Succeeded
	if want != NoFailure {
		state = Failed
	}
	if s, c := b.number(deOperationEntry.Append(deOperState, index)), b.number(deOperationEntry.Append(deOperFailureCause, index)); s != int64(state) || c != int64(want) {
		text := b.Interface().Get(deOperationEntry.Append(deOperFailureText, index))
		b.t.Fatalf("state %d cause %d (%v), want %d and %d", s, c, text, state, want)
	}
}

func (b *bench) get(oid snmp.OID) snmp.Value {
	b.t.Helper()
	v := b.Interface().Get(oid)
	if v.Missing() {
		b.t.Fatalf("%v: %v", oid, v)
	}
	return v
}

func (b *bench) number(oid snmp.OID) int64 { b.t.Helper(); return number(b.get(oid)) }

func (b *bench) text(scalar uint32) string {
	b.t.Helper()
	return b.get(deIdentity.Append(scalar, 0)).String()
}

func iadPack(t testing.TB) Migrator {
	t.Helper()
	p, err := migrate.LoadPack(migrations.FS, "drydock-iad")
	if err != nil {
		t.Fatal(err)
	}
	return PackMigrator{p}
}

var brisk = Timings{Restart: 20 * time.Second, Backup: time.Second, LoadPerMiB: 8 * time.Second, Recover: 2 * time.Second, Keep: 3 * time.Second}
