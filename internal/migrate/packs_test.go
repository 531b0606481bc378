package migrate

import (
	"io/fs"
	"path"
	"testing"

	"github.com/goccy/go-yaml"

	"drydock/migrations"
)

func iadPack(t testing.TB) *Pack {
	t.Helper()
	p, err := LoadPack(migrations.FS, "drydock-iad")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(migrations.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// expectation is a pack test's findings.yaml.
type expectation struct {
	From, To string
	Findings []struct {
		Rule, Severity, Message string
		Line                    int
	}
}

// TestPacks runs the tests that the packs bring along.
func TestPacks(t *testing.T) {
	dirs, err := fs.Glob(migrations.FS, "*/tests/*")
	if err != nil || len(dirs) < 2 {
		t.Fatalf("only %d tests in the packs, %v", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(dir, func(t *testing.T) {
			p, err := LoadPack(migrations.FS, path.Dir(path.Dir(dir)))
			if err != nil {
				t.Fatal(err)
			}
			var want expectation
			if err := yaml.UnmarshalWithOptions(fixture(t, dir+"/findings.yaml"), &want, yaml.Strict()); err != nil {
				t.Fatal(err)
			}
			input, expected := fixture(t, dir+"/input.conf"), fixture(t, dir+"/expected.conf")
			r, err := p.Apply(want.From, want.To, input)
			if err != nil {
				t.Fatal(err)
			}
			if string(r.Output) != string(expected) {
				t.Errorf("output differs at %s", firstDifference(r.Output, expected))
			}
			checkFindings(t, r.Findings, want)
			checkAccount(t, input, r)
		})
	}
}

func checkFindings(t *testing.T, got []Finding, want expectation) {
	t.Helper()
	if len(got) != len(want.Findings) {
		t.Fatalf("%d findings, want %d", len(got), len(want.Findings))
	}
	for i, w := range want.Findings {
		g := got[i]
		if g.Rule != w.Rule || string(g.Severity) != w.Severity || g.Line != w.Line || g.Message != w.Message {
			t.Errorf("finding %d is %s %s line %d %q, want %+v", i, g.Rule, g.Severity, g.Line, g.Message, w)
		}
	}
}

func TestIADVersionIsDetected(t *testing.T) {
	p := iadPack(t)
	for file, want := range map[string]string{"input.conf": "1.4", "expected.conf": "2.0"} {
		if got, ok := p.DetectVersion(fixture(t, "drydock-iad/tests/iad-4-fxs/"+file)); !ok || got != want {
			t.Errorf("%s tells version %q, %v; want %s", file, got, ok, want)
		}
	}
	if v, ok := p.DetectVersion([]byte("hostname x\nend\n")); ok {
		t.Errorf("found version %q where none is told", v)
	}
}

func TestIADSummaryByCategory(t *testing.T) {
	r, err := iadPack(t).Apply("", "2.0", fixture(t, "drydock-iad/tests/iad-4-fxs/input.conf"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[Category]Counts{
		UserData:      {Kept: 31},
		PortData:      {Kept: 42, Changed: 4, Dropped: 4},
		ProtocolData:  {Kept: 6, Changed: 5, Added: 2},
		DefaultData:   {Kept: 4, Changed: 2},
		Uncategorised: {Kept: 9, Changed: 1},
	}
	for category, counts := range want {
		if r.Summary[category] != counts {
			t.Errorf("category %q: %+v, want %+v", category, r.Summary[category], counts)
		}
	}
	if len(r.Rules) != 11 {
		t.Errorf("%d rules fired: %+v", len(r.Rules), r.Rules)
	}
}
