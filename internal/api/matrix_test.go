package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"drydock/internal/access"
)

// operations gives every operation of the API by its id.
func operations(s *server) map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for _, path := range s.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{path.Get, path.Put, path.Post, path.Delete, path.Patch} {
			if op != nil {
				all[op.OperationID] = op
			}
		}
	}
	return all
}

// TestEveryRouteHasARow: an operation without a row in routes.go fails here,
// and so does a row without its operation.
func TestEveryRouteHasARow(t *testing.T) {
	y := newYard(t, nil)
	all := operations(y.server)
	for id, op := range all {
		if _, ok := routes()[id]; !ok {
			t.Errorf("operation %s (%s %s) has no row in routes.go: say there what it needs", id, op.Method, op.Path)
		}
	}
	for id := range routes() {
		if all[id] == nil {
			t.Errorf("the row %s of routes.go belongs to no operation", id)
		}
	}
}

// TestOpenAPISaysWhatIsNeeded: a reader of /openapi.json learns it without
// trying.
func TestOpenAPISaysWhatIsNeeded(t *testing.T) {
	y := newYard(t, nil)
	for id, op := range operations(y.server) {
		if !strings.Contains(op.Description, "Needs ") || strings.Contains(op.Description, "Audited") != routes()[id].audited {
			t.Errorf("%s: description %q", id, op.Description)
		}
	}
	y.want(y.ask("", http.MethodGet, "/openapi.json", nil), http.StatusOK, "Needs the role operator for the devices that it is about. Audited.")
}

// harmless change nothing in the fleet though their method is not GET.
func harmless() []string {
	return []string{"plan", "plan-campaign", "check-migration", "login", "setup", "logout", "change-password", "add-token", "revoke-token"}
}

// TestRowsAreSane holds the rows themselves to what their routes look like.
func TestRowsAreSane(t *testing.T) {
	y := newYard(t, nil)
	for id, op := range operations(y.server) {
		row, ok := routes()[id]
		if !ok {
			continue // TestEveryRouteHasARow says it
		}
		changes := op.Method != http.MethodGet && !slices.Contains(harmless(), id) && id != "answer-by-open-link" && id != "announce" && id != "collect" // its token is the right
		if changes && (row.need.Least() == access.Viewer || !row.audited) {
			t.Errorf("%s changes something: it needs operate or more, and is audited", id)
		}
		if row.need == access.Open && !slices.Contains([]string{"healthz", "readyz", "show-setup", "setup", "login", "oidc-start", "oidc-return", "show-answer-link", "answer-by-open-link", "announce", "collect"}, id) {
			t.Errorf("%s is open to anybody", id)
		}
		for segment, object := range map[string]object{"/devices/{id}": ofDevice, "/runs/{id}": ofRun, "/backups/{id}": ofBackup, "/questions/{id}": ofQuestion, "/campaigns/{id}": ofCampaign} {
			if strings.Contains(op.Path, segment) && row.object != object {
				t.Errorf("%s is about %s, and its row says %s", id, object, row.object)
			}
		}
		if strings.Contains(op.Path, "/users") && row.object != whole && row.object != own {
			t.Errorf("%s is about users, and its row says %s", id, row.object)
		}
	}
}

// reached is the status behind the gate in the matrix.
const reached = http.StatusTeapot

// TestMatrix goes through every route x role x own and foreign object, up to
// the handlers (T13). What handlers see to themselves is in TestHandlersKeepScope.
func TestMatrix(t *testing.T) {
	y := newYard(t, func(s *server) {
		s.api.UseMiddleware(func(ctx huma.Context, _ func(huma.Context)) { ctx.SetStatus(reached) })
	})
	y.Rate = 1e6
	for id, op := range operations(y.server) {
		for _, site := range []string{"north", "south"} {
			path := y.fill(op.Path, routes()[id].object, site)
			for _, user := range append(roleUsers(), "", "bootstrap") {
				want := wanted(routes()[id], user, site)
				if got := y.ask(user, op.Method, path, nil); got.Code != want {
					t.Errorf("%s %s as %q: %d, want %d: %s", op.Method, path, user, got.Code, want, got.Body)
				}
			}
		}
	}
}

func roleUsers() (users []string) {
	for _, role := range access.Roles() {
		users = append(users, string(role), string(role)+"-north")
	}
	return users
}

// fill puts the ids of a site's things into a path.
func (y *yard) fill(path string, kind object, site string) string {
	id := map[object]string{ofDevice: site, ofRun: "run-" + site, ofBackup: "backup-" + site, ofQuestion: y.question[site], ofCampaign: "campaign-" + site}[kind]
	if id == "" {
		id = "x"
	}
	return strings.NewReplacer("{id}", id, "{name}", "name").Replace(path)
}

// wanted is the rule once more, in the words of the administrators' guide.
func wanted(row route, user, site string) int {
	may := map[string]string{
		"viewer":        "known view",
		"operator":      "known view reveal operate",
		"approver":      "known view reveal operate approve",
		"administrator": "known view reveal operate approve administer",
		"bootstrap":     "known view reveal operate approve administer",
	}
	role, scoped := strings.CutSuffix(user, "-north")
	has := slices.Contains(strings.Fields(may[role]), string(row.need))
	about := row.object == ofDevice || row.object == ofRun || row.object == ofBackup || row.object == ofQuestion || row.object == ofCampaign
	switch {
	case row.need == access.Open:
		return reached
	case user == "":
		return http.StatusUnauthorized
	case !has, scoped && row.object == whole:
		return http.StatusForbidden
	case scoped && about && site == "south":
		return http.StatusNotFound
	}
	return reached
}

// TestWithoutRowNobodyMay: a route that was forgotten is closed, for the
// bootstrap token too.
func TestWithoutRowNobodyMay(t *testing.T) {
	y := newYard(t, func(s *server) { delete(s.routes, "list-devices") })
	y.want(y.ask("bootstrap", http.MethodGet, "/api/v1/devices", nil), http.StatusInternalServerError, "list-devices")
}

// TestRowsAreNotTwice: no part of the table takes another's row away.
func TestRowsAreNotTwice(t *testing.T) {
	if n := len(peopleRoutes()) + len(fleetRoutes()) + len(orderRoutes()); n != len(routes()) {
		t.Errorf("%d rows in the parts, %d in the table", n, len(routes()))
	}
}
