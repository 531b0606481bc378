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
