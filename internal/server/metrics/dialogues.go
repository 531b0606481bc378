package metrics

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"drydock/internal/snmp"
	"drydock/internal/transfer"
)

func (m *Metrics) makeDialogues() {
	m.requests = m.counters("drydock_snmp_requests_total", "SNMP requests to devices, each with its repetitions.", "request", "outcome")
	m.requestTime = m.histograms("drydock_snmp_request_duration_seconds", "Time from an SNMP request to its answer, or to giving up.",
		prometheus.ExponentialBuckets(0.001, 2.5, 11), "request")
	m.repeated = m.counter("drydock_snmp_retransmissions_total", "SNMP messages that were sent again.")
	for _, outcome := range snmp.Outcomes() {
		m.requests.WithLabelValues("get", string(outcome))
		m.requests.WithLabelValues("set", string(outcome))
	}
	m.transfers = m.counters("drydock_transfers_total", "Attempts to move a file that have ended.", "protocol", "direction", "result")
	m.octets = m.counters("drydock_transfer_bytes_total", "Octets of files that attempts have moved, whole or not.", "protocol", "direction")
	m.packets = m.counters("drydock_transfer_packets_total", "TFTP datagrams sent.", "protocol", "direction")
	m.resent = m.counters("drydock_transfer_retransmissions_total", "TFTP datagrams sent again.", "protocol", "direction")
	m.http = m.counters("drydock_http_requests_total", "Requests to the HTTP API.", "route", "code")
	m.httpTime = m.histograms("drydock_http_request_duration_seconds", "Time of a request to the HTTP API; event streams are not in it.",
		prometheus.ExponentialBuckets(0.001, 3, 10), "route")
	m.deliveries = m.counters("drydock_notifications_total", "Attempts to deliver a notification.", "kind", "result")
	m.deliveryTime = m.histograms("drydock_notification_duration_seconds", "Time of an attempt to deliver a notification.",
		prometheus.ExponentialBuckets(0.005, 3, 9), "kind")
}

// Exchange counts one SNMP request.
func (m *Metrics) Exchange(x snmp.Exchange) {
	request := "get"
	if x.Set {
		request = "set"
	}
	m.requests.WithLabelValues(request, string(x.Outcome)).Inc()
	m.requestTime.WithLabelValues(request).Observe(x.Took.Seconds())
	if x.Sent > 1 {
		m.repeated.Add(float64(x.Sent - 1))
	}
}

// Transfer counts one attempt to move a file, when it has ended.
func (m *Metrics) Transfer(d transfer.Direction, ev transfer.Event) {
	if ev.Kind == transfer.Began {
		return
	}
	protocol, direction := string(ev.Result.Protocol), string(d)
	m.transfers.WithLabelValues(protocol, direction, string(ev.Kind)).Inc()
	m.octets.WithLabelValues(protocol, direction).Add(float64(ev.Result.Octets))
	m.packets.WithLabelValues(protocol, direction).Add(float64(ev.Result.Sent))
	m.resent.WithLabelValues(protocol, direction).Add(float64(ev.Result.Resent))
}

// Delivery counts one attempt to deliver a notification by a kind of channel.
func (m *Metrics) Delivery(kind, result string, took time.Duration) {
	m.deliveries.WithLabelValues(kind, result).Inc()
	m.deliveryTime.WithLabelValues(kind).Observe(took.Seconds())
}

// Requests counts the requests to a handler by the pattern of the route that
// served them; a path that a client made up is no label.
func (m *Metrics) Requests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		seen := &answer{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(seen, r)
		route := r.Pattern
		if _, path, ok := strings.Cut(route, " "); ok && r.Method != "" {
			route = r.Method + " " + path
		}
		if route == "" {
			route = "none"
		}
		m.http.WithLabelValues(route, strconv.Itoa(seen.code)).Inc()
		if !seen.stream() {
			m.httpTime.WithLabelValues(route).Observe(time.Since(began).Seconds())
		}
	})
}

// answer keeps the status that a handler gives.
type answer struct {
	http.ResponseWriter
	code  int
	wrote bool
}

func (a *answer) WriteHeader(code int) {
	if !a.wrote {
		a.code, a.wrote = code, true
	}
	a.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController flush what is beneath.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush is for handlers that look for an http.Flusher.
func (a *answer) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

func (a *answer) stream() bool {
	return strings.HasPrefix(a.Header().Get("Content-Type"), "text/event-stream")
}
