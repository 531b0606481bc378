package snmp

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"drydock/internal/secret"
)

// BenchmarkTraps sends 10,000 notifications in a second, evenly, from 1,000
// addresses, as a site does whose power comes back, to a receiver as the server
// sets it up, and says how many were noticed.
func BenchmarkTraps(b *testing.B) {
	const senders, each = 1000, 10
	var noticed atomic.Int64
	r, err := ListenTraps(TrapConfig{Addr: netip.MustParseAddrPort("127.0.0.1:0"), Communities: []secret.String{secret.New("public")},
		Handler: func(Notification) { noticed.Add(1) }})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- r.Serve(ctx) }()
	conns := make([]*net.UDPConn, senders)
	for i := range conns {
		local := &net.UDPAddr{IP: net.IPv4(127, 44, byte(i/250), byte(1+i%250))}
		if conns[i], err = net.DialUDP("udp4", local, net.UDPAddrFromAddrPort(r.Addr())); err != nil {
			b.Fatal(err)
		}
		defer conns[i].Close()
	}
	wire := plainTrap(b, "public", 1)
	sent := 0
	for b.Loop() {
		began := time.Now()
		for i := range senders * each {
			if i%10 == 0 { // ten a millisecond
				time.Sleep(time.Until(began.Add(time.Duration(i/10) * time.Millisecond)))
			}
			if _, err := conns[i%senders].Write(wire); err != nil {
				b.Fatal(err)
			}
			sent++
		}
	}
	last := int64(-1)
	for noticed.Load() != last {
		last = noticed.Load()
		time.Sleep(200 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(100*float64(last)/float64(sent), "%noticed")
	b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "sent/s")
	if s := r.Stats(); s.Received != last {
		b.Errorf("%d arrived, %d were noticed: %+v", s.Received, last, s)
	}
}
