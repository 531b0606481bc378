package cli

import (
	"io"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

// TestExamples: each command has an example, of itself, with flags that it has
// and as many arguments as it takes.
func TestExamples(t *testing.T) {
	p := &Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard, Env: func(string) string { return "" }}
	root := (&session{Program: p, raw: p}).root()
	used := map[string]bool{}
	var check func(c *cobra.Command)
	check = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			check(sub)
		}
		path := strings.TrimPrefix(c.CommandPath(), "drydock ")
		used[path] = true
		if c.HasSubCommands() || c == root {
			return
		}
		if !strings.Contains(c.Example, c.CommandPath()) {
			t.Errorf("%s has no example", path)
		}
		if examples[path] == "" {
			return
		}
		for line := range strings.Lines(examples[path]) {
			found, rest, err := root.Find(words(strings.TrimPrefix(line, "drydock ")))
			if err == nil {
				err = found.ParseFlags(rest)
			}
			if err == nil {
				err = found.ValidateArgs(found.Flags().Args())
			}
			if err != nil {
				t.Errorf("%s: the example %q: %v", path, line, err)
			}
		}
	}
	check(root)
	for path := range examples {
		if !used[path] {
			t.Errorf("there is an example of %s, and no such command", path)
		}
	}
}

// words splits a line as a shell does; quotes hold one word together.
func words(line string) []string {
	quoted := false
	return strings.FieldsFunc(line, func(r rune) bool {
		if r == '\'' {
			quoted = !quoted
		}
		return !quoted && (r == ' ' || r == '\n')
	})
}
