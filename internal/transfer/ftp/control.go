package ftp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/transfer"
)

const (
	maxLine = 512
	// asciiName stands for a file asked for in TYPE A. No grant has it: names
	// do not begin with a dot.
	asciiName = ".type-a"
	noName    = ".no-grant"
)

// control is a control connection whose reader, the library, sees only lines
// that passed the filter. A refused command is replaced by one that the library
// refuses, so that its answers stay in order.
type control struct {
	net.Conn
	srv  *Server
	peer netip.AddrPort

	in      *bufio.Reader // these belong to the goroutine that reads
	pending []byte
	user    string
	ascii   bool
	tries   int

	grant atomic.Pointer[transfer.Grant] // after login
	lost  atomic.Bool                    // the connection is gone
	gone  chan struct{}                  // closed by Close
	once  sync.Once
	limit *time.Timer // closes the connection at the login's or grant's deadline
}

func newControl(s *Server, conn net.Conn, peer netip.AddrPort) *control {
	c := &control{Conn: conn, srv: s, peer: peer, in: bufio.NewReaderSize(conn, maxLine), gone: make(chan struct{})}
	c.limit = time.AfterFunc(time.Hour, func() { _ = c.Close() })
	c.limit.Reset(s.cfg.LoginTimeout) // only now may it find c.limit
	return c
}

// Close closes the connection once.
func (c *control) Close() error {
	err := net.ErrClosed
	c.once.Do(func() {
		c.lost.Store(true)
		close(c.gone)
		c.limit.Stop()
		err = c.Conn.Close()
		c.srv.dismiss(c)
	})
	return err
}

// Read gives the next line that passed.
func (c *control) Read(p []byte) (int, error) {
	for len(c.pending) == 0 {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			if ne, ok := err.(net.Error); !ok || !ne.Timeout() {
				c.lost.Store(true)
			}
			return 0, err
		}
		out, err := c.filter(line)
		if err != nil {
			c.lost.Store(true)
			return 0, err
		}
		if out != "" {
			c.pending = []byte(out + "\r\n")
		}
	}
	n := copy(p, c.pending)
	c.pending = c.pending[n:]
	return n, nil
}

// filter gives the line for the library, "" where it was answered here.
func (c *control) filter(line []byte) (string, error) {
	line = bytes.TrimLeft(bytes.TrimRight(line, "\r\n"), "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xfe\xff") // Telnet IP and Synch before ABOR
	for _, b := range line {
		if b < ' ' || b == 0x7f { // a CR in a name would split the answer
			return refused, nil
		}
	}
	verb, param, _ := strings.Cut(string(line), " ")
	verb = strings.ToUpper(verb)
	if c.grant.Load() == nil {
		return c.beforeLogin(verb, param)
	}
	return c.afterLogin(verb, param), nil
}

// refused stands for every command that is not let through. The library
// answers it with 502, and as with any command it knows, only after a transfer
// has been answered: its answers to unknown commands do not wait for that.
const refused = "HELP"

func (c *control) beforeLogin(verb, param string) (string, error) {
	switch verb {
	case "USER":
		c.user = param
		return "USER device", nil // what the library keeps of it does not matter
	case "PASS":
		return c.login(param)
	case "QUIT", "NOOP", "SYST", "FEAT":
		return verb, nil
	case "OPTS", "CLNT":
		return verb + " " + param, nil
	}
	if known(verb) {
		return verb, nil // the library asks for a login
	}
	return refused, nil
}

// login checks user and password. A failure is answered here, after a delay
// that grows with the failures of the address.
func (c *control) login(password string) (string, error) {
	g, err := c.srv.reg.Login(c.user, password, c.peer.Addr())
	if err == nil {
		c.grant.Store(g)
		c.limit.Reset(time.Until(g.Spec.Deadline) + c.srv.cfg.DataTimeout)
		return "PASS granted", nil
	}
	delay := time.NewTimer(c.srv.failed(c.peer.Addr()))
	defer delay.Stop()
	select {
	case <-delay.C:
	case <-c.gone:
		return "", net.ErrClosed
	}
	c.tries++
	c.srv.log.Info("ftp login refused", "peer", c.peer, "attempt", c.tries)
	if c.tries >= maxFailures {
		_, _ = io.WriteString(c.Conn, "421 Too many failures\r\n")
		return "", io.EOF
	}
	_, err = io.WriteString(c.Conn, "530 Login incorrect\r\n")
	return "", err
}

func known(verb string) bool {
	switch verb {
	case "TYPE", "MODE", "STRU", "PORT", "EPRT", "PASV", "EPSV", "RETR", "STOR", "SIZE", "MDTM",
		"QUIT", "NOOP", "SYST", "FEAT", "OPTS", "CLNT", "PWD", "XPWD", "CWD", "CDUP", "LIST", "NLST", "REST", "ABOR", "ALLO":
		return true
	}
	return false
}

func (c *control) afterLogin(verb, param string) string {
	if !known(verb) {
		return refused
	}
	switch verb {
	case "STRU": // the library lacks it; F is the only structure (RFC 959 section 3.1.2)
		if strings.EqualFold(param, "F") {
			return "NOOP"
		}
		return refused
	case "TYPE":
		c.ascii = strings.HasPrefix(strings.ToUpper(param), "A")
	case "RETR", "STOR":
		if c.ascii {
			return verb + " /" + asciiName
		}
		return verb + " /" + c.name(param)
	case "SIZE", "MDTM":
		return verb + " /" + c.name(param)
	case "PORT", "EPRT":
		if port(verb, param) < 1024 {
			return refused
		}
	case "PASV":
		if !c.peer.Addr().Is4() {
			return refused // EPSV is for IPv6 (RFC 2428)
		}
	}
	return strings.TrimRight(fmt.Sprintf("%s %s", verb, param), " ")
}

// name gives the name of a grant of the login where param is it, perhaps after a slash, and a
// name that no grant has for anything else (RELIABILITY.md section 3).
func (c *control) name(param string) string {
	plain := strings.TrimPrefix(param, "/")
	if g := c.srv.reg.Beside(c.grant.Load(), plain); g != nil {
		return g.Name()
	}
	return noName
}

// port reads the port of PORT h1,h2,h3,h4,p1,p2 or EPRT |1|address|port|; 0
// where there is none.
func port(verb, param string) int {
	if verb == "PORT" {
		f := strings.Split(param, ",")
		if len(f) != 6 {
			return 0
		}
		hi, err1 := strconv.ParseUint(f[4], 10, 8)
		lo, err2 := strconv.ParseUint(f[5], 10, 8)
		if err1 != nil || err2 != nil {
			return 0
		}
		return int(hi)<<8 | int(lo)
	}
	f := strings.Split(param, "|")
	if len(f) != 5 {
		return 0
	}
	p, err := strconv.ParseUint(f[3], 10, 16)
	if err != nil {
		return 0
	}
	return int(p)
}
