package sim

import (
	"context"
	"io"

	"drydock/internal/equipment"
	"drydock/internal/equipment/files"
)

// files is the device's FileClient, from its own address. It does not take up
// again what broke off.
func (d *Device) files() equipment.FileClient {
	return files.Client{Local: d.Addr, TFTP: d.spec.TFTP, FTP: d.spec.FTP}
}

// cutting ends every file after n octets, as if that were all.
type cutting struct {
	equipment.FileClient
	n int
}

// Send sends the beginning only.
func (c cutting) Send(ctx context.Context, s equipment.Server, name string, content []byte) error {
	return c.FileClient.Send(ctx, s, name, content[:min(c.n, len(content))])
}

// Fetch lets only the beginning through.
func (c cutting) Fetch(ctx context.Context, s equipment.Server, name string, w io.Writer) error {
	return c.FileClient.Fetch(ctx, s, name, &beginning{w, c.n})
}

type beginning struct {
	w    io.Writer
	left int
}

// Write passes on what is left and swallows the rest.
func (b *beginning) Write(p []byte) (int, error) {
	n := min(b.left, len(p))
	b.left -= n
	if _, err := b.w.Write(p[:n]); err != nil {
		return 0, err
	}
	return len(p), nil
}

// mistaking takes another content for every file.
type mistaking struct {
	equipment.FileClient
	other []byte
}

// Send sends the other content.
func (m mistaking) Send(ctx context.Context, s equipment.Server, name string, _ []byte) error {
	return m.FileClient.Send(ctx, s, name, m.other)
}

// Fetch fetches the file and gives the other content.
func (m mistaking) Fetch(ctx context.Context, s equipment.Server, name string, w io.Writer) error {
	if err := m.FileClient.Fetch(ctx, s, name, io.Discard); err != nil {
		return err
	}
	_, err := w.Write(m.other)
	return err
}
