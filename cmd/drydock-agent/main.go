// Command drydock-agent is the update control unit on the equipment itself: it
// backs up, loads and recovers what its settings file names, when a management
// system says so over SNMP. This package is flags and wiring only.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"drydock/internal/equipment/agent"
	"drydock/internal/equipment/settings"
	"drydock/internal/fault"
)

// version is set by the linker.
var version = "unknown"

const usage = `drydock-agent updates the equipment that it runs on, for a management system.

  drydock-agent run      [--settings FILE]   answer and work until a signal
  drydock-agent check    [--settings FILE]   say what is wrong with the settings
  drydock-agent update   [--settings FILE] --from SOURCE
                                             have the running agent carry out the whole procedure
  drydock-agent status   [--settings FILE]   what has become of it, as JSON
  drydock-agent answer   [--settings FILE] --question ID --choice repeat|proceed|restore-files|stop
  drydock-agent enrol    [--settings FILE] --server URL --code-file FILE
                                             make this equipment known to a server, which makes its SNMPv3 keys
  drydock-agent key      --out FILE          make a key pair for signing releases
  drydock-agent manifest --key FILE ...      sign what a release is; --help lists more
  drydock-agent version

Exit codes: 0 done, 1 failed, 2 bad usage or bad settings.
`

const defaultSettings = "/etc/drydock-agent.yaml"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program without its process.
func run(ctx context.Context, args []string, out, errs io.Writer) int {
	commands := map[string]func(context.Context, []string, io.Writer, io.Writer) error{
		"run": serve, "check": check, "key": makeKey, "manifest": makeManifest, "update": update, "status": status, "answer": answer, "enrol": enrol,
		"version": func(_ context.Context, _ []string, out, _ io.Writer) error {
			_, err := fmt.Fprintln(out, version)
			return err
		},
	}
	if len(args) == 0 || commands[args[0]] == nil {
		fmt.Fprint(errs, usage)
		return fault.ExitUsage
	}
	err := commands[args[0]](ctx, args[1:], out, errs)
	switch {
	case err == nil:
		return fault.ExitDone
	case errors.Is(err, flag.ErrHelp):
		return fault.ExitUsage
	}
	fmt.Fprintf(errs, "drydock-agent: %v\n", err)
	var f *fault.Error
	if errors.As(err, &f) && f.Hint != "" {
		fmt.Fprintf(errs, "  %s\n", f.Hint)
	}
	if fault.Is(err, fault.Invalid) {
		return fault.ExitUsage
	}
	return fault.ExitFailed
}

// load reads the settings that the flags name.
func load(name string, args []string, errs io.Writer) (*settings.Settings, error) {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(errs)
	path := flags.String("settings", defaultSettings, "the settings `file`")
	if err := flags.Parse(args); err != nil {
		return nil, errors.Join(flag.ErrHelp, err)
	}
	return settings.Load(*path)
}

func serve(ctx context.Context, args []string, _, errs io.Writer) error {
	s, err := load("run", args, errs)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(errs, nil))
	a, err := agent.New(ctx, s, log)
	if err != nil {
		return err
	}
	log.Info("drydock-agent answers", "version", version, "listen", s.SNMP.Listen, "agentx", s.SNMP.AgentX)
	return a.Run(ctx)
}

func check(_ context.Context, args []string, out, errs io.Writer) error {
	if _, err := load("check", args, errs); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "the settings are good")
	return err
}
