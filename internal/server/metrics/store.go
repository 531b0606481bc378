package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"drydock/internal/store"
)

func (m *Metrics) makeStore() {
	m.commitTime = m.histogram("drydock_store_transaction_duration_seconds", "Time of a transaction with its fsync.",
		prometheus.ExponentialBuckets(0.0005, 2.5, 12))
	m.commitWrites = m.histogram("drydock_store_transaction_writes", "Writes that shared a transaction.", prometheus.ExponentialBuckets(1, 2, 9))
	m.commitFailed = m.counter("drydock_store_transaction_failures_total", "Transactions that were not made.")
}

// Transaction counts one transaction of the store.
func (m *Metrics) Transaction(t store.Transaction) {
	m.commitTime.Observe(t.Took.Seconds())
	m.commitWrites.Observe(float64(t.Writes))
	if t.Err != nil {
		m.commitFailed.Inc()
	}
}
