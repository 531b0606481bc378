package tftp

import (
	"encoding/binary"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// sender collects packets and hands them to the kernel in batches. What is
// queued lies in its own arenas until flush.
type sender struct {
	msgs  [batchSize]mmsghdr
	ctrls [batchSize][64]byte
	names [batchSize][unix.SizeofSockaddrInet6]byte
	iovs  [batchSize]unix.Iovec
	small [smallSize]byte
	big   []byte // made when first needed

	nMsgs, nSmall, nBig int
	segmented           [batchSize]bool // the message holds several packets
	noSegment           bool            // the kernel refused UDP_SEGMENT
}

func (t *sender) init() {
	for i := range t.msgs {
		t.msgs[i].hdr.Name = &t.names[i][0]
	}
}

// reserve makes room for a message of small and big octets.
func (s *socket) reserve(small, big int) {
	t := &s.tx
	if t.nMsgs == batchSize || t.nSmall+small > smallSize || t.nBig+big > bigSize {
		s.flush()
	}
}

// begin starts a message to a; the caller has reserved room.
func (t *sender) begin(a *address) *unix.Msghdr {
	i := t.nMsgs
	t.nMsgs++
	t.segmented[i] = false
	h := &t.msgs[i].hdr
	t.names[i] = a.name
	h.Namelen = a.nameLen
	h.Iov = &t.iovs[i]
	h.SetIovlen(1)
	h.Control = nil
	if a.ctrlLen > 0 {
		copy(t.ctrls[i][:], a.ctrl[:a.ctrlLen])
		h.Control = &t.ctrls[i][0]
	}
	h.SetControllen(a.ctrlLen)
	return h
}

// fill makes p the octets of the message begun last.
func (t *sender) fill(p []byte) {
	v := &t.iovs[t.nMsgs-1]
	v.Base = unsafe.SliceData(p)
	v.SetLen(len(p))
}

// cancel takes back the message begun last.
func (t *sender) cancel() {
	t.nMsgs--
}

func (t *sender) copySmall(p []byte) []byte {
	q := t.small[t.nSmall : t.nSmall+len(p)]
	t.nSmall += len(p)
	copy(q, p)
	return q
}

// space lends n octets that stay until flush; the caller has reserved them.
func (t *sender) space(n int) []byte {
	if t.big == nil {
		t.big = make([]byte, bigSize)
	}
	q := t.big[t.nBig : t.nBig+n : t.nBig+n]
	t.nBig += n
	return q
}

// segment marks the message as many packets of size octets, the last one
// perhaps shorter (UDP_SEGMENT, udp(7)).
func (t *sender) segment(h *unix.Msghdr, size int) {
	i := t.nMsgs - 1
	t.segmented[i] = true
	at := (int(h.Controllen) + 7) &^ 7
	c := (*unix.Cmsghdr)(unsafe.Pointer(&t.ctrls[i][at]))
	c.Level, c.Type = unix.IPPROTO_UDP, unix.UDP_SEGMENT
	c.SetLen(unix.CmsgLen(2))
	binary.NativeEndian.PutUint16(t.ctrls[i][at+unix.CmsgLen(0):], uint16(size))
	h.Control = &t.ctrls[i][0]
	h.SetControllen(at + unix.CmsgSpace(2))
}

// sendSmall queues a short packet; it is copied.
func (s *socket) sendSmall(to *address, p []byte) {
	s.reserve(len(p), 0)
	s.tx.begin(to)
	s.tx.fill(s.tx.copySmall(p))
}

// flush sends what is queued. What the kernel does not take is lost, as on any
// network: the transfers' timers bring it again.
func (s *socket) flush() {
	t := &s.tx
	for i, waited := 0, false; i < t.nMsgs; {
		n, _, errno := unix.RawSyscall6(unix.SYS_SENDMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&t.msgs[i])),
			uintptr(t.nMsgs-i), unix.MSG_DONTWAIT, 0, 0)
		runtime.KeepAlive(t)
		switch {
		case errno == 0:
			i += int(n)
			waited = false
		case temporary(errno) && !waited:
			waited = true
			s.waitWritable(10 * time.Millisecond)
		default:
			// EIO, EINVAL or EMSGSIZE: this path cannot segment.
			t.noSegment = t.noSegment || t.segmented[i]
			i++
		}
	}
	t.nMsgs, t.nSmall, t.nBig = 0, 0, 0
}

func (s *socket) waitWritable(d time.Duration) {
	fds := [1]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLOUT}}
	ts := unix.NsecToTimespec(int64(d))
	_, _ = unix.Ppoll(fds[:], &ts, nil)
}
