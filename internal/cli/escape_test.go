package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/goccy/go-yaml"

	"drydock/client"
	"drydock/internal/fleet"
)

// hostileTexts are what a device, a file's name or a trap may bring.
func hostileTexts() []string {
	return []string{
		"\x1b[2J\x1b[1;1H", "\x1b]0;owned\x07", "\x1b]52;c;ZWNobyBvd25lZA==\x07", "\x1bP+q544e\x1b\\", "\u009b31m", "\u009d0;x\u009c", "\x7f\x08\x08",
		"good\rbad", "a\u202egnp.exe", "\u2066x\u2069", "line\u2028line", "\x0e\x0f", "\x00", "\ufeff",
	}
}

// live is what must never reach a terminal.
func live(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && r != '\t' && isControl(r) })
}

func TestEscaper(t *testing.T) {
	for _, text := range append(hostileTexts(), "\xff\xfe", "ü€😀") {
		var whole, parts bytes.Buffer
		_, _ = (&escaper{to: &whole}).Write([]byte("a\t" + text + "\n"))
		e := &escaper{to: &parts}
		for _, b := range []byte("a\t" + text + "\n") { // cut anywhere
			if n, err := e.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if live(whole.String()) || whole.String() != parts.String() || !strings.HasPrefix(whole.String(), "a\t") || !strings.HasSuffix(whole.String(), "\n") {
			t.Errorf("%q comes out as %q, in parts as %q", text, &whole, &parts)
		}
	}
	var out bytes.Buffer
	_, _ = (&escaper{to: &out}).Write([]byte("Grüße: 12 °C → 日本\n"))
	if out.String() != "Grüße: 12 °C → 日本\n" {
		t.Errorf("good text becomes %q", &out)
	}
}

func FuzzEscaper(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add([]byte(text), 1)
	}
	f.Fuzz(func(t *testing.T, data []byte, at int) {
		var out bytes.Buffer
		e := &escaper{to: &out}
		at = max(0, min(at, len(data)))
		_, _ = e.Write(data[:at])
		_, _ = e.Write(data[at:])
		if live(out.String()) {
			t.Errorf("%q becomes %q", data, &out)
		}
	})
}

// TestHostileOutputIsStillData: JSON and YAML are read back as what they were.
func TestHostileOutputIsStillData(t *testing.T) {
	for _, format := range []string{"json", "yaml"} {
		for _, text := range hostileTexts() {
			var out bytes.Buffer
			s := &session{Program: &Program{Stdout: &escaper{to: &out}}, output: format}
			if err := s.print(map[string]string{"name": text}, nil); err != nil {
				t.Fatal(err)
			}
			var back map[string]string
			var err error
			if format == "json" {
				err = json.Unmarshal(out.Bytes(), &back)
			} else {
				err = yaml.Unmarshal(out.Bytes(), &back)
			}
			if live(out.String()) || err != nil || back["name"] != text {
				t.Errorf("%s of %q is %q, read back as %q: %v", format, text, &out, back["name"], err)
			}
		}
	}
}

// TestHostileAnswers has a server whose every text is hostile, and runs every
// command that shows what it says, in every format, and into an error.
func TestHostileAnswers(t *testing.T) {
	hostile := strings.Join(hostileTexts(), " ") + "\r\nforged line"
	quoted, err := json.Marshal(hostile)
	if err != nil {
		t.Fatal(err)
	}
	bodies := map[string]string{
		"/api/v1/devices":              `[{"id":X,"address":X,"driver":X,"model":X,"version":X,"identity":{"serial":X},"labels":{"site":X}}]`,
		"/api/v1/devices/d":            `{"id":X,"address":X,"driver":X,"model":X,"version":X,"identity":{"serial":X},"labels":{"site":X}}`,
		"/api/v1/questions":            `[{"id":X,"run":X,"device":X,"step":X,"cause":X,"detail":X,"choices":[X],"open":true}]`,
		"/api/v1/runs":                 `[{"id":X,"device":X,"release":X}]`,
		"/api/v1/backups":              `[{"id":X,"device":X,"run":X,"digest":X}]`,
		"/api/v1/backups/b/content":    `X`,
		"/api/v1/releases":             `[{"id":X,"driver":X,"version":X,"files":[{"role":X,"name":X}]}]`,
		"/api/v1/drivers":              `[{"name":X,"description":X,"protocols":[X],"operations":[X]}]`,
		"/api/v1/campaigns":            `[{"id":X,"name":X,"status":X,"why":X}]`,
		"/api/v1/users":                `[{"name":X}]`,
		"/api/v1/tokens":               `[{"id":X,"name":X,"owner":X}]`,
		"/api/v1/audit":                `[{"seq":1,"actor":X,"address":X,"action":X,"object":X,"outcome":X,"detail":X}]`,
		"/api/v1/notify/channels":      `[{"name":X,"type":X,"address":X,"kinds":[X],"label":X}]`,
		"/api/v1/notify/deliveries":    `[{"channel":X,"title":X,"error":X,"state":X}]`,
		"/api/v1/runs/r/journal":       `[{"seq":1,"event":{"format":1,"kind":"failed","detail":X,"by":X}}]`,
		"/api/v1/backups/diff?a=a&b=b": `{"a":X,"b":X,"differences":[{"path":[X],"kind":X,"expected":X,"got":X}]}`,
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusConflict)
			body = `{"status":409,"detail":X,"hint":X,"code":"conflict"}`
		}
		fmt.Fprint(w, strings.ReplaceAll(body, "X", string(quoted)))
	}))
	defer web.Close()
	good := 0
	for _, command := range []string{"device list", "device show d", "question list", "update list", "backup list", "backup show b", "release list", "driver list",
		"campaign list", "user list", "token list", "audit list", "notify list", "notify deliveries", "update show r", "backup diff a b", "device remove x --yes", "notify test x"} {
		for _, format := range []string{"table", "json", "yaml"} {
			var out, errs bytes.Buffer
			p := &Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, StdoutIsTerminal: true, Env: func(string) string { return "" }}
			code := p.Run(context.Background(), append(strings.Fields(command), "--server", web.URL, "--token", "t", "-o", format))
			if live(out.String()) || live(errs.String()) {
				t.Errorf("drydock %s -o %s says %q and %q", command, format, &out, &errs)
			}
			if strings.Contains(out.String()+errs.String(), "owned") {
				good++
			}
			if format == "table" && code == 0 && strings.Contains(out.String(), "\nforged line") && command != "backup show b" {
				t.Errorf("drydock %s: a device writes lines of its own: %q", command, &out)
			}
		}
	}
	if good < 30 { // else this shows little: the answers were not understood
		t.Errorf("only %d of the outputs had the text in them", good)
	}
}

// TestCSVRunsNothing: no cell that a device has named is a formula, and the
// import reads what was written.
func TestCSVRunsNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "fleet.csv")
	var devices []client.NewDevice
	for i, id := range []string{"=cmd|'/c calc'!A1", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "plain", "it's"} {
		devices = append(devices, client.NewDevice{ID: fleet.DeviceID(fmt.Sprint("i", i)), Address: "10.0.0.1", Driver: "d", Labels: map[string]string{"k": "v"},
			Credentials: &client.Credentials{Version: "v2c", Community: id}})
	}
	if err := WriteDevices(path, devices); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.FieldsFunc(string(raw), func(r rune) bool { return r == ',' || r == '\n' }) {
		if isFormula(strings.TrimPrefix(part, `"`)) {
			t.Errorf("a spreadsheet runs %q", part)
		}
	}
	back, _, err := readCSV(path, raw)
	if err != nil {
		t.Fatal(err)
	}
	for i, d := range back {
		if want := devices[i].Credentials.Community; d.Credentials.Community != want {
			t.Errorf("%q comes back as %q", want, d.Credentials.Community)
		}
	}
}

func TestRowIsOneLine(t *testing.T) {
	for _, text := range append(hostileTexts(), "a\nb", "a\tb") {
		var out bytes.Buffer
		w := tabwriter.NewWriter(&out, 0, 8, 2, ' ', 0)
		row(w, "x", text, "y")
		_ = w.Flush()
		if live(out.String()) || strings.Count(out.String(), "\n") != 1 {
			t.Errorf("%q is shown as %q", text, &out)
		}
	}
}
