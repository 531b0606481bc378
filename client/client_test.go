package client

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// transport answers requests by itself.
type transport func(*http.Request) *http.Response

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) { return t(r), nil }

func response(status int, retryAfter, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Retry-After": {retryAfter}}, Body: io.NopCloser(strings.NewReader(body))}
}

// TestBusyServerIsWaitedFor: reading waits as long as the server says; what
// changes something is sent once.
func TestBusyServerIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c, err := New("http://127.0.0.1:1", secret.New("token"))
		if err != nil {
			t.Fatal(err)
		}
		c.http.Transport = transport(func(*http.Request) *http.Response {
			if asked++; asked < 3 {
				return response(http.StatusTooManyRequests, "2", `{"code":"limited","detail":"too many requests"}`)
			}
			return response(http.StatusOK, "", "[]")
		})
		began := time.Now()
		if _, err := c.Drivers(t.Context()); err != nil || asked != 3 || time.Since(began) != 4*time.Second {
			t.Errorf("%v after %d requests and %s", err, asked, time.Since(began))
		}
		asked = 0
		if _, err := c.Start(t.Context(), RunOrder{}); !fault.Is(err, fault.Limited) || asked != 1 {
			t.Errorf("%v after %d requests", err, asked)
		}
	})
}
