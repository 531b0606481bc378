package files

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"drydock/internal/equipment"
)

// fakeFTP is just enough of a server (RFC 959, and REST of RFC 3659) to cut
// its data connections: of the n-th RETR it sends cuts[n] octets only.
type fakeFTP struct {
	content []byte
	cuts    []int
	offsets []int // that RETR began at
}

func (f *fakeFTP) serve(t *testing.T) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = l.Close(); <-done })
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			f.session(conn) // one after the other, as the client comes
		}
	}()
	return l.Addr().(*net.TCPAddr).AddrPort()
}

func (f *fakeFTP) session(conn net.Conn) {
	defer conn.Close()
	c := textproto.NewConn(conn)
	say := func(format string, args ...any) { _ = c.PrintfLine(format, args...) }
	say("220 ready")
	var data net.Listener
	offset := 0
	for {
		line, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, param, _ := strings.Cut(line, " ")
		switch verb {
		case "USER":
			say("331 go on")
		case "PASS":
			say("230 in")
		case "PASV":
			if data, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
				return
			}
			p := data.Addr().(*net.TCPAddr).Port
			say("227 here (127,0,0,1,%d,%d)", p>>8, p&255)
		case "REST":
			_, _ = fmt.Sscan(param, &offset)
			say("350 go on")
		case "RETR":
			if whole := f.send(data, offset, say); !whole {
				return
			}
			offset = 0
		case "QUIT":
			say("221 bye")
			return
		default:
			say("200 yes")
		}
	}
}

func (f *fakeFTP) send(data net.Listener, offset int, say func(string, ...any)) (whole bool) {
	defer data.Close()
	say("150 it comes")
	conn, err := data.Accept()
	if err != nil {
		return false
	}
	n := len(f.offsets)
	f.offsets = append(f.offsets, offset)
	rest := f.content[offset:]
	if n < len(f.cuts) {
		_, _ = conn.Write(rest[:f.cuts[n]])
		_ = conn.Close()
		say("426 cut")
		return false
	}
	_, _ = conn.Write(rest)
	_ = conn.Close()
	say("226 all")
	return true
}

func TestDownloadGoesOnWhereItWas(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 10_000)
	for name, c := range map[string]struct {
		cuts    []int
		resumes int
		want    string // offsets
		fails   bool
	}{
		"whole":           {nil, 3, "[0]", false},
		"cut twice":       {[]int{70_000, 5}, 3, "[0 70000 70005]", false},
		"cut too often":   {[]int{10, 10, 10}, 2, "[0 10 20]", true},
		"nothing comes":   {[]int{10, 0}, 5, "[0 10]", true},
		"never resumed":   {[]int{10}, 0, "[0]", true},
		"cut at the end":  {[]int{160_000}, 1, "[0 160000]", false},
		"nothing at once": {[]int{0}, 5, "[0]", true},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeFTP{content: content, cuts: c.cuts}
			s := equipment.Server{Protocol: equipment.FTP, Addr: f.serve(t)}
			var got bytes.Buffer
			err := Client{Resumes: c.resumes, Pause: time.Millisecond}.Fetch(t.Context(), s, "image", &got)
			if (err != nil) != c.fails || !c.fails && !bytes.Equal(got.Bytes(), content) {
				t.Errorf("%v, %d octets", err, got.Len())
			}
			if now := fmt.Sprint(f.offsets); now != c.want {
				t.Errorf("downloads began at %s; wanted %s", now, c.want)
			}
		})
	}
}

// TestWritersErrorIsNotResumed: what the writer says ends the download.
func TestWritersErrorIsNotResumed(t *testing.T) {
	f := &fakeFTP{content: bytes.Repeat([]byte("x"), 100_000)}
	s := equipment.Server{Protocol: equipment.FTP, Addr: f.serve(t)}
	full := &equipment.Failure{Cause: equipment.NoRoom, Text: "full"}
	err := Client{Resumes: 5, Pause: time.Millisecond}.Fetch(context.Background(), s, "image", writer(func(p []byte) (int, error) { return min(10, len(p)), full }))
	var got *equipment.Failure
	if !errors.As(err, &got) || got.Cause != equipment.NoRoom || len(f.offsets) != 1 {
		t.Errorf("%v, downloads at %v", err, f.offsets)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

var _ io.Writer = writer(nil)
