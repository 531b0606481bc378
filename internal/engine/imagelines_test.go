package engine

import (
	"testing"

	"drydock/internal/driver"
)

func TestImageLinesAreReplaced(t *testing.T) {
	lines := driver.ImageLines{Match: []string{"boot system {image...}"}}
	for name, c := range map[string]struct{ before, want string }{
		"in the place of the first": {"a\nboot system flash:old\nb\nboot system flash:older\nend\n", "a\nboot system flash:new\nb\nend\n"},
		"before the end":            {"a\nb\nend\n", "a\nb\nboot system flash:new\nend\n"},
		"only at the top":           {"a\n boot system x\nend\n", "a\n boot system x\nboot system flash:new\nend\n"},
		"without an end":            {"a\n", "a\nboot system flash:new\n"},
	} {
		gone, err := linesThatFit("indented", []byte(c.before), lines)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(replaceLines([]byte(c.before), gone, []string{"boot system flash:new"}, "end")); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
