package scenario

import (
	"net"
	"net/netip"
	"sync/atomic"
	"testing"

	"golang.org/x/net/ipv4"
)

// nextFleet numbers the fleets of this process, so that each has addresses of
// its own.
var nextFleet atomic.Uint32

// firstAddress gives 250 addresses that no other test of this process uses.
func firstAddress(t *testing.T) netip.Addr {
	t.Helper()
	n := nextFleet.Add(1)
	if n > 60_000 {
		t.Fatal("too many fleets")
	}
	return netip.AddrFrom4([4]byte{127, byte(10 + n/200), byte(n % 200), 1})
}

// openPacketConn hears what comes to any address of this machine at a port of
// its own, and tells to which.
func openPacketConn(t *testing.T) (*net.UDPConn, *ipv4.PacketConn) {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		t.Fatal(err)
	}
	packets := ipv4.NewPacketConn(conn)
	if err := packets.SetControlMessage(ipv4.FlagDst, true); err != nil {
		t.Fatal(err)
	}
	return conn, packets
}
