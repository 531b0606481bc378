package scenario

import (
	"net/netip"
	"sync/atomic"
	"testing"
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
