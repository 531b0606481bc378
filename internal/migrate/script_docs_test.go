package migrate

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestScriptExamplesOfTheDocs: each example in docs/migration-scripts.md does
// what the table says.
func TestScriptExamplesOfTheDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/migration-scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "## Examples, one for each change")
	if !found {
		t.Fatal("there are no examples")
	}
	quoted := regexp.MustCompile("`([^`]+)`")
	examples := 0
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[2], "`i.") {
			continue
		}
		examples++
		var before []string
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			before = append(before, braceLines(m[1])...)
		}
		script := quoted.FindStringSubmatch(cells[2])[1]
		input := "version 1\ninterface eth0 {\n" + strings.Join(before, "\n") + "\n}\n"
		r := applied(t, "braces", "def f(c):\n    i = c.root.get('interface', 'eth0')\n    "+script+"\n", input)
		rest := string(r.Output)
		if strings.Contains(cells[3], "nothing") {
			if strings.Contains(rest, before[0]) {
				t.Errorf("%s leaves\n%s", script, rest)
			}
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[3], -1) {
			for _, want := range braceLines(m[1]) {
				_, after, found := strings.Cut(rest, want)
				if !found && !strings.Contains(cells[3], "both") {
					t.Errorf("%s gives\n%swithout %q, or not there", script, r.Output, want)
				}
				if found {
					rest = after
				}
			}
		}
	}
	if examples < 11 {
		t.Errorf("only %d examples", examples)
	}
}

// braceLines writes a block in one line as the lines that it is.
func braceLines(text string) []string {
	text = strings.NewReplacer(" { }", " {\n}", " { ", " {\n", " }", "\n}").Replace(text)
	return strings.Split(text, "\n")
}
