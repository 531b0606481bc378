package cli

import (
	"encoding/csv"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// netbox serves the simulated devices of fleet.csv as NetBox does, a device a
// page, and sets NETBOX to its URL. It reads the names that they have from the
// file, which may change meanwhile: OLD NEW lines. A second one, with TLS, is at
// NETBOX_TLS; its certificate's authority is in ca.pem. Usage: netbox NAMES
func netbox(ts *testscript.TestScript, neg bool, args []string) {
	refuseNegation(ts, neg, "netbox")
	rows, err := csv.NewReader(strings.NewReader(ts.ReadFile("fleet.csv"))).ReadAll()
	ts.Check(err)
	names := func() *strings.Replacer {
		raw, err := os.ReadFile(ts.MkAbs(args[0]))
		if err != nil {
			return strings.NewReplacer()
		}
		return strings.NewReplacer(strings.Fields(string(raw))...)
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Authorization") != "Token 0123456789abcdef" {
			w.WriteHeader(http.StatusForbidden)
			_, _ = w.Write([]byte(`{"detail": "Invalid token"}`))
			return
		}
		at := 0
		if r.URL.Query().Get("offset") == "1" {
			at = 1
		}
		answer := map[string]any{"count": 2, "next": nil, "previous": nil, "results": []any{netboxDevice(at+1, rows[at+1], names())}}
		if at == 0 {
			answer["next"] = "http://another.invalid/api/dcim/devices/?limit=1&offset=1"
		}
		_ = json.NewEncoder(w).Encode(answer)
	})
	server, encrypted := httptest.NewServer(handler), httptest.NewTLSServer(handler)
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that does not trust it is the test
	ts.Defer(server.Close)
	ts.Defer(encrypted.Close)
	ts.Setenv("NETBOX", server.URL)
	ts.Setenv("NETBOX_TLS", encrypted.URL)
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: encrypted.Certificate().Raw})
	ts.Check(os.WriteFile(ts.MkAbs("ca.pem"), authority, 0o600))
}

func netboxDevice(id int, row []string, names *strings.Replacer) map[string]any {
	host, _, _ := strings.Cut(row[1], ":")
	return map[string]any{
		"id": id, "name": names.Replace(row[0]), "serial": "", "status": map[string]string{"value": "active", "label": "Active"},
		"device_type":   map[string]any{"manufacturer": map[string]string{"name": "drydock", "slug": "drydock"}, "model": "IAD", "slug": "iad"},
		"role":          map[string]string{"name": "Access", "slug": "access"},
		"site":          map[string]string{"name": "North", "slug": "north"},
		"tenant":        nil,
		"platform":      nil,
		"primary_ip":    map[string]any{"address": host + "/24", "family": map[string]any{"value": 4, "label": "IPv4"}},
		"tags":          []any{},
		"custom_fields": map[string]any{"agent": row[1]},
	}
}
