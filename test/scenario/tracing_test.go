package scenario

import (
	"bytes"
	"encoding/hex"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	trace "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// observatory is an OTLP receiver.
type observatory struct {
	mu    sync.Mutex // owns what follows
	spans []*trace.Span
	raw   []byte
}

func (o *observatory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	request := &collector.ExportTraceServiceRequest{}
	if err == nil && r.URL.Path == "/v1/traces" {
		err = proto.Unmarshal(raw, request)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.raw = append(o.raw, raw...)
	for _, rs := range request.ResourceSpans {
		for _, ss := range rs.ScopeSpans {
			o.spans = append(o.spans, ss.Spans...)
		}
	}
}

// TestTraceFromRequestToSET: the spans of an update are one trace, from the
// HTTP request to each SET; it goes on over a restart of the server, and holds
// no secret.
func TestTraceFromRequestToSET(t *testing.T) {
	o := &observatory{}
	web := httptest.NewServer(o)
	defer web.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", web.URL)
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
	log := &safeBuffer{}
	v2 := client.Credentials{Version: "v2c", Community: canaryCommunity}
	y := open(t, setup{credentials: &v2, faults: "dev=1 op=backup fault=fail", log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		spec: func(s *sim.Spec) {
			s.Password = canarySubscriber
			s.Credentials = []fleet.Credentials{inFleet(v2)}
		}})
	run := y.update()
	q := y.asks(run)
	y.must(y.server.Stop())
	y.serve()
	y.answer(q, procedure.Repeat)
	y.ends(run, procedure.Updated)
	y.must(y.server.Stop())

	byID, named := map[string]*trace.Span{}, map[string][]*trace.Span{}
	for _, s := range o.spans {
		byID[string(s.SpanId)] = s
		named[s.Name] = append(named[s.Name], s)
	}
	way := func(s *trace.Span) (names []string) {
		for ; s != nil; s = byID[string(s.ParentSpanId)] {
			names = append(names, s.Name)
		}
		return names
	}
	ordered := named["POST /api/v1/runs"]
	if len(ordered) != 1 {
		t.Fatalf("spans %v", named)
	}
	inTrace := 0
	for _, s := range named["SNMP SET"] {
		got := strings.Join(way(s), " < ")
		if !bytes.Equal(s.TraceId, ordered[0].TraceId) || !strings.HasPrefix(got, "SNMP SET < perform ") || !strings.HasSuffix(got, " < start run < POST /api/v1/runs") {
			t.Errorf("a SET belongs to %s", got)
		}
		inTrace++
	}
	if inTrace < 3 { // backup, backup again, update, ...
		t.Errorf("%d SETs are traced", inTrace)
	}
	if s := named["perform backup"]; len(s) != 2 || s[0].Status.GetCode() != trace.Status_STATUS_CODE_ERROR || s[1].Status.GetCode() == trace.Status_STATUS_CODE_ERROR {
		t.Errorf("the backup that failed and the one that did not: %v", s)
	}
	if s := named["perform update"]; len(s) != 1 || !strings.Contains(s[0].String(), "transfer finished") {
		t.Errorf("the transfer is not told: %v", s)
	}
	found(t, "the traces", o.raw)
	id := "trace=" + hex.EncodeToString(ordered[0].TraceId)
	if text := string(log.bytes()); !strings.Contains(text, id) || !strings.Contains(text, "run="+string(run)) || !strings.Contains(text, "device=iad-0001") {
		t.Errorf("no log line has %s, the run and the device", id)
	}
}
