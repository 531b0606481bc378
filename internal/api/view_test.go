package api

import (
	"net/http"
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
