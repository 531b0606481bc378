// Package transfer holds grants: the right to move one file, one way, to or
// from one device address, before a deadline. The servers in transfer/tftp and
// transfer/ftp ask a Registry for every request and move bytes only through
// an Attempt that a Grant has begun.
//
// The package opens no socket and names no path: a grant's name is a key of a
// map, its content a Source or what Create gives (RELIABILITY.md T3, T4).
//
// Invariants. Without a grant that fits protocol, name, direction and address
// there is no Attempt, hence nothing to read from or to write to. At most one
// attempt of a grant lives at a time. A finished attempt uses the grant up; a
// failed one may be followed by another until the deadline, because a device
// that lost a packet or its address tries again. An upload is committed only
// when its server knows it to be whole, and is aborted otherwise.
package transfer
