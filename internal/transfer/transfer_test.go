package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	device   = netip.MustParseAddr("192.0.2.1")
	stranger = netip.MustParseAddr("192.0.2.2")
	from     = netip.AddrPortFrom(device, 4000)
)

type temp struct {
	bytes.Buffer
	committed, aborted int
	err                error
}

func (t *temp) Commit(context.Context) error { t.committed++; return t.err }
func (t *temp) Abort()                       { t.aborted++ }

func download() transfer.Spec {
	return transfer.Spec{Direction: transfer.Download, Peer: device, File: "image", Deadline: time.Now().Add(time.Minute), Source: transfer.Memory("abc")}
}

func upload(t *temp) transfer.Spec {
	return transfer.Spec{Direction: transfer.Upload, Peer: device, File: "config", Deadline: time.Now().Add(time.Minute), MaxBytes: 10,
		Create: func(context.Context) (transfer.Temp, error) { return t, nil }}
}

func open(t testing.TB, r *transfer.Registry, s transfer.Spec) *transfer.Grant {
	t.Helper()
	g, err := r.Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func begin(t testing.TB, g *transfer.Grant) *transfer.Attempt {
	t.Helper()
	a, err := g.Begin(transfer.TFTP, from)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Open(context.Background()); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestNames(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-7]{12}$`)
	seen := map[string]bool{}
	for range 1000 {
		n := transfer.NewName()
		if !form.MatchString(n) || seen[n] {
			t.Fatalf("name %q", n)
		}
		seen[n] = true
	}
	key, other := [32]byte{1}, [32]byte{2}
	a := transfer.DeriveName(key, "run", "backup")
	if !form.MatchString(a) || a != transfer.DeriveName(key, "run", "backup") {
		t.Fatalf("derived %q is not the same again", a)
	}
	for _, b := range []string{transfer.DeriveName(other, "run", "backup"), transfer.DeriveName(key, "runb", "ackup"), transfer.DeriveName(key, "run", "backup", "")} {
		if a == b {
			t.Fatalf("%q is derived twice", a)
		}
	}
	user, password := transfer.DeriveLogin(key, "run", "backup")
	if user == a || password.Reveal() == user || len(user) > 16 || len(password.Reveal()) > 16 {
		t.Fatal("login is not one of its own")
	}
}

// Property: whatever is asked, only what was opened for exactly that protocol,
// direction, name and address is found (RELIABILITY.md T3).
func TestOnlyWhatFitsIsFound(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := transfer.NewRegistry(transfer.Config{})
		defer r.Shutdown()
		spec := download()
		spec.Protocols = []transfer.Protocol{transfer.TFTP}
		g := open(t, r, spec)
		name := rapid.OneOf(rapid.Just(g.Name()), rapid.String(), rapid.Just("../"+g.Name())).Draw(rt, "name")
		dir := rapid.SampledFrom([]transfer.Direction{transfer.Upload, transfer.Download}).Draw(rt, "direction")
		proto := rapid.SampledFrom([]transfer.Protocol{transfer.TFTP, transfer.FTP}).Draw(rt, "protocol")
		peer := rapid.SampledFrom([]netip.Addr{device, stranger, netip.MustParseAddr("::ffff:192.0.2.1"), {}}).Draw(rt, "peer")
		_, err := r.Lookup(proto, dir, name, peer)
		fits := (name == g.Name() || name == "/"+g.Name()) && dir == transfer.Download && proto == transfer.TFTP && peer.Unmap() == device
		if (err == nil) != fits {
			rt.Fatalf("fits %v, found %v", fits, err)
		}
	})
}

func TestSpecsThatSayTooLittle(t *testing.T) {
	r := transfer.NewRegistry(transfer.Config{})
	defer r.Shutdown()
	for i, change := range []func(*transfer.Spec){
		func(s *transfer.Spec) { s.Peer = netip.Addr{} }, func(s *transfer.Spec) { s.Peer = netip.IPv4Unspecified() },
		func(s *transfer.Spec) { s.Deadline = time.Now() }, func(s *transfer.Spec) { s.Source = nil }, func(s *transfer.Spec) { s.Direction = "" },
		func(s *transfer.Spec) { s.Name = "../x" }, func(s *transfer.Spec) { s.Name = ".x" }, func(s *transfer.Spec) { s.Name = "A" },
		func(s *transfer.Spec) { s.User = "u" }, func(s *transfer.Spec) { s.Direction = transfer.Upload },
		func(s *transfer.Spec) { *s = upload(&temp{}); s.MaxBytes = 0 },
	} {
		s := download()
		change(&s)
		if _, err := r.Open(s); !fault.Is(err, fault.Invalid) {
			t.Errorf("spec %d: %v", i, err)
		}
	}
	s := download()
	s.Name = "twice"
	open(t, r, s)
	if _, err := r.Open(s); !fault.Is(err, fault.Conflict) {
		t.Error(err)
	}
}

// A failed attempt may be followed by another; a finished one uses the grant up.
func TestOneUse(t *testing.T) {
	r := transfer.NewRegistry(transfer.Config{})
	defer r.Shutdown()
	var events []transfer.EventKind
	tmp := &temp{}
	s := upload(tmp)
	s.Observe = func(e transfer.Event) { events = append(events, e.Kind) }
	g := open(t, r, s)
	a := begin(t, g)
	if _, err := g.Begin(transfer.FTP, from); !errors.Is(err, transfer.ErrLive) {
		t.Fatalf("a second living attempt: %v", err)
	}
	a.Fail(errors.New("cut"))
	a.Fail(errors.New("again")) // does nothing
	b := begin(t, g)
	if _, err := b.Write([]byte("12345")); err != nil {
		t.Fatal(err)
	}
	if p := g.Progress(); p.Octets != 5 || p.Attempts != 2 {
		t.Fatalf("progress %+v", p)
	}
	if _, err := b.Write([]byte("123456")); !errors.Is(err, transfer.ErrTooBig) {
		t.Fatalf("past the cap: %v", err)
	}
	if err := b.Finish(t.Context()); err != nil {
		t.Fatal(err)
	}
	if res, err := g.Wait(t.Context()); err != nil || res.Octets != 5 {
		t.Fatalf("%+v, %v", res, err)
	}
	if _, err := g.Begin(transfer.TFTP, from); !errors.Is(err, transfer.ErrOver) {
		t.Fatalf("a used-up grant: %v", err)
	}
	if _, err := r.Lookup(transfer.TFTP, transfer.Upload, g.Name(), device); !errors.Is(err, transfer.ErrUnknown) {
		t.Fatal(err)
	}
	if tmp.aborted != 1 || tmp.committed != 1 || fmt.Sprint(events) != "[began failed began finished]" {
		t.Fatalf("aborted %d, committed %d, events %v", tmp.aborted, tmp.committed, events)
	}
}

func TestFailedCommitLeavesTheGrantOpen(t *testing.T) {
	r := transfer.NewRegistry(transfer.Config{})
	defer r.Shutdown()
	tmp := &temp{err: fault.New(fault.Full, "commit", "", "disk full")}
	g := open(t, r, upload(tmp))
	if err := begin(t, g).Finish(t.Context()); !fault.Is(err, fault.Full) {
		t.Fatal(err)
	}
	if g.Over() {
		t.Fatal("the grant is over")
	}
}

func TestCaps(t *testing.T) {
	r := transfer.NewRegistry(transfer.Config{MaxTransfers: 3, MaxPerPeer: 2, MaxAttempts: 1})
	defer r.Shutdown()
	var living []*transfer.Attempt
	for range 2 {
		living = append(living, begin(t, open(t, r, download())))
	}
	if _, err := open(t, r, download()).Begin(transfer.TFTP, from); !errors.Is(err, transfer.ErrBusy) {
		t.Fatalf("third of an address: %v", err)
	}
	for i := range 2 {
		s := download()
		s.Peer = netip.AddrFrom4([4]byte{192, 0, 2, byte(10 + i)})
		_, err := open(t, r, s).Begin(transfer.TFTP, from)
		if (err != nil) != (i == 1) {
			t.Fatalf("transfer %d in all: %v", 3+i, err)
		}
	}
	living[0].Fail(errors.New("cut"))
	if _, err := living[0].Grant.Begin(transfer.TFTP, from); !errors.Is(err, transfer.ErrTooMany) {
		t.Fatal(err)
	}
}

// Deadlines end grants by one timer, whichever was opened first.
func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := transfer.NewRegistry(transfer.Config{})
		defer r.Shutdown()
		var grants []*transfer.Grant
		for _, d := range []time.Duration{3 * time.Minute, time.Minute, 2 * time.Minute} {
			s := download()
			s.Deadline = time.Now().Add(d)
			grants = append(grants, open(t, r, s))
		}
		begun := time.Now()
		for _, i := range []int{1, 2, 0} {
			if _, err := grants[i].Wait(context.Background()); !fault.Is(err, fault.Timeout) || !errors.Is(err, transfer.ErrDeadline) {
				t.Fatal(err)
			}
		}
		if d := time.Since(begun); d != 3*time.Minute {
			t.Fatalf("the last one ended after %v", d)
		}
		if st := r.Stats(); st.Expired != 3 || st.Open != 0 {
			t.Fatalf("%+v", st)
		}
	})
}

func TestMinimumRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := transfer.NewRegistry(transfer.Config{MinRate: 100, RateWindow: 10 * time.Second})
		defer r.Shutdown()
		a := begin(t, open(t, r, download()))
		for i, octets := range []int64{1000, 2000, 2999} {
			time.Sleep(10 * time.Second) // fake time
			a.Moved(octets)
			if err := a.Check(time.Now()); errors.Is(err, transfer.ErrTooSlow) != (i == 2) {
				t.Fatalf("window %d: %v", i, err)
			}
		}
		a.Fail(transfer.ErrTooSlow)
	})
}

func TestSharedSourceLendsExactOctets(t *testing.T) {
	data := make([]byte, 1<<20+17)
	for i := range data {
		data[i] = byte(i * 7 / 3)
	}
	s := transfer.Share(bytes.NewReader(data), int64(len(data)), 0)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for off := int64(w); off < int64(len(data)); off += 1428 {
				n := int(min(1428, int64(len(data))-off))
				p := s.Slice(off, n)
				if p == nil {
					p = make([]byte, n)
					if _, err := s.ReadAt(p, off); err != nil && !errors.Is(err, io.EOF) {
						t.Error(err)
					}
				}
				if !bytes.Equal(p, data[off:off+int64(n)]) {
					t.Errorf("at %d", off)
				}
			}
		})
	}
	wg.Wait()
	if s.Slice(int64(len(data))-1, 2) != nil || s.Slice(-1, 1) != nil {
		t.Error("lent octets beyond the file")
	}
}

// 10,000 open grants are cheap, and those that are over leave nothing.
func TestMemoryFollowsTheOpenGrants(t *testing.T) {
	r := transfer.NewRegistry(transfer.Config{})
	defer r.Shutdown()
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	for round := range 5 {
		var names []string
		for range 10_000 {
			names = append(names, open(t, r, download()).Name())
		}
		if per := (heap() - before) / 10_000; per > 2048 {
			t.Fatalf("round %d: %d octets a grant", round, per)
		}
		for _, n := range names {
			r.Close(n)
		}
	}
	for range 100 {
		r.Close(open(t, r, download()).Name())
	}
	if left := heap() - before; left > 1<<20+1<<19 {
		t.Fatalf("%d octets are left", left)
	}
}

func BenchmarkLookup(b *testing.B) {
	r := transfer.NewRegistry(transfer.Config{})
	defer r.Shutdown()
	var name string
	for range 10_000 {
		name = open(b, r, download()).Name()
	}
	for b.Loop() {
		_, _ = r.Lookup(transfer.TFTP, transfer.Download, name, device)
	}
}
