package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drydock/client"
	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// trialYard is the server of one trial with the device and what it fetches.
type trialYard struct {
	api     *client.Client
	release fleet.ReleaseID
	close   func()
}

// yard starts a server in this process that knows the one device.
func (s *session) yard(ctx context.Context, f *tryFlags, d *driver.Driver, t client.Trial) (_ *trialYard, err error) {
	creds, err := f.read(s.Env)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "drydock-try-")
	if err != nil {
		return nil, err
	}
	y := &trialYard{close: func() { _ = os.RemoveAll(dir) }}
	defer func() {
		if err != nil {
			y.close()
		}
	}()
	if err := os.WriteFile(filepath.Join(dir, "tried.yaml"), []byte(t.Driver), 0o600); err != nil {
		return nil, err
	}
	server, err := s.startYard(ctx, f, d, dir)
	if err != nil {
		return nil, err
	}
	y.close = func() {
		if err := server.Stop(); err != nil {
			fmt.Fprintf(s.Stderr, "drydock: the file server ended badly: %v\n", err)
		}
		_ = os.RemoveAll(dir)
	}
	if y.api, err = client.New(server.URL, server.Token); err != nil {
		return nil, err
	}
	device := client.NewDevice{ID: "trial", Address: f.address, Driver: d.Name(), Labels: f.labels, Credentials: creds}
	if err := y.api.PutDevices(ctx, []client.NewDevice{device}); err != nil {
		return nil, err
	}
	y.release, err = f.trialRelease(ctx, y.api, d)
	return y, err
}

// startYard starts the server with the protocols that the driver has. A dry run
// moves no file: where its ports are taken, others will do.
func (s *session) startYard(ctx context.Context, f *tryFlags, d *driver.Driver, dir string) (*Yard, error) {
	o := YardOptions{Drivers: dir, MIBDir: f.mibDir, ServerAddress: f.serverAddress, Verbose: f.verbose}
	wanted := d.Protocols()
	if f.protocol != "" {
		wanted = []string{f.protocol}
	}
	if slices.Contains(wanted, "tftp") {
		o.TFTP = f.tftp
	}
	if slices.Contains(wanted, "ftp") {
		o.FTP = f.ftp
	}
	if driver.Operation(f.operation).IsRead() {
		o.TFTP, o.FTP = "127.0.0.1:0", ""
		if !slices.Contains(wanted, "tftp") {
			o.TFTP, o.FTP = o.FTP, o.TFTP
		}
	}
	yard, err := s.Yard(ctx, o, Streams{s.Stdout, s.Stderr})
	if fault.Is(err, fault.Unavailable) && f.dryRun {
		if o.TFTP != "" {
			o.TFTP = "127.0.0.1:0"
		}
		if o.FTP != "" {
			o.FTP = "127.0.0.1:0"
		}
		fmt.Fprintf(s.Stderr, "drydock: %v; the ports that are shown are others\n", err)
		yard, err = s.Yard(ctx, o, Streams{s.Stdout, s.Stderr})
	}
	return yard, err
}

// trialRelease makes a release of the files of an update.
func (f *tryFlags) trialRelease(ctx context.Context, api *client.Client, d *driver.Driver) (fleet.ReleaseID, error) {
	if driver.Operation(f.operation) != driver.Update {
		return "", nil
	}
	r := fleet.Release{ID: "trial", Driver: d.Name(), Version: "trial", Recover: fleet.RecoverOriginal}
	paths := map[string]string{}
	for _, text := range f.files {
		role, path, _ := strings.Cut(text, "=")
		name := filepath.Base(path)
		paths[name] = path
		r.Files = append(r.Files, fleet.File{Role: role, Name: name})
	}
	added, err := api.AddRelease(ctx, r, func(name string) (io.ReadCloser, error) { return os.Open(paths[name]) })
	return added.ID, err
}
