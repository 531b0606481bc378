package tftp

import (
	"fmt"
	"io"
)

// putter is the sending side of a dialog.
type putter struct {
	*dialog
	r      io.ReaderAt
	size   int64
	blocks uint64
	base   uint64 // first block not acknowledged; 0 = the request
	next   uint64
}

func (d *dialog) put(name string, r io.ReaderAt, size int64) (int64, error) {
	req := appendRequest(nil, request{write: true, name: name, mode: "octet", options: d.options(size)})
	if err := d.write(req); err != nil {
		return 0, err
	}
	if err := d.arm(); err != nil {
		return 0, err
	}
	u := &putter{dialog: d, r: r, size: size}
	again := func() error { return d.write(req) }
	for {
		op, block, p, err := d.receive(again)
		if err != nil {
			return u.acked(), err
		}
		switch {
		case u.base == 0 && (op == opOACK || op == opACK && block == 0):
			if op == opOACK {
				err = d.agree(p)
			}
			if err == nil {
				u.blocks = uint64(size)/uint64(d.terms.blksize) + 1
				u.base, u.next = 1, 1
				again = u.resend
				err = u.send()
			}
		case u.base > 0 && op == opACK:
			err = u.ack(block)
		}
		if err != nil || u.base > 0 && u.base > u.blocks {
			return u.acked(), err
		}
	}
}

func (u *putter) acked() int64 {
	if u.base == 0 {
		return 0
	}
	return min(u.size, int64(u.base-1)*int64(u.terms.blksize))
}

// ack moves the window; duplicates cause nothing.
func (u *putter) ack(block uint16) error {
	n := uint64(ahead(block, u.base-1, u.ToOne))
	if n == 0 || u.base+n > u.next {
		return nil
	}
	u.tries = 0
	u.base += n
	if u.base > u.blocks {
		return nil
	}
	u.next = u.base
	return u.send()
}

func (u *putter) resend() error {
	u.next = u.base
	return u.send()
}

// send sends the window that begins at base.
func (u *putter) send() error {
	for ; u.next < u.base+uint64(u.terms.window) && u.next <= u.blocks; u.next++ {
		off := int64(u.next-1) * int64(u.terms.blksize)
		n := int(min(int64(u.terms.blksize), u.size-off))
		b := blockNumber(u.next, u.ToOne)
		p := append(u.tx[:0], 0, opDATA, byte(b>>8), byte(b))[:headerSize+n]
		if got, err := u.r.ReadAt(p[headerSize:], off); got < n {
			_ = u.write(appendERROR(nil, errUndefined, "read error"))
			return fmt.Errorf("read %d octets at %d: %w", n, off, err)
		}
		if err := u.write(p); err != nil {
			return err
		}
	}
	return u.arm()
}
