package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/migrate/packtest"
	"drydock/migrations"
)

func (s *session) migrateTest() *cobra.Command {
	c := &cobra.Command{Use: "test [PACK...]", Short: "Run the cases that migration packs bring along",
		Long: `Run the cases in the folder tests of packs, named or by folder; without a name
those that drydock brings along. A case is a folder with input.*, expected.* and
findings.yaml (from, to, and what a person must be told).

--update writes expected.* and findings.yaml as the rules give them now: read the
difference before you keep it. Exit codes: 0 all pass, 1 some fail, 2 bad pack.`}
	update := c.Flags().Bool("update", false, "rewrite expected.* and findings.yaml of cases that differ")
	only := c.Flags().String("run", "", "only cases whose PACK/NAME this `REGEXP` finds")
	c.RunE = func(_ *cobra.Command, args []string) error {
		wanted, err := regexp.Compile(*only)
		if err != nil {
			return usagef("--run: %v", err)
		}
		if len(args) == 0 {
			args = packNames(migrations.FS)
		}
		run := packRun{session: s, wanted: wanted, update: *update}
		for _, name := range args {
			if err := run.pack(name); err != nil {
				return err
			}
		}
		return run.end()
	}
	return c
}

// packRun counts what the cases of several packs gave.
type packRun struct {
	*session
	wanted               *regexp.Regexp
	update               bool
	passed, failed, made int
	results              []caseResult
}

// caseResult is what drydock migrate test says of a case, for programs.
type caseResult struct {
	Case   string   `json:"case"`
	Result string   `json:"result"` // passed, failed or made
	Wrong  []string `json:"wrong,omitempty"`
}

// say keeps a case's result, and shows it to people.
func (r *packRun) say(mark string, result caseResult) {
	r.results = append(r.results, result)
	if r.output != "table" {
		return
	}
	fmt.Fprintf(r.Stdout, "%-4s  %s\n", mark, result.Case)
	for _, wrong := range result.Wrong {
		fmt.Fprintf(r.Stdout, "        %s\n", printable(wrong))
	}
}

func (r *packRun) pack(name string) error {
	fsys, dir, err := findPack(name)
	if err != nil {
		return err
	}
	p, err := migrate.LoadPack(fsys, dir)
	if err != nil {
		return err
	}
	cases, err := packtest.Cases(fsys, dir)
	if err != nil {
		return err
	}
	if len(cases) == 0 {
		fmt.Fprintf(r.Stderr, "%s has no cases: make %s\n", p.Name, filepath.Join(name, "tests", "NAME", "input.conf"))
	}
	for i := range cases {
		c := &cases[i]
		if title := p.Name + "/" + c.Name; r.wanted.MatchString(title) {
			if err := r.one(title, filepath.Join(name, "tests", c.Name), c, p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *packRun) one(title, folder string, c *packtest.Case, p *migrate.Pack) error {
	out := c.Run(p)
	if len(out.Wrong) == 0 {
		r.passed++
		r.say("ok", caseResult{Case: title, Result: "passed"})
		return nil
	}
	if r.update && out.Output != nil {
		if err := rewrite(folder, c, out); err != nil {
			return err
		}
		r.made++
		r.say("made", caseResult{Case: title, Result: "made"})
		return nil
	}
	r.failed++
	r.say("FAIL", caseResult{Case: title, Result: "failed", Wrong: out.Wrong})
	return nil
}

// rewrite makes a case say what its pack gives.
func rewrite(folder string, c *packtest.Case, out packtest.Outcome) error {
	if _, err := os.Stat(folder); err != nil {
		return usagef("%s is no folder here: the packs that drydock brings along are changed in their source", folder)
	}
	if err := os.WriteFile(filepath.Join(folder, c.ExpectedFile), out.Output, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, packtest.FindingsFile), out.Said, 0o644)
}

func (r *packRun) end() error {
	if r.passed+r.failed+r.made == 0 {
		return usagef("no case was run: none has a name that --run %q finds", r.wanted)
	}
	if r.output != "table" {
		if err := r.print(r.results, nil); err != nil {
			return err
		}
	}
	fmt.Fprintf(r.Stderr, "%d passed, %d failed", r.passed, r.failed)
	if r.made > 0 {
		fmt.Fprintf(r.Stderr, ", %d rewritten", r.made)
	}
	fmt.Fprintln(r.Stderr)
	if r.failed > 0 {
		return exitError(fault.ExitFailed)
	}
	return nil
}
