package ftp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
	"drydock/internal/transfer"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/ftpclient"
)

// corpus is RELIABILITY.md section 3, around a name that is granted.
func corpus(name string) []string {
	return []string{
		"../" + name, `..\` + name, "....//" + name, "...", "..//" + name, "/etc/passwd", "//" + name, `C:\` + name, `\\srv\c$\` + name,
		"%2e%2e%2f" + name, "%252e%252e%252f" + name, "\xc0\xae\xc0\xae/" + name, "．．／" + name, name + ".", name + " ", " " + name,
		strings.ToUpper(name), strings.Repeat("a", 255), "", "/", name + "\rx", name + "\x00", name + ";id", "`id`", "CON", "aux.txt",
		"./" + name, name + "/", name + "/..", "a/../" + name, ".type-a", ".no-grant",
	}
}

// Nothing but the grant's exact name is served (RELIABILITY.md T4).
func TestTraversalCorpus(t *testing.T) {
	r := newRig(t)
	down := r.download([]byte("secret"))
	up, s := r.upload(100)
	for _, g := range []*transfer.Grant{down, up} {
		c := dial(t, r.srv.Addr())
		c.login(g)
		for _, name := range append(corpus(g.Name()), up.Name()+"x") {
			for _, verb := range []string{"SIZE", "RETR", "STOR", "MDTM"} {
				c.cmd("5", "%s %s", verb, name)
			}
		}
		c.cmd("221", "QUIT")
	}
	if _, n := s.got(); n != 0 || s.written != 0 || r.reg.Stats().Began != 0 {
		t.Fatal("a transfer began")
	}
}

// Only what a device needs is there; the rest is refused.
func TestRefusedCommands(t *testing.T) {
	r := newRig(t)
	g := r.download(content(100))
	c := dial(t, r.srv.Addr())
	for _, line := range []string{"SITE CPFR /etc/passwd", "APPE x", "MKD x", "AUTH TLS"} {
		c.cmd("5", "%s", line)
	}
	for _, line := range []string{"RETR " + g.Name(), "LIST", "PASV", "REST 0", "TYPE I"} {
		c.cmd("530", "%s", line)
	}
	c.login(g)
	n := g.Name()
	for _, line := range []string{
		"SITE CPFR " + n, "SITE CPTO x", "SITE SYMLINK / x", "SITE CHMOD 777 " + n, "SITE MKDIR x", "COMB x " + n, "HASH " + n, "XSHA256 " + n, "APPE " + n,
		"STOU", "RNFR " + n, "RNTO x", "DELE " + n, "MKD x", "XMKD x", "RMD x", "MFMT 20200101000000 " + n, "MLSD", "MLST " + n, "STAT", "STAT " + n,
		"USER again", "PASS again", "REIN", "ACCT x", "SMNT x", "AUTH TLS", "PROT P", "PBSZ 0", "AVBL", "STRU R", "MODE Z", "MODE B", "\x01\x02", "XSTAT",
		"SIZE " + strings.Repeat("a", 400), "CWD /etc", "CWD ..x",
	} {
		c.cmd("5", "%s", line)
	}
	for _, ok := range []struct{ code, line string }{
		{"215", "SYST"}, {"211", "FEAT"}, {"257", "PWD"}, {"250", "CWD /"}, {"200", "STRU F"}, {"200", "MODE S"}, {"200", "NOOP"},
		{"213 100", "SIZE /" + n}, {"213", "MDTM " + n}, {"200", "TYPE A"}, {"550", "RETR " + n}, {"200", "TYPE I"},
	} {
		c.cmd(ok.code, "%s", ok.line)
	}
	data := c.passive()
	c.cmd("150", "LIST")
	list, err := io.ReadAll(data)
	if err != nil || strings.Count(string(list), "\n") != 1 || !strings.Contains(string(list), n) {
		t.Fatalf("list %q, %v", list, err)
	}
	c.expect("226")
	c.cmd("221", "QUIT")
}

// PORT and EPRT lead only to the control peer and to ports from 1024
// (RELIABILITY.md T10).
func TestBounceIsRefused(t *testing.T) {
	r := newRig(t)
	c := dial(t, r.srv.Addr())
	c.login(r.download(content(10)))
	for _, line := range []string{
		"PORT 127,0,0,2,10,10", "PORT 10,0,0,1,10,10", "PORT 127,0,0,1,3,255", "PORT 127,0,0,1,0,22", "PORT 127,0,0,1,256,1", "PORT 1,2,3", "PORT",
		"EPRT |1|127.0.0.2|2000|", "EPRT |1|127.0.0.1|1023|", "EPRT |2|::1|2000|", "EPRT |1|127.0.0.1|99999|", "EPRT x",
	} {
		c.cmd("5", "%s", line)
	}
	c.cmd("200", "PORT 127,0,0,1,200,10")
}

// A passive port gives nothing to anybody but the control peer.
func TestStolenPassivePortGivesNothing(t *testing.T) {
	r := newRig(t)
	g := r.download([]byte("secret"))
	c := dial(t, r.srv.Addr())
	c.login(g)
	s := c.cmd("229", "EPSV")
	port := s[strings.Index(s, "|||")+3 : strings.LastIndex(s, "|")]
	thief := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 66)}}
	conn, err := thief.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	c.cmd("4", "RETR %s", g.Name())
	c.cmd("221", "QUIT")
	if got, _ := io.ReadAll(conn); len(got) != 0 {
		t.Fatalf("the thief got %q", got)
	}
	if g.Over() {
		t.Fatal("the grant was used up")
	}
}

// 331 for every user; three failures close the connection (RFC 2577).
func TestThreeFailuresClose(t *testing.T) {
	r := newRig(t)
	g := r.download(content(10))
	c := dial(t, r.srv.Addr())
	for i, user := range []string{"root", g.Spec.User, ""} {
		c.cmd("331", "USER %s", user)
		code := "530"
		if i == 2 {
			code = "421"
		}
		c.cmd(code, "PASS wrong")
	}
	if s := c.line(); s != "" {
		t.Fatalf("still open: %q", s)
	}
	good := dial(t, r.srv.Addr())
	good.login(g)
}

func TestFailureDelayGrows(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, _ *transfer.Config) { c.FailureDelay = 40 * time.Millisecond })
	c := dial(t, r.srv.Addr())
	begun := time.Now()
	for _, code := range []string{"530", "530", "421"} { // 40 + 80 + 160 ms
		c.cmd("331", "USER x")
		c.cmd(code, "PASS x")
	}
	if d := time.Since(begun); d < 280*time.Millisecond {
		t.Fatalf("three failures took %v", d)
	}
}

func TestCapsOnConnections(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, _ *transfer.Config) { c.MaxPerPeer = 2 })
	a, _ := dial(t, r.srv.Addr()), dial(t, r.srv.Addr())
	conn, err := net.Dial("tcp", r.srv.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(conn); !bytes.HasPrefix(got, []byte("421")) {
		t.Fatalf("third connection got %q", got)
	}
	_ = conn.Close()
	a.cmd("221", "QUIT")
	if s := a.line(); s != "" {
		t.Fatalf("after QUIT: %q", s)
	}
	dial(t, r.srv.Addr())
}

// Whatever tells that an upload is cut keeps it from being sealed
// (RELIABILITY.md F15, seeded bug B2).
func TestCutUploadIsNotSealed(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, rc *transfer.Config) { rc.RateWindow, rc.MinRate = 300*time.Millisecond, 1000 })
	begin := func(t *testing.T) (*raw, *net.TCPConn, *transfer.Grant, *sink) {
		r.t = t
		g, s := r.upload(1 << 20)
		c := dial(t, r.srv.Addr())
		c.login(g)
		data := c.passive()
		c.cmd("150", "STOR %s", g.Name())
		if _, err := data.Write(content(10_000)); err != nil {
			t.Fatal(err)
		}
		return c, data, g, s
	}
	t.Run("ABOR", func(t *testing.T) {
		c, _, g, s := begin(t)
		c.cmd("426", "\xff\xf4\xff\xf2ABOR")
		s.expectAborted(t, g)
	})
	t.Run("reset", func(t *testing.T) {
		c, data, g, s := begin(t)
		_ = data.SetLinger(0)
		_ = data.Close()
		c.expect("5")
		s.expectAborted(t, g)
	})
	t.Run("control lost", func(t *testing.T) {
		c, _, g, s := begin(t)
		_ = c.conn.Close()
		s.expectAborted(t, g)
	})
	t.Run("slow", func(t *testing.T) {
		_, _, g, s := begin(t)
		s.expectAborted(t, g)
	})
	t.Run("grant closed", func(t *testing.T) {
		_, _, g, s := begin(t)
		r.reg.Close(g.Name())
		<-s.aborted
		if _, err := g.Wait(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
	})
	t.Run("REST", func(t *testing.T) {
		g, s := r.upload(1 << 20)
		c := dial(t, r.srv.Addr())
		c.login(g)
		c.passive()
		c.cmd("350", "REST 10")
		c.cmd("5", "STOR %s", g.Name())
		if s.written != 0 {
			t.Fatal("written")
		}
	})
}

// An endless upload stops at the cap, and the device is told.
func TestEndlessUploadStopsAtTheCap(t *testing.T) {
	r := newRig(t)
	g, s := r.upload(100_000)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := (&ftpclient.Client{}).Put(ctx, r.login(g), g.Name(), zeros{}); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("put gave %v", err)
	}
	s.expectAborted(t, g)
	if s.written > 100_000 {
		t.Fatalf("%d octets written", s.written)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestFailedCommitReachesTheDeviceAndLeavesTheGrantOpen(t *testing.T) {
	r := newRig(t)
	g, s := r.upload(100)
	s.commitErr = errDisk
	put := func() error {
		_, err := (&ftpclient.Client{}).Put(t.Context(), r.login(g), g.Name(), strings.NewReader("abc"))
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
	finished(t, g, []byte("abc"))
}

// A client whose own file fails resets, so that the part is not taken for the
// whole.
func TestClientResetsAPartialUpload(t *testing.T) {
	r := newRig(t)
	g, s := r.upload(1 << 20)
	broken := io.MultiReader(bytes.NewReader(content(50_000)), failing{})
	if _, err := (&ftpclient.Client{}).Put(t.Context(), r.login(g), g.Name(), broken); err == nil {
		t.Fatal("put succeeded")
	}
	s.expectAborted(t, g)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("flash read error") }

// A used-up grant is gone: no login, no second file.
func TestUsedUpGrantIsGone(t *testing.T) {
	r := newRig(t)
	g := r.download(content(10))
	c := ftpclient.Client{}
	if _, err := c.Get(t.Context(), r.login(g), g.Name(), 0, io.Discard); err != nil {
		t.Fatal(err)
	}
	finishedDownload(t, g)
	if _, err := c.Get(t.Context(), r.login(g), g.Name(), 0, io.Discard); !fault.Is(err, fault.Denied) {
		t.Fatal(err)
	}
}

func finishedDownload(t *testing.T, g *transfer.Grant) {
	t.Helper()
	if _, err := g.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestPassivePortsAndPublicAddress(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, _ *transfer.Config) {
		c.PassivePorts, c.PublicAddr = [2]uint16{42310, 42330}, netip.MustParseAddr("192.0.2.7")
	})
	c := dial(t, r.srv.Addr())
	c.login(r.download(content(10)))
	for range 5 {
		var hi, lo int
		s := c.cmd("227", "PASV")
		if _, err := fmt.Sscanf(s[strings.IndexByte(s, '('):], "(192,0,2,7,%d,%d)", &hi, &lo); err != nil {
			t.Fatalf("%q: %v", s, err)
		}
		if p := hi<<8 | lo; p < 42310 || p > 42330 {
			t.Fatalf("port %d", p)
		}
	}
}

func TestLoginMustComeInTime(t *testing.T) {
	r := newRig(t, func(c *ftp.Config, _ *transfer.Config) { c.LoginTimeout = 100 * time.Millisecond })
	if s := dial(t, r.srv.Addr()).line(); s != "" {
		t.Fatalf("got %q", s)
	}
}

func TestPasswordIsNotTheUser(t *testing.T) {
	r := newRig(t)
	g := r.download(content(10))
	l := r.login(g)
	l.Password = secret.New(l.User)
	if _, err := (&ftpclient.Client{}).Get(t.Context(), l, g.Name(), 0, io.Discard); !fault.Is(err, fault.Denied) {
		t.Fatal(err)
	}
}
