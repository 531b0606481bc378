package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"drydock/internal/migrate"
	"drydock/internal/migrate/infer"
)

func (s *session) migrateInfer() *cobra.Command {
	var o infer.Options
	c := &cobra.Command{Use: "infer OLD NEW [OLD NEW ...]", Short: "Propose a pack from configurations before and after",
		Long: `Propose a migration pack from pairs of configurations before and after, as a
canary device that the vendor's own firmware converted gives them. Each rule comes
with its evidence and its doubts; the proposal is applied to the pairs again, and
what it does not explain is listed.

The pack goes to standard output, or with --out into a new folder, with a case for
each pair. Nothing uses it before you give its name: read it first.

Exit codes: 0 all pairs are reproduced, 3 some lines are unexplained, 2 bad input.`,
		Example: "  drydock migrate infer --format indented --from 1.4 --to 2.0 --out my-pack old.conf new.conf"}
	flags := c.Flags()
	flags.StringVar(&o.Format, "format", "indented", "the configurations' `FORMAT`: "+strings.Join(migrate.Formats(), ", "))
	flags.StringVar(&o.From, "from", "", "`VERSION` of the old configurations")
	flags.StringVar(&o.To, "to", "", "`VERSION` of the new ones")
	flags.StringVar(&o.Pack, "name", "", "the pack's `NAME` (default: the folder's)")
	out := flags.String("out", "", "make the pack in a new `FOLDER`")
	_ = c.MarkFlagRequired("from")
	_ = c.MarkFlagRequired("to")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 || len(args)%2 != 0 {
			return usagef("files come in pairs: OLD NEW [OLD NEW ...]; %d are named", len(args))
		}
		if o.Pack == "" {
			o.Pack = orDefault(filepath.Base(*out), "proposal")
		}
		pairs, err := s.readPairs(args)
		if err != nil {
			return err
		}
		p, err := infer.Propose(o, pairs)
		if err != nil {
			return err
		}
		if err := s.writeProposal(*out, o, pairs, p); err != nil {
			return err
		}
		s.explain(p)
		return needsPerson(p.Reproduced() < len(pairs))
	}
	return c
}

func (s *session) readPairs(files []string) ([]infer.Pair, error) {
	var pairs []infer.Pair
	for i := 0; i < len(files); i += 2 {
		old, err := s.readInput(files[i])
		if err != nil {
			return nil, err
		}
		new, err := s.readInput(files[i+1])
		if err != nil {
			return nil, err
		}
		pairs = append(pairs, infer.Pair{Name: files[i], Old: old, New: new})
	}
	return pairs, nil
}

// writeProposal writes the pack to stdout, or into a folder that must be new,
// with the pairs as its cases.
func (s *session) writeProposal(folder string, o infer.Options, pairs []infer.Pair, p *infer.Proposal) error {
	if folder == "" {
		_, err := s.Stdout.Write(p.YAML)
		return err
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return usagef("%v", err)
	}
	files := map[string][]byte{migrate.PackFile: p.YAML}
	for i, pair := range pairs {
		dir := filepath.Join("tests", fmt.Sprintf("pair-%d", i+1))
		expected, from := pair.New, "From "+pair.Name+"."
		if c := p.Checks[i]; c.Err == nil && !c.Exact && len(c.Differences) == 0 {
			expected, from = c.Output, from+" The converted file says the same in another order or spacing."
		}
		files[filepath.Join(dir, "input.conf")] = pair.Old
		files[filepath.Join(dir, "expected.conf")] = expected
		files[filepath.Join(dir, "findings.yaml")] = fmt.Appendf(nil, "# %s\nfrom: %q\nto: %q\nfindings: []\n", infer.Comment(from), o.From, o.To)
	}
	for _, name := range sortedKeys(files) {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, files[name], 0o600); err != nil { // a configuration may hold secrets
			return err
		}
	}
	return nil
}

// explain tells people what was found and what was not.
func (s *session) explain(p *infer.Proposal) {
	for _, r := range p.Rules {
		fmt.Fprintf(s.Stderr, "%-28s %4d lines  %s\n", r.ID, r.Lines, printable(r.Example.String()))
		for _, d := range r.Doubts {
			fmt.Fprintf(s.Stderr, "%-28s doubt: %s\n", "", printable(d))
		}
	}
	for _, c := range p.Checks {
		switch {
		case c.Err != nil:
			fmt.Fprintf(s.Stderr, "%s: cannot be applied: %v\n", printable(c.Pair), c.Err)
		case c.Exact:
			fmt.Fprintf(s.Stderr, "%s: reproduced, byte by byte\n", printable(c.Pair))
		case len(c.Differences) == 0:
			fmt.Fprintf(s.Stderr, "%s: reproduced in meaning; order or spacing differs\n", printable(c.Pair))
		default:
			fmt.Fprintf(s.Stderr, "%s: %d lines unexplained\n", printable(c.Pair), len(c.Differences))
		}
	}
	for _, u := range p.Unexplained {
		side := "made, but not there"
		if u.New {
			side = "there, but not made"
		}
		fmt.Fprintf(s.Stderr, "  %s: %s line %d: %s\n", side, printable(u.Pair), u.Line, printable(strings.Join(u.Path, " > ")))
	}
}
