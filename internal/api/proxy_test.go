package api

import (
	"net/http"
	"net/netip"
	"testing"

	"drydock/client"
	"drydock/internal/store"
)

// TestProxies: a trusted proxy says where a request comes from; nobody else
// does, and what a client made up before the proxy does not count.
func TestProxies(t *testing.T) {
	for name, c := range map[string]struct {
		proxies, forwarded, want string
	}{
		"no proxy":           {"", "198.51.100.1", "192.0.2.1"},
		"another proxy":      {"203.0.113.0/24", "198.51.100.1", "192.0.2.1"},
		"proxy":              {"192.0.2.0/24", "198.51.100.1", "198.51.100.1"},
		"made up before":     {"192.0.2.0/24", "10.9.9.9, 198.51.100.1", "198.51.100.1"},
		"two proxies":        {"192.0.2.0/24", "10.9.9.9, 198.51.100.1, 192.0.2.77", "198.51.100.1"},
		"nothing said":       {"192.0.2.0/24", "", "192.0.2.1"},
		"not an address":     {"192.0.2.0/24", "198.51.100.1, <script>", "192.0.2.1"},
		"in IPv6's notation": {"192.0.2.0/24", "::ffff:198.51.100.1", "198.51.100.1"},
	} {
		t.Run(name, func(t *testing.T) {
			y := newYard(t, nil)
			if c.proxies != "" {
				y.Proxies = []netip.Prefix{netip.MustParsePrefix(c.proxies)}
			}
			w := y.asked(http.MethodPost, "/api/v1/login", client.Login{Name: "viewer", Password: password}, func(r *http.Request) {
				r.Header.Set("X-Forwarded-For", c.forwarded)
				r.Header.Set("X-Forwarded-Proto", "https")
			})
			y.want(w, http.StatusOK)
			trusted := c.proxies == "192.0.2.0/24"
			if got := w.Result().Cookies()[0]; got.Secure != trusted {
				t.Errorf("cookie %v", got)
			}
			entries, err := y.Store.Audit(t.Context(), store.AuditFilter{Limit: 1})
			must(t, err)
			if entries[0].Address != c.want {
				t.Errorf("address %q, want %q", entries[0].Address, c.want)
			}
		})
	}
}
