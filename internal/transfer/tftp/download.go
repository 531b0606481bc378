package tftp

import (
	"context"
	"fmt"
	"time"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

// download is what a session keeps of the file it sends.
type download struct {
	src    transfer.Source
	lend   transfer.Slicer // src, where it lends its octets
	size   int64
	blocks uint64 // the last one is shorter than blksize, perhaps empty
	base   uint64 // first block not acknowledged
	next   uint64 // first block not sent since the window last began
}

func (t *session) startDownload(now int64) {
	d := &t.down
	d.src = t.grant.Spec.Source
	d.lend, _ = d.src.(transfer.Slicer)
	d.size = d.src.Size()
	d.blocks = uint64(d.size)/uint64(t.terms.blksize) + 1
	d.base, d.next = 1, 1
	if t.terms.oack == nil {
		t.phase = phaseData
		t.sendWindow(now, false)
		return
	}
	t.phase = phaseOffer
	t.offer(now, false)
}

func (t *session) offer(now int64, again bool) {
	t.l.sock.sendSmall(&t.to, appendOACK(nil, t.terms.oack))
	t.sent(now, 1, again)
}

func (t *session) repeatDownload(now int64) {
	if t.phase == phaseOffer {
		t.offer(now, true)
		return
	}
	t.down.next = t.down.base
	t.sendWindow(now, true)
}

// ack handles an ACK. One that is behind the window is a duplicate and causes
// nothing (RFC 1123 section 4.2.3.1); one in the middle of it says what came
// in order, and the window begins anew after it (RFC 7440 section 4).
func (t *session) ack(ctx context.Context, now int64, block uint16) {
	d := &t.down
	if t.phase == phaseOffer {
		if block == 0 {
			t.progress(now)
			t.phase = phaseData
			t.nextWindow(now)
		}
		return
	}
	if t.paced {
		t.count.Duplicates++
		return // the device is impatient; what it asks for is on its way
	}
	n := uint64(ahead(block, d.base-1, t.toOne))
	if n == 0 {
		t.count.Duplicates++
		return
	}
	if d.base+n > d.next {
		return // never sent, or from long ago
	}
	whole := d.base+n == d.next
	t.progress(now)
	d.base += n
	t.att.Moved(min(d.size, int64(d.base-1)*int64(t.terms.blksize)))
	if d.base > d.blocks {
		t.settle()
		if err := t.att.Finish(ctx); err != nil {
			t.srv.log.Info("tftp transfer failed", "grant", t.grant.Name(), "peer", t.key, "err", err)
		}
		t.linger(now)
		return
	}
	d.next = d.base
	if !whole {
		t.sendWindow(now, true)
		return
	}
	t.nextWindow(now)
}

// nextWindow sends the window that begins at base when the grant's pace lets
// it. Windows that are repeated do not wait: they are few, and the device does.
func (t *session) nextWindow(now int64) {
	left := t.down.size - int64(t.down.base-1)*int64(t.terms.blksize)
	octets := min(left, int64(t.terms.window)*int64(t.terms.blksize))
	wait := t.grant.Pace(int(max(0, octets)), t.srv.start.Add(time.Duration(now)))
	if wait > 0 {
		t.paced = true
		t.wake(now + int64(wait))
		return
	}
	t.sendWindow(now, false)
}

// sendWindow sends the blocks of the window that begins at base. Before the
// device is heard no more than unheardLimit datagrams leave.
func (t *session) sendWindow(now int64, again bool) {
	d := &t.down
	end := min(d.base+uint64(t.terms.window), d.blocks+1)
	if !t.heard {
		end = min(end, d.next+uint64(max(0, unheardLimit-t.unheard)))
	}
	from := d.next
	if end-from > 1 && !t.l.sock.tx.noSegment {
		t.sendSegments(now, from, end)
	} else {
		for i := from; i < end; i++ {
			t.sendBlocks(now, i, i+1)
		}
	}
	if t.over() {
		return // the source could not be read
	}
	d.next = end
	t.sent(now, int(end-from), again)
}

// sendSegments sends [from, end) in as few messages as the kernel takes.
func (t *session) sendSegments(now int64, from, end uint64) {
	const maxMessage, maxSegments = 60000, 64
	most := uint64(max(1, min(maxSegments, maxMessage/(t.terms.blksize+headerSize))))
	for i := from; i < end && !t.over(); i += most {
		t.sendBlocks(now, i, min(end, i+most))
	}
}

// sendBlocks queues one message of the blocks [from, end). The octets are
// copied behind their headers: one vector a message costs the kernel less than
// two a block.
func (t *session) sendBlocks(now int64, from, end uint64) {
	s, d := t.l.sock, &t.down
	n, blk := int(end-from), t.terms.blksize
	s.reserve(0, n*(headerSize+blk))
	h := s.tx.begin(&t.to)
	p := s.tx.space(n * (headerSize + blk))
	at := 0
	for i := from; i < end; i++ {
		b := blockNumber(i, t.toOne)
		off := int64(i-1) * int64(blk)
		size := int(min(int64(blk), d.size-off))
		p[at], p[at+1], p[at+2], p[at+3] = 0, opDATA, byte(b>>8), byte(b)
		at += headerSize
		if err := t.read(p[at:at+size], off); err != nil {
			s.tx.cancel()
			t.fail(now, errUndefined, "the file cannot be read",
				fault.New(fault.Corrupt, "tftp", t.grant.Spec.File, "read %d octets at %d: %w", size, off, err))
			return
		}
		at += size
	}
	s.tx.fill(p[:at])
	if n > 1 {
		s.tx.segment(h, blk+headerSize)
	}
}

// read fills p with the octets at off.
func (t *session) read(p []byte, off int64) error {
	if t.down.lend != nil {
		if q := t.down.lend.Slice(off, len(p)); q != nil {
			copy(p, q)
			return nil
		}
	}
	if n, err := t.down.src.ReadAt(p, off); n < len(p) {
		return fmt.Errorf("got %d: %w", n, err)
	}
	return nil
}
