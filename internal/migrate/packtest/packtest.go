// Package packtest runs the cases that migration packs bring along in their
// folder tests: one folder a case, with
//
//	input.*        the configuration as it was (any ending)
//	expected.*     as it must be
//	findings.yaml  from and to, and what a person must be told
//
// A case passes when the output is the expected one byte by byte, the findings
// are the stated ones, no line of the input is left without a fate, and the
// result, migrated again, stays as it is.
//
// The package is pure: it reads an fs.FS that the caller gives and writes
// nothing; Outcome has what the files would have to say.
package packtest

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"drydock/internal/fault"
	"drydock/internal/migrate"
)

// FindingsFile is the name of the file with a case's versions and findings.
const FindingsFile = "findings.yaml"

// Case is one test of a pack.
type Case struct {
	Name     string // the folder below tests
	From, To string // "" = what the input tells, what is newest
	Input    []byte
	Expected []byte // nil: there is no such file yet
	Findings []Finding

	InputFile, ExpectedFile string // in the case's folder
	head                    string // comment lines before what FindingsFile says
}

// Finding is what a case expects to be said.
type Finding struct {
	Rule     string `yaml:"rule"`
	Severity string `yaml:"severity"`
	Line     int    `yaml:"line,omitempty"`
	Message  string `yaml:"message"`
}

// file is FindingsFile.
type file struct {
	From     string    `yaml:"from,omitempty"`
	To       string    `yaml:"to,omitempty"`
	Findings []Finding `yaml:"findings"`
}

// Cases reads the cases of the pack in a folder, by name. A pack without a
// folder tests has none. The error is fault.Invalid and names the file.
func Cases(fsys fs.FS, dir string) ([]Case, error) {
	folders, err := fs.Glob(fsys, path.Join(dir, "tests", "*"))
	if err != nil {
		return nil, fault.New(fault.Invalid, "", dir, "%w", err)
	}
	var cases []Case
	for _, folder := range folders {
		if info, err := fs.Stat(fsys, folder); err != nil || !info.IsDir() {
			continue
		}
		c, err := read(fsys, folder)
		if err != nil {
			return nil, fault.New(fault.Invalid, "", folder, "%w", err)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

func read(fsys fs.FS, folder string) (Case, error) {
	c := Case{Name: path.Base(folder)}
	var err error
	if c.InputFile, c.Input, err = named(fsys, folder, "input"); err != nil {
		return c, err
	}
	if c.Input == nil {
		return c, fmt.Errorf("there is no file input.*: the configuration as it was")
	}
	if c.ExpectedFile, c.Expected, err = named(fsys, folder, "expected"); err != nil {
		return c, err
	}
	if c.ExpectedFile == "" {
		c.ExpectedFile = "expected" + path.Ext(c.InputFile)
	}
	text, err := fs.ReadFile(fsys, path.Join(folder, FindingsFile))
	if err != nil {
		return c, fmt.Errorf("%s says from, to and findings: %w", FindingsFile, err)
	}
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return c, fmt.Errorf("%s: %w", FindingsFile, err)
	}
	c.From, c.To, c.Findings, c.head = f.From, f.To, f.Findings, comments(string(text))
	return c, nil
}

// named finds the one file of a folder with a stem.
func named(fsys fs.FS, folder, stem string) (string, []byte, error) {
	files, err := fs.Glob(fsys, path.Join(folder, stem+".*"))
	switch {
	case err != nil || len(files) == 0:
		return "", nil, err
	case len(files) > 1:
		return "", nil, fmt.Errorf("there are %d files %s.*; one is wanted", len(files), stem)
	}
	content, err := fs.ReadFile(fsys, files[0])
	return path.Base(files[0]), content, err
}

// comments are the comment lines at the head of a file.
func comments(text string) string {
	var head strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, "#") {
			break
		}
		head.WriteString(line)
	}
	return head.String()
}

// Outcome is what a case gave.
type Outcome struct {
	Wrong  []string // what is not as expected; none: it passed
	Output []byte   // for ExpectedFile; nil where the migration failed
	Said   []byte   // for FindingsFile; nil where the migration failed
}

// Run migrates the case's input with its pack.
func (c *Case) Run(p *migrate.Pack) Outcome {
	r, err := p.Apply(c.From, c.To, c.Input)
	if err != nil {
		return Outcome{Wrong: []string{err.Error()}}
	}
	out := Outcome{Output: r.Output}
	got := findings(r)
	said, err := yaml.Marshal(file{c.From, c.To, got})
	if err != nil {
		return Outcome{Wrong: []string{err.Error()}}
	}
	out.Said = append([]byte(c.head), said...)
	switch {
	case c.Expected == nil:
		out.Wrong = append(out.Wrong, fmt.Sprintf("there is no %s yet", c.ExpectedFile))
	case !bytes.Equal(r.Output, c.Expected):
		out.Wrong = append(out.Wrong, fmt.Sprintf("%s: %s", c.ExpectedFile, FirstDifference(r.Output, c.Expected)))
	}
	out.Wrong = append(out.Wrong, unlike(got, c.Findings)...)
	out.Wrong = append(out.Wrong, unaccounted(c.Input, r)...)
	out.Wrong = append(out.Wrong, again(p, c.To, r.Output)...)
	return out
}

func findings(r *migrate.Result) []Finding {
	list := make([]Finding, 0, len(r.Findings))
	for _, f := range r.Findings {
		list = append(list, Finding{f.Rule, string(f.Severity), f.Line, f.Message})
	}
	return list
}

// unlike says how findings differ from the stated ones.
func unlike(got, want []Finding) (wrong []string) {
	if len(got) == len(want) && slices.Equal(got, want) {
		return nil
	}
	for _, f := range want {
		if !slices.Contains(got, f) {
			wrong = append(wrong, fmt.Sprintf("%s: not found: %s of %s at line %d: %s", FindingsFile, f.Severity, f.Rule, f.Line, f.Message))
		}
	}
	for _, f := range got {
		if !slices.Contains(want, f) {
			wrong = append(wrong, fmt.Sprintf("%s: not stated: %s of %s at line %d: %s", FindingsFile, f.Severity, f.Rule, f.Line, f.Message))
		}
	}
	if wrong == nil {
		wrong = []string{FindingsFile + ": the findings come in another order, or another number of times"}
	}
	return wrong
}

// unaccounted holds law 7: every line of the input has a fate, every line of
// the output an origin.
func unaccounted(input []byte, r *migrate.Result) (wrong []string) {
	if in := lines(input); in != len(r.Fates) {
		wrong = append(wrong, fmt.Sprintf("%d lines of the input, %d fates", in, len(r.Fates)))
	}
	if out := lines(r.Output); out != len(r.Origins) {
		wrong = append(wrong, fmt.Sprintf("%d lines of the output, %d origins", out, len(r.Origins)))
	}
	return wrong
}

func lines(text []byte) int {
	n := bytes.Count(text, []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

// again holds law 6 where the output tells its version.
func again(p *migrate.Pack, to string, output []byte) []string {
	if _, told := p.DetectVersion(output); !told {
		return nil // Apply itself holds it then
	}
	r, err := p.Apply("", to, output)
	switch {
	case err != nil:
		return []string{"migrated again: " + err.Error()}
	case !bytes.Equal(r.Output, output):
		return []string{"migrated again it changes: " + FirstDifference(r.Output, output)}
	}
	return nil
}

// FirstDifference says where two texts differ first.
func FirstDifference(got, want []byte) string {
	g, w := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d is %q, expected is %q", i+1, g[i], w[i])
		}
	}
	return fmt.Sprintf("%d lines, expected are %d", len(g), len(w))
}
