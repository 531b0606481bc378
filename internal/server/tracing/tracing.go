// Package tracing sends drydock's traces to a collector by OTLP over HTTP, as
// OpenTelemetry's environment variables say (docs/observability.md). Where they
// name no collector nothing is traced.
package tracing

import (
	"context"
	"log/slog"
	"strings"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"

	"drydock/internal/fault"
	"drydock/internal/tracing"
)

// Start makes a tracer for a drydock of a version, nil where the environment
// names no collector. stop sends what there is and ends it.
func Start(ctx context.Context, version string, env func(string) string, log *slog.Logger) (t *tracing.Tracer, stop func(context.Context) error, err error) {
	stop = func(context.Context) error { return nil }
	named := env("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || env("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if !named || strings.EqualFold(env("OTEL_SDK_DISABLED"), "true") || env("OTEL_TRACES_EXPORTER") == "none" {
		return nil, stop, nil
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"} {
		if p := env(name); p != "" && p != "http/protobuf" {
			return nil, stop, fault.New(fault.Invalid, "", name+"="+p, "this drydock sends traces by http/protobuf only")
		}
	}
	exporter, err := otlptracehttp.New(ctx) // it reads the rest of the variables
	if err != nil {
		return nil, stop, fault.New(fault.Invalid, "", "traces", "%w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "drydock"), attribute.String("service.version", version)),
		resource.WithHost(), resource.WithFromEnv())
	if err != nil && about == nil {
		return nil, stop, fault.New(fault.Invalid, "", "OTEL_RESOURCE_ATTRIBUTES", "%w", err)
	}
	// the library tells of failures to the whole process only
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces are not sent", "err", err) }))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithResource(about)) // OTEL_TRACES_SAMPLER, OTEL_BSP_... are read by it
	return tracing.New(provider), provider.Shutdown, nil
}
