// Package metrics tells Prometheus how drydock does (docs/observability.md).
// The parts of drydock know nothing of it: they call observers that package
// server wires to the methods of Metrics, and Metrics asks them for what can be
// counted at the moment of a scrape.
//
// What it does not do: it keeps no device's or run's name in a label, for a
// fleet of 100,000 devices would make as many series, and no text that a device
// has sent, for that could be a secret or hostile.
package metrics

import (
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"drydock/internal/engine/local"
	"drydock/internal/fleet/campaign"
	"drydock/internal/snmp"
	"drydock/internal/transfer"
)

// Metrics is all that is counted. Its methods may be called by many goroutines
// and return at once.
type Metrics struct {
	registry *prometheus.Registry

	started, ended, failed *prometheus.CounterVec
	asked, answered        *prometheus.CounterVec

	requests    *prometheus.CounterVec
	requestTime *prometheus.HistogramVec
	repeated    prometheus.Counter

	transfers, octets, packets, resent *prometheus.CounterVec

	commitTime   prometheus.Histogram
	commitWrites prometheus.Histogram
	commitFailed prometheus.Counter

	http     *prometheus.CounterVec
	httpTime *prometheus.HistogramVec

	deliveries   *prometheus.CounterVec
	deliveryTime *prometheus.HistogramVec
}

// Sources are asked at each scrape. A nil one is left out.
type Sources struct {
	Runs         func() map[local.Place]int
	Campaigns    func() map[campaign.Status]int // those that are not over
	Runtime      func() local.Stats
	Transfers    func() transfer.Stats
	Traps        func() snmp.TrapStats
	StoreWaiting func() int
	Outbox       func() int // notifications that wait to be delivered
}

// New makes the metrics of a drydock of a version. Handler serves them.
func New(version string) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.makeRuns()
	m.makeDialogues()
	m.makeStore()
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "drydock_build_info", Help: "Always 1; the labels say which build this is.",
		ConstLabels: prometheus.Labels{"version": version, "go": runtime.Version()}})
	info.Set(1)
	m.registry.MustRegister(info, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Watch has the sources asked from now on. It is called once.
func (m *Metrics) Watch(s Sources) { m.registry.MustRegister(newCollector(s)) }

// Handler serves the metrics in Prometheus' and OpenMetrics' formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, EnableOpenMetrics: true})
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) histogram(name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets})
	m.registry.MustRegister(h)
	return h
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}
