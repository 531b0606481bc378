package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// errRedirect refuses to follow a redirect to another host: what is sent was
// meant for this one (docs/notifications.md).
var errRedirect = errors.New("it redirects to another host, which is not followed")

var errDropped = errors.New("it redirects in a way that drops the message; 307 and 308 do not")

const redirectsMost = 3

// poster sends to one channel's URL, several messages over one connection.
type poster struct {
	channel   Channel
	client    *http.Client
	transport *http.Transport
}

func newPoster(c Channel) (*poster, error) {
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		DialContext: (&net.Dialer{Timeout: 10 * time.Second, Control: permitted}).DialContext}
	return &poster{c, &http.Client{Transport: transport, CheckRedirect: sameHostOnly}, transport}, nil
}

func (p *poster) close() { p.transport.CloseIdleConnections() }

func sameHostOnly(r *http.Request, via []*http.Request) error {
	if len(via) > redirectsMost {
		return errors.New("it redirects too often")
	}
	if !sameHost(r.URL.String(), via[0].URL.String()) {
		return errRedirect
	}
	if r.Method != http.MethodPost { // 301, 302 and 303: the message would be left behind (RFC 9110 section 15.4)
		return errDropped
	}
	return nil
}

// post sends a body. Of the answer only the status is used, and none of it is
// told: a channel must not be a way to read what only this server reaches.
func (p *poster) post(ctx context.Context, header http.Header, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.channel.URL, bytes.NewReader(body))
	if err != nil {
		return refused("its URL is not one")
	}
	req.Header = header
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "drydock")
	resp, err := p.client.Do(req)
	if err != nil {
		return withoutURL(err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
	return judgeStatus(resp)
}

// withoutURL takes the URL from an error: that of a chat is a secret.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, errRedirect) || errors.Is(err, errDropped) || errors.Is(err, errForbidden) {
		return refusedError{err}
	}
	return err
}

func judgeStatus(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code < 300:
		return nil
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests, code >= 500:
		return fmt.Errorf("it answers %d %s", code, http.StatusText(code))
	default:
		return refused("it answers %d %s", code, http.StatusText(code))
	}
}

var errForbidden = errors.New("its host has a link-local, multicast or unspecified address, to which nothing is sent")

// permitted refuses the addresses that no service for people has, and that
// clouds keep the credentials of machines at (169.254.169.254). It sees the
// address that is connected to, whatever name led to it.
func permitted(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errForbidden
	}
	addr := ap.Addr().Unmap()
	if addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() || addr == netip.MustParseAddr("fd00:ec2::254") {
		return errForbidden
	}
	return nil
}
