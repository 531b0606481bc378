// Package tftp serves grants over TFTP: RFC 1350 with the options of RFC 2347,
// 2348 (blksize), 2349 (timeout, tsize) and 7440 (windowsize). Its Client is
// what simulated equipment uses. Only octet mode is served: netascii and mail
// are refused with an ERROR, because both change bytes.
//
// A few event loops serve all transfers. Each owns one UDP socket on a random
// port, receives and sends in batches, and tells its transfers apart by the
// peer's address and port. A transfer is a small struct: its window is read
// again from the shared transfer.Source when it must be resent, so memory does
// not grow with windowsize. No loop waits for anything but its socket; what may
// wait (creating and committing an upload) runs in goroutines that Serve waits
// for.
//
// Invariants. A request that no grant fits is not answered. Before the first
// answer from the device at most three datagrams leave (RELIABILITY.md T9). A
// duplicate ACK never causes DATA (RFC 1123 section 4.2.3.1). A packet from an
// unknown port gets at most one ERROR and does not harm the transfer. A
// transfer ends as exact octets or as failed (I8).
//
// The package runs on Linux only: it needs recvmmsg, sendmmsg and packet info.
package tftp
