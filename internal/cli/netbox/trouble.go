package netbox

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"

	"drydock/internal/fault"
)

// unreachable says why there was no answer.
func (s *Source) unreachable(ctx context.Context, err error) error {
	var (
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		record    tls.RecordHeaderError
		dns       *net.DNSError
	)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return s.fail(fault.Timeout, "it does not answer within %s", patience)
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &authority):
		return s.fail(fault.Unavailable, "its certificate is signed by an authority that is not known here").
			WithHint("give the authority's certificate with --netbox-ca FILE")
	case errors.As(err, &host):
		return s.fail(fault.Unavailable, "its certificate is for another name: %w", host).WithHint("use a name that stands in the certificate")
	case errors.As(err, &invalid):
		return s.fail(fault.Unavailable, "its certificate is not valid: %w", invalid)
	case errors.As(err, &record), strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return s.fail(fault.Unavailable, "it does not speak TLS there").WithHint("is the port right? plain HTTP has http:// in its URL")
	case errors.As(err, &dns):
		return s.fail(fault.Unavailable, "its name is not known: %w", dns)
	}
	return s.fail(fault.Unavailable, "it does not answer: %w", errors.Unwrap(err))
}

// refused says what an answer that is not 200 means.
func (s *Source) refused(resp *http.Response, kind string, isJSON bool, raw []byte) error {
	said := ""
	if isJSON {
		if said = detail(raw); said != "" {
			said = ": " + said
		}
	}
	status := resp.Status
	switch code := resp.StatusCode; {
	case code >= 300 && code < 400:
		return s.fail(fault.Invalid, "it sends us on to %q, and the token goes nowhere but where you said", resp.Header.Get("Location")).
			WithHint("give --netbox the URL that NetBox has in the end")
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return s.fail(fault.Denied, "it does not take the token (%s)%s", status, said).
			WithHint("the token must be whole, not expired, allowed from this address, and its user must be allowed to view devices")
	case code == http.StatusBadRequest && isJSON:
		return s.fail(fault.Invalid, "it does not take a filter%s", said).WithHint("filters are NetBox's own: slugs, as --filter site=north")
	case code == http.StatusNotFound:
		return s.fail(fault.Invalid, "there is no NetBox API at %s", s.base.JoinPath("api/dcim/devices/")).
			WithHint("give --netbox the URL at which NetBox's pages begin")
	case code == http.StatusTooManyRequests || code >= 500:
		return s.fail(fault.Unavailable, "it answers %s%s", status, said).WithHint("repeat it later")
	case !isJSON:
		return s.fail(fault.Unavailable, "it answers %s with %s, not with JSON", status, kind).
			WithHint("is that the URL of NetBox itself, and not of a login page or proxy before it?")
	}
	return s.fail(fault.Unavailable, "it answers %s%s", status, said)
}
