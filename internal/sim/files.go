package sim

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/textproto"

	"drydock/internal/equipment"
	"drydock/internal/fault"
	"drydock/internal/transfer/ftp"
	"drydock/internal/transfer/tftp"
)

// fileClient is the equipment.FileClient of a device: TFTP and FTP from its
// own address.
type fileClient struct {
	local netip.Addr
	spec  *Spec
}

func (c fileClient) tftp() *tftp.Client {
	client := c.spec.TFTP
	client.LocalAddr = netip.AddrPortFrom(c.local, 0)
	return &client
}

func (c fileClient) ftp(s equipment.Server) (*ftp.Client, ftp.Login) {
	client := c.spec.FTP
	client.LocalAddr = c.local
	login := ftp.Login{Server: at(s, 21), User: s.User, Password: s.Password}
	if login.User == "" {
		login.User = "anonymous"
	}
	return &client, login
}

// at is the server's address with the protocol's own port where none is given.
func at(s equipment.Server, port uint16) netip.AddrPort {
	if s.Addr.Port() != 0 {
		port = s.Addr.Port()
	}
	return netip.AddrPortFrom(s.Addr.Addr(), port)
}

// Fetch implements equipment.FileClient.
func (c fileClient) Fetch(ctx context.Context, s equipment.Server, name string, w io.Writer) error {
	var n int64
	var err error
	if s.Protocol == equipment.FTP {
		client, login := c.ftp(s)
		n, err = client.Get(ctx, login, name, 0, w)
	} else {
		n, err = c.tftp().Get(ctx, at(s, 69), name, w)
	}
	return failure(n, err)
}

// Send implements equipment.FileClient.
func (c fileClient) Send(ctx context.Context, s equipment.Server, name string, content []byte) error {
	var n int64
	var err error
	if s.Protocol == equipment.FTP {
		client, login := c.ftp(s)
		n, err = client.Put(ctx, login, name, bytes.NewReader(content))
	} else {
		n, err = c.tftp().Put(ctx, at(s, 69), name, bytes.NewReader(content), int64(len(content)))
	}
	return failure(n, err)
}

// failure says in the MIB's words why a transfer failed after n octets.
func failure(n int64, err error) error {
	var known *equipment.Failure
	var reply *textproto.Error
	var op *net.OpError
	cause := equipment.TransferFailed
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known): // what writes the file says more
		return known
	case errors.As(err, &reply):
		if reply.Code == 550 || reply.Code == 553 {
			cause = equipment.FileNotFound
		}
	case errors.As(err, &op) && op.Op == "dial", fault.Is(err, fault.Timeout) && n == 0:
		cause = equipment.ServerUnreachable
	case fault.Is(err, fault.Timeout):
		cause = equipment.TransferTimeout
	case fault.Is(err, fault.Unavailable) && n == 0:
		cause = equipment.FileNotFound // TFTP's ERROR instead of the first block
	}
	return &equipment.Failure{Cause: cause, Text: err.Error()}
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
