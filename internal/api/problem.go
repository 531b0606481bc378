package api

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"drydock/client"
	"drydock/internal/fault"
)

// problem is an error on its way out.
type problem struct {
	client.Problem
	status int
	wait   time.Duration // until it may be tried again; 0: not said
}

func (p *problem) Error() string             { return p.Detail }
func (p *problem) GetStatus() int            { return p.status }
func (p *problem) ContentType(string) string { return problemJSON }
func (p *problem) GetHeaders() http.Header {
	if p.wait == 0 {
		return nil
	}
	return retryAfter(p.wait)
}
func (p *problem) MarshalJSON() (raw []byte, e error) { return marshal(p.Problem) }

const problemJSON = "application/problem+json"

func problemOf(err error) *problem {
	code := fault.CodeOf(err)
	status := code.Status()
	if errors.Is(err, unknownError{}) {
		status = http.StatusUnauthorized
	}
	p := &problem{status: status, wait: waitOf(err), Problem: client.Problem{
		Title: http.StatusText(status), Status: status, Detail: err.Error(), Code: code, Hint: fault.HintOf(err),
	}}
	if p.Hint == "" && code == fault.Internal {
		p.Hint = "the server's log says more"
	}
	return p
}

// mistakes are the statuses of requests that no operation gets to see.
func mistakes() map[int]struct {
	code         fault.Code
	detail, hint string // an empty detail: the one that it comes with
} {
	const document = "/openapi.json says what each operation takes"
	return map[int]struct {
		code         fault.Code
		detail, hint string
	}{
		http.StatusBadRequest:            {fault.Invalid, "", "the body must be one whole JSON value in UTF-8; " + document},
		http.StatusNotFound:              {fault.NotFound, "there is nothing at this path", "/openapi.json lists the paths"},
		http.StatusMethodNotAllowed:      {fault.Invalid, "this path does not take this method", "the header Allow names those that it takes"},
		http.StatusNotAcceptable:         {fault.Invalid, "", "send Accept: application/json"},
		http.StatusRequestTimeout:        {fault.Timeout, "", "send the body faster, or in parts"},
		http.StatusRequestEntityTooLarge: {fault.Invalid, "", "send it in several requests with fewer entries each"},
		http.StatusUnsupportedMediaType:  {fault.Invalid, "", "send Content-Type: application/json; " + document},
		http.StatusUnprocessableEntity:   {fault.Invalid, "", document},
	}
}

// mistaken makes a problem with code and hint of an error that the framework
// has found in a request. The values that it would send back are left out: one
// of them may be a secret, and who sent them has them.
func mistaken(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	m, known := mistakes()[e.Status]
	if !known {
		m.code, m.hint = fault.Internal, "the server's log says more"
	}
	p := client.Problem{Title: http.StatusText(e.Status), Status: e.Status, Detail: e.Detail, Code: m.code, Hint: m.hint}
	for _, d := range e.Errors {
		p.Errors = append(p.Errors, struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		}{d.Message, d.Location})
	}
	return &problem{status: e.Status, Problem: p}, nil
}

// describeProblem puts the errors as they are in the place of the framework's.
func describeProblem(document *huma.OpenAPI, op *huma.Operation) {
	schema := document.Components.Schemas.Schema(reflect.TypeFor[client.Problem](), true, "Problem")
	for _, answer := range op.Responses {
		if content := answer.Content[problemJSON]; content != nil {
			content.Schema = schema
		}
	}
}

// routed answers with a problem what no operation is for.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		refuse, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		seen := &refusal{header: w.Header(), status: http.StatusNotFound}
		refuse.ServeHTTP(seen, r)
		m := mistakes()[seen.status]
		raw, err := marshal(client.Problem{Title: http.StatusText(seen.status), Status: seen.status, Detail: m.detail, Code: m.code, Hint: m.hint})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", problemJSON)
		w.WriteHeader(seen.status)
		_, _ = w.Write(append(raw, '\n')) // who asked may have left
	})
}

// refusal takes the headers and the status of an answer, and not its text.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header            { return r.header }
func (r *refusal) WriteHeader(status int)         { r.status = status }
func (r *refusal) Write(text []byte) (int, error) { return len(text), nil }

// register adds an operation whose errors leave as problems. An error without
// a code is drydock's own: it is logged, and the client is told no more than
// that.
func register[I, O any](s *server, op huma.Operation, handle func(context.Context, *I) (*O, error)) {
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		err := s.ordered(ctx, in)
		if err == nil {
			var out *O
			if out, err = handle(ctx, in); err == nil {
				return out, nil
			}
			s.failed(ctx, err)
		}
		if fault.CodeOf(err) == fault.Internal && !errors.Is(err, context.Canceled) {
			s.Log.Error("request failed", "operation", op.OperationID, "err", err)
		}
		return nil, problemOf(err)
	})
}
