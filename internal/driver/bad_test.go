package driver

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drydock/internal/fault"
)

const mistakesLine = "---- mistakes\n"

// TestBadDrivers holds the messages for wrong drivers: each file is a driver
// and, below a line, what is said about it.
func TestBadDrivers(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no bad drivers: %v", err)
	}
	located := regexp.MustCompile(`^bad\.yaml:[1-9][0-9]*:[1-9][0-9]*: .`)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			input, want, _ := strings.Cut(string(content), mistakesLine)
			_, err = Parse("bad.yaml", []byte(input))
			var mistakes Mistakes
			if !errors.As(err, &mistakes) || !fault.Is(err, fault.Invalid) {
				t.Fatalf("Parse: %v, want mistakes", err)
			}
			got := mistakes.Error() + "\n"
			for line := range strings.Lines(got) {
				if !located.MatchString(line) {
					t.Errorf("without its place: %q", line)
				}
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(input+mistakesLine+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != want {
				t.Errorf("want\n%s\ngot\n%s", want, got)
			}
		})
	}
}
