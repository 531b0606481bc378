// Command drydock updates the software of fleets of communication equipment
// and carries their configuration through. This package is flags and wiring
// only.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"golang.org/x/term"

	"drydock/internal/cli"
	"drydock/internal/fault"
	"drydock/internal/server"
)

// version is set by the linker.
var version = "unknown"

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second Ctrl-C ends it at once
	program := &cli.Program{
		Version:          version,
		Stdin:            os.Stdin,
		Stdout:           os.Stdout,
		Stderr:           os.Stderr,
		Env:              os.Getenv,
		StdoutIsTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		IsTerminal:       term.IsTerminal(int(os.Stdin.Fd())) && term.IsTerminal(int(os.Stderr.Fd())),
		ReadPassword:     func() (string, error) { return readPassword(ctx) },
		Serve:            serve,
		Demo:             startDemo,
		Sim:              simulate,
		Yard:             startYard,
	}
	return program.Run(ctx, os.Args[1:])
}

// readPassword reads a line of the terminal that is not shown. Ctrl-C leaves the
// terminal as it was, and gives the context's error.
func readPassword(ctx context.Context) (string, error) {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	var text []byte
	done := make(chan error, 1)
	go func() {
		var err error
		text, err = term.ReadPassword(fd)
		done <- err
	}()
	select {
	case err := <-done:
		return string(text), err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, state))
	}
}

// logger writes lines for people. Text of devices in them is quoted: nothing
// in it reaches a terminal.
func logger(w io.Writer) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// serverLogger writes the server's log as its flags say.
func serverLogger(o cli.ServeOptions, w io.Writer) (*slog.Logger, error) {
	options := &slog.HandlerOptions{}
	var level slog.Level
	if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return nil, fault.New(fault.Invalid, "", "--log-level "+o.LogLevel, "it can be debug, info, warn or error")
	}
	options.Level = level
	switch o.LogFormat {
	case "text":
		return slog.New(slog.NewTextHandler(w, options)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, options)), nil
	}
	return nil, fault.New(fault.Invalid, "", "--log-format "+o.LogFormat, "it can be text or json")
}

// serve runs the server until ctx ends.
func serve(ctx context.Context, o cli.ServeOptions, streams cli.Streams) error {
	if o.Engine != "local" {
		return fmt.Errorf("--engine %s: this drydock has the engine local", o.Engine)
	}
	log, err := serverLogger(o, streams.Err)
	if err != nil {
		return err
	}
	s, err := server.Start(ctx, server.Options{
		Data: o.Data, Database: o.Database, HTTP: o.HTTP, Metrics: o.Metrics, URL: o.URL, TFTP: o.TFTP, FTP: o.FTP, FTPPassive: o.FTPPassive, Trap: o.Trap,
		ServerAddress: o.ServerAddress, Drivers: o.Drivers, MIBDir: o.MIBDir, Migrations: o.Migrations, KeyFile: o.KeyFile, Key: o.Key,
		ProvisioningPort: o.ProvisioningPort, SinglePort: o.SinglePort, Rate: o.Rate, ApproveAbove: o.ApproveAbove, TLSCert: o.TLSCert, TLSKey: o.TLSKey, OwnCA: o.OwnCA, TLSNames: o.TLSNames, Proxies: o.Proxies, Version: version, Drain: o.Drain, Log: log,
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(streams.Err, "drydock serves at %s; data in %s\n", s.URL, o.Data)
	if s.FirstStart {
		fmt.Fprintf(streams.Err, "nobody can log in yet: open that page and give it the text of %s, or: drydock user add NAME --role administrator\n", filepath.Join(o.Data, "token"))
	}
	err = s.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
