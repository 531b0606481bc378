package migrate

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drydock/migrations"
)

func vyosPack(t testing.TB) *Pack {
	t.Helper()
	p, err := LoadPack(migrations.FS, "vyos")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// setPairs are configurations with the set commands that they must give.
func setPairs(t *testing.T, folder string) map[string][]string {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(folder, "*.boot"))
	if len(files) == 0 {
		t.Fatalf("no pairs in %s", folder)
	}
	pairs := map[string][]string{}
	for _, file := range files {
		want, err := os.ReadFile(strings.TrimSuffix(file, ".boot") + ".set")
		if err != nil {
			t.Fatal(err)
		}
		pairs[file] = strings.Split(strings.TrimSpace(string(want)), "\n")
	}
	return pairs
}

// missing migrates a file and gives the commands that it should give and does
// not.
func missing(t *testing.T, p *Pack, file string, want []string) (lines []string) {
	t.Helper()
	input, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Apply("", "", input)
	if err != nil {
		t.Errorf("%s: %v", filepath.Base(file), err)
		return want
	}
	checkAccount(t, input, r)
	d, err := Parse("braces", r.Output)
	if err != nil {
		t.Errorf("%s: the result is malformed: %v", filepath.Base(file), err)
		return want
	}
	wanted, have := map[string]bool{}, map[string]bool{}
	for _, line := range want {
		wanted[line] = true
	}
	commands, err := d.SetCommands()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		have[c.Command] = true
		if !wanted[c.Command] {
			extra(t, file, c, r)
		}
	}
	for _, line := range want {
		if !have[line] {
			lines = append(lines, line)
		}
	}
	return lines
}

// extra says where a command comes from that is not expected: an input line,
// or a rule. One without either would be an invention.
func extra(t *testing.T, file string, c SetCommand, r *Result) {
	t.Helper()
	o := r.Origins[c.Line-1]
	if len(o.Inputs) == 0 && o.Rule == "" {
		t.Errorf("%s: %s comes from nowhere", filepath.Base(file), c.Command)
	}
	if testing.Verbose() {
		t.Logf("%s: extra %s, from lines %v by rule %q", filepath.Base(file), c.Command, o.Inputs, o.Rule)
	}
}

// Floors: raise them, never lower them.
const (
	vyosWhole   = 17 // of the fixtures, those with every expected line
	vyosMissing = 6  // expected lines that are missing in all: keys that were files on the device
)

// TestVyOSFixtures holds the pack to configurations that VyOS itself has
// migrated.
func TestVyOSFixtures(t *testing.T) {
	p := vyosPack(t)
	pairs := setPairs(t, filepath.Join(sharedFolder(t), "fixtures/vyos"))
	whole, lacking, expected := 0, 0, 0
	for file, want := range pairs {
		lines := missing(t, p, file, want)
		expected += len(want)
		lacking += len(lines)
		if len(lines) == 0 {
			whole++
		}
		for _, line := range lines[:min(len(lines), 12)] {
			t.Logf("%s: missing %s", filepath.Base(file), line)
		}
	}
	t.Logf("%d of %d pairs whole; %d of %d expected lines missing", whole, len(pairs), lacking, expected)
	if whole < vyosWhole || lacking > vyosMissing {
		t.Errorf("%d pairs whole, %d lines missing; it was %d and %d", whole, lacking, vyosWhole, vyosMissing)
	}
}

// TestVyOSCases runs the pack's own cases.
func TestVyOSCases(t *testing.T) {
	p := vyosPack(t)
	for file, want := range setPairs(t, "../../migrations/vyos/cases") {
		for _, line := range missing(t, p, file, want) {
			t.Errorf("%s: missing %s", filepath.Base(file), line)
		}
	}
}
