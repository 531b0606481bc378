package docs

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drydock/internal/server"
)

// step is a shell block of a page, with the output that the page shows.
type step struct {
	line   int
	script string
	output string
	shown  bool
}

// steps reads the blocks with info string sh, and the output after each.
func steps(t *testing.T, page string) (all []step) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", page))
	if err != nil {
		t.Fatal(err)
	}
	open := ""
	for i, line := range strings.Split(string(text), "\n") {
		info, fence := strings.CutPrefix(line, "```")
		switch {
		case fence && open == "":
			open = info
			if info == "sh" {
				all = append(all, step{line: i + 1})
			} else if info == "output" {
				all[len(all)-1].shown = true
			} else if info == "" {
				open = "-"
			}
		case fence:
			open = ""
		case open == "sh":
			all[len(all)-1].script += line + "\n"
		case open == "output":
			all[len(all)-1].output += line + "\n"
		}
	}
	return all
}

// pattern is what an output must look like: … stands for anything, and runs of
// blanks for each other.
func pattern(output string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	for i, part := range strings.Split(strings.TrimSpace(output), "…") {
		if i > 0 {
			b.WriteString(`.*?`)
		}
		for j, word := range regexp.MustCompile(` +`).Split(part, -1) {
			if j > 0 {
				b.WriteString(` +`)
			}
			b.WriteString(regexp.QuoteMeta(word))
		}
	}
	b.WriteString(`$`)
	return regexp.MustCompile(b.String())
}

// reader is at a shell, with drydock on the path and a fresh server.
type reader struct {
	t    *testing.T
	dir  string
	vars []string
}

func newReader(t *testing.T, bin string) *reader {
	t.Helper()
	r := &reader{t: t, dir: t.TempDir()}
	data := filepath.Join(r.dir, "data")
	s, err := server.Start(t.Context(), server.Options{Data: data, HTTP: "127.0.0.1:0", TFTP: "127.0.0.1:0", ServerAddress: "127.0.0.1", Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() })
	r.vars = []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME=" + r.dir,
		"DRYDOCK_DATA=" + data, "DRYDOCK_SERVER=" + s.URL}
	return r
}

// follow runs every block of a page in one shell's variables, and holds each
// to the output that the page shows.
func (r *reader) follow(page string) {
	r.t.Helper()
	all := steps(r.t, page)
	if len(all) == 0 {
		r.t.Fatalf("%s has no blocks", page)
	}
	for _, s := range all {
		// each block has the variables of those before
		script := "set -a; [ ! -f vars ] || . ./vars\n" + s.script + "declare -p TOKEN RUN HEAD order > vars 2>/dev/null || true\n"
		c := exec.CommandContext(r.t.Context(), "bash", "-euc", script)
		c.Dir, c.Env = r.dir, r.vars
		var stderr strings.Builder
		c.Stderr = &stderr
		out, err := c.Output()
		if err != nil {
			r.t.Fatalf("%s:%d: %v\n%s%s", page, s.line, err, out, stderr.String())
		}
		if s.shown && !pattern(s.output).MatchString(strings.TrimSpace(string(out))) {
			r.t.Errorf("%s:%d gives\n%s\nand the page shows\n%s", page, s.line, out, s.output)
		}
	}
}

// TestPages follows the pages whose commands are a shell's.
func TestPages(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("DRYDOCK_TEST_NO_SKIP") == "1" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	bin := t.TempDir()
	out, err := exec.Command("go", "build", "-o", filepath.Join(bin, "drydock"), "drydock/cmd/drydock").CombinedOutput()
	if err != nil {
		t.Fatalf("build drydock: %v\n%s", err, out)
	}
	for _, page := range []string{"api.md", "access.md"} {
		t.Run(page, func(t *testing.T) { newReader(t, bin).follow(page) })
	}
}
