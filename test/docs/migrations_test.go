// Package docs follows the tutorials in docs as a new user would: it makes the
// files that they show and types the commands that they say.
package docs

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drydock/internal/cli"
)

// block is a file that a page shows: a fence whose info string names it.
type block struct {
	name   string
	append bool
	text   string
}

// blocks reads the files of a page, in order.
func blocks(t *testing.T, page string) (all []block) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	var open *block
	for line := range strings.Lines(string(text)) {
		info, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open == nil:
			if words := strings.Fields(info); len(words) > 1 {
				open = &block{name: words[1], append: len(words) > 2 && words[2] == "append"}
			} else {
				open = &block{}
			}
		case fence:
			if open.name != "" {
				all = append(all, *open)
			}
			open = nil
		case open != nil:
			open.text += line
		}
	}
	return all
}

// desk is where the tutorial's reader works.
type desk struct {
	t   *testing.T
	dir string
}

func (d desk) write(b block) {
	d.t.Helper()
	path := filepath.Join(d.dir, b.name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	before := []byte(nil)
	if b.append {
		var err error
		if before, err = os.ReadFile(path); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := os.WriteFile(path, append(before, b.text...), 0o644); err != nil {
		d.t.Fatal(err)
	}
}

// types types a command of the page, and checks its exit code and what it says.
func (d desk) types(command string, exit int, says ...string) {
	d.t.Helper()
	var out bytes.Buffer
	p := &cli.Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Env: func(string) string { return "" }}
	args := strings.Fields(command)[1:]
	if got := p.Run(d.t.Context(), args); got != exit {
		d.t.Fatalf("%s: exit code %d, not %d:\n%s", command, got, exit, out.String())
	}
	for _, s := range says {
		if !strings.Contains(out.String(), s) {
			d.t.Errorf("%s: no %q in\n%s", command, s, out.String())
		}
	}
}

func TestMigrationsTutorial(t *testing.T) {
	files := blocks(t, "migrations.md")
	if len(files) != 4 {
		t.Fatalf("%d files in the page: %+v", len(files), files)
	}
	d := desk{t, t.TempDir()}
	t.Chdir(d.dir)
	d.write(files[0])
	d.write(files[1])
	d.types("drydock migrate apply --pack ./acme acme/tests/office/input.conf", 0,
		"software-version 3", "sip server 192.0.2.10", "registration-time 1800", "line 2\n number 4930123452\n echo-cancel off\n")
	d.write(files[2])
	d.types("drydock migrate apply --pack ./acme acme/tests/office/input.conf", 3, "line 2 has echo cancellation off")
	d.write(files[3])
	d.types("drydock migrate test ./acme", 1, "FAIL", "there is no expected.conf yet")
	d.types("drydock migrate test ./acme --update", 0)
	d.types("drydock migrate test ./acme", 0, "ok    acme/office")
	d.types("drydock migrate check --pack ./acme --report html --out office.html acme/tests/office/input.conf", 3)
	if page, err := os.ReadFile("office.html"); err != nil || !bytes.Contains(page, []byte("sip server 192.0.2.10")) {
		t.Errorf("the page: %v", err)
	}
	d.types("drydock migrate infer --format indented --from 2 --to 3 --out proposal acme/tests/office/input.conf acme/tests/office/expected.conf", 0,
		"rename-voip-server", "reproduced")
}
