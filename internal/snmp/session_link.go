package snmp

import (
	"context"
	"net"
	"net/netip"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// link is a socket and what gosnmp keeps for it. What is known of the agent's
// engine outlives the socket.
type link struct {
	*gosnmp.GoSNMP
	target    Target
	community string
	wire      *wire // nil: not open
	ready     bool  // gosnmp has made its keys: v3
	setting   bool  // a SET is under way
	sent      *wire // what the last request went through; nil: it never went
}

func newLink(t Target, community string) *link {
	l := &link{target: t, community: community, GoSNMP: fresh(t, community)}
	if t.Credentials.Version == "v3" {
		l.MsgFlags, l.SecurityParameters = security(t.Credentials)
	}
	return l
}

// fresh is gosnmp's state for a target before anything is opened.
func fresh(t Target, community string) *gosnmp.GoSNMP {
	g := &gosnmp.GoSNMP{
		Target: t.Address.Addr().Unmap().String(), Port: t.Address.Port(), Transport: "udp", Community: community,
		Timeout: t.Timeout, MaxOids: gosnmp.MaxOids, MaxRepetitions: uint32(t.MaxRepetitions), UseUnconnectedUDPSocket: t.AnySource,
	}
	if t.LocalAddr.IsValid() {
		g.LocalAddr = netip.AddrPortFrom(t.LocalAddr, 0).String()
	}
	switch t.Credentials.Version {
	case "v1":
		g.Version = gosnmp.Version1
	case "v2c":
		g.Version = gosnmp.Version2c
	default:
		g.Version = gosnmp.Version3
		g.SecurityModel = gosnmp.UserSecurityModel
		g.ContextName, g.ContextEngineID = t.Credentials.ContextName, string(t.ContextEngineID)
	}
	return g
}

// open makes the socket, if there is none.
func (l *link) open(ctx context.Context) error {
	if l.wire != nil {
		return nil
	}
	if err := l.connect(ctx); err != nil {
		return fault.New(fault.Unavailable, "", "device "+l.target.Address.String(), "%w", err)
	}
	l.wire = newWire(l.Conn.(*net.UDPConn), l.target.Credentials)
	l.Conn = l.wire // gosnmp speaks through it from here on
	return nil
}

// connect opens the socket, with a buffer that another session has had where
// that can be: gosnmp makes keys, and sockets without a peer, by itself only.
func (l *link) connect(ctx context.Context) error {
	if !l.target.AnySource && (l.Version != gosnmp.Version3 || l.ready) {
		if g := l.target.Pool.take(); g != nil {
			return l.dial(ctx, g)
		}
	}
	l.Context = ctx
	err := l.Connect()
	l.ready = l.ready || err == nil
	return err
}

// close gives the socket and gosnmp's buffer back.
func (l *link) close() error {
	if l.wire == nil {
		return nil
	}
	err := l.wire.Close()
	next := fresh(l.target, l.community)
	next.MsgFlags, next.SecurityParameters, next.ContextEngineID = l.MsgFlags, l.SecurityParameters, l.ContextEngineID
	if !l.target.AnySource { // its GoSNMP remembers whom it has sent to
		l.target.Pool.give(l.GoSNMP)
	}
	l.GoSNMP, l.wire = next, nil
	return err
}

// mayHaveTaken says whether the last request went out and the agent did not
// report that it left it alone.
func (l *link) mayHaveTaken() bool { return l.sent != nil && l.sent.mayHaveTaken() }
