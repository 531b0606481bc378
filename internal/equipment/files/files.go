// Package files moves files between the equipment and the management system's
// server, over TFTP and FTP, from the equipment's own address: the
// equipment.FileClient of the simulator and of drydock-agent. It says in the
// MIB's words why a transfer failed. A download over FTP that breaks off goes
// on where it was (REST, RFC 3659 section 5); over TFTP nothing can.
package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"os"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/fault"
	"drydock/internal/transfer/ftpclient"
	"drydock/internal/transfer/tftp"
)

// Client is an equipment.FileClient. It may be used by many goroutines at once.
type Client struct {
	Local netip.Addr // to send from; any where invalid
	TFTP  tftp.Client
	FTP   ftpclient.Client
	// Resumes is how often a download over FTP that broke off is taken up again,
	// as long as each time brings something.
	Resumes int
	Pause   time.Duration // before it is
}

func (c Client) tftp() *tftp.Client {
	client := c.TFTP
	if c.Local.IsValid() {
		client.LocalAddr = netip.AddrPortFrom(c.Local, 0)
	}
	return &client
}

func (c Client) ftp(s equipment.Server) (*ftpclient.Client, ftpclient.Login) {
	client := c.FTP
	client.LocalAddr = c.Local
	login := ftpclient.Login{Server: at(s, 21), User: s.User, Password: s.Password}
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
func (c Client) Fetch(ctx context.Context, s equipment.Server, name string, w io.Writer) error {
	return c.FetchFrom(ctx, s, name, 0, w)
}

// CanResume says whether FetchFrom can begin elsewhere than at the beginning.
func (Client) CanResume(p equipment.Protocol) bool { return p == equipment.FTP }

// FetchFrom is Fetch without the first offset octets, which the protocol must
// be able to leave out.
func (c Client) FetchFrom(ctx context.Context, s equipment.Server, name string, offset int64, w io.Writer) error {
	if s.Protocol == equipment.Local {
		return fetchLocal(name, w)
	}
	if s.Protocol != equipment.FTP {
		n, err := c.tftp().Get(ctx, at(s, 69), name, w)
		return failure(n, err)
	}
	client, login := c.ftp(s)
	sink := &remembering{w: w}
	for tries := 0; ; tries++ {
		n, err := client.Get(ctx, login, name, offset, sink)
		offset += n
		if err == nil || n == 0 || sink.err != nil || tries >= c.Resumes || ctx.Err() != nil || refused(err) {
			return failure(offset, err)
		}
		if !pause(ctx, c.Pause) {
			return failure(offset, err)
		}
	}
}

// fetchLocal copies a file of this machine.
func fetchLocal(path string, w io.Writer) error {
	f, err := os.Open(path)
	if err != nil {
		return &equipment.Failure{Cause: equipment.FileNotFound, Text: err.Error()}
	}
	defer f.Close() // only read
	_, err = io.Copy(w, f)
	return err
}

func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// refused says whether the server said no, rather than went away.
func refused(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && reply.Code >= 500
}

// remembering keeps the error of its writer: that is none of the transfer's.
type remembering struct {
	w   io.Writer
	err error
}

// Write passes p on.
func (r *remembering) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	if err != nil {
		r.err = err
	}
	return n, err
}

// Send implements equipment.FileClient.
func (c Client) Send(ctx context.Context, s equipment.Server, name string, content []byte) error {
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
