// Package api is the HTTP API: what the command line, the page and others use.
// It turns requests into calls of the engine and the store and errors into
// problem+json (RFC 9457); it holds no rule of its own. OpenAPI 3.1 stands at
// /openapi.json.
//
// What each operation needs stands in one table (routes.go); the gate lets
// through what the table allows, and nothing else. Secrets go in and never come out, but for the content of a backup, which is
// opened on purpose.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"path"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/engine"
	"drydock/internal/engine/campaigns"
	"drydock/internal/notify"
	"drydock/internal/secret"
	"drydock/internal/store"
)

// Parts is what the API stands on.
type Parts struct {
	Store   *store.Store
	Engine  *engine.Engine
	Runtime engine.Runtime
	// Campaigns conducts the campaigns.
	Campaigns *campaigns.Conductor
	Token     secret.String
	Version   string
	Log       *slog.Logger
	Proxies   []netip.Prefix // whose X-Forwarded-For and X-Forwarded-Proto count
	Rate      float64        // requests a second of one user or token; 0: 200
	// Passwords is what checking one costs; zero: access.DefaultCost.
	Passwords access.Cost
	// Ready asks every part whether it can do its work; nil: none is asked.
	Ready   func(context.Context) map[string]error
	Metrics http.Handler // serves the metrics; nil: none does
	// Notifier tells people what runs need of them.
	Notifier *notify.Notifier
}

type server struct {
	Parts
	mux         *http.ServeMux
	api         huma.API
	routes      map[string]route
	limits      *limits
	recalled    recaller
	crossOrigin *http.CrossOriginProtection
	turns       chan struct{} // whoever checks a password has put one in
	decoy       string
	oidc        *oidcState
	recheck     time.Duration // how often it is looked again whether a stream may go on
	readiness   readiness
	enrolling   sync.Mutex // held by whoever changes what is enrolled
}

// New gives the handler of the whole API.
func New(p Parts) http.Handler {
	s := newServer(p)
	s.register()
	return secured(routed(s.mux))
}

// newServer makes the server with its gate, and no operation yet.
func newServer(p Parts) *server {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("drydock", p.Version)
	config.DocsPath = "" // the page that huma offers loads scripts from elsewhere
	config.SchemasPath = ""
	config.CreateHooks = nil
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", Description: "an API token (drydock token create), or the token that drydock serve made at its first start"},
	}
	config.Components.SecuritySchemes["session"] = &huma.SecurityScheme{Type: "apiKey", In: "cookie", Name: cookieName(true),
		Description: "the cookie that a login sets; without TLS its name is " + cookieName(false)}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	config.OnAddOperation = append(config.OnAddOperation, describeNeed, describeProblem)
	config.Transformers = append(config.Transformers, mistaken)
	if p.Passwords == (access.Cost{}) {
		p.Passwords = access.DefaultCost()
	}
	s := &server{Parts: p, mux: mux, api: humago.New(mux, config), routes: routes(), limits: newLimits(), crossOrigin: http.NewCrossOriginProtection(),
		turns: make(chan struct{}, loginsAtOnce), decoy: access.Decoy(p.Passwords), oidc: newOIDCState(), recheck: recheckEvery}
	s.api.UseMiddleware(s.gate)
	return s
}

// register adds every operation; each needs a row in routes.go.
func (s *server) register() {
	s.logins()
	s.oidcLogins()
	s.users()
	s.tokens()
	s.enrolment()
	s.selfRuns()
	s.auditLog()
	s.general()
	s.observability()
	s.devices()
	s.releases()
	s.runs()
	s.questions()
	s.campaigns()
	s.answerLinks()
	s.channels()
	s.discovery()
	s.trials()
	s.views()
	s.backups()
}

// schemaName names a type's schema: those of package client as they are, those
// of drydock's inner packages with the package before them, for two may have
// the same name.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if dir, pkg := path.Split(t.PkgPath()); t.Name() != "" && strings.HasPrefix(dir, "drydock/internal/") && pkg != "api" {
		return strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	return name
}

// noContent is the policy of answers that are no page.
const noContent = "default-src 'none'; frame-ancestors 'none'"

// secured adds the headers that every answer has.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", noContent)
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// body is an answer with a JSON body.
type body[T any] struct{ Body T }

func answer[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// list makes an empty list of a nil one: JSON has [] and not null.
func list[T any](v []T, err error) (*body[[]T], error) {
	if v == nil {
		v = []T{}
	}
	return answer(v, err)
}

func get(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary}
}

func post(id, path, summary string) huma.Operation {
	return huma.Operation{OperationID: id, Method: http.MethodPost, Path: path, Summary: summary}
}

func (s *server) general() {
	type none struct{}
	register(s, get("healthz", "/healthz", "The process is up"), func(context.Context, *none) (*body[client.Version], error) {
		return answer(client.Version{Version: s.Version, API: "v1"}, nil)
	})
	register(s, get("version", "/api/v1/version", "Version of the server"), func(context.Context, *none) (*body[client.Version], error) {
		return answer(client.Version{Version: s.Version, API: "v1"}, nil)
	})
}
