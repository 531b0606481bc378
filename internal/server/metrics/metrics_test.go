package metrics

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"drydock/internal/engine"
	"drydock/internal/engine/local"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/snmp"
	"drydock/internal/store"
	"drydock/internal/transfer"
)

// exercised gives metrics that have met everything once.
func exercised(t *testing.T) *Metrics {
	t.Helper()
	m := New("1.2.3")
	at := time.Unix(1_000_000, 0)
	plan := procedure.Plan{Goal: procedure.GoalUpdate}
	change := func(ev procedure.Event, st procedure.State) {
		ev.At, st.Plan, st.Step = at, plan, procedure.Load
		m.Change(engine.Change{Event: ev, State: st})
	}
	change(procedure.Event{Kind: procedure.Started}, procedure.State{})
	change(procedure.Event{Kind: procedure.Faulted, Cause: procedure.NoRoom}, procedure.State{Question: &procedure.Question{Cause: procedure.NoRoom, AskedAt: at}})
	change(procedure.Event{Kind: procedure.Noticed}, procedure.State{Question: &procedure.Question{Cause: procedure.NoRoom, AskedAt: at.Add(-time.Second)}})
	change(procedure.Event{Kind: procedure.Answered, Choice: procedure.Stop}, procedure.State{Result: &procedure.Result{Outcome: procedure.Stopped}})
	m.Exchange(snmp.Exchange{Set: true, Sent: 1, Outcome: snmp.OutcomeAnswered, Took: time.Millisecond})
	m.Exchange(snmp.Exchange{Sent: 3, Outcome: snmp.OutcomeTimeout, Took: 6 * time.Second})
	m.Transfer(transfer.Upload, transfer.Event{Kind: transfer.Began, Result: transfer.Result{Protocol: transfer.TFTP}})
	m.Transfer(transfer.Upload, transfer.Event{Kind: transfer.Finished, Result: transfer.Result{Protocol: transfer.TFTP, Octets: 1000,
		Counters: transfer.Counters{Sent: 12, Resent: 2}}})
	m.Transaction(store.Transaction{Writes: 5, Took: time.Millisecond})
	m.Transaction(store.Transaction{Writes: 1, Err: errors.New("disk")})
	m.Delivery("webhook", "delivered", time.Millisecond)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/runs/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	m.Requests(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/api/v1/runs/r1", nil))
	m.Requests(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/made/up", nil))
	m.Watch(Sources{
		Runs: func() map[local.Place]int {
			return map[local.Place]int{{Step: procedure.Load, Phase: procedure.Asking, Cause: procedure.NoRoom}: 2, {Step: procedure.Load, Phase: procedure.Asking, Cause: procedure.Timeout}: 1}
		},
		Campaigns: func() map[campaign.Status]int { return map[campaign.Status]int{campaign.Paused: 2} },
		Runtime: func() local.Stats {
			return local.Stats{UnderWay: 4, Waiting: 5, Inbox: 6, Commits: 7, Entries: 8, Unfit: 9}
		},
		Transfers: func() transfer.Stats {
			return transfer.Stats{Open: 1, Living: 2, Opened: 3, Expired: 4, Unknown: 5, Busy: 6}
		},
		Traps:        func() snmp.TrapStats { return snmp.TrapStats{Delivered: 1, Malformed: 2} },
		StoreWaiting: func() int { return 3 },
		Outbox:       func() int { return 11 },
	})
	return m
}

func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusOK {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestEverythingIsCounted(t *testing.T) {
	text := scrape(t, exercised(t))
	for _, line := range []string{
		`drydock_build_info{go="`,
		`drydock_runs_started_total{goal="update"} 1`,
		`drydock_runs_ended_total{goal="update",outcome="stopped"} 1`,
		`drydock_runs_ended_total{goal="update",outcome="updated"} 0`,
		`drydock_step_failures_total{cause="no-room",step="load"} 1`,
		`drydock_questions_asked_total{cause="no-room"} 1`,
		`drydock_questions_answered_total{choice="stop"} 1`,
		`drydock_runs_active{phase="asking",step="load"} 3`,
		`drydock_questions_open{cause="no-room"} 2`,
		`drydock_questions_open{cause="refused"} 0`,
		`drydock_snmp_requests_total{outcome="answered",request="set"} 1`,
		`drydock_snmp_requests_total{outcome="timeout",request="get"} 1`,
		`drydock_campaigns_active{status="paused"} 2`,
		`drydock_campaigns_active{status="active"} 0`,
		`drydock_snmp_retransmissions_total 2`,
		`drydock_snmp_request_duration_seconds_count{request="set"} 1`,
		`drydock_snmp_notifications_total{result="malformed"} 2`,
		`drydock_transfers_total{direction="upload",protocol="tftp",result="finished"} 1`,
		`drydock_transfer_bytes_total{direction="upload",protocol="tftp"} 1000`,
		`drydock_transfer_retransmissions_total{direction="upload",protocol="tftp"} 2`,
		`drydock_transfers_active 2`,
		`drydock_grants_open 1`,
		`drydock_transfer_requests_refused_total{reason="unknown"} 5`,
		`drydock_store_transaction_writes_sum 6`,
		`drydock_store_transaction_failures_total 1`,
		`drydock_queue_length{queue="journal"} 6`,
		`drydock_queue_length{queue="notifications"} 11`,
		`drydock_notifications_total{kind="webhook",result="delivered"} 1`,
		`drydock_http_requests_total{code="418",route="GET /api/v1/runs/{id}"} 1`,
		`drydock_http_requests_total{code="404",route="none"} 1`,
	} {
		if !strings.Contains(text, "\n"+line) {
			t.Errorf("no line %s", line)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
}

var named = regexp.MustCompile(`\b(?:drydock|process|go)_[a-z_]+`)

// TestDashboardShowsWhatThereIs holds the dashboard to the metrics, both ways:
// a panel of a metric that is gone stays empty and nobody notices.
func TestDashboardShowsWhatThereIs(t *testing.T) {
	raw, err := os.ReadFile("../../../examples/grafana/drydock.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	families, err := exercised(t).registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, f := range families {
		shown[f.GetName()] = false
	}
	exprs := 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			exprs++
			for _, name := range named.FindAllString(target.Expr, -1) {
				family := name
				for _, suffix := range []string{"_bucket", "_sum", "_count"} {
					if short := strings.TrimSuffix(name, suffix); short != name {
						family = short
					}
				}
				if _, ok := shown[family]; !ok {
					t.Errorf("panel %q: there is no metric %s", p.Title, family)
				}
				shown[family] = true
			}
		}
	}
	if exprs < 30 {
		t.Errorf("only %d expressions were read", exprs)
	}
	for _, name := range slices.Sorted(maps.Keys(shown)) {
		if strings.HasPrefix(name, "drydock_") && !shown[name] {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}
