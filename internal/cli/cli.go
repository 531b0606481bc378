// Package cli is drydock's command line. It talks to the server through the
// client package alone: what the command line can do, the API can do. Data goes
// to stdout, words for people to stderr; with -o json or yaml the output is
// stable and whole.
//
// The program is a value (Program) that a test can run: it takes its
// arguments, streams and environment, and returns an exit code.
package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"drydock/client"
	"drydock/internal/fault"
	"drydock/internal/secret"
)

// Program is drydock as a person starts it.
type Program struct {
	Version string
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	Env     func(string) string
	// StdoutIsTerminal says whether what is written there reaches a terminal.
	StdoutIsTerminal bool
	// IsTerminal says whether Stdin and Stdout are a person's terminal.
	IsTerminal bool
	// ReadPassword reads a line from the terminal without showing it.
	ReadPassword func() (string, error)

	// What the program can start in its own process; wired by package main.
	Serve func(context.Context, ServeOptions, Streams) error
	Demo  func(context.Context, DemoOptions, Streams) (*DemoFleet, error)
	Sim   func(context.Context, SimOptions, Streams) error
	Yard  func(context.Context, YardOptions, Streams) (*Yard, error)
}

// Streams are where a started part writes.
type Streams struct{ Out, Err io.Writer }

// DefaultServer is where the command line looks for the server.
const DefaultServer = "http://127.0.0.1:8480"

// session is one invocation: the global flags and what they lead to.
type session struct {
	*Program
	raw    *Program // with Stdout and Stderr as they are; see escaper
	server string
	token  string
	ca     string
	output string
	yes    bool
	input  *bufio.Reader // of Stdin, where it is read by lines

	interrupted <-chan struct{} // closed by Ctrl-C
}

// exitError ends the program with a code after everything was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// Run runs the program and returns its exit code.
func (p *Program) Run(ctx context.Context, args []string) int {
	shown := *p
	shown.Stdout, shown.Stderr = &escaper{to: p.Stdout}, &escaper{to: p.Stderr}
	s := &session{Program: &shown, raw: p, interrupted: ctx.Done()}
	root := s.root()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(s.Stdout)
	root.SetErr(s.Stderr)
	ran, err := root.ExecuteContextC(ctx)
	var exit exitError
	switch {
	case err == nil:
		return fault.ExitDone
	case errors.As(err, &exit):
		return int(exit)
	}
	if isCobraUsage(err) && fault.HintOf(err) == "" {
		err = fault.New(fault.Invalid, "", "", "%w", err).WithHint("%s; more: %s --help", ran.UseLine(), ran.CommandPath())
	}
	return s.complain(ctx, err)
}

// complain says what was wrong and what to do about it.
func (s *session) complain(ctx context.Context, err error) int {
	if errors.Is(err, errLeft) || ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(s.Stderr, "drydock: interrupted; what was started on the server goes on there (drydock update watch, drydock campaign watch)")
		return fault.ExitFailed
	}
	fmt.Fprintf(s.Stderr, "drydock: %v\n", err)
	if hint := fault.HintOf(err); hint != "" {
		fmt.Fprintf(s.Stderr, "  hint: %s\n", hint)
	}
	var usage *usageError
	if errors.As(err, &usage) {
		return fault.ExitUsage
	}
	var coded *fault.Error
	if !errors.As(err, &coded) && isCobraUsage(err) {
		return fault.ExitUsage
	}
	return fault.CodeOf(err).Exit()
}

// usageError is a wrong flag or argument.
type usageError struct{ error }

func (e *usageError) Unwrap() error { return e.error }

// isCobraUsage tells cobra's own errors, which have no type, from others.
func isCobraUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "required flag", "accepts ", "requires at least", "flag needs", "invalid argument"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

func usagef(format string, args ...any) error { return &usageError{fmt.Errorf(format, args...)} }

const exitCodes = `
Exit codes: 0 done, 1 failed, 2 bad usage or bad input, 3 waiting for an answer, 4 stopped by a person.`

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "drydock",
		Short: "Update the software of fleets of communication equipment and carry their configuration through",
		Long: `drydock updates the software of fleets of communication equipment over SNMP with
TFTP and FTP, and carries every device's configuration through the update.

Try it:  drydock demo
` + exitCodes,
		Version:           s.Version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		DisableAutoGenTag: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&s.server, "server", orDefault(s.Env("DRYDOCK_SERVER"), DefaultServer), "the server's `URL` (DRYDOCK_SERVER)")
	flags.StringVar(&s.token, "token", "", "the server's `TOKEN` (DRYDOCK_TOKEN; default: the file token in the data directory)")
	flags.StringVar(&s.ca, "ca", "", "`FILE` with the CA of the server's certificate (DRYDOCK_CA; default: ca.pem in the data directory, or the machine's CAs)")
	flags.StringVarP(&s.output, "output", "o", "table", "output `FORMAT`: table, json or yaml")
	flags.BoolVar(&s.yes, "yes", false, "do not ask for consent before something is started")
	root.PersistentPreRunE = func(*cobra.Command, []string) error {
		switch s.output {
		case "table", "json", "yaml":
			return nil
		}
		return usagef("-o %s: the formats are table, json and yaml", s.output)
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fault.New(fault.Invalid, "", "", "%w", err).WithHint("%s --help lists the flags", c.CommandPath())
	})
	root.AddCommand(
		s.serveCommand(), s.demoCommand(), s.simCommand(),
		s.deviceCommand(), s.driverCommand(), s.releaseCommand(), s.backupCommand(),
		s.updateCommand(), s.campaignCommand(), s.questionCommand(), s.notifyCommand(), s.migrateCommand(),
		s.userCommand(), s.tokenCommand(), s.auditCommand(), s.oidcCommand(),
	)
	withExamples(root)
	return root
}

// noun is a command that only holds verbs.
func noun(use, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error {
		_ = c.Help()
		return usagef("say what to do: drydock %s %s", use, strings.Join(verbNames(verbs), "|"))
	}}
	c.AddCommand(verbs...)
	return c
}

func verbNames(verbs []*cobra.Command) (names []string) {
	for _, v := range verbs {
		names = append(names, v.Name())
	}
	return names
}

// client makes the API client from flags, environment and token file.
func (s *session) client() (*client.Client, error) {
	token := orDefault(s.token, s.Env("DRYDOCK_TOKEN"))
	if token == "" {
		file := filepath.Join(s.dataDir(), "token")
		raw, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fault.New(fault.Denied, "", "token", "it cannot be read: %w", err).
				WithHint("be the user that the server runs as, or give --token or DRYDOCK_TOKEN: a token of drydock token create")
		}
		token = strings.TrimSpace(string(raw))
	}
	api, err := client.New(s.server, secret.New(token))
	if err != nil || !strings.HasPrefix(s.server, "https://") {
		return api, err
	}
	authority := orDefault(s.ca, s.Env("DRYDOCK_CA"))
	if authority == "" {
		own := filepath.Join(s.dataDir(), "ca.pem")
		if _, err := os.Stat(own); err != nil {
			return api, nil // the machine's own CAs
		}
		authority = own
	}
	raw, err := os.ReadFile(authority)
	if err != nil {
		return nil, usagef("--ca: %w", err)
	}
	return api.Trusting(raw)
}

// dataDir is where the server keeps its data unless it is told otherwise.
func (s *session) dataDir() string {
	if dir := s.Env("DRYDOCK_DATA"); dir != "" {
		return dir
	}
	if dir := s.Env("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "drydock")
	}
	return filepath.Join(s.Env("HOME"), ".local", "share", "drydock")
}

// who names the person for the journal.
func (s *session) who() string { return orDefault(s.Env("USER"), "cli") }

func orDefault(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
