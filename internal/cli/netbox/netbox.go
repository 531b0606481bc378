// Package netbox reads devices from NetBox, the inventory of networks, by its
// REST API, and proposes what they are in drydock's fleet. It only reads, and
// asks NetBox for nothing but its list of devices.
package netbox

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Bounds of one reading.
const (
	pageSize   = 200         // devices that one request asks for; NetBox gives 1,000 at most
	maxPage    = 64 << 20    // octets of one answer
	maxDevices = 100_000     // of one reading
	patience   = time.Minute // for one answer
)

// Source is a NetBox.
type Source struct {
	base  *url.URL // without /api
	token secret.String
	http  *http.Client
}

// New makes a source of a NetBox's URL, as https://netbox.example, with or
// without /api at its end. transport is how it is reached, nil for the usual
// way. The error is fault.Invalid.
func New(address string, token secret.String, transport http.RoundTripper) (*Source, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fault.New(fault.Invalid, "", "NetBox", "%q is not its URL", address).WithHint("give --netbox https://netbox.example")
	}
	if strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) || token.IsZero() {
		return nil, fault.New(fault.Invalid, "", "NetBox", "the token is empty or has characters that no token has").
			WithHint("the first line of the token's file must be the token, and nothing else")
	}
	u.Path = strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/api")
	u.RawQuery, u.Fragment, u.User = "", "", nil
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Source{base: u, token: token, http: client}, nil
}

// Name is the host that tells this NetBox from others.
func (s *Source) Name() string { return s.base.Host }

// Encrypted says whether the token is hidden on its way.
func (s *Source) Encrypted() bool { return s.base.Scheme == "https" }

// page is an answer to a list request.
type page struct {
	Count   *int     `json:"count"`
	Next    *string  `json:"next"`
	Results []Device `json:"results"`
}

// Devices reads the devices that the filters let through, by NetBox's number;
// it follows the pages to their end. Errors: fault.Invalid for filters that
// NetBox does not take, Denied for a token that it does not, Unavailable for
// all that may be mended elsewhere.
func (s *Source) Devices(ctx context.Context, filters url.Values) ([]Device, error) {
	query := url.Values{}
	for key, values := range filters {
		query[key] = values
	}
	query.Set("limit", strconv.Itoa(pageSize))
	query.Set("ordering", "id") // else a device may move from page to page meanwhile
	query.Set("exclude", "config_context")
	var all []Device
	seen := map[int]bool{}
	for {
		p, err := s.page(ctx, query)
		if err != nil {
			return nil, err
		}
		before := len(all)
		for _, d := range p.Results {
			if !seen[d.ID] {
				seen[d.ID] = true
				all = append(all, d)
			}
		}
		switch {
		case len(all) > maxDevices:
			return nil, s.fail(fault.Invalid, "it has more than %d devices that fit", maxDevices).WithHint("take fewer at once, with --filter site=...")
		case p.Next == nil || *p.Next == "":
			return all, s.complete(len(all), *p.Count)
		case len(all) == before:
			return nil, s.fail(fault.Unavailable, "page after page it gives the same devices")
		}
		if query, err = s.following(query, *p.Next); err != nil {
			return nil, err
		}
	}
}

// complete says that fewer have come than were announced.
func (s *Source) complete(got, announced int) error {
	if got >= announced {
		return nil
	}
	return s.fail(fault.Unavailable, "it announced %d devices and gave %d", announced, got).
		WithHint("somebody changes the list just now: repeat it")
}

// following gives the query of the next page. Of NetBox's link only that is
// used: behind a proxy it often names another host or scheme, and the token
// must go nowhere else.
func (s *Source) following(query url.Values, next string) (url.Values, error) {
	u, err := url.Parse(next)
	if err != nil || u.RawQuery == "" {
		return nil, s.fail(fault.Unavailable, "its link to the next page is none: %q", next)
	}
	all := u.Query()
	for key, values := range query { // a link that forgets a filter would let everything in
		if !all.Has(key) {
			all[key] = values
		}
	}
	return all, nil
}

// page asks for one page.
func (s *Source) page(ctx context.Context, query url.Values) (*page, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	u := s.base.JoinPath("api/dcim/devices/")
	u.RawQuery = query.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, s.fail(fault.Invalid, "%w", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", authorization(s.token))
	resp, err := s.http.Do(req)
	if err != nil {
		return nil, s.unreachable(ctx, err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxPage+1))
	switch {
	case err != nil:
		return nil, s.fail(fault.Unavailable, "its answer breaks off: %w", err)
	case len(raw) > maxPage:
		return nil, s.fail(fault.Unavailable, "its answer has more than %d MiB", maxPage>>20)
	}
	return s.understand(resp, raw)
}

// authorization is the header for a token: those of NetBox 4.5 and later begin
// with nbt_ and go as Bearer, those before as Token.
func authorization(token secret.String) string {
	if strings.HasPrefix(token.Reveal(), "nbt_") {
		return "Bearer " + token.Reveal()
	}
	return "Token " + token.Reveal()
}

// understand turns an answer into a page, or says what it is instead.
func (s *Source) understand(resp *http.Response, raw []byte) (*page, error) {
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		kind = "something without a type"
	}
	isJSON := kind == "application/json" && json.Valid(raw)
	if resp.StatusCode != http.StatusOK {
		return nil, s.refused(resp, kind, isJSON, raw)
	}
	if !isJSON {
		return nil, s.fail(fault.Unavailable, "it answers %s with %s, not with JSON", s.base, kind).
			WithHint("is that the URL of NetBox itself, and not of a login page or proxy before it?")
	}
	var p page
	if err := json.Unmarshal(raw, &p); err != nil {
		return nil, s.fail(fault.Unavailable, "its list of devices is not as NetBox documents it: %w", err)
	}
	if p.Count == nil || p.Results == nil {
		return nil, s.fail(fault.Unavailable, "what it answers is no list of devices: count and results are missing").
			WithHint("is that the URL of a NetBox?")
	}
	return &p, nil
}

func (s *Source) fail(code fault.Code, format string, args ...any) *fault.Error {
	return fault.New(code, "", "NetBox "+s.base.Host, format, args...)
}

// detail is what NetBox says about an error, if it says anything.
func detail(raw []byte) string {
	var said struct {
		Detail string `json:"detail"`
	}
	if json.Unmarshal(raw, &said) == nil && said.Detail != "" {
		return said.Detail
	}
	var fields map[string][]string // by filter
	if json.Unmarshal(raw, &fields) != nil {
		return ""
	}
	var parts []string
	for name, list := range fields {
		parts = append(parts, fmt.Sprintf("%s: %s", name, strings.Join(list, " ")))
	}
	return strings.Join(parts, "; ")
}
