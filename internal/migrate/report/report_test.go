package report

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/internal/migrate"
	"drydock/migrations"
)

const tiny = `
pack: tiny
format: indented
version: config-version {version}
steps:
  - from: "1"
    to: "2"
    rules:
      - id: host
        why: the name has another word
        detect: {line: "hostname {n}"}
        rename: {line: "name {n}"}
      - id: echo
        why: echo is always on
        detect: {line: echo on}
        delete: {because: always on}
      - id: fax
        why: fax needs a person
        severity: manual
        detect: {line: fax}
        manual: {message: "look at <fax> and its \"port\""}
      - id: timer
        why: timers are said
        add: {to: [], line: timer on, unless: "timer {x}"}
        detect: {line: "name {n}"}
`

const input = "config-version 1\nhostname a\necho on\nlocation <script>alert(1)</script>\nfax\n"

func migrated(t *testing.T) (*migrate.Result, About) {
	t.Helper()
	p, err := migrate.LoadPack(fstest.MapFS{"tiny/pack.yaml": {Data: []byte(tiny)}}, "tiny")
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Apply("1", "2", []byte(input))
	if err != nil {
		t.Fatal(err)
	}
	return r, About{File: "a.conf", Pack: "tiny", From: "1", To: "2"}
}

func written(t *testing.T, form string) string {
	t.Helper()
	r, about := migrated(t)
	var b bytes.Buffer
	if err := Write(&b, form, about, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextNamesEveryLineThatIsNotAsItWas(t *testing.T) {
	text := written(t, "text")
	for _, want := range []string{
		"a.conf: pack tiny, 1 to 2: modification needed, and a person must decide",
		"manual at line 5: look at <fax>", "-  hostname a", "+  name a", "changed by host", "-  echo on", "dropped by echo: always on",
		"?  fax", "+  timer on\n          added by timer",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "location") {
		t.Error("a kept line is among the changes")
	}
}

func TestJSONHasEveryLine(t *testing.T) {
	var got Report
	if err := json.Unmarshal([]byte(written(t, "json")), &got); err != nil {
		t.Fatal(err)
	}
	if got.Modify != "manual" || len(got.Lines) != 5 || got.Lines[3].Text != "location <script>alert(1)</script>" || got.Lines[3].Fate != "kept" {
		t.Errorf("modify %s, lines %+v", got.Modify, got.Lines)
	}
	var output []string
	for _, o := range got.Output {
		output = append(output, o.Text)
	}
	if strings.Join(output, "|") != "config-version 2|name a|location <script>alert(1)</script>|fax|timer on" {
		t.Errorf("output %q", output)
	}
}

func TestHTMLShowsTheConfigurationAsText(t *testing.T) {
	html := written(t, "html")
	if strings.Contains(html, "<script") {
		t.Error("the configuration's text became part of the page")
	}
	for _, want := range []string{"&lt;script&gt;", `<tr class="dropped">`, `<tr class="added">`, `<tr class="manual">`, `<tr class="changed">`} {
		if !strings.Contains(html, want) {
			t.Errorf("no %s", want)
		}
	}
}

func TestAnUnknownFormIsRefused(t *testing.T) {
	r, about := migrated(t)
	if err := Write(&bytes.Buffer{}, "pdf", about, r); err == nil || !strings.Contains(err.Error(), "pdf") {
		t.Errorf("error %v", err)
	}
}

// TestPairsHaveEveryLineOnce holds the table to the account on a real pack.
func TestPairsHaveEveryLineOnce(t *testing.T) {
	p, err := migrate.LoadPack(migrations.FS, "drydock-iad")
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := fs.Glob(migrations.FS, "drydock-iad/tests/*/input.conf")
	if err != nil || len(inputs) == 0 {
		t.Fatalf("%d inputs, %v", len(inputs), err)
	}
	for _, name := range inputs {
		content, err := fs.ReadFile(migrations.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		r, err := p.Apply("", "2.0", content)
		if err != nil {
			t.Fatal(err)
		}
		olds, news := map[int]int{}, 0
		for _, row := range pairs(r) {
			if row.Old.Line > 0 {
				olds[row.Old.Line]++
			}
			if row.New.Line > 0 {
				if news++; row.New.Line != news {
					t.Fatalf("%s: new line %d stands at place %d", name, row.New.Line, news)
				}
			}
		}
		if len(olds) != len(r.Fates) || news != len(r.Origins) {
			t.Errorf("%s: %d of %d old lines, %d of %d new lines", name, len(olds), len(r.Fates), news, len(r.Origins))
		}
	}
}
