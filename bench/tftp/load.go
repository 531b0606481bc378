package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"drydock/internal/transfer/tftp"
)

// load is the client process: clients at once, each getting the image as often
// as told and comparing every octet. It prints seconds and how many failed.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	port := flags.Uint("port", 6900, "server's port")
	path := flags.String("image", "", "what must come")
	clients := flags.Int("clients", 1, "at once")
	repeat := flags.Int("repeat", 1, "transfers of each client")
	blksize := flags.Int("blksize", 0, "0 = no option")
	window := flags.Int("windowsize", 0, "0 = no option")
	grants := flags.Bool("grants", false, "another name for each transfer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	want, err := os.ReadFile(*path)
	if err != nil {
		return err
	}
	server := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(*port))
	c := tftp.Client{Blksize: *blksize, Windowsize: *window, Timeout: 2 * time.Second, Retries: 20}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	var failed atomic.Int64
	var once sync.Once
	var wg sync.WaitGroup
	begun := time.Now()
	for i := range *clients {
		wg.Go(func() {
			for r := range *repeat {
				name := "image"
				if *grants {
					name = grantName(i**repeat + r)
				}
				w := &comparer{want: want}
				if _, err := c.Get(ctx, server, name, w); err != nil || w.bad || len(w.want) != 0 {
					failed.Add(1)
					once.Do(func() { fmt.Fprintf(os.Stderr, "load: transfer %d: %v, %d octets missing\n", i, err, len(w.want)) })
				}
			}
		})
	}
	wg.Wait()
	fmt.Printf("%f %d\n", time.Since(begun).Seconds(), failed.Load())
	return nil
}

// comparer takes the octets that must come, in order.
type comparer struct {
	want []byte
	bad  bool
}

func (c *comparer) Write(p []byte) (int, error) {
	if len(p) > len(c.want) || !bytes.Equal(p, c.want[:len(p)]) {
		c.bad = true
		return len(p), nil
	}
	c.want = c.want[len(p):]
	return len(p), nil
}
