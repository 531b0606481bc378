// Package client is the Go client of drydock's HTTP API. The command line and
// the API's tests go through it: what the command line can do, the API can do.
//
// Errors are *fault.Error with the code, text and hint that the server gave.
package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/fleet"
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

// send does one request and turns every answer but a good one into an error.
func (c *Client) send(ctx context.Context, method, path string, query url.Values, contentType string, body io.Reader) (*http.Response, error) {
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
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, c.unreached(err)
	}
	if resp.StatusCode < 300 {
		return resp, nil
	}
	defer resp.Body.Close()
	return nil, problem(resp)
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
	for _, e := range p.Errors {
		text += fmt.Sprintf("; %s: %s", e.Location, e.Message)
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

// Version asks the server for its version.
func (c *Client) Version(ctx context.Context) (v Version, err error) {
	return v, c.call(ctx, http.MethodGet, "/api/v1/version", nil, nil, &v)
}

// PutDevices adds or changes devices, all or none.
func (c *Client) PutDevices(ctx context.Context, devices []NewDevice) error {
	return c.call(ctx, http.MethodPut, "/api/v1/devices", nil, devices, nil)
}

// Devices lists devices by id.
func (c *Client) Devices(ctx context.Context, q DeviceQuery) (list []fleet.Device, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/devices", q.values(), nil, &list)
}

func (q DeviceQuery) values() url.Values {
	v := url.Values{}
	for key, value := range map[string]string{"label": q.Label, "driver": q.Driver, "model": q.Model, "version": q.Version,
		"text": q.Text, "after": q.After} {
		if value != "" {
			v.Set(key, value)
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return v
}

// Device gives one device.
func (c *Client) Device(ctx context.Context, id fleet.DeviceID) (d fleet.Device, err error) {
	return d, c.call(ctx, http.MethodGet, "/api/v1/devices/"+url.PathEscape(string(id)), nil, nil, &d)
}

// CredentialState tells how a device is spoken to; fault.NotFound where it has
// no credentials.
func (c *Client) CredentialState(ctx context.Context, id fleet.DeviceID) (s CredentialState, err error) {
	return s, c.call(ctx, http.MethodGet, "/api/v1/devices/"+url.PathEscape(string(id))+"/credentials", nil, nil, &s)
}

// RemoveDevice takes a device out of the fleet; its backups stay.
func (c *Client) RemoveDevice(ctx context.Context, id fleet.DeviceID) error {
	return c.call(ctx, http.MethodDelete, "/api/v1/devices/"+url.PathEscape(string(id)), nil, nil, nil)
}

// Drivers lists the families that the server can command.
func (c *Client) Drivers(ctx context.Context) (list []Driver, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/drivers", nil, nil, &list)
}

// Driver gives one driver with its file.
func (c *Client) Driver(ctx context.Context, name string) (d Driver, err error) {
	return d, c.call(ctx, http.MethodGet, "/api/v1/drivers/"+url.PathEscape(name), nil, nil, &d)
}

// AddRelease sends a release and its files; open gives the content of each.
func (c *Client) AddRelease(ctx context.Context, r fleet.Release, open func(name string) (io.ReadCloser, error)) (added fleet.Release, err error) {
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	written := make(chan error, 1)
	go func() { // ends when the form is written or the request is over
		err := writeRelease(form, r, open)
		written <- err
		pw.CloseWithError(err)
	}()
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/releases", nil, form.FormDataContentType(), pr)
	pr.CloseWithError(io.ErrClosedPipe)
	if werr := <-written; werr != nil && !errors.Is(werr, io.ErrClosedPipe) {
		err = werr
	}
	if err != nil {
		return added, err
	}
	defer resp.Body.Close()
	return added, json.NewDecoder(resp.Body).Decode(&added)
}

func writeRelease(form *multipart.Writer, r fleet.Release, open func(string) (io.ReadCloser, error)) error {
	manifest, err := form.CreateFormField("release")
	if err != nil {
		return err
	}
	if err := json.NewEncoder(manifest).Encode(r); err != nil {
		return err
	}
	for _, f := range r.Files {
		if err := writeFile(form, f.Name, open); err != nil {
			return err
		}
	}
	return form.Close()
}

func writeFile(form *multipart.Writer, name string, open func(string) (io.ReadCloser, error)) error {
	content, err := open(name)
	if err != nil {
		return err
	}
	defer content.Close()
	part, err := form.CreateFormFile("file", name)
	if err != nil {
		return err
	}
	_, err = io.Copy(part, content)
	return err
}

// Releases lists the releases.
func (c *Client) Releases(ctx context.Context) (list []fleet.Release, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/releases", nil, nil, &list)
}

// Release gives one release.
func (c *Client) Release(ctx context.Context, id fleet.ReleaseID) (r fleet.Release, err error) {
	return r, c.call(ctx, http.MethodGet, "/api/v1/releases/"+url.PathEscape(string(id)), nil, nil, &r)
}

// Plan says what an order would do, without doing it.
func (c *Client) Plan(ctx context.Context, o RunOrder) (list []Plan, err error) {
	return list, c.call(ctx, http.MethodPost, "/api/v1/plan", nil, o, &list)
}

// Start starts runs; each device's own error stands in its row.
func (c *Client) Start(ctx context.Context, o RunOrder) (list []RunStarted, err error) {
	return list, c.call(ctx, http.MethodPost, "/api/v1/runs", nil, o, &list)
}

// Runs lists runs, newest first; device may be empty.
func (c *Client) Runs(ctx context.Context, device fleet.DeviceID, activeOnly bool, limit int) (list []Run, err error) {
	v := url.Values{}
	if device != "" {
		v.Set("device", string(device))
	}
	if activeOnly {
		v.Set("active", "true")
	}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return list, c.call(ctx, http.MethodGet, "/api/v1/runs", v, nil, &list)
}

// Run gives one run.
func (c *Client) Run(ctx context.Context, id fleet.RunID) (r Run, err error) {
	return r, c.call(ctx, http.MethodGet, "/api/v1/runs/"+url.PathEscape(string(id)), nil, nil, &r)
}

// Journal gives a run's events in order.
func (c *Client) Journal(ctx context.Context, id fleet.RunID) (list []Entry, err error) {
	return list, c.call(ctx, http.MethodGet, "/api/v1/runs/"+url.PathEscape(string(id))+"/journal", nil, nil, &list)
}

// Evidence gives, as the server's JSON, what was said to and heard from the
// device and how files moved.
func (c *Client) Evidence(ctx context.Context, id fleet.RunID) (raw json.RawMessage, err error) {
	return raw, c.call(ctx, http.MethodGet, "/api/v1/runs/"+url.PathEscape(string(id))+"/evidence", nil, nil, &raw)
}

// Report says what became of the configuration, line by line.
func (c *Client) Report(ctx context.Context, id fleet.RunID) (r Report, err error) {
	return r, c.call(ctx, http.MethodGet, "/api/v1/runs/"+url.PathEscape(string(id))+"/report", nil, nil, &r)
}

// Cancel stops a run before its next effect.
func (c *Client) Cancel(ctx context.Context, id fleet.RunID, by string) (r Run, err error) {
	return r, c.call(ctx, http.MethodPost, "/api/v1/runs/"+url.PathEscape(string(id))+"/cancel", nil, map[string]string{"by": by}, &r)
}

// Questions lists the open questions, or all.
func (c *Client) Questions(ctx context.Context, all bool) (list []Question, err error) {
	v := url.Values{}
	if all {
		v.Set("all", "true")
	}
	return list, c.call(ctx, http.MethodGet, "/api/v1/questions", v, nil, &list)
}

// Answer answers a question. The first answer wins; a later one is told so by
// an error with code conflict.
func (c *Client) Answer(ctx context.Context, question string, choice procedure.Choice, by string) (q Question, err error) {
	return c.Reply(ctx, question, Reply{Choice: choice, By: by})
}

// Reply answers a question with all that an answer may have.
func (c *Client) Reply(ctx context.Context, question string, r Reply) (q Question, err error) {
	return q, c.call(ctx, http.MethodPost, "/api/v1/questions/"+url.PathEscape(question)+"/answer", nil, r, &q)
}

// Backups lists backups, newest first; device and run may be empty.
func (c *Client) Backups(ctx context.Context, device fleet.DeviceID, run fleet.RunID, limit int) (list []fleet.Backup, err error) {
	v := url.Values{}
	if device != "" {
		v.Set("device", string(device))
	}
	if run != "" {
		v.Set("run", string(run))
	}
	if limit > 0 {
		v.Set("limit", strconv.Itoa(limit))
	}
	return list, c.call(ctx, http.MethodGet, "/api/v1/backups", v, nil, &list)
}

// Backup gives what is known about a backup.
func (c *Client) Backup(ctx context.Context, id fleet.BackupID) (b fleet.Backup, err error) {
	return b, c.call(ctx, http.MethodGet, "/api/v1/backups/"+url.PathEscape(string(id)), nil, nil, &b)
}

// BackupContent opens a backup: the configuration itself, secrets included.
func (c *Client) BackupContent(ctx context.Context, id fleet.BackupID) (content []byte, err error) {
	return content, c.call(ctx, http.MethodGet, "/api/v1/backups/"+url.PathEscape(string(id))+"/content", nil, nil, &content)
}

// Diff compares two backups by meaning.
func (c *Client) Diff(ctx context.Context, a, b fleet.BackupID) (d Diff, err error) {
	v := url.Values{"a": {string(a)}, "b": {string(b)}}
	return d, c.call(ctx, http.MethodGet, "/api/v1/diff", v, nil, &d)
}

// Watch gives changes to seen as they happen until ctx ends or seen returns
// false. runs names the runs to watch; none means all. Changes since the
// runs' start are given first.
func (c *Client) Watch(ctx context.Context, runs []fleet.RunID, seen func(Change) bool) error {
	v := url.Values{}
	for _, run := range runs {
		v.Add("run", string(run))
	}
	resp, err := c.send(ctx, http.MethodGet, "/api/v1/events", v, "", nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return stream(ctx, c, resp.Body, seen)
}

// stream reads server-sent events until seen returns false.
func stream[T any](ctx context.Context, c *Client, body io.Reader, seen func(T) bool) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(make([]byte, 64<<10), 16<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		var event T
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			return fault.New(fault.Unavailable, "", "server "+c.base, "its event stream is not understood: %w", err)
		}
		if !seen(event) {
			return nil
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return fault.New(fault.Unavailable, "", "server "+c.base, "the event stream ended: %w", errors.Join(lines.Err(), io.EOF))
}

// Discover looks for equipment and gives every step of it to seen until the
// last address was asked or seen returns false. It only reads.
func (c *Client) Discover(ctx context.Context, s Sweep, seen func(Swept) bool) error {
	raw, err := json.Marshal(s)
	if err != nil {
		return err
	}
	resp, err := c.send(ctx, http.MethodPost, "/api/v1/discover", nil, "application/json", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var failed string
	err = stream(ctx, c, resp.Body, func(step Swept) bool {
		failed = step.Error
		return failed == "" && seen(step) && step.Asked < step.Total
	})
	if failed != "" {
		return fault.New(fault.Invalid, "", "", "%s", failed)
	}
	return err
}
