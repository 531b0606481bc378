// Package client is the Go client of drydock's HTTP API. The command line and
// the API's tests go through it: what the command line can do, the API can do.
//
// Errors are *fault.Error with the code, text and hint that the server gave.
//
// The methods for operations that take and give JSON are generated from the
// API's OpenAPI document (make client); what streams or uploads is written by
// hand, and so are the types, which the API's handlers share.
package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
	"drydock/internal/secret"
)

// Client talks to one server. It may be used by many goroutines.
type Client struct {
	base  string
	token secret.String
	http  *http.Client
}

// New makes a client for a server's URL, as http://127.0.0.1:8080.
func New(server string, token secret.String) (*Client, error) {
	u, err := url.Parse(server)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "", "server", "%q is not a server's URL", server).
			WithHint("give --server http://HOST:PORT, or set DRYDOCK_SERVER")
	}
	return &Client{base: strings.TrimRight(server, "/"), token: token, http: &http.Client{}}, nil
}

// Trusting gives a client that takes the servers whose certificates come from
// the CAs in pem, and no others.
func (c *Client) Trusting(pem []byte) (*Client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fault.New(fault.Invalid, "", "CA", "there is no certificate in PEM in it")
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return &Client{base: c.base, token: c.token, http: &http.Client{Transport: transport}}, nil
}

// unreached says why a server did not answer.
func (c *Client) unreached(err error) error {
	e := fault.New(fault.Unavailable, "", "server "+c.base, "it does not answer: %w", errors.Unwrap(err))
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &unknown):
		return e.WithHint("give the CA that its certificate comes from with --ca FILE or DRYDOCK_CA; of drydock serve --tls-own-ca it is ca.pem in the data directory")
	case errors.As(err, &record):
		return e.WithHint("it speaks HTTP without TLS: give --server http://...")
	}
	return e.WithHint("is `drydock serve` running there? give another address with --server or DRYDOCK_SERVER")
}

// requestTimeout bounds every request but streams and uploads.
const requestTimeout = time.Minute

// slowTimeout bounds requests that look at a whole fleet.
const slowTimeout = 15 * time.Minute

// call sends in as JSON, if not nil, and decodes the answer into out, if not
// nil.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	return c.within(ctx, requestTimeout, method, path, query, in, out)
}

// slow is call for what may take long.
func (c *Client) slow(ctx context.Context, method, path string, query url.Values, in, out any) error {
	return c.within(ctx, slowTimeout, method, path, query, in, out)
}

func (c *Client) within(ctx context.Context, limit time.Duration, method, path string, query url.Values, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fault.New(fault.Internal, "", "", "encode request: %w", err)
		}
		body = bytes.NewReader(raw)
	}
	resp, err := c.send(ctx, method, path, query, "application/json", body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if out == nil {
		return nil
	}
	if raw, ok := out.(*[]byte); ok {
		*raw, err = io.ReadAll(resp.Body)
		return err
	}
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		return fault.New(fault.Unavailable, "", "server "+c.base, "its answer is not understood: %w", err)
	}
	return nil
}

// patience is how often a request is sent again that the server was too busy
// for; it says how long to wait.
const patience = 10

// send does one request and turns every answer but a good one into an error.
// A request for reading waits where the server says that there were too many.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	for tries := 1; ; tries++ {
		resp, err := c.once(ctx, method, path, query, contentType, body)
		if err != nil {
			return nil, err
		}
		if resp.StatusCode < 300 {
			return resp, nil
		}
		wait, _ := strconv.Atoi(resp.Header.Get("Retry-After"))
		err = problem(resp)
		_ = resp.Body.Close() // it was read
		if resp.StatusCode != http.StatusTooManyRequests || method != http.MethodGet || tries == patience {
			return nil, err
		}
		select {
		case <-time.After(time.Duration(min(max(wait, 1), 10)) * time.Second):
		case <-ctx.Done():
			return nil, err
		}
	}
}

func (c *Client) once(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
	target := c.base + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "server "+c.base, "%w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", contentType)
	}
	if !c.token.IsZero() {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	resp, err := c.http.Do(req)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, c.unreached(err)
	}
	return resp, nil
}

// Problem is an error as the API sends it (RFC 9457) with drydock's code and
// hint.
type Problem struct {
	Title  string     `json:"title,omitempty"`
	Status int        `json:"status"`
	Detail string     `json:"detail,omitempty"`
	Code   fault.Code `json:"code,omitempty"`
	Hint   string     `json:"hint,omitempty"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors,omitempty"`
}

// mistakesShown is how many mistakes of one request an error's text says.
const mistakesShown = 10

func problem(resp *http.Response) error {
	var p Problem
	raw, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err := json.Unmarshal(raw, &p); err != nil {
		p.Detail = strings.TrimSpace(string(raw))
	}
	if p.Code == "" {
		p.Code = codeOf(resp.StatusCode)
	}
	text := p.Detail
	if text == "" {
		text = resp.Status
	}
	for _, e := range p.Errors[:min(len(p.Errors), mistakesShown)] {
		text += fmt.Sprintf("; %s: %s", e.Location, e.Message)
	}
	if more := len(p.Errors) - mistakesShown; more > 0 {
		text += fmt.Sprintf("; and %d more", more)
	}
	return &fault.Error{Code: p.Code, Msg: text, Hint: p.Hint}
}

// codeOf maps a status that came without a code, from a proxy say.
func codeOf(status int) fault.Code {
	switch {
	case status == http.StatusNotFound:
		return fault.NotFound
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		return fault.Denied
	case status == http.StatusTooManyRequests:
		return fault.Limited
	case status == http.StatusConflict:
		return fault.Conflict
	case status < 500:
		return fault.Invalid
	case status == http.StatusBadGateway || status == http.StatusServiceUnavailable:
		return fault.Unavailable
	}
	return fault.Internal
}

// Answer answers a question. The first answer wins; a later one is told so by
// an error with code conflict.
func (c *Client) Answer(ctx context.Context, question string, choice procedure.Choice, by string) (q Question, err error) {
	return c.Reply(ctx, question, Reply{Choice: choice, By: by})
}

// set puts a parameter into a query unless it is empty.
func set[T comparable](v url.Values, name string, value T) {
	var none T
	if value != none {
		v.Set(name, fmt.Sprint(value))
	}
}
