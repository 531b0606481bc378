package snmp

import (
	"context"
	"net"
	"net/netip"
	"sync"

	"github.com/gosnmp/gosnmp"
)

// Pool keeps gosnmp's receive buffers, of 64 KiB each, for sessions that take
// turns: thousands of devices are waited for, few are being asked. The zero
// value is ready; it may be used by many goroutines.
type Pool struct{ free sync.Pool }

// take gives a GoSNMP that has a buffer; nil where none is free.
func (p *Pool) take() *gosnmp.GoSNMP {
	if p == nil {
		return nil
	}
	g, _ := p.free.Get().(*gosnmp.GoSNMP)
	return g
}

// give takes a GoSNMP back whose socket is closed. Nothing of its session stays
// in it.
func (p *Pool) give(g *gosnmp.GoSNMP) {
	if p == nil {
		return
	}
	lend(g, &gosnmp.GoSNMP{})
	p.free.Put(g)
}

// lend makes g speak for the session that like is set up for. What gosnmp
// counts by itself, the request identifiers, goes on from where it was.
func lend(g, like *gosnmp.GoSNMP) {
	g.Conn, g.Target, g.Port, g.Transport, g.LocalAddr = nil, like.Target, like.Port, like.Transport, like.LocalAddr
	g.Version, g.Community, g.Timeout, g.Retries, g.Context = like.Version, like.Community, like.Timeout, like.Retries, like.Context
	g.MaxOids, g.MaxRepetitions, g.UseUnconnectedUDPSocket = like.MaxOids, like.MaxRepetitions, like.UseUnconnectedUDPSocket
	g.SecurityModel, g.MsgFlags, g.SecurityParameters = like.SecurityModel, like.MsgFlags, like.SecurityParameters
	g.ContextName, g.ContextEngineID = like.ContextName, like.ContextEngineID
}

// dial opens the socket that gosnmp's Connect would, for a GoSNMP that has been
// connected before.
func (l *link) dial(ctx context.Context, g *gosnmp.GoSNMP) error {
	var d net.Dialer
	if l.target.LocalAddr.IsValid() {
		d.LocalAddr = net.UDPAddrFromAddrPort(netip.AddrPortFrom(l.target.LocalAddr, 0))
	}
	conn, err := d.DialContext(ctx, "udp", l.target.Address.String())
	if err != nil {
		return err
	}
	lend(g, l.GoSNMP)
	g.Conn, g.Context = conn, ctx
	l.GoSNMP = g
	return nil
}
