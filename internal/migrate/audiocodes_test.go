package migrate

import (
	"errors"
	"io/fs"
	"math/rand"
	"strings"
	"testing"

	"drydock/migrations"
)

// disturbed is a configuration with lines left out, doubled and respelled, and
// without the line that tells its version.
func disturbed(rng *rand.Rand, input string) string {
	var b strings.Builder
	for line := range strings.Lines(strings.ReplaceAll(input, "\r", "")) {
		if strings.HasPrefix(line, ";Software") {
			continue
		}
		switch rng.Intn(12) {
		case 0:
			if line[0] != '[' { // two tables in one section are malformed
				continue
			}
		case 1:
			line = strings.ToUpper(line)
		case 2:
			line = strings.ToLower(line)
		case 3:
			if !strings.Contains(line, "FORMAT") { // so is a second one in a table
				line += line
			}
		}
		b.WriteString(line)
	}
	if rng.Intn(3) == 0 {
		return strings.ReplaceAll(b.String(), "\n", "\r\n")
	}
	return b.String()
}

// A file that people have worked on by hand may be anything; it stops no
// migration, and its account is whole.
func TestAudioCodesOnDisturbedFiles(t *testing.T) {
	p, err := LoadPack(migrations.FS, "audiocodes")
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(migrations.FS, "audiocodes/tests/*/input.ini")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	versions, rng, done := p.versions(), rand.New(rand.NewSource(1)), 0
	for range 150 {
		input := disturbed(rng, string(fixture(t, files[rng.Intn(len(files))]))+"\n"+string(fixture(t, files[rng.Intn(len(files))])))
		from := rng.Intn(len(versions) - 1)
		to := from + 1 + rng.Intn(len(versions)-from-1)
		r, err := p.Apply(versions[from], versions[to], []byte(input))
		if wrong := (*SyntaxError)(nil); errors.As(err, &wrong) {
			continue
		}
		if err != nil {
			t.Fatalf("from %s to %s: %v\n%s", versions[from], versions[to], err, input)
		}
		checkAccount(t, []byte(input), r)
		done++
	}
	if done < 100 {
		t.Errorf("only %d of 150 could be parsed", done)
	}
}
