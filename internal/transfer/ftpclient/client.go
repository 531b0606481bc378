// Package ftpclient moves files over FTP as a device does: the other half of
// package ftp, apart from it so that equipment links no server.
package ftpclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Client moves files as a device does. It may be used by many goroutines at
// once; each call has connections of its own.
type Client struct {
	LocalAddr netip.Addr    // to connect from; any where invalid
	Active    bool          // PORT or EPRT, and not EPSV or PASV
	Timeout   time.Duration // without progress; 30 s where 0
}

// Login says where and as whom.
type Login struct {
	Server   netip.AddrPort
	User     string
	Password secret.String
}

// session is one control connection.
type session struct {
	*Client
	conn *net.TCPConn
	text *textproto.Conn
}

// Get writes the file from offset on to w and gives the octets written. The
// error's code is fault.Denied for a refused login, fault.Unavailable else.
func (c *Client) Get(ctx context.Context, l Login, name string, offset int64, w io.Writer) (n int64, err error) {
	err = c.session(ctx, l, func(s *session) error {
		if offset > 0 {
			if _, err := s.cmd(350, "REST %d", offset); err != nil {
				return err
			}
		}
		return s.move(ctx, "RETR "+name, func(data *net.TCPConn) error {
			n, err = io.Copy(w, patient{data, s.timeout()})
			return err
		})
	})
	return n, wrap(ctx, "ftp get", name, err)
}

// Put sends r as the file of that name and gives the octets sent; nil means
// that the server has it whole. An error of r resets the data connection, so
// that the server does not take the part for the whole.
func (c *Client) Put(ctx context.Context, l Login, name string, r io.Reader) (n int64, err error) {
	err = c.session(ctx, l, func(s *session) error {
		return s.move(ctx, "STOR "+name, func(data *net.TCPConn) error {
			if n, err = io.Copy(patient{data, s.timeout()}, r); err != nil {
				_ = data.SetLinger(0)
			}
			return err
		})
	})
	return n, wrap(ctx, "ftp put", name, err)
}

func wrap(ctx context.Context, op, name string, err error) error {
	var reply *textproto.Error
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.New(fault.Timeout, op, name, "%w", context.Cause(ctx))
	case errors.As(err, &reply) && (reply.Code == 530 || reply.Code == 421):
		return fault.New(fault.Denied, op, name, "%w", err)
	}
	return fault.New(fault.Unavailable, op, name, "%w", err)
}

func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 30 * time.Second
}

// patient fails a read or write that makes no progress for long.
type patient struct {
	*net.TCPConn
	limit time.Duration
}

func (p patient) Read(b []byte) (int, error) {
	_ = p.SetDeadline(time.Now().Add(p.limit))
	return p.TCPConn.Read(b)
}

func (p patient) Write(b []byte) (int, error) {
	_ = p.SetDeadline(time.Now().Add(p.limit))
	return p.TCPConn.Write(b)
}

// WriteTo and ReadFrom hide those of the embedded connection, which know no
// deadline.
func (p patient) WriteTo(w io.Writer) (int64, error)  { return io.Copy(w, struct{ io.Reader }{p}) }
func (p patient) ReadFrom(r io.Reader) (int64, error) { return io.Copy(struct{ io.Writer }{p}, r) }

func (c *Client) dial(ctx context.Context, to netip.AddrPort) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: c.timeout()}
	if c.LocalAddr.IsValid() {
		d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(c.LocalAddr, 0))
	}
	conn, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// closeOn closes conn when ctx ends; the returned func waits for that and
// closes it too.
func closeOn(ctx context.Context, conn io.Closer) func() {
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(); close(closed) })
	return func() {
		if !stop() {
			<-closed
		}
		_ = conn.Close()
	}
}

func (c *Client) session(ctx context.Context, l Login, f func(*session) error) error {
	conn, err := c.dial(ctx, l.Server)
	if err != nil {
		return err
	}
	defer closeOn(ctx, conn)()
	s := &session{Client: c, conn: conn, text: textproto.NewConn(patient{conn, c.timeout()})}
	if _, _, err := s.text.ReadResponse(220); err != nil {
		return err
	}
	for _, step := range []struct {
		code int
		line string
	}{{331, "USER " + l.User}, {230, "PASS " + l.Password.Reveal()}, {200, "TYPE I"}} {
		if _, err := s.cmd(step.code, "%s", step.line); err != nil {
			return err
		}
	}
	if err := f(s); err != nil {
		return err
	}
	_, _ = s.cmd(221, "QUIT")
	return nil
}

func (s *session) cmd(code int, format string, args ...any) (string, error) {
	if err := s.text.PrintfLine(format, args...); err != nil {
		return "", err
	}
	_, msg, err := s.text.ReadResponse(code)
	return msg, err
}

// move opens the data connection, sends the command, has f use the connection,
// and waits for the server's word that the transfer is complete.
func (s *session) move(ctx context.Context, command string, f func(*net.TCPConn) error) error {
	var data *net.TCPConn
	if s.Active {
		ln, err := s.listen()
		if err != nil {
			return err
		}
		defer closeOn(ctx, ln)()
		if _, err := s.cmd(1, "%s", command); err != nil {
			return err
		}
		_ = ln.SetDeadline(time.Now().Add(s.timeout()))
		if data, err = ln.AcceptTCP(); err != nil {
			return err
		}
	} else {
		to, err := s.passive()
		if err != nil {
			return err
		}
		if data, err = s.dial(ctx, to); err != nil {
			return err
		}
		if _, err := s.cmd(1, "%s", command); err != nil {
			_ = data.Close()
			return err
		}
	}
	done := closeOn(ctx, data)
	err := f(data)
	done()
	if err != nil {
		return err
	}
	_, _, err = s.text.ReadResponse(226)
	return err
}

// listen opens a port for the server and tells it.
func (s *session) listen() (*net.TCPListener, error) {
	local := s.conn.LocalAddr().(*net.TCPAddr).AddrPort()
	ln, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(local.Addr(), 0)))
	if err != nil {
		return nil, err
	}
	p := ln.Addr().(*net.TCPAddr).Port
	ip := local.Addr().Unmap()
	if ip.Is4() {
		_, err = s.cmd(200, "PORT %s,%d,%d", strings.ReplaceAll(ip.String(), ".", ","), p>>8, p&255)
	} else {
		_, err = s.cmd(200, "EPRT |2|%s|%d|", ip.WithZone(""), p)
	}
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	return ln, nil
}

// passive asks for a port: PASV with IPv4, as old devices do, else EPSV. The
// address in the answer to PASV is not trusted: data goes to the server.
func (s *session) passive() (netip.AddrPort, error) {
	server := s.conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	if !server.Addr().Unmap().Is4() {
		msg, err := s.cmd(229, "EPSV")
		if err != nil {
			return netip.AddrPort{}, err
		}
		f := strings.Split(msg, "|")
		if len(f) != 5 {
			return netip.AddrPort{}, fmt.Errorf("EPSV answered %q", msg)
		}
		p, err := strconv.ParseUint(f[3], 10, 16)
		return netip.AddrPortFrom(server.Addr(), uint16(p)), err
	}
	msg, err := s.cmd(227, "PASV")
	if err != nil {
		return netip.AddrPort{}, err
	}
	var h [4]int
	var hi, lo int
	open := strings.IndexByte(msg, '(')
	if _, err := fmt.Sscanf(msg[max(open, 0):], "(%d,%d,%d,%d,%d,%d)", &h[0], &h[1], &h[2], &h[3], &hi, &lo); err != nil || hi > 255 || lo > 255 {
		return netip.AddrPort{}, fmt.Errorf("PASV answered %q", msg)
	}
	return netip.AddrPortFrom(server.Addr(), uint16(hi<<8|lo)), nil
}
