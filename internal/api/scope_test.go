package api

import (
	"net/http"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/access"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// seesNorth wants an answer with what is the north's and nothing of the south.
func seesNorth(path string) func(*testing.T, *yard) {
	return func(t *testing.T, y *yard) {
		for _, user := range []string{"viewer-north", "administrator-north"} {
			got := y.ask(user, http.MethodGet, path, nil)
			y.want(got, http.StatusOK, "north")
			if strings.Contains(got.Body.String(), "south") {
				t.Errorf("%s as %s shows the south: %s", path, user, got.Body)
			}
		}
		y.want(y.ask("viewer", http.MethodGet, path, nil), http.StatusOK, "north", "south")
		y.want(y.ask("bootstrap", http.MethodGet, path, nil), http.StatusOK, "north", "south")
	}
}

// handlers are the operations whose rows leave the object to the handler.
func handlers() map[string]func(*testing.T, *yard) {
	return map[string]func(*testing.T, *yard){
		"list-devices":     seesNorth("/api/v1/devices"),
		"list-runs":        seesNorth("/api/v1/runs"),
		"list-questions":   seesNorth("/api/v1/questions"),
		"list-backups":     seesNorth("/api/v1/backups"),
		"events":           testEvents,
		"counts":           testCountsScope,
		"search-backups":   testSearchScope,
		"check-migration":  testCheckMigrationScope,
		"put-devices":      testPutScope,
		"answer-questions": testAnswerScope,
		"list-campaigns":   seesNorth("/api/v1/campaigns"),
		"plan-campaign":    testPlanCampaignScope,
		"start-campaign":   testStartCampaignScope,
		"plan":             testPlanScope,
		"start-runs":       testStartScope,
		"diff-backups":     testDiffScope,
		"me":               testMe,
		"logout":           testLogout,
		"change-password":  testChangePassword,
		"list-tokens":      testListTokens,
		"add-token":        testAddToken,
		"revoke-token":     testRevokeToken,
		"answer-by-link":   testAnswerByLink,
	}
}

// TestHandlersKeepScope has a test for every row that says listed, named or
// own: a new one fails here until it has one.
func TestHandlersKeepScope(t *testing.T) {
	for id, row := range routes() {
		if row.object != listed && row.object != named && row.object != own {
			continue
		}
		test, ok := handlers()[id]
		if !ok {
			t.Errorf("the handler of %s sees to scope itself, and has no test in handlers(): add one", id)
			continue
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			test(t, newYard(t, nil))
		})
	}
}

func testEvents(t *testing.T, y *yard) {
	seesNorth("/api/v1/events")(t, y)
	seesNorth("/api/v1/events?run=run-north")
	got := y.ask("viewer-north", http.MethodGet, "/api/v1/events?run=run-south", nil)
	if strings.Contains(got.Body.String(), "south") {
		t.Errorf("the south's run: %s", got.Body)
	}
	if got := y.ask("viewer-north", http.MethodGet, "/api/v1/events", nil); !strings.Contains(got.Body.String(), `"gap":true`) {
		t.Errorf("who falls behind is not told: %s", got.Body)
	}
}

func testPutScope(t *testing.T, y *yard) {
	put := func(id, site string) []client.NewDevice {
		return []client.NewDevice{{ID: fleet.DeviceID(id), Address: "127.0.0.9", Driver: "drydock-iad", Labels: map[string]string{"site": site},
			Credentials: &client.Credentials{Version: "v2c", Community: "c"}}}
	}
	for _, c := range []struct {
		user, id, site string
		want           int
	}{
		{"operator-north", "north", "north", http.StatusNoContent},
		{"operator-north", "new", "north", http.StatusNoContent},
		{"operator-north", "newer", "south", http.StatusForbidden},
		{"operator-north", "north", "south", http.StatusForbidden}, // gives it away
		{"operator-north", "south", "north", http.StatusForbidden}, // takes it
		{"operator-north", "south", "south", http.StatusForbidden},
		{"viewer-north", "north", "north", http.StatusForbidden},
		{"operator", "south", "south", http.StatusNoContent},
	} {
		y.want(y.ask(c.user, http.MethodPut, "/api/v1/devices", put(c.id, c.site)), c.want)
	}
	both := append(put("another", "north"), put("south", "north")...)
	y.want(y.ask("operator-north", http.MethodPut, "/api/v1/devices", both), http.StatusForbidden)
	y.want(y.ask("operator", http.MethodGet, "/api/v1/devices/another", nil), http.StatusNotFound)
	y.want(y.ask("operator", http.MethodGet, "/api/v1/devices/south", nil), http.StatusOK, `"site":"south"`)
}

// testAnswerScope: an answer to all is one to those that are in scope.
func testAnswerScope(t *testing.T, y *yard) {
	all := client.BulkAnswer{Choice: "stop"}
	y.want(y.ask("viewer-north", http.MethodPost, "/api/v1/answers", all), http.StatusForbidden)
	y.want(y.ask("operator-north", http.MethodPost, "/api/v1/answers", all), http.StatusOK)
	if got := y.runtime.answered; len(got) != 1 || got[0] != y.question["north"] {
		t.Errorf("answered: %v", got)
	}
}

// TestAnswersToNamed: of each question that is named it is said what became of it.
func TestAnswersToNamed(t *testing.T) {
	y := newYard(t, nil)
	order := client.BulkAnswer{Choice: "stop", Questions: []string{y.question["north"], y.question["south"], "nosuch"}}
	y.want(y.ask("operator-north", http.MethodPost, "/api/v1/answers", order), http.StatusOK,
		`"answered":["`+y.question["north"]+`"]`, y.question["south"]+": there is no such question", "nosuch: there is no such question")
	order.Cause = procedure.Timeout
	y.want(y.ask("operator", http.MethodPost, "/api/v1/answers", order), http.StatusOK, `"answered":[]`, "not among those")
}

// TestSeeingIsNotCommanding: who may see a device and not command it is told so.
func TestSeeingIsNotCommanding(t *testing.T) {
	y := newYard(t, nil)
	y.user("mixed", access.Grant{Role: access.Viewer}, access.Grant{Role: access.Operator, Scope: "site=north"})
	y.want(y.ask("mixed", http.MethodGet, "/api/v1/devices/south", nil), http.StatusOK)
	y.want(y.ask("mixed", http.MethodDelete, "/api/v1/devices/south", nil), http.StatusForbidden, "role operator for device south is needed")
	y.want(y.ask("mixed", http.MethodPost, "/api/v1/runs", orderFor("south")), http.StatusForbidden)
	y.want(y.ask("mixed", http.MethodGet, "/api/v1/backups/backup-south/content", nil), http.StatusForbidden)
	y.want(y.ask("mixed", http.MethodPost, "/api/v1/runs", orderFor("north")), http.StatusOK)
}

func orderFor(devices ...fleet.DeviceID) client.RunOrder {
	return client.RunOrder{Devices: devices, Goal: "backup"}
}

func testPlanScope(t *testing.T, y *yard) {
	update := func(devices ...fleet.DeviceID) client.RunOrder {
		return client.RunOrder{Devices: devices, Release: "none", Goal: "update"}
	}
	y.want(y.ask("viewer-north", http.MethodPost, "/api/v1/plan", update("north")), http.StatusNotFound, "release none")
	y.want(y.ask("viewer-north", http.MethodPost, "/api/v1/plan", update("north", "south")), http.StatusNotFound, "device south")
	y.want(y.ask("viewer", http.MethodPost, "/api/v1/plan", update("north", "south")), http.StatusNotFound, "release none")
}

func testStartScope(t *testing.T, y *yard) {
	const path = "/api/v1/runs"
	foreign := y.ask("operator-north", http.MethodPost, path, orderFor("north", "south"))
	y.want(foreign, http.StatusNotFound, "device south: there is no such device")
	absent := y.ask("operator-north", http.MethodPost, path, orderFor("north", "nowhere"))
	if got := strings.ReplaceAll(absent.Body.String(), "nowhere", "south"); got != foreign.Body.String() {
		t.Errorf("a foreign device and none at all can be told apart:\n%s\n%s", got, foreign.Body)
	}
	y.want(y.ask("viewer-north", http.MethodPost, path, orderFor("north")), http.StatusForbidden)
	restore := client.RunOrder{Devices: []fleet.DeviceID{"north"}, Goal: "restore", Backup: "backup-south"}
	y.want(y.ask("operator-north", http.MethodPost, path, restore), http.StatusNotFound, "backup-south")
	if len(y.runtime.started) > 0 {
		t.Errorf("started: %v", y.runtime.started)
	}
	y.want(y.ask("operator-north", http.MethodPost, path, orderFor("north")), http.StatusOK, "north")
}

func testDiffScope(t *testing.T, y *yard) {
	y.want(y.ask("operator-north", http.MethodGet, "/api/v1/diff?a=backup-north&b=backup-south", nil), http.StatusNotFound, "backup-south")
	y.want(y.ask("operator-north", http.MethodGet, "/api/v1/diff?a=backup-south&b=backup-north", nil), http.StatusNotFound, "backup-south")
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/diff?a=backup-north&b=backup-north", nil), http.StatusForbidden)
	own := y.ask("operator-north", http.MethodGet, "/api/v1/diff?a=backup-north&b=backup-north", nil)
	if all := y.ask("bootstrap", http.MethodGet, "/api/v1/diff?a=backup-north&b=backup-north", nil); own.Code != all.Code {
		t.Errorf("own backups: %d and %d", own.Code, all.Code)
	}
}

func testMe(t *testing.T, y *yard) {
	y.want(y.ask("", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized)
	y.want(y.ask("operator-north", http.MethodGet, "/api/v1/me", nil), http.StatusOK,
		`"name":"operator-north"`, `"kind":"token"`, `"scope":"site=north"`, `"permissions":["known","view","reveal","operate"]`)
	if got := y.ask("operator-north", http.MethodGet, "/api/v1/me", nil); strings.Contains(got.Body.String(), "everywhere") {
		t.Errorf("a scope is everywhere: %s", got.Body)
	}
	y.want(y.ask("bootstrap", http.MethodGet, "/api/v1/me", nil), http.StatusOK, `"kind":"bootstrap"`, `"everywhere":["known"`)
}

func testListTokens(t *testing.T, y *yard) {
	got := y.ask("viewer-north", http.MethodGet, "/api/v1/tokens", nil)
	y.want(got, http.StatusOK, `"owner":"viewer-north"`)
	if strings.Count(got.Body.String(), "owner") != 1 {
		t.Errorf("others' tokens: %s", got.Body)
	}
	y.want(y.ask("administrator", http.MethodGet, "/api/v1/tokens", nil), http.StatusOK, `"owner":"viewer-north"`, `"owner":"operator"`)
	if got := y.ask("administrator-north", http.MethodGet, "/api/v1/tokens", nil); strings.Count(got.Body.String(), "owner") != 1 {
		t.Errorf("an administrator of a site sees others' tokens: %s", got.Body)
	}
}

func testAddToken(t *testing.T, y *yard) {
	const path = "/api/v1/tokens"
	y.want(y.ask("operator", http.MethodPost, path, client.NewToken{Name: "x"}), http.StatusForbidden, "a token cannot make another")
	as := func(user string, order client.NewToken) (int, string) {
		got := y.asSession(user, http.MethodPost, path, order)
		return got.Code, got.Body.String()
	}
	if code, text := as("operator-north", client.NewToken{Name: "x", Owner: "administrator"}); code != http.StatusForbidden {
		t.Errorf("another's: %d %s", code, text)
	}
	if code, text := as("operator-north", client.NewToken{Name: "x", Grants: []access.Grant{{Role: access.Administrator, Scope: "site=south"}}}); code != http.StatusUnprocessableEntity {
		t.Errorf("of nothing: %d %s", code, text)
	}
	wide := client.NewToken{Name: "wide", Grants: []access.Grant{{Role: access.Administrator}}, Days: 7}
	got := y.asSession("operator-north", http.MethodPost, path, wide)
	y.want(got, http.StatusCreated, `"text":"ddt_`)
	y.tokens["wide"] = field(t, got, "text")
	y.want(y.ask("wide", http.MethodGet, "/api/v1/devices/north", nil), http.StatusOK)
	y.want(y.ask("wide", http.MethodGet, "/api/v1/devices/south", nil), http.StatusNotFound)
	y.want(y.ask("wide", http.MethodGet, "/api/v1/users", nil), http.StatusForbidden)
}

func testRevokeToken(t *testing.T, y *yard) {
	y.want(y.ask("viewer", http.MethodDelete, "/api/v1/tokens/operator", nil), http.StatusNotFound, "there is no such token")
	y.want(y.ask("operator", http.MethodDelete, "/api/v1/tokens/operator", nil), http.StatusNoContent)
	y.want(y.ask("operator", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized)
	y.want(y.ask("administrator", http.MethodDelete, "/api/v1/tokens/viewer", nil), http.StatusNoContent)
	y.want(y.ask("viewer", http.MethodGet, "/api/v1/me", nil), http.StatusUnauthorized)
}
