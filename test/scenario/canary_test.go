package scenario

import (
	"bytes"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
	"drydock/internal/sim"
)

// The secrets that are planted. None may be found afterwards.
const (
	canaryCommunity  = "canary-community-7c1f"
	canaryAuth       = "canary-auth-passphrase-91d2"
	canaryPriv       = "canary-priv-passphrase-44e8"
	canarySubscriber = "canaryline5b0e"
)

var canaries = []string{canaryCommunity, canaryAuth, canaryPriv, canarySubscriber}

// TestSecretsAreNowhere plants secrets in credentials and configurations, lets
// much happen, and searches every byte that is left: database, WAL, blobs,
// temporary files, the log at its most talkative, and every answer of the API
// but those that open a configuration on purpose (RELIABILITY.md T1, T11).
func TestSecretsAreNowhere(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	log := &safeBuffer{}
	v3 := client.Credentials{Version: "v3", User: "operator", AuthProtocol: "SHA-256", AuthPassword: canaryAuth, PrivProtocol: "AES-128", PrivPassword: canaryPriv}
	v2 := client.Credentials{Version: "v2c", Community: canaryCommunity}
	y := open(t, setup{devices: 4, credentials: &v3, faults: "dev=1 op=backup fault=truncate=900; dev=2 op=update fault=fail; dev=3 op=recover fault=lose=3",
		log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		spec: func(s *sim.Spec) {
			s.Password = canarySubscriber
			s.Credentials = []fleet.Credentials{inFleet(v3), inFleet(v2)}
		}})
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: y.ids[3], Address: y.fleet.Agent(4).String(), Driver: "drydock-iad", Credentials: &v2}}))
	if !strings.Contains(y.fleet.Device(1).FirstConfiguration(), canarySubscriber) {
		t.Fatal("the configuration holds no canary: this would show nothing")
	}
	wrong := v2
	wrong.Community = canaryCommunity + "-wrong"
	y.must(y.api.PutDevices(y.ctx, []client.NewDevice{{ID: "stranger", Address: y.fleet.Agent(4).String(), Driver: "drydock-iad", Credentials: &wrong}}))
	runs := y.order(func(o *client.RunOrder) { o.Release, o.Devices = release, y.ids })
	ftp := y.order(func(o *client.RunOrder) { o.Goal, o.Devices = procedure.GoalBackup, []fleet.DeviceID{"stranger"} }, by("ftp"))
	for _, run := range runs {
		y.answerUntilEnd(run)
	}
	byFTP := y.order(func(o *client.RunOrder) { o.Goal, o.Devices = procedure.GoalBackup, y.ids[3:] }, by("ftp"))[0]
	y.ends(byFTP, procedure.BackedUp)
	_, err := y.api.Cancel(y.ctx, ftp[0], "anna")
	y.must(err)

	// the server still runs: its WAL is there too
	search(t, "the data directory", y.data)
	search(t, "the temporary directory", temp)
	found(t, "the log", log.bytes())
	for _, path := range []string{"/openapi.json", "/healthz", "/api/v1/devices", "/api/v1/devices/iad-0001", "/api/v1/drivers", "/api/v1/drivers/drydock-iad",
		"/api/v1/releases", "/api/v1/runs?limit=100", "/api/v1/runs/" + string(runs[0]), "/api/v1/runs/" + string(runs[0]) + "/journal",
		"/api/v1/runs/" + string(runs[2]) + "/journal", "/api/v1/questions?all=true", "/api/v1/backups", "/api/v1/devices/nobody", "/api/v1/version"} {
		found(t, path, y.get(path))
	}
	for _, run := range append(runs, ftp...) {
		path := "/api/v1/runs/" + string(run) + "/evidence"
		found(t, path, y.get(path))
	}
	if !bytes.Contains(y.get("/api/v1/runs/"+string(byFTP)+"/evidence"), []byte("= text ********")) {
		t.Error("the password of the FTP transfer is not masked in the evidence: it shows nothing")
	}
	// and those that open a configuration on purpose do
	backups, err := y.api.Backups(y.ctx, y.ids[0], "", 0)
	y.must(err)
	content, err := y.api.BackupContent(y.ctx, backups[0].ID)
	y.must(err)
	if !bytes.Contains(content, []byte(canarySubscriber)) {
		t.Error("the content of a backup is not what the device sent")
	}
}

// answerUntilEnd answers every question of the run with its first choice.
func (y *yard) answerUntilEnd(run fleet.RunID) {
	y.t.Helper()
	last := ""
	for {
		st := y.until(run, "a question or its end", func(s procedure.State) bool {
			return s.Phase == procedure.Ended || s.Question != nil && s.Question.ID != last
		})
		if st.Phase == procedure.Ended {
			return
		}
		last = st.Question.ID
		y.answer(*st.Question, st.Question.Choices[0])
	}
}

// get asks the API as a stranger program would.
func (y *yard) get(path string) []byte {
	y.t.Helper()
	req, err := http.NewRequestWithContext(y.ctx, http.MethodGet, y.server.URL+path, nil)
	y.must(err)
	req.Header.Set("Authorization", "Bearer "+y.server.Token.Reveal())
	resp, err := http.DefaultClient.Do(req)
	y.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	y.must(err)
	if len(body) == 0 {
		y.t.Errorf("%s answers nothing", path)
	}
	http.DefaultClient.CloseIdleConnections()
	return body
}

func search(t *testing.T, what, dir string) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		files++
		content, err := os.ReadFile(path)
		found(t, what+", "+path, content)
		return err
	})
	if err != nil {
		t.Error(err)
	}
	t.Logf("%s: %d files searched", what, files)
}

func found(t *testing.T, where string, content []byte) {
	t.Helper()
	for _, c := range canaries {
		if i := bytes.Index(content, []byte(c)); i >= 0 {
			t.Errorf("%s holds %q: ...%q", where, c, content[max(0, i-60):min(len(content), i+len(c)+20)])
		}
	}
}

// safeBuffer is a log that many write to.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) bytes() []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Clone(b.buf.Bytes())
}
