package cli

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"drydock/internal/fault"
	"drydock/internal/migrate"
	"drydock/internal/migrate/report"
	"drydock/migrations"
)

func (s *session) migrateCommand() *cobra.Command {
	return noun("migrate", "Carry configurations to another version: check, apply, undo, test, infer; needs no server",
		s.migrateCheck(), s.migrateApply(), s.migrateUndo(), s.migrateTest(), s.migrateInfer())
}

// migration is what the flags of check and apply name.
type migration struct{ pack, from, to, report, out string }

func (m *migration) register(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&m.pack, "pack", "", "migration `PACK`: a name, or a folder with pack.yaml")
	flags.StringVar(&m.from, "from", "", "`VERSION` of the configuration (default: what it tells itself)")
	flags.StringVar(&m.to, "to", "", "`VERSION` that it is for (default: the newest that the pack knows)")
	flags.StringVar(&m.report, "report", "", "what became of every line, as `FORM`: "+strings.Join(report.Formats(), ", "))
	flags.StringVar(&m.out, "out", "", "write to a new `FILE` instead of standard output")
}

// migrated is one configuration and what became of it.
type migrated struct {
	about  report.About
	pack   *migrate.Pack
	result *migrate.Result
}

// load reads the pack. A pack that cannot be read is bad input.
func (m *migration) load() (*migrate.Pack, error) {
	if m.pack == "" {
		return nil, usagef("name the migration pack: --pack NAME, or --pack FOLDER with a %s; drydock brings along %s",
			migrate.PackFile, strings.Join(packNames(migrations.FS), ", "))
	}
	if m.report != "" && !slices.Contains(report.Formats(), m.report) {
		return nil, usagef("--report %s: reports are %s", m.report, strings.Join(report.Formats(), ", "))
	}
	return loadPack(m.pack)
}

// apply migrates one file, "-" for standard input, in memory.
func (s *session) applyTo(m *migration, pack *migrate.Pack, path string) (*migrated, error) {
	content, err := s.readInput(path)
	if err != nil {
		return nil, err
	}
	result, err := pack.Apply(m.from, m.to, content)
	if err != nil {
		return nil, fault.New(fault.CodeOf(err), "", path, "%w", err)
	}
	return &migrated{report.About{File: path, Pack: pack.Name, From: result.From, To: result.To}, pack, result}, nil
}

func (s *session) readInput(path string) ([]byte, error) {
	var content []byte
	var err error
	if path == "-" {
		content, err = io.ReadAll(s.Stdin)
	} else {
		content, err = os.ReadFile(path)
	}
	switch {
	case err != nil:
		return nil, usagef("%v", err)
	case len(content) == 0:
		return nil, usagef("%s is empty: a configuration is expected", path)
	}
	return content, nil
}

// packNames are the packs in the root of a file system.
func packNames(fsys fs.FS) []string {
	files, err := fs.Glob(fsys, "*/"+migrate.PackFile)
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(files))
	for _, f := range files {
		names = append(names, filepath.Dir(f))
	}
	return names
}

// loadPack reads a pack by its name or folder.
func loadPack(name string) (*migrate.Pack, error) {
	fsys, dir, err := findPack(name)
	if err != nil {
		return nil, err
	}
	return migrate.LoadPack(fsys, dir)
}

// findPack finds a pack among those that drydock brings along, or a folder.
func findPack(name string) (fs.FS, string, error) {
	if info, err := os.Stat(filepath.Join(name, migrate.PackFile)); err == nil && !info.IsDir() {
		abs, err := filepath.Abs(name)
		if err != nil {
			return nil, "", err
		}
		return os.DirFS(filepath.Dir(abs)), filepath.Base(abs), nil
	}
	if fs.ValidPath(name) {
		if _, err := fs.Stat(migrations.FS, name+"/"+migrate.PackFile); err == nil {
			return migrations.FS, name, nil
		}
	}
	return nil, "", usagef("there is no migration pack %q, and no folder of that name with a %s; drydock brings along %s",
		name, migrate.PackFile, strings.Join(packNames(migrations.FS), ", "))
}

func (s *session) migrateApply() *cobra.Command {
	var m migration
	c := &cobra.Command{Use: "apply FILE", Short: "Print the configuration as it must be for a version; the file stays as it is",
		Long: `Print the configuration as it must be for a version; "-" reads standard input. The
file is never overwritten; --out writes a new one. The report (--report, else a
short account) goes to standard error, and with --out to standard output.

Exit codes: 0 migrated or nothing to do, 2 the file or the pack cannot be read,
3 a person must decide something: the result so far is written all the same.`, Args: cobra.ExactArgs(1)}
	m.register(c)
	emit := c.Flags().String("emit", "", "print the result in another `FORM`: set, the commands that make a configuration in braces")
	c.RunE = func(_ *cobra.Command, args []string) error {
		pack, err := m.load()
		if err != nil {
			return err
		}
		if *emit != "" && *emit != "set" {
			return usagef("--emit %s: the form is set", *emit)
		}
		done, err := s.applyTo(&m, pack, args[0])
		if err != nil {
			return err
		}
		output, err := emitted(*emit, done)
		if err != nil {
			return err
		}
		if err := s.writeNew(m.out, output); err != nil {
			return err
		}
		to := s.Stderr
		if m.out != "" {
			to = s.Stdout
		}
		if err := account(to, m.report, done); err != nil {
			return err
		}
		return needsPerson(done.result.NeedsPerson())
	}
	return c
}

// emitted is the result in the wanted form.
func emitted(form string, done *migrated) ([]byte, error) {
	if form == "" {
		return done.result.Output, nil
	}
	d, err := migrate.Parse(done.pack.Format, done.result.Output)
	if err != nil {
		return nil, err
	}
	lines, err := d.SetLines()
	if err != nil {
		return nil, err
	}
	return []byte(strings.Join(lines, "\n") + "\n"), nil
}

// needsPerson is the exit code for what a person must decide.
func needsPerson(it bool) error {
	if it {
		return exitError(fault.ExitWaiting)
	}
	return nil
}

// account writes the wanted report, or a short one.
func account(w io.Writer, form string, done *migrated) error {
	if form != "" {
		return report.Write(w, form, done.about, done.result)
	}
	for _, use := range done.result.Rules {
		fmt.Fprintf(w, "rule %s, %d times: %s\n", use.ID, use.Count, printable(use.Why))
	}
	for _, f := range done.result.Findings {
		fmt.Fprintf(w, "%s, line %d: %s\n", f.Severity, f.Line, printable(f.Message))
	}
	if !done.result.Needed {
		fmt.Fprintln(w, "nothing had to be modified")
	}
	return nil
}

// writeNew writes to stdout, or to a file that must not be there yet.
func (s *session) writeNew(path string, content []byte) error {
	if path == "" {
		return s.whole(content)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return usagef("%v", err)
	}
	_, err = f.Write(content)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		_ = os.Remove(path) // half a configuration is worse than none
	}
	return err
}
