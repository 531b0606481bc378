package tftp

import (
	"context"
	"errors"

	"drydock/internal/fault"
	"drydock/internal/transfer"
)

// upload is what a session keeps of the file it takes.
type upload struct {
	expect   uint64 // next block in order
	inWindow int    // blocks since the last ACK
	gapAt    uint64 // expect when the last gap was reported
	whole    bool   // committed
	lateACKs int
}

func (t *session) startUpload(now int64) {
	t.up.expect = 1
	t.phase = phaseOffer
	t.invite(now, false)
}

// invite sends the OACK or the ACK of block 0.
func (t *session) invite(now int64, again bool) {
	if t.terms.oack != nil {
		t.offer(now, again)
		return
	}
	t.acknowledge(now, again)
}

// acknowledge sends the ACK of the last block in order.
func (t *session) acknowledge(now int64, again bool) {
	t.up.inWindow = 0
	t.l.sock.sendSmall(&t.to, appendACK(nil, blockNumber(t.up.expect-1, t.toOne)))
	t.sent(now, 1, again)
}

func (t *session) repeatUpload(now int64) {
	if t.phase == phaseOffer {
		t.invite(now, true)
		return
	}
	t.acknowledge(now, true)
}

// data handles a DATA block. Blocks out of order are dropped: the device sends
// them again after the ACK of the last one in order (RFC 7440 section 4).
func (t *session) data(ctx context.Context, now int64, block uint16, p []byte) {
	u := &t.up
	if len(p) > t.terms.blksize {
		t.fail(now, errIllegal, "block longer than blksize", fault.New(fault.Corrupt, "tftp", t.grant.Spec.File,
			"block of %d octets where blksize is %d", len(p), t.terms.blksize))
		return
	}
	t.adoptRollover(block)
	switch n := ahead(block, u.expect-1, t.toOne); {
	case n == 1:
		t.take(ctx, now, p)
	case n == 0: // our ACK was lost, or the network doubled the block
		t.count.Duplicates++
		if t.phase == phaseData && u.inWindow == 0 { // within a window an ACK would ask for the rest again
			t.acknowledge(now, true)
		}
	case n <= t.terms.window && u.gapAt != u.expect:
		u.gapAt = u.expect
		t.acknowledge(now, true)
	default:
		t.count.Duplicates++
	}
}

// adoptRollover takes over the device's way to go on after block 65535, where
// the grant says nothing: with windowsize 1 the next number tells.
func (t *session) adoptRollover(block uint16) {
	if t.up.expect == 65536 && t.terms.window == 1 && block <= 1 {
		t.toOne = block == 1
	}
}

// take writes the next block in order.
func (t *session) take(ctx context.Context, now int64, p []byte) {
	u := &t.up
	if _, err := t.att.Write(p); err != nil {
		msg := "the file cannot be written"
		if errors.Is(err, transfer.ErrTooBig) {
			msg = "the file is larger than the grant allows"
		}
		t.fail(now, errDiskFull, msg, err)
		return
	}
	t.phase = phaseData
	t.progress(now)
	u.expect++
	u.inWindow++
	switch {
	case len(p) < t.terms.blksize:
		t.complete(ctx, now)
	case u.inWindow >= t.terms.window:
		t.acknowledge(now, false)
	default:
		t.wake(now + t.rto)
	}
}

// complete commits the upload off the loop, and acknowledges the last block
// only then: what the device sees acknowledged is durable.
func (t *session) complete(ctx context.Context, now int64) {
	// 0 is what devices announce that do not know the size.
	if got := t.att.Octets(); t.terms.tsize > 0 && got != t.terms.tsize {
		t.fail(now, errUndefined, "the file ended before or after its tsize", fault.New(fault.Corrupt, "tftp", t.grant.Spec.File,
			"the device announced %d octets and sent %d", t.terms.tsize, got))
		return
	}
	t.phase = phaseCommit
	t.due = never
	t.settle()
	t.srv.wg.Go(func() {
		err := t.att.Finish(ctx)
		t.l.post(func(now int64) { t.committed(now, err) })
	})
}

func (t *session) committed(now int64, err error) {
	if err != nil {
		t.srv.log.Info("tftp transfer failed", "grant", t.grant.Name(), "peer", t.key, "err", err)
		t.l.sock.sendSmall(&t.to, appendERROR(nil, errDiskFull, "the file cannot be kept"))
	} else {
		t.up.whole = true
		t.l.sock.sendSmall(&t.to, appendACK(nil, blockNumber(t.up.expect-1, t.toOne)))
	}
	t.linger(now)
}
