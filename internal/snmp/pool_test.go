package snmp

import (
	"net/netip"
	"testing"
	"time"

	"drydock/internal/secret"
)

// Sessions that take turns with a buffer keep nothing of each other: not the
// community, not the engine, not the address.
// A session that has taken answers from anywhere leaves nothing behind for one
// that does not.
func TestPoolAfterAnySource(t *testing.T) {
	b := startAgent(t, nil)
	pool := &Pool{}
	for _, any := range []bool{true, false, true, false} {
		s := dialTo(t, Target{Address: b.at("127.0.0.1"), Credentials: communities("v2c"), Timeout: 500 * time.Millisecond, Pool: pool, AnySource: any})
		if _, err := s.Get(within(t), sysDescr); err != nil {
			t.Fatalf("any source %v: %v", any, err)
		}
		if s.Source() != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("the answer came from %v", s.Source())
		}
		s.Rest()
	}
}

func TestPoolKeepsSessionsApart(t *testing.T) {
	pool := &Pool{}
	ctx := t.Context()
	for _, c := range []Credentials{
		{Version: "v2c", Community: secret.New("one")}, {Version: "v1", Community: secret.New("two")},
	} {
		l := newLink(Target{Address: netip.MustParseAddrPort("127.0.0.1:9"), Credentials: c, Pool: pool}, c.Community.Reveal())
		if err := l.open(ctx); err != nil {
			t.Fatal(err)
		}
		if l.Community != c.Community.Reveal() || versionName(int(l.Version)) != c.Version || l.Conn == nil {
			t.Errorf("the link has community %q and version %v", l.Community, l.Version)
		}
		used := l.GoSNMP
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		if used.Community != "" || used.Target != "" || used.SecurityParameters != nil || used.Conn != nil {
			t.Errorf("what is given back still has %+v", used)
		}
	}
}
