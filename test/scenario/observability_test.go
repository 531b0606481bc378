package scenario

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/procedure"
)

// TestMetricsOfAnUpdate: what an update did can be read from the metrics, with
// the token at the API and without one at the address for it alone.
func TestMetricsOfAnUpdate(t *testing.T) {
	t.Parallel()
	y := open(t, setup{metrics: "127.0.0.1:0", faults: "dev=1 op=backup fault=fail"})
	run := y.update()
	q := y.asks(run)
	if text := string(y.get("/metrics")); !strings.Contains(text, `drydock_questions_open{cause="`+string(q.Cause)+`"} 1`) {
		t.Errorf("the open question is not counted:\n%s", regexp.MustCompile(`(?m)^drydock_q.*$`).FindAllString(text, -1))
	}
	y.answer(q, procedure.Repeat)
	y.ends(run, procedure.Updated)
	resp, err := http.Get("http://" + y.server.MetricsAddr.String() + "/metrics")
	y.must(err)
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	y.must(err)
	for _, want := range []string{
		`drydock_runs_ended_total\{goal="update",outcome="updated"\} 1`,
		`drydock_snmp_requests_total\{outcome="answered",request="set"\} [1-9]`,
		`drydock_snmp_request_duration_seconds_count\{request="get"\} [1-9]`,
		`drydock_transfers_total\{direction="download",protocol="tftp",result="finished"\} [1-9]`,
		`drydock_transfer_bytes_total\{direction="upload",protocol="tftp"\} [1-9]`,
		`drydock_store_transaction_duration_seconds_count [1-9]`,
		`drydock_journal_entries_total [1-9]`,
		`drydock_grants_opened_total [1-9]`,
		`drydock_http_requests_total\{code="200",route="POST /api/v1/runs"\} 1`,
	} {
		if !regexp.MustCompile(`(?m)^` + want).Match(raw) {
			t.Errorf("no line %s", want)
		}
	}
	if t.Failed() {
		t.Logf("%s", raw)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/heap", "/debug/pprof/profile?seconds=1"} {
		resp, err := http.Get(y.server.URL + path)
		y.must(err)
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s without a token: %s", path, resp.Status)
		}
	}
	if len(y.get("/debug/pprof/heap")) == 0 {
		t.Error("the profile is empty")
	}
}

// TestReadyzTellsOfBlobs: a server whose bucket is gone says so, and says so no
// more when it is back.
func TestReadyzTellsOfBlobs(t *testing.T) {
	t.Parallel()
	y := open(t, setup{})
	ready := func() (int, client.Readiness) {
		resp, err := http.Get(y.server.URL + "/readyz")
		y.must(err)
		defer resp.Body.Close()
		var r client.Readiness
		y.must(json.NewDecoder(resp.Body).Decode(&r))
		return resp.StatusCode, r
	}
	until := func(want int) client.Readiness { // an answer is given again for a second
		for {
			if code, r := ready(); code == want {
				return r
			}
			if y.ctx.Err() != nil {
				t.Fatalf("/readyz does not come to %d", want)
			}
		}
	}
	for _, part := range []string{"database", "blobs", "engine", "tftp", "ftp", "traps", "notifications"} {
		if r := until(http.StatusOK); r.Parts[part] != "ready" {
			t.Errorf("%s is %q", part, r.Parts[part])
		}
	}
	blobs := filepath.Join(y.data, "blobs", "backups")
	y.must(os.Rename(blobs, blobs+".away"))
	if r := until(http.StatusServiceUnavailable); r.Parts["blobs"] != "unavailable" || r.Parts["database"] != "ready" {
		t.Errorf("parts %v", r.Parts)
	}
	y.must(os.Rename(blobs+".away", blobs))
	until(http.StatusOK)
}
