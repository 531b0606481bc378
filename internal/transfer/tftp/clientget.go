package tftp

import (
	"fmt"
	"io"
)

// getter is the receiving side of a dialog.
type getter struct {
	*dialog
	w        io.Writer
	octets   int64
	expect   uint64
	inWindow int
	gapAt    uint64
}

func (d *dialog) get(name string, w io.Writer) (int64, error) {
	req := appendRequest(nil, request{name: name, mode: "octet", options: d.options(0)})
	if err := d.write(req); err != nil {
		return 0, err
	}
	if err := d.arm(); err != nil {
		return 0, err
	}
	g := &getter{dialog: d, w: w, expect: 1}
	again := func() error { return d.write(req) }
	for {
		op, block, p, err := d.receive(again)
		if err != nil {
			return g.octets, err
		}
		switch {
		case op == opOACK && g.expect == 1:
			if err = d.agree(p); err == nil {
				err = g.ack()
			}
		case op == opDATA:
			var last bool
			last, err = g.data(block, p[headerSize:])
			if last {
				g.dally()
				return g.octets, err
			}
		}
		if err != nil {
			return g.octets, err
		}
		again = g.resend
	}
}

// data takes a block; last says that the file is whole or the dialog is over.
func (g *getter) data(block uint16, p []byte) (last bool, err error) {
	switch n := ahead(block, g.expect-1, g.ToOne); {
	case n == 1:
		return g.take(p)
	case n == 0 && g.inWindow == 0: // our ACK was lost; within a window it is a mere duplicate
		return false, g.resend()
	case n == 0:
		return false, nil
	case n <= g.terms.window && g.gapAt != g.expect:
		g.gapAt = g.expect
		return false, g.ack()
	}
	return false, nil
}

func (g *getter) take(p []byte) (last bool, err error) {
	if len(p) > g.terms.blksize {
		return true, fmt.Errorf("block of %d octets where blksize is %d", len(p), g.terms.blksize)
	}
	if _, err := g.w.Write(p); err != nil {
		_ = g.write(appendERROR(g.tx[:0], errDiskFull, "no room"))
		return true, err
	}
	g.octets += int64(len(p))
	g.expect++
	g.tries = 0
	g.inWindow++
	last = len(p) < g.terms.blksize
	if last || g.inWindow >= g.terms.window {
		err = g.ack()
	}
	if last && err == nil && g.terms.tsize >= 0 && g.terms.tsize != g.octets {
		err = fmt.Errorf("server announced %d octets and sent %d", g.terms.tsize, g.octets)
	}
	return last, err
}

func (g *getter) resend() error {
	return g.write(appendACK(g.tx[:0], blockNumber(g.expect-1, g.ToOne)))
}

func (g *getter) ack() error {
	g.inWindow = 0
	if err := g.resend(); err != nil {
		return err
	}
	return g.arm()
}

// dally repeats the last ACK while the server still sends the last block (RFC
// 1350 section 6).
func (g *getter) dally() {
	if g.Dally == 0 {
		return
	}
	g.Timeout, g.Retries = g.Dally, -1
	for g.arm() == nil {
		op, block, _, err := g.receive(func() error { return errNoAnswer })
		if err != nil || op != opDATA {
			return
		}
		if block == blockNumber(g.expect-1, g.ToOne) {
			_ = g.resend()
		}
	}
}
