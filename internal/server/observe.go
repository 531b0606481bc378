package server

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"time"

	"drydock/internal/engine/local"
	"drydock/internal/fleet/campaign"
	"drydock/internal/server/metrics"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/transfer"
)

// observe lets the metrics ask the parts, and serves them at an address of
// their own if there is one.
func (s *Server) observe(ctx context.Context, o Options, runtime *local.Runtime, grants *transfer.Registry, traps *snmp.TrapReceiver) error {
	sources := metrics.Sources{Runs: runtime.Tally, Runtime: runtime.Stats, Transfers: grants.Stats, StoreWaiting: s.store.Waiting, Outbox: func() int { return waiting(ctx, s.store) },
		Campaigns: func() map[campaign.Status]int { return campaigning(ctx, s.store) }}
	if traps != nil {
		sources.Traps = traps.Stats
	}
	s.metrics.Watch(sources)
	if o.Metrics == "" {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	addr, err := listenAddress("--metrics", o.Metrics)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr.String())
	if err != nil {
		return cannotListen("metrics", "--metrics", o.Metrics, err)
	}
	s.MetricsAddr = listener.Addr().(*net.TCPAddr).AddrPort()
	s.MetricsAddr = netip.AddrPortFrom(s.MetricsAddr.Addr().Unmap(), s.MetricsAddr.Port())
	server := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, WriteTimeout: headerTimeout}
	s.group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	s.group.Go(func() error { <-ctx.Done(); return server.Close() })
	return nil
}

// waiting is how many notifications are to be delivered; none where the store
// does not answer, which other metrics tell.
func waiting(ctx context.Context, st *store.Store) int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	n, err := st.WaitingDeliveries(ctx)
	if err != nil {
		return 0
	}
	return n
}

// campaigning counts the campaigns that are not over.
func campaigning(ctx context.Context, st *store.Store) map[campaign.Status]int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	counts := map[campaign.Status]int{}
	list, err := st.Campaigns(ctx, true)
	if err != nil {
		return counts
	}
	for _, c := range list {
		counts[c.Status]++
	}
	return counts
}
