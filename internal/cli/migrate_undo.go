package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"drydock/internal/migrate"
)

func (s *session) migrateUndo() *cobra.Command {
	var m migration
	c := &cobra.Command{Use: "undo ORIGINAL CURRENT", Short: "Take a migration back: the original, with later changes where it has a place for them",
		Long: `Take a migration back. ORIGINAL is the configuration before the migration, CURRENT
what it is now. Without later changes the original comes back byte by byte. Changes
that were made after the migration are carried into it where they touch no line that
a rule has made or changed; the others are listed.

Exit codes: 0 taken back, 2 a file or the pack cannot be read, 3 later changes are lost.`,
		Example: "  drydock migrate undo --pack drydock-iad before.conf now.conf --out again.conf",
		Args:    cobra.ExactArgs(2)}
	m.register(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		pack, err := m.load()
		if err != nil {
			return err
		}
		original, err := s.readInput(args[0])
		if err != nil {
			return err
		}
		current, err := s.readInput(args[1])
		if err != nil {
			return err
		}
		result, err := pack.Apply(m.from, m.to, original)
		if err != nil {
			return err
		}
		back := migrate.Undo(original, result, current)
		if err := s.writeNew(m.out, back.Output); err != nil {
			return err
		}
		s.tellChanges("carried", back.Carried)
		s.tellChanges("lost", back.Losses)
		return needsPerson(len(back.Losses) > 0)
	}
	return c
}

func (s *session) tellChanges(what string, list []migrate.Change) {
	for _, c := range list {
		sign := "+"
		if c.Removed {
			sign = "-"
		}
		fmt.Fprintf(s.Stderr, "%s: line %d: %s %s", what, c.Line, sign, printable(c.Text))
		if c.Because != "" {
			fmt.Fprintf(s.Stderr, " (%s)", c.Because)
		}
		fmt.Fprintln(s.Stderr)
	}
}
