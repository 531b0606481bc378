package migrate

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"drydock/migrations"
)

// sonicFloor is how many of the given pairs come out exactly; it only grows.
const sonicFloor = 212

// noise are tables in which the given files of one platform differ for other
// reasons than their versions: they were taken from several devices.
func noise(table string) bool { return table == "PORT" }

type sonicPair struct{ from, to string }

// sonicPairs are a file of each version with the files of later ones, and the
// inputs with what is expected of them.
func sonicPairs(t *testing.T, dir string) []sonicPair {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) < 90 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	versioned := regexp.MustCompile(`^(.*)-version_\d_\d_\d\.json$`)
	var pairs []sonicPair
	for i, file := range files {
		if m := versioned.FindStringSubmatch(filepath.Base(file)); m != nil {
			for _, later := range files[i+1:] {
				if n := versioned.FindStringSubmatch(filepath.Base(later)); n != nil && n[1] == m[1] {
					pairs = append(pairs, sonicPair{file, later})
				}
			}
		}
		if expected := strings.Replace(file, "input", "expected", 1); strings.HasSuffix(file, "input.json") {
			pairs = append(pairs, sonicPair{file, expected})
		}
	}
	return pairs
}

type database map[string]map[string]any

func readDatabase(t *testing.T, data []byte) database {
	t.Helper()
	var d database
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func tableOf(key string) string {
	name, _, _ := strings.Cut(key, "|")
	return name
}

// differences compares the tables that the migration touches: those of the
// expected file, and what the input had.
func differences(input, expected, got database, versioned bool) []string {
	touched := map[string]bool{}
	for key := range expected {
		touched[tableOf(key)] = !(versioned && noise(tableOf(key)))
	}
	var diffs []string
	for key, e := range expected {
		if g, ok := got[key]; touched[tableOf(key)] && (!ok || !reflect.DeepEqual(e, g)) {
			if versioned && !reflect.DeepEqual(input[key], e) && input[key] == nil && e["profile_list"] != nil && g == nil {
				continue // a port that only the later file's device has
			}
			diffs = append(diffs, fmt.Sprintf("%s: got %v, want %v", key, g, e))
		}
	}
	for key, g := range got {
		if _, ok := expected[key]; touched[tableOf(key)] && !ok {
			diffs = append(diffs, fmt.Sprintf("%s: got %v, want nothing", key, g))
		}
	}
	return diffs
}

// TestSonicFixtures holds migrations/sonic to the given pairs.
func TestSonicFixtures(t *testing.T) {
	p, err := LoadPack(migrations.FS, "sonic")
	if err != nil {
		t.Fatal(err)
	}
	pairs, exact := sonicPairs(t, filepath.Join(sharedFolder(t), "fixtures/sonic")), 0
	for _, pair := range pairs {
		input, err := os.ReadFile(pair.from)
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(pair.to)
		if err != nil {
			t.Fatal(err)
		}
		expected := readDatabase(t, want)
		to := p.Steps[len(p.Steps)-1].To
		if v, ok := expected["VERSIONS|DATABASE"]["VERSION"].(string); ok {
			to = v
		}
		r, err := p.Apply("", to, input)
		if err != nil {
			t.Errorf("%s: %v", filepath.Base(pair.from), err)
			continue
		}
		checkAccount(t, input, r)
		diffs := differences(readDatabase(t, input), expected, readDatabase(t, r.Output), strings.Contains(pair.to, "-version_"))
		if len(diffs) == 0 {
			exact++
			continue
		}
		t.Logf("%s -> %s: %d differences; %s", filepath.Base(pair.from), filepath.Base(pair.to), len(diffs), diffs[0])
	}
	t.Logf("%d exact of %d", exact, len(pairs))
	if exact < sonicFloor {
		t.Errorf("%d exact, but %d were", exact, sonicFloor)
	}
}
