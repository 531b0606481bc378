package packtest

import (
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/internal/migrate"
	"drydock/migrations"
)

// TestPacks runs the cases of all packs that drydock brings along.
func TestPacks(t *testing.T) {
	packs, err := fs.Glob(migrations.FS, "*/"+migrate.PackFile)
	if err != nil || len(packs) == 0 {
		t.Fatalf("%d packs, %v", len(packs), err)
	}
	for _, file := range packs {
		dir := strings.TrimSuffix(file, "/"+migrate.PackFile)
		p, err := migrate.LoadPack(migrations.FS, dir)
		if err != nil {
			t.Error(err)
			continue
		}
		cases, err := Cases(migrations.FS, dir)
		if err != nil || len(cases) == 0 {
			t.Errorf("%s: %d cases, %v", dir, len(cases), err)
		}
		for _, c := range cases {
			t.Run(dir+"/"+c.Name, func(t *testing.T) {
				for _, wrong := range c.Run(p).Wrong {
					t.Error(wrong)
				}
			})
		}
	}
}

const pack = `
pack: p
format: indented
version: v {version}
steps:
  - from: "1"
    to: "2"
    rules:
      - id: gone
        why: echo is always on
        detect: {line: echo on}
        message: echo is gone
        delete: {because: always on}
`

func folder(change map[string]string) fs.FS {
	files := map[string]string{
		"p/pack.yaml":                pack,
		"p/tests/one/input.conf":     "v 1\necho on\na\n",
		"p/tests/one/expected.conf":  "v 2\na\n",
		"p/tests/one/findings.yaml":  "# why\nfrom: \"1\"\nto: \"2\"\nfindings:\n  - rule: gone\n    severity: info\n    line: 2\n    message: echo is gone\n",
		"p/tests/README.md":          "not a case",
		"p/tests/two/input.txt":      "v 2\na\n",
		"p/tests/two/expected.txt":   "v 2\na\n",
		"p/tests/two/findings.yaml":  "to: \"2\"\nfindings: []\n",
		"elsewhere/tests/x/input.js": "",
	}
	maps.Copy(files, change)
	fsys := fstest.MapFS{}
	for name, text := range files {
		if text != "absent" {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return fsys
}

func wrong(t *testing.T, change map[string]string) string {
	t.Helper()
	fsys := folder(change)
	p, err := migrate.LoadPack(fsys, "p")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Cases(fsys, "p")
	if err != nil {
		return err.Error()
	}
	if len(cases) != 2 {
		t.Fatalf("%d cases", len(cases))
	}
	var all []string
	for _, c := range cases {
		all = append(all, c.Run(p).Wrong...)
	}
	return strings.Join(all, "\n")
}

func TestWhatACaseCatches(t *testing.T) {
	if got := wrong(t, nil); got != "" {
		t.Fatalf("good cases fail: %s", got)
	}
	for want, change := range map[string]map[string]string{
		`expected.conf: line 2 is "a", expected is "b"`: {"p/tests/one/expected.conf": "v 2\nb\n"},
		"there is no expected.conf yet":                 {"p/tests/one/expected.conf": "absent"},
		"not stated: info of gone at line 2":            {"p/tests/one/findings.yaml": "from: \"1\"\nto: \"2\"\nfindings: []\n"},
		"not found: warning of gone at line 2":          {"p/tests/one/findings.yaml": "to: \"2\"\nfindings:\n  - {rule: gone, severity: warning, line: 2, message: echo is gone}\n"},
		"no file input.*":                               {"p/tests/one/input.conf": "absent"},
		"2 files expected.*":                            {"p/tests/one/expected.txt": ""},
		"findings.yaml says from, to and findings":      {"p/tests/one/findings.yaml": "absent"},
		"line 1": {"p/tests/one/findings.yaml": "form: \"1\"\n"},
	} {
		if got := wrong(t, change); !strings.Contains(strings.ReplaceAll(got, "[1:1]", "line 1"), want) {
			t.Errorf("%v: %q, want %q in it", change, got, want)
		}
	}
}

func TestOutcomeIsWhatTheFilesMustSay(t *testing.T) {
	fsys := folder(map[string]string{"p/tests/one/expected.conf": "absent", "p/tests/one/findings.yaml": "# why\nto: \"2\"\nfindings: []\n"})
	p, err := migrate.LoadPack(fsys, "p")
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Cases(fsys, "p")
	if err != nil {
		t.Fatal(err)
	}
	out := cases[0].Run(p)
	change := map[string]string{"p/tests/one/expected.conf": string(out.Output), "p/tests/one/findings.yaml": string(out.Said)}
	if got := wrong(t, change); got != "" {
		t.Errorf("what a case gave does not pass: %s", got)
	}
	if !strings.HasPrefix(string(out.Said), "# why\n") {
		t.Error("the comment at the head is lost")
	}
}
