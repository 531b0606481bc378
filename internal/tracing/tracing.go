// Package tracing follows an order from the HTTP request that gave it to the
// SNMP SET that a device has seen (OpenTelemetry). It is the one door to
// OpenTelemetry's API: the rest of drydock sees Tracer, Span and Attr only.
//
// A run outlives the process that it was ordered in, so its trace is carried in
// its plan as text. Spans hold names, sizes, codes and object identifiers; never
// values that are set, texts of devices, addresses with queries or anything
// else that may be a secret.
//
// Without a tracer everything here does nothing, and costs next to nothing.
package tracing

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

// scope names drydock as the instrumentation's author.
const scope = "drydock"

// Tracer makes spans. A nil one makes none.
type Tracer struct{ provider trace.TracerProvider }

// New makes a tracer of a provider.
func New(p trace.TracerProvider) *Tracer { return &Tracer{p} }

func (t *Tracer) tracer() trace.Tracer {
	if t == nil {
		return noop.Tracer{}
	}
	return t.provider.Tracer(scope)
}

// Attr is one thing that a span says.
type Attr struct{ kv attribute.KeyValue }

// String, Int and Strings make attributes.
func String[T ~string](key string, value T) Attr    { return Attr{attribute.String(key, string(value))} }
func Int[T ~int | ~int64](key string, value T) Attr { return Attr{attribute.Int64(key, int64(value))} }
func Strings(key string, values []string) Attr      { return Attr{attribute.StringSlice(key, values)} }

func keyValues(attrs []Attr) []attribute.KeyValue {
	all := make([]attribute.KeyValue, len(attrs))
	for i, a := range attrs {
		all[i] = a.kv
	}
	return all
}

// Kind says which side of a dialogue a span is.
type Kind trace.SpanKind

// The kinds.
const (
	Internal = Kind(trace.SpanKindInternal)
	Server   = Kind(trace.SpanKindServer)
	Client   = Kind(trace.SpanKindClient)
)

// Span is something that takes its time. The zero value says nothing.
type Span struct{ span trace.Span }

// Start begins a span under the one of ctx.
func (t *Tracer) Start(ctx context.Context, name string, kind Kind, attrs ...Attr) (context.Context, Span) {
	ctx, span := t.tracer().Start(ctx, name, trace.WithSpanKind(trace.SpanKind(kind)), trace.WithAttributes(keyValues(attrs)...))
	return ctx, Span{span}
}

// Say adds attributes.
func (s Span) Say(attrs ...Attr) {
	if s.span != nil {
		s.span.SetAttributes(keyValues(attrs)...)
	}
}

// Event adds something that happened at this moment.
func (s Span) Event(name string, attrs ...Attr) {
	if s.span != nil {
		s.span.AddEvent(name, trace.WithAttributes(keyValues(attrs)...))
	}
}

// End ends the span; a code that is not empty marks it as failed. A code is one
// of drydock's own words: the text of an error may quote a device.
func (s Span) End(code string) {
	if s.span == nil {
		return
	}
	if code != "" {
		s.span.SetStatus(codes.Error, code)
	}
	s.span.End()
}

// ID is the trace's identifier in hexadecimal, for logs; empty without one.
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return c.TraceID().String()
	}
	return ""
}

// header is where W3C Trace Context has the parent.
const header = "traceparent"

// Carry gives the span of ctx as text (W3C Trace Context); empty without one.
func Carry(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[header]
}

// Resume puts what Carry gave into ctx; text that is not understood is left
// out.
func Resume(ctx context.Context, carried string) context.Context {
	if carried == "" {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{header: carried})
}

// Requests makes a span of each request to a handler, under the one that the
// client names. Event streams, which last as long as somebody looks, and what
// probes ask for have none.
func (t *Tracer) Requests(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if untraced(r.URL.Path) {
			next.ServeHTTP(w, r)
			return
		}
		ctx, span := t.Start(Resume(r.Context(), r.Header.Get(header)), r.Method, Server, String("http.request.method", r.Method))
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		r = r.WithContext(ctx)
		defer func() {
			if _, route, ok := strings.Cut(r.Pattern, " "); ok {
				span.span.SetName(r.Method + " " + route)
				span.Say(String("http.route", route))
			}
			span.Say(Int("http.response.status_code", seen.code))
			code := ""
			if seen.code >= http.StatusInternalServerError {
				code = http.StatusText(seen.code)
			}
			span.End(code)
		}()
		next.ServeHTTP(seen, r)
	})
}

func untraced(path string) bool {
	switch path {
	case "/healthz", "/readyz", "/metrics", "/api/v1/events":
		return true
	}
	return strings.HasSuffix(path, "/events")
}

// status keeps the status that a handler gives.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader is part of http.ResponseWriter.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what is beneath.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Flush is for handlers that look for an http.Flusher.
func (s *status) Flush() { _ = http.NewResponseController(s.ResponseWriter).Flush() }
