package agent

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
	"drydock/internal/equipment/settings"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// enrolledFile holds the keys that the server has made for this equipment, in
// the state directory.
const enrolledFile = "enrolled.json"

// Enrolment is how equipment makes itself known to a server.
type Enrolment struct {
	Server  string // URL
	CA      string // file with the certificate to trust instead of the system's; empty: the system's
	Code    string
	Address string // HOST:PORT of the SNMP agent; that of the settings where empty
	Every   time.Duration
}

// Enrol announces the equipment, waits until a person has decided, and keeps
// the keys. Over plain HTTP it works on this machine only: keys would be read
// on the way.
func Enrol(ctx context.Context, s *settings.Settings, e Enrolment) (fleet.EnrolledKeys, error) {
	h, err := newHTTP(e)
	if err != nil {
		return fleet.EnrolledKeys{}, err
	}
	a := fleet.Announcement{Code: strings.TrimSpace(e.Code), Address: e.Address}
	if a.Address == "" {
		a.Address = s.SNMP.Listen
	}
	if a.Serial, err = install.Read(ctx, s.Identity.Serial, install.Host); err != nil {
		return fleet.EnrolledKeys{}, err
	}
	if a.Model, err = install.Read(ctx, s.Identity.Model, install.Host); err != nil {
		return fleet.EnrolledKeys{}, err
	}
	told := fleet.Enrolled{}
	if err := h.post(ctx, "/api/v1/announcements", a, &told); err != nil {
		return fleet.EnrolledKeys{}, err
	}
	return h.wait(ctx, s, told, e.Every)
}

// wait asks until there are keys, and keeps them.
func (h serverHTTP) wait(ctx context.Context, s *settings.Settings, told fleet.Enrolled, every time.Duration) (keys fleet.EnrolledKeys, err error) {
	tick := time.NewTicker(max(every, 100*time.Millisecond))
	defer tick.Stop()
	ticket := map[string]string{"ticket": told.Ticket}
	for {
		switch {
		case told.State == fleet.EnrolRefused:
			return keys, fault.New(fault.Denied, "", "enrolment "+told.ID, "it was refused")
		case told.Keys != nil:
			text, err := json.Marshal(told.Keys)
			if err != nil {
				return keys, err
			}
			if err := os.MkdirAll(s.State, 0o700); err != nil {
				return keys, err
			}
			return *told.Keys, disk.Replace(disk.Host{}, filepath.Join(s.State, enrolledFile), text, 0o600)
		}
		select {
		case <-ctx.Done():
			return keys, ctx.Err()
		case <-tick.C:
		}
		var now fleet.Enrolled
		err := h.post(ctx, "/api/v1/announcements/"+told.ID, ticket, &now)
		if err != nil && !fault.Is(err, fault.Unavailable) {
			return keys, err
		}
		if err == nil {
			told = now
		}
	}
}

type serverHTTP struct {
	base   string
	token  string // empty: none
	client *http.Client
}

func newHTTP(e Enrolment) (h serverHTTP, err error) {
	bad := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "server "+e.Server, format, args...)
	}
	u, err := url.Parse(e.Server)
	if err != nil || u.Host == "" {
		return h, bad("write https://HOST[:PORT]")
	}
	addr, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	if u.Scheme != "https" && !(u.Scheme == "http" && here) {
		return h, bad("keys are told over https only")
	}
	h = serverHTTP{base: strings.TrimSuffix(e.Server, "/"), client: &http.Client{Timeout: 30 * time.Second}}
	if e.CA == "" {
		return h, nil
	}
	text, err := os.ReadFile(e.CA)
	if err != nil {
		return h, bad("%w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return h, bad("%s has no certificate", e.CA)
	}
	h.client.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	return h, nil
}

// maxAnswer bounds what the server may answer, in octets.
const maxAnswer = 64 << 10

func (h serverHTTP) post(ctx context.Context, path string, in, out any) error {
	return h.send(ctx, http.MethodPost, path, in, out)
}

// send asks for an operation. fault.Unavailable means that it may be asked
// again.
func (h serverHTTP) send(ctx context.Context, method, path string, in, out any) error {
	text, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, method, h.base+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	if h.token != "" {
		request.Header.Set("Authorization", "Bearer "+h.token)
	}
	response, err := h.client.Do(request)
	if err != nil {
		return fault.New(fault.Unavailable, "", "server "+h.base, "%w", err)
	}
	defer response.Body.Close() // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	switch {
	case err != nil || response.StatusCode >= http.StatusInternalServerError || response.StatusCode == http.StatusTooManyRequests:
		return fault.New(fault.Unavailable, "", "server "+h.base, "it answered %s", response.Status)
	case response.StatusCode >= http.StatusBadRequest:
		var problem struct {
			Detail string `json:"detail"`
		}
		_ = json.Unmarshal(body, &problem) // without it the status says enough
		return fault.New(fault.Denied, "", "server "+h.base, "it answered %s: %s", response.Status, problem.Detail)
	}
	return json.Unmarshal(body, out)
}

// enrolledUser is the user that the server has made, where the settings want
// one.
func (a *Agent) enrolledUser() ([]settings.User, error) {
	if !a.s.SNMP.Enrolled {
		return nil, nil
	}
	text, err := os.ReadFile(a.path(enrolledFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Conflict, "", "snmp.enrolled", "this equipment is not enrolled yet").
			WithHint("drydock-agent enrol --server URL --code CODE")
	}
	if err != nil {
		return nil, err
	}
	var k fleet.EnrolledKeys
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fmt.Errorf("%s: %w", a.path(enrolledFile), err)
	}
	return []settings.User{{Name: k.User, Auth: k.AuthProtocol, AuthPassword: secret.New(k.AuthPassword), Priv: k.PrivProtocol,
		PrivPassword: secret.New(k.PrivPassword), Access: "write"}}, nil
}
