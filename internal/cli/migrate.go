package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/migrations"
)

func (s *session) migrateCommand() *cobra.Command {
	return noun("migrate", "Carry configurations to another version: check, apply; needs no server",
		s.migrateCheck(), s.migrateApply())
}

// migration is what the flags of check and apply name.
type migration struct{ pack, from, to string }

func (m *migration) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&m.pack, "pack", "", "migration `PACK`: a name, or a folder with pack.yaml")
	flags.StringVar(&m.from, "from", "", "`VERSION` of the configuration (default: what it tells itself)")
	flags.StringVar(&m.to, "to", "", "`VERSION` that it is for")
	_ = c.MarkFlagRequired("pack")
	_ = c.MarkFlagRequired("to")
}

// apply migrates a file in memory.
func (m *migration) apply(path string) (*migrate.Result, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, usagef("%v", err)
	}
	pack, err := loadPack(m.pack)
	if err != nil {
		return nil, err
	}
	from := m.from
	if from == "" {
		detected, ok := pack.DetectVersion(content)
		if !ok {
			return nil, usagef("%s does not tell its version: give --from", path)
		}
		from = detected
	}
	result, err := pack.Apply(from, m.to, content)
	if err != nil {
		return nil, fault.New(fault.CodeOf(err), "", path, "%w", err)
	}
	return result, nil
}

func loadPack(name string) (*migrate.Pack, error) {
	var source fs.FS = migrations.FS
	if info, err := os.Stat(filepath.Join(name, "pack.yaml")); err == nil && !info.IsDir() {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, err
		}
		return migrate.LoadPack(os.DirFS(filepath.Dir(abs)), filepath.Base(abs))
	}
	if _, err := fs.Stat(source, name); err != nil {
		return nil, usagef("there is no migration pack %q, and no folder of that name with a pack.yaml", name)
	}
	return migrate.LoadPack(source, name)
}

func (s *session) migrateCheck() *cobra.Command {
	var m migration
	c := &cobra.Command{Use: "check FILE...", Short: "Say whether configurations must be modified for a version, and by which rules",
		Long: `Say for each file whether it must be modified for a version: no, yes (by which
rules), or manual (a person must decide). Exit code 1 if any file needs a person or fails.`, Args: cobra.MinimumNArgs(1)}
	m.register(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		type verdict struct {
			File   string   `json:"file"`
			Modify string   `json:"modify"`
			Rules  []string `json:"rules,omitempty"`
			Error  string   `json:"error,omitempty"`
		}
		var verdicts []verdict
		bad := false
		for _, path := range args {
			v := verdict{File: path, Modify: "no"}
			result, err := m.apply(path)
			switch {
			case err != nil:
				v.Modify, v.Error, bad = "error", err.Error(), true
			case result.NeedsPerson():
				v.Modify, bad = "manual", true
			case result.Needed:
				v.Modify = "yes"
			}
			if result != nil {
				for _, r := range result.Rules {
					v.Rules = append(v.Rules, r.ID)
				}
			}
			verdicts = append(verdicts, v)
		}
		if err := s.print(verdicts, func(w *tabwriter.Writer) {
			row(w, "FILE", "MODIFY", "RULES", "ERROR")
			for _, v := range verdicts {
				row(w, v.File, v.Modify, strings.Join(v.Rules, ","), v.Error)
			}
		}); err != nil {
			return err
		}
		if bad {
			return exitError(fault.ExitFailed)
		}
		return nil
	}
	return c
}

func (s *session) migrateApply() *cobra.Command {
	var m migration
	c := &cobra.Command{Use: "apply FILE", Short: "Print the configuration as it must be for a version; the file stays as it is",
		Long: `Print the configuration as it must be for a version. The file is never overwritten;
--out writes a new one. What was done is told on stderr, every line with --lines.`, Args: cobra.ExactArgs(1)}
	m.register(c)
	out := c.Flags().String("out", "", "write to a new `FILE`")
	lines := c.Flags().Bool("lines", false, "tell the fate of every line")
	c.RunE = func(_ *cobra.Command, args []string) error {
		result, err := m.apply(args[0])
		if err != nil {
			return err
		}
		if err := s.writeNew(*out, result.Output); err != nil {
			return err
		}
		s.tell(result, *lines)
		if result.NeedsPerson() {
			return exitError(fault.ExitWaiting)
		}
		return nil
	}
	return c
}

// writeNew writes to stdout, or to a file that must not be there yet.
func (s *session) writeNew(path string, content []byte) error {
	if path == "" {
		_, err := s.Stdout.Write(content)
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usagef("%v", err)
	}
	if _, err := f.Write(content); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (s *session) tell(r *migrate.Result, lines bool) {
	for _, use := range r.Rules {
		fmt.Fprintf(s.Stderr, "rule %s, %d times: %s\n", use.ID, use.Count, use.Why)
	}
	for _, f := range r.Findings {
		fmt.Fprintf(s.Stderr, "%s, line %d: %s\n", f.Severity, f.Line, printable(f.Message))
	}
	if !r.Needed {
		fmt.Fprintln(s.Stderr, "nothing had to be modified")
	}
	if !lines {
		return
	}
	for _, l := range r.Fates {
		fmt.Fprintf(s.Stderr, "%5d  %-8s %-24s %s\n", l.Line, l.Fate, l.Rule, printable(l.Text))
	}
}
