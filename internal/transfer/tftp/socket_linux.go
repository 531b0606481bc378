package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	batchSize  = 64
	smallSize  = 16 << 10
	bigSize    = 256 << 10
	wantBuffer = 4 << 20 // socket buffers; the kernel may give less
)

// mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32
}

// address is a peer as the kernel writes it, with the packet info that makes
// replies leave from the address the request was sent to.
type address struct {
	name    [unix.SizeofSockaddrInet6]byte
	nameLen uint32
	ctrl    [40]byte
	ctrlLen int
}

// socket is an unconnected UDP socket with batched receive and send. It
// belongs to one goroutine, but wake may be called from any.
type socket struct {
	fd, wakeFD int
	local      netip.AddrPort
	family     int
	pktinfo    bool // bound to a wildcard: ask for and send packet info

	rx receiver
	tx sender
}

type receiver struct {
	msgs [batchSize]mmsghdr
	iovs [batchSize]unix.Iovec
	from [batchSize]address
	bufs []byte
	size int // of each buffer
}

// openSocket binds to addr; packets longer than size octets are cut.
func openSocket(addr netip.AddrPort, size int) (*socket, error) {
	family := unix.AF_INET6
	if addr.Addr().Is4() {
		family = unix.AF_INET
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket: %w", err)
	}
	s := &socket{fd: fd, wakeFD: -1, family: family, pktinfo: addr.Addr().IsUnspecified()}
	if err := s.bind(addr); err != nil {
		s.close()
		return nil, fmt.Errorf("listen on %v: %w", addr, err)
	}
	if s.wakeFD, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		s.close()
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	s.rx.init(size)
	s.tx.init()
	return s, nil
}

func (s *socket) bind(addr netip.AddrPort) error {
	var sa unix.Sockaddr
	if s.family == unix.AF_INET {
		sa = &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	} else {
		zone, _ := strconv.Atoi(addr.Addr().Zone())
		sa = &unix.SockaddrInet6{Port: int(addr.Port()), Addr: addr.Addr().As16(), ZoneId: uint32(zone)}
		if s.pktinfo {
			_ = unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 0)
		}
	}
	for _, opt := range []struct{ force, normal int }{
		{unix.SO_RCVBUFFORCE, unix.SO_RCVBUF}, {unix.SO_SNDBUFFORCE, unix.SO_SNDBUF},
	} {
		if unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, opt.force, wantBuffer) != nil {
			_ = unix.SetsockoptInt(s.fd, unix.SOL_SOCKET, opt.normal, wantBuffer)
		}
	}
	if s.pktinfo {
		if err := s.askPacketInfo(); err != nil {
			return err
		}
	}
	if err := unix.Bind(s.fd, sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	bound, err := unix.Getsockname(s.fd)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	switch b := bound.(type) {
	case *unix.SockaddrInet4:
		s.local = netip.AddrPortFrom(netip.AddrFrom4(b.Addr), uint16(b.Port))
	case *unix.SockaddrInet6:
		s.local = netip.AddrPortFrom(addr.Addr(), uint16(b.Port))
	}
	return nil
}

func (s *socket) askPacketInfo() error {
	if s.family == unix.AF_INET {
		return unix.SetsockoptInt(s.fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	}
	return unix.SetsockoptInt(s.fd, unix.IPPROTO_IPV6, unix.IPV6_RECVPKTINFO, 1)
}

func (s *socket) close() {
	_ = unix.Close(s.fd)
	if s.wakeFD >= 0 {
		_ = unix.Close(s.wakeFD)
	}
}

// wake makes the current or next wait return.
func (s *socket) wake() {
	var one [8]byte
	binary.NativeEndian.PutUint64(one[:], 1)
	_, _ = unix.Write(s.wakeFD, one[:])
}

// briefly is how long wait keeps the processor of the Go scheduler to itself.
// Under load the next packets come within it, and the scheduler need neither
// hand the processor over nor take it back (5 to 10 % of the CPU time).
const briefly = 200 * time.Microsecond

// wait returns when a packet is there, wake was called, or d has passed; a
// negative d waits without end.
func (s *socket) wait(d time.Duration) {
	if d == 0 {
		return
	}
	if d > briefly || d < 0 {
		fd := unix.PollFd{Fd: int32(s.fd), Events: unix.POLLIN}
		ts := unix.NsecToTimespec(int64(briefly))
		n, _, _ := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&fd)), 1, uintptr(unsafe.Pointer(&ts)), 0, 0, 0)
		if int(n) == 1 {
			return
		}
	}
	fds := [2]unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}, {Fd: int32(s.wakeFD), Events: unix.POLLIN}}
	var ts *unix.Timespec
	if d >= 0 {
		v := unix.NsecToTimespec(int64(d))
		ts = &v
	}
	if n, err := unix.Ppoll(fds[:], ts, nil); n > 0 && err == nil && fds[1].Revents != 0 {
		var b [8]byte
		_, _ = unix.Read(s.wakeFD, b[:])
	}
}

// gather lets packets come in for some 20 microseconds, to which the kernel adds
// its timer slack of 50.
func (s *socket) gather() {
	ts := unix.NsecToTimespec(int64(20 * time.Microsecond))
	_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&ts)), 0, 0)
}

func (r *receiver) init(size int) {
	r.size = size
	// An odd stride keeps the buffers' heads from sharing cache sets.
	stride := (size+63)/64*64 + 64
	r.bufs = make([]byte, stride*batchSize)
	for i := range r.msgs {
		r.iovs[i].Base = &r.bufs[i*stride]
		r.iovs[i].SetLen(size)
		h := &r.msgs[i].hdr
		h.Iov = &r.iovs[i]
		h.SetIovlen(1)
		h.Name = &r.from[i].name[0]
		h.Control = &r.from[i].ctrl[0]
		h.Namelen = uint32(len(r.from[i].name))
	}
}

// receive takes up to a batch of packets without waiting; 0 = none there.
func (s *socket) receive() int {
	r := &s.rx
	for i := range r.msgs {
		h := &r.msgs[i].hdr
		h.Namelen = uint32(len(r.from[i].name))
		h.SetControllen(0)
		if s.pktinfo {
			h.SetControllen(len(r.from[i].ctrl))
		}
	}
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVMMSG, uintptr(s.fd), uintptr(unsafe.Pointer(&r.msgs[0])),
		batchSize, unix.MSG_DONTWAIT, 0, 0)
	runtime.KeepAlive(r)
	if errno != 0 {
		return 0
	}
	for i := range int(n) {
		r.from[i].nameLen = r.msgs[i].hdr.Namelen
		r.from[i].ctrlLen = int(r.msgs[i].hdr.Controllen)
	}
	return int(n)
}

// packet gives the i-th packet of the last receive; it is valid until the next.
func (s *socket) packet(i int) (p []byte, from *address) {
	base := unsafe.Slice(s.rx.iovs[i].Base, s.rx.size)
	return base[:min(int(s.rx.msgs[i].n), s.rx.size)], &s.rx.from[i]
}

// peer reads the address and port out of a kernel socket address.
func (a *address) peer() netip.AddrPort {
	port := binary.BigEndian.Uint16(a.name[2:])
	if binary.NativeEndian.Uint16(a.name[:]) == unix.AF_INET {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(a.name[4:8])), port)
	}
	ip := netip.AddrFrom16([16]byte(a.name[8:24])).Unmap()
	if ip.IsLinkLocalUnicast() && ip.Is6() {
		ip = ip.WithZone(strconv.Itoa(int(binary.NativeEndian.Uint32(a.name[24:]))))
	}
	return netip.AddrPortFrom(ip, port)
}

// reply makes the address to which replies go out of one received from: the
// packet info is turned from "arrived at" into "send from".
func (a *address) reply() address {
	b := *a
	const cmsgHead = unix.SizeofCmsghdr
	if b.ctrlLen < cmsgHead {
		b.ctrlLen = 0
		return b
	}
	h := (*unix.Cmsghdr)(unsafe.Pointer(&b.ctrl[0]))
	switch {
	case h.Level == unix.IPPROTO_IP && h.Type == unix.IP_PKTINFO:
		info := (*unix.Inet4Pktinfo)(unsafe.Pointer(&b.ctrl[unix.CmsgLen(0)]))
		info.Spec_dst, info.Ifindex = info.Addr, 0
		info.Addr = [4]byte{}
	case h.Level == unix.IPPROTO_IPV6 && h.Type == unix.IPV6_PKTINFO:
		info := (*unix.Inet6Pktinfo)(unsafe.Pointer(&b.ctrl[unix.CmsgLen(0)]))
		if !netip.AddrFrom16(info.Addr).IsLinkLocalUnicast() {
			info.Ifindex = 0
		}
	default:
		b.ctrlLen = 0
	}
	return b
}

// temporary says whether a send may be tried again after waiting.
func temporary(err error) bool {
	return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) || errors.Is(err, unix.EINTR)
}
