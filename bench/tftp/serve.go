package main

import (
	"context"
	"flag"
	"net/netip"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"syscall"
	"time"

	"drydock/internal/transfer"
	"drydock/internal/transfer/tftp"
)

// serve is the drydock server under test: the image from disk, through the same
// Shared source as in the product, one grant a transfer.
func serve(args []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	dir := flags.String("dir", "", "folder of the image")
	port := flags.Uint("port", 6900, "port")
	grants := flags.Int("grants", 4096, "grants to open")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	if path := os.Getenv("BENCH_PROFILE"); path != "" {
		f, err := os.Create(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	image, err := os.Open(filepath.Join(*dir, "image"))
	if err != nil {
		return err
	}
	defer func() { _ = image.Close() }()
	st, err := image.Stat()
	if err != nil {
		return err
	}
	src := transfer.Share(image, st.Size(), 16<<20)
	reg := transfer.NewRegistry(transfer.Config{MaxPerPeer: 4096})
	defer reg.Shutdown()
	local := netip.MustParseAddr("127.0.0.1")
	for i := range *grants {
		if _, err := reg.Open(transfer.Spec{Name: grantName(i), Direction: transfer.Download, Peer: local,
			Deadline: time.Now().Add(time.Hour), Source: src}); err != nil {
			return err
		}
	}
	srv, err := tftp.Listen(tftp.Config{Addr: netip.AddrPortFrom(local, uint16(*port))}, reg)
	if err != nil {
		return err
	}
	return srv.Serve(ctx)
}
