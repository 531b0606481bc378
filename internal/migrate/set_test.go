package migrate

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const setPack = `
pack: p
format: set
steps:
  - from: "1"
    to: "2"
    rules:
      - {id: rename, why: w, detect: {line: "set system ntp server {s}"}, rename: {line: "set service ntp server {s}"}}
      - {id: value, why: w, detect: {line: "set system name x"}, rename: {line: 'set system name "it''s x"'}}
      - {id: gone, why: w, detect: {line: "set gone {x...}"}, delete: {because: gone}}
      - {id: add, why: w, detect: {line: "set more {x}"}, add: {to: [], line: "set extra {x}", after: "set more {y}"}}
`

func TestSet(t *testing.T) {
	checkTexts(t, "set", "# c\nset a b 'c d'\n\nset  x \"y \\\"z\\\"\" \r\ndelete a *\nset login banner 'two\nlines'\nset e ''\nset q 'it'\\''s'\nset r a{2}",
		`set a b "c d"|set x "y \"z\""|delete a "*"|set login banner "two\nlines"|set e ""|set q it's|set r "a{2}"`)
	checkMalformed(t, "set", map[string]string{
		"set a\n b c":       `line 2, column 2: "b" is no command; expected a line that begins with set, delete,`,
		"set a 'b\nset c\n": `line 1, column 7: a quote that is not closed; expected '\''`,
		"set\n":             `line 1, column 4: "set" without words; expected the words of a place`,
	})
	checkRewriting(t, setPack, map[string]rewritten{
		"in place": {"set system ntp server 'a'\n# c\nset system name x\n", "set service ntp server 'a'\n# c\nset system name 'it'\\''s x'\n"},
		"quoted":   {"set system name 'x'\nset gone a\nset gone 'b\nc'\n", "set system name 'it'\\''s x'\n"},
		"added":    {"set more '1'\nset z", "set more '1'\nset extra '1'\nset z"},
		"bare":     {"set more 1\n", "set more 1\nset extra 1\n"},
		"nothing":  {"set gone 1", ""},
	})
}

// TestSetFixtures: what VyOS lists comes out as it went in, and the words of a
// line make the line.
func TestSetFixtures(t *testing.T) {
	for file, data := range vyosFixtures(t, "*.set") {
		d, err := Parse("set", data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if !bytes.Equal(d.Bytes(), data) {
			t.Errorf("%s: %s", file, firstDifference(d.Bytes(), data))
		}
		for n := range d.root.commands {
			fresh := node{text: n.text}
			(setLines{}).write(d, &fresh, false)
			if got := strings.NewReplacer("'", "").Replace(fresh.raw); got != strings.ReplaceAll(n.raw, "'", "") {
				t.Errorf("%s: %q is written %q", file, n.raw, fresh.raw)
			}
		}
	}
}

func vyosFixtures(t *testing.T, pattern string) map[string][]byte {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(sharedFolder(t), "fixtures/vyos", pattern))
	if len(names) == 0 {
		t.Fatalf("no fixtures %s", pattern)
	}
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[filepath.Base(name)] = data
	}
	return files
}

func TestSetCommands(t *testing.T) {
	for name, c := range map[string]struct{ input, want string }{
		"VyOS": {vyosSample + "a b's { x \"it's \\\"so\\\"\"\n}\n", `set interfaces ethernet eth0 address '10.0.0.1/24' (line 3)
set interfaces ethernet eth0 address 'dhcp' (line 4)
set interfaces ethernet eth0 description 'to "core" {x}' (line 5)
set interfaces ethernet eth0 disable (line 6)
set interfaces loopback lo (line 8)
set service ssh (line 14)
set service https listen-address '*' (line 16)
set service https key '' (line 17)
set a 'b'\''s' x 'it'\''s "so"' (line 24)`},
		"Junos": {junosSample, `set version 18.4R1 (line 2)
set system host-name r1 (line 4)
set system services ssh (line 6)
deactivate system services (line 5)
set system login message "a; b\\n" (line 11)
protect system login (line 10)
set system name-server 10.0.0.1 (line 13)
set system name-server 10.0.0.2 (line 13)
set firewall family inet filter f term t then count c (line 15)
set firewall family inet filter f term t then accept (line 15)
set policy-options community x members a (line 17)
set policy-options community x members b (line 17)`},
		"inactive lines": {"v;\ninactive: a [ b c ];\ninactive: protect: d e;\n", "set v (line 1)\nset a b (line 2)\nset a c (line 2)\ndeactivate a (line 2)\nset d e (line 3)\ndeactivate d e (line 3)\nprotect d e (line 3)"},
	} {
		d, err := Parse("braces", []byte(c.input))
		if err != nil {
			t.Fatal(err)
		}
		commands, err := d.SetCommands()
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, command := range commands {
			got = append(got, command.String())
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s: got\n%s", name, strings.Join(got, "\n"))
		}
	}
	d, _ := Parse("ini", nil)
	if _, err := d.SetLines(); err == nil {
		t.Error("an INI file has set commands")
	}
	deep := strings.Repeat("a {\n", 10_000) + strings.Repeat("b 1\n", 40_000) + strings.Repeat("}\n", 10_000)
	if d, err := Parse("braces", []byte(deep)); err != nil {
		t.Error(err)
	} else if _, err := d.SetLines(); err == nil {
		t.Error("800 MB of set commands")
	}
}

// TestSetCommandsOfFixtures: what VyOS lists for a configuration and needs
// no migration comes out of it to the letter.
func TestSetCommandsOfFixtures(t *testing.T) {
	sets := vyosFixtures(t, "*.set")
	expected, found := 0, 0
	for file, data := range vyosFixtures(t, "*.boot") {
		d, err := Parse("braces", data)
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		lines, err := d.SetLines()
		if err != nil {
			t.Errorf("%s: %v", file, err)
		}
		have := map[string]bool{}
		for _, line := range lines {
			have[line] = true
		}
		if _, err := Parse("set", []byte(strings.Join(lines, "\n"))); err != nil {
			t.Errorf("%s: the commands are malformed: %v", file, err)
		}
		for line := range strings.Lines(string(sets[strings.TrimSuffix(file, ".boot")+".set"])) {
			if expected++; have[strings.TrimSpace(line)] {
				found++
			}
		}
	}
	if t.Logf("%d of %d lines need no migration", found, expected); found < 1500 {
		t.Errorf("only %d of %d lines", found, expected)
	}
}
