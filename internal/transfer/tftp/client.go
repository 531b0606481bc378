package tftp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"time"

	"drydock/internal/fault"
)

// Client moves files as a device does. The zero value asks for no option and
// sends from any address. It may be used by many goroutines at once; each
// transfer has a socket of its own.
type Client struct {
	LocalAddr netip.AddrPort // to send from; any where invalid

	Blksize    int  // 0 = not asked for (512)
	Windowsize int  // 0 = not asked for (1)
	Tsize      bool // ask for or announce the size
	TimeoutOpt int  // RFC 2349 timeout option in seconds; 0 = not asked for
	ToOne      bool // block 65535 is followed by 1
	Room       int  // octets of the longest block that comes through; longer ones are lost; 0 = all come

	Timeout time.Duration // until a packet is sent again; 1 s where 0
	Retries int           // in a row; 5 where 0
	Dally   time.Duration // how long Get stays to repeat a lost last ACK; 0 = not at all
}

var errNoAnswer = errors.New("the server does not answer")

// dialog is one transfer of a client.
type dialog struct {
	Client
	conn   *net.UDPConn
	server netip.AddrPort // the port is the listening one until an answer came
	bound  bool           // server's port is the transfer's
	rx, tx []byte
	terms  terms
	tries  int
}

// Get writes the file of that name to w and gives the octets written. Codes:
// fault.Timeout for a silent server or an ended ctx, fault.Unavailable where
// the server refuses.
func (c *Client) Get(ctx context.Context, server netip.AddrPort, name string, w io.Writer) (n int64, err error) {
	err = c.dialog(ctx, server, func(d *dialog) error {
		n, err = d.get(name, w)
		return err
	})
	return n, wrap(ctx, "tftp get", name, err)
}

// Put sends size octets of r as the file of that name and gives the octets the
// server acknowledged. Codes as of Get.
func (c *Client) Put(ctx context.Context, server netip.AddrPort, name string, r io.ReaderAt, size int64) (n int64, err error) {
	err = c.dialog(ctx, server, func(d *dialog) error {
		n, err = d.put(name, r, size)
		return err
	})
	return n, wrap(ctx, "tftp put", name, err)
}

func wrap(ctx context.Context, op, name string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fault.New(fault.Timeout, op, name, "%w", context.Cause(ctx))
	case errors.Is(err, errNoAnswer):
		return fault.New(fault.Timeout, op, name, "%w", err)
	}
	return fault.New(fault.Unavailable, op, name, "%w", err)
}

// dialog opens a socket for f and closes it when f returns or ctx ends.
func (c *Client) dialog(ctx context.Context, server netip.AddrPort, f func(*dialog) error) error {
	var local *net.UDPAddr
	if c.LocalAddr.IsValid() {
		local = net.UDPAddrFromAddrPort(c.LocalAddr)
	}
	network := "udp4"
	if server.Addr().Is6() {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, local)
	if err != nil {
		return err
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { _ = conn.Close(); close(closed) })
	defer func() {
		if stop() {
			_ = conn.Close()
		} else {
			<-closed
		}
	}()
	size := max(c.Blksize, defaultBlksize) + headerSize
	d := &dialog{
		Client: *c, conn: conn, server: server, rx: make([]byte, size+1), tx: make([]byte, 0, size),
		terms: terms{blksize: defaultBlksize, window: 1, tsize: -1},
	}
	return f(d)
}

func (c *Client) options(size int64) []option {
	var opts []option
	add := func(name string, v int64) { opts = append(opts, option{name, strconv.FormatInt(v, 10)}) }
	if c.Blksize > 0 {
		add("blksize", int64(c.Blksize))
	}
	if c.Windowsize > 0 {
		add("windowsize", int64(c.Windowsize))
	}
	if c.TimeoutOpt > 0 {
		add("timeout", int64(c.TimeoutOpt))
	}
	if c.Tsize {
		add("tsize", size)
	}
	return opts
}

// agree takes the server's OACK; what it did not acknowledge keeps its default.
func (d *dialog) agree(p []byte) error {
	fields, err := split(p[2:])
	if err != nil {
		return err
	}
	opts, err := pairs(fields)
	if err != nil {
		return err
	}
	for _, o := range opts {
		n, ok := number(o.value)
		switch {
		case o.name == "blksize" && ok && n >= minBlksize && n <= int64(d.Blksize):
			d.terms.blksize = int(n)
		case o.name == "windowsize" && ok && n >= 1 && n <= int64(d.Windowsize):
			d.terms.window = int(n)
		case o.name == "timeout" && ok && n == int64(d.TimeoutOpt) && n > 0:
		case o.name == "tsize" && ok && d.Tsize:
			d.terms.tsize = n
		default:
			_ = d.write(appendERROR(d.tx[:0], errOption, "option not asked for"))
			return fmt.Errorf("server acknowledged %s=%q, which was not asked for", o.name, o.value)
		}
	}
	return nil
}

func (d *dialog) write(p []byte) error {
	_, err := d.conn.WriteToUDPAddrPort(p, d.server)
	return err
}

// arm sets when receive gives up, because something was just sent.
func (d *dialog) arm() error {
	wait := d.Timeout
	if wait == 0 {
		wait = time.Second
	}
	return d.conn.SetReadDeadline(time.Now().Add(wait))
}

// receive gives the server's next packet, or calls again each time none comes.
func (d *dialog) receive(again func() error) (op, block uint16, p []byte, err error) {
	for {
		n, from, err := d.conn.ReadFromUDPAddrPort(d.rx)
		var netErr net.Error
		switch {
		case errors.As(err, &netErr) && netErr.Timeout():
			if err := d.retry(again); err != nil {
				return 0, 0, nil, err
			}
			continue
		case err != nil:
			return 0, 0, nil, err
		case !d.mine(from) || n < headerSize || d.Room > 0 && n > d.Room+headerSize:
			continue
		}
		p := d.rx[:n]
		op := binary.BigEndian.Uint16(p)
		if op == opERROR {
			return 0, 0, nil, parseError(p)
		}
		return op, binary.BigEndian.Uint16(p[2:]), p, nil
	}
}

func (d *dialog) retry(again func() error) error {
	most := d.Retries
	if most == 0 {
		most = 5
	}
	if d.tries++; d.tries > most {
		return fmt.Errorf("%w: asked %d times", errNoAnswer, d.tries)
	}
	if err := again(); err != nil {
		return err
	}
	return d.arm()
}

// mine says whether a packet is the server's; its first answer tells the port.
// Another port gets an ERROR (RFC 1350 section 4).
func (d *dialog) mine(from netip.AddrPort) bool {
	from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
	switch {
	case from.Addr() != d.server.Addr():
		return false
	case !d.bound:
		d.server, d.bound = from, true
	case from != d.server:
		_, _ = d.conn.WriteToUDPAddrPort(appendERROR(nil, errUnknownTID, "bad TID"), from)
		return false
	}
	return true
}
