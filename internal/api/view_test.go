package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/secret"
)

// testCountsScope: the numbers are those of what lies in scope.
func testCountsScope(t *testing.T, y *yard) {
	y.want(y.ask("viewer-north", http.MethodGet, "/api/v1/counts", nil), http.StatusOK, `"devices":1`, `"running":1`, `"asking":1`)
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/counts", nil), http.StatusOK, `"devices":2`, `"running":2`, `"asking":2`)
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/counts?text=sou", nil), http.StatusOK, `"devices":1`)
}

// testSearchScope: nobody reads a line of a backup that they may not open.
func testSearchScope(t *testing.T, y *yard) {
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/search?text=hostname", nil), http.StatusForbidden)
	seesNorth := y.ask("operator-north", http.MethodGet, "/api/v1/search?text=o", nil)
	y.want(seesNorth, http.StatusUnprocessableEntity) // one character fits everything
}

func testCheckMigrationScope(t *testing.T, y *yard) {
	check := client.PackCheck{Backup: "backup-south"}
	y.want(y.ask("viewer", http.MethodPost, "/api/v1/migrations/none/check", check), http.StatusForbidden)
	y.want(y.ask("operator-north", http.MethodPost, "/api/v1/migrations/none/check", check), http.StatusNotFound, "backup backup-south")
	y.want(y.ask("operator", http.MethodPost, "/api/v1/migrations/none/check", check), http.StatusNotFound, "migration pack none")
}

// TestCredentialState: how a device is spoken to is told, its secrets are not.
func TestCredentialState(t *testing.T) {
	y := newYard(t, nil)
	const path = "/api/v1/devices/south/credentials"
	secrets := fleet.Credentials{Version: "v3", User: "ops", AuthProtocol: "SHA-256", AuthPassword: secret.New("canary-auth"), PrivProtocol: "AES-128", PrivPassword: secret.New("canary-priv")}
	device, err := y.Store.Device(t.Context(), "south")
	must(t, err)
	must(t, y.Store.PutDevice(t.Context(), device, &secrets))
	told := y.ask("viewer", http.MethodGet, path, nil)
	y.want(told, http.StatusOK, `"user":"ops"`, `"authProtocol":"SHA-256"`, `"privProtocol":"AES-128"`)
	if strings.Contains(told.Body.String(), "canary") {
		t.Errorf("a secret is in %s", told.Body)
	}
	y.want(y.ask("viewer-north", http.MethodGet, path, nil), http.StatusNotFound)
}

// TestPages: questions and campaigns are read page by page, also past one that
// is closed by now or lies elsewhere.
func TestPages(t *testing.T) {
	y := newYard(t, nil)
	ids := func(w *httptest.ResponseRecorder) (list []string) {
		t.Helper()
		y.want(w, http.StatusOK)
		var all []struct{ ID string }
		must(t, json.Unmarshal(w.Body.Bytes(), &all))
		for _, one := range all {
			list = append(list, one.ID)
		}
		return list
	}
	for path, all := range map[string][]string{
		"/api/v1/questions": {y.question["north"], y.question["south"]},
		"/api/v1/campaigns": {"campaign-south", "campaign-north"}, // newest first
	} {
		for query, want := range map[string][]string{"": all, "?limit=1": all[:1], "?limit=1&after=" + all[0]: all[1:], "?after=" + all[1]: nil} {
			if got := ids(y.ask("viewer", http.MethodGet, path+query, nil)); !slices.Equal(got, want) {
				t.Errorf("%s%s: %v, want %v", path, query, got, want)
			}
		}
	}
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/campaigns?after=nosuch", nil), http.StatusNotFound)
	y.want(y.ask("viewer-north", http.MethodGet, "/api/v1/campaigns?after=campaign-south", nil), http.StatusNotFound)
}

// TestWhoLeavesIsNoError: a request that its browser took back is no line of the
// log.
func TestWhoLeavesIsNoError(t *testing.T) {
	y := newYard(t, nil)
	var log bytes.Buffer
	y.Log = slog.New(slog.NewTextHandler(&log, nil))
	y.asked(http.MethodGet, "/api/v1/counts", nil, func(r *http.Request) {
		r.Header.Set("Authorization", "Bearer "+y.tokens["viewer"])
		ctx, cancel := context.WithCancel(r.Context())
		cancel()
		*r = *r.WithContext(ctx)
	})
	if log.Len() > 0 {
		t.Errorf("logged: %s", log.String())
	}
}
