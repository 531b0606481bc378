package main

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"drydock/internal/cli"
	"drydock/internal/server"
)

// startYard starts the server of one trial, with a fresh store that is removed
// at its end.
func startYard(ctx context.Context, o cli.YardOptions, streams cli.Streams) (*cli.Yard, error) {
	data, err := os.MkdirTemp("", "drydock-yard-")
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	if o.Verbose {
		log = logger(streams.Err)
	}
	s, err := server.Start(context.WithoutCancel(ctx), server.Options{Data: data, HTTP: "127.0.0.1:0", TFTP: o.TFTP, FTP: o.FTP, ServerAddress: o.ServerAddress,
		Drivers: o.Drivers, MIBDir: o.MIBDir, Version: version, Log: log})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(data))
	}
	return &cli.Yard{URL: s.URL, Token: s.Token, Stop: func() error { return errors.Join(s.Stop(), os.RemoveAll(data)) }}, nil
}
