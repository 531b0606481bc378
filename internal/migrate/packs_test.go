package migrate

import (
	"io/fs"
	"testing"

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

func TestResultTellsTheVersions(t *testing.T) {
	told := "! nothing\nversion 1\nend\n"
	p := packFrom(t, "pack: p\nformat: indented\nend: end\nversion: \"version {version}\"\nsteps:\n  - {from: \"1\", to: \"2\", rules: []}\n")
	for _, c := range []struct{ from, to, input, wantFrom string }{
		{"", "", told, "1"},
		{"1", "2", told, "1"},
		{"1.7", "", "x\nend\n", "1.7"},
	} {
		r, err := p.Apply(c.from, c.to, []byte(c.input))
		if err != nil {
			t.Fatal(err)
		}
		if r.From != c.wantFrom || r.To != "2" {
			t.Errorf("%q to %q of %q: the result is from %q to %q, want %q to 2", c.from, c.to, c.input, r.From, r.To, c.wantFrom)
		}
	}
	whole := vyosPack(t)
	r, err := whole.Apply("interfaces@30", "", []byte("interfaces {\n}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if r.From != "interfaces@30" || r.To != whole.Newest() {
		t.Errorf("the result is from %q to %q", r.From, r.To)
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
