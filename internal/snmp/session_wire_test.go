package snmp

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

func testWire(t *testing.T, c Credentials) (w *wire, peer *net.UDPConn) {
	t.Helper()
	peer = openSocket(t)
	conn, err := net.DialUDP("udp4", nil, peer.LocalAddr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return newWire(conn, c), peer
}

// RELIABILITY.md T19: should gosnmp ever make something weaker, it stays here.
func TestWireSendsNothingWeaker(t *testing.T) {
	weaker := func(f func(*sent)) []byte {
		s := aTrap()
		f(&s)
		return s.wire(t)
	}
	for name, c := range map[string]struct {
		wire []byte
		want error
	}{
		"v2c":            {plainTrap(t, "public", 1), errWeaker},
		"in clear":       {weaker(func(s *sent) { s.user.AuthProtocol, s.user.PrivProtocol = "", "" }), errWeaker},
		"not private":    {weaker(func(s *sent) { s.user.PrivProtocol = "" }), errWeaker},
		"another engine": {weaker(func(s *sent) { s.engine = "\x80\x00\x1f\x88\x04other" }), errEngine},
		"what it should": {aTrap().wire(t), nil},
		"discovery":      {discovery(t, 1), nil},
	} {
		w, _ := testWire(t, as(aTrap().user))
		w.begin(t.Context(), aTrap().engine)
		_, err := w.Write(c.wire)
		if !errors.Is(err, c.want) || (err == nil) != (c.want == nil) || !errors.Is(w.refusal(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
		if sent := name == "what it should"; w.mayHaveTaken() != sent {
			t.Errorf("%s: it may have taken effect: %v", name, !sent)
		}
	}
}

func TestWireHearsOnlyItsAnswer(t *testing.T) {
	answer := func(f func(*sent)) []byte {
		s := aTrap()
		s.kind = pduResponse
		f(&s)
		return s.wire(t)
	}
	user := aTrap().user
	for name, c := range map[string]struct {
		wire []byte
		want bool
	}{
		"its answer":     {answer(func(*sent) {}), true},
		"another's":      {answer(func(s *sent) { s.id = 2 }), false},
		"in clear":       {answer(func(s *sent) { s.user.AuthProtocol, s.user.PrivProtocol = "", "" }), false},
		"a clear report": {answer(func(s *sent) { s.kind, s.user.AuthProtocol, s.user.PrivProtocol = pduReport, "", "" }), true},
		"v2c":            {plainTrap(t, "public", 1), false},
		"nothing":        {nil, false},
	} {
		w, _ := testWire(t, as(user))
		w.begin(t.Context(), "")
		if _, err := w.Write(aTrap().wire(t)); err != nil {
			t.Fatal(err)
		}
		if got := w.belongs(c.wire); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		if told := name == "a clear report"; w.mayHaveTaken() == told {
			t.Errorf("%s: it may have taken effect: %v", name, !told)
		}
	}
}

// gosnmp sets its deadline after it has looked at the context.
func TestCancelledWireKeepsNoDeadline(t *testing.T) {
	w, _ := testWire(t, communities("v2c"))
	ctx, cancel := context.WithCancel(t.Context())
	w.begin(ctx, "")
	cancel()
	for tick := time.NewTicker(time.Millisecond); ; <-tick.C {
		w.mu.Lock()
		cancelled := w.now.cancelled
		w.mu.Unlock()
		if cancelled {
			break
		}
	}
	if err := w.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Read(make([]byte, 10)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
