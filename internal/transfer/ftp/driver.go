package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"

	"drydock/internal/transfer"
)

var (
	errNoTLS   = errors.New("no TLS")
	errNoGrant = errors.New("no such file, or not that way")
	errASCII   = errors.New("TYPE A would change the file: send TYPE I")
	errRest    = errors.New("REST is for downloads, within the file")
	errRefused = errors.New("refused")
)

// driver is what the library asks. Its callbacks bring no context, so it keeps
// the one of Serve, for as long as Serve runs.
type driver struct {
	srv *Server
	ctx context.Context //nolint:containedctx // see above
}

// GetSettings, ClientConnected, ClientDisconnected, AuthUser and GetTLSConfig
// are the library's MainDriver.
func (d *driver) GetSettings() (*ftpserver.Settings, error)                     { return d.srv.settings(), nil }
func (d *driver) ClientConnected(ftpserver.ClientContext) (string, error)       { return "ready", nil }
func (d *driver) ClientDisconnected(cc ftpserver.ClientContext)                 {}
func (d *driver) GetTLSConfig() (*tls.Config, error)                            { return nil, errNoTLS }
func (d *driver) PostAuthMessage(ftpserver.ClientContext, string, error) string { return "" }

// AuthUser gives the file system of the grant that the filter logged in.
func (d *driver) AuthUser(cc ftpserver.ClientContext, _, _ string) (ftpserver.ClientDriver, error) {
	c := d.srv.control(cc.RemoteAddr())
	if c == nil || c.grant.Load() == nil {
		return nil, errRefused
	}
	return &grantFS{ctx: d.ctx, control: c, grant: c.grant.Load()}, nil
}

// grantFS is a file system of one file, the grant's, and of those of its group.
type grantFS struct {
	refusing
	ctx     context.Context //nolint:containedctx // as in driver
	control *control
	grant   *transfer.Grant
}

// GetHandle begins an attempt.
func (f *grantFS) GetHandle(name string, flags int, offset int64) (ftpserver.FileTransfer, error) {
	dir := transfer.Download
	if flags&os.O_WRONLY != 0 {
		dir = transfer.Upload
	}
	if name == "/"+asciiName {
		return nil, errASCII
	}
	g := f.named(name)
	switch {
	case g == nil || g.Spec.Direction != dir || g.Over():
		return nil, errNoGrant
	case dir == transfer.Upload && offset != 0,
		dir == transfer.Download && (offset < 0 || offset > g.Spec.Source.Size()):
		return nil, errRest
	}
	if !f.control.srv.hold() {
		return nil, errRefused
	}
	a, err := g.Begin(transfer.FTP, f.control.peer)
	if err != nil {
		f.control.srv.wg.Done()
		return nil, err
	}
	if err := a.Open(f.ctx); err != nil {
		a.Fail(err)
		f.control.srv.wg.Done()
		return nil, errors.New("cannot take the file now")
	}
	return newFile(f.ctx, f.control, a), nil
}

// Stat knows the root and, of a download, the file.
func (f *grantFS) Stat(name string) (os.FileInfo, error) {
	if name == "/" {
		return info{dir: true, name: "/"}, nil
	}
	if g := f.named(name); g != nil && g.Spec.Direction == transfer.Download {
		return info{name: g.Name(), size: g.Spec.Source.Size()}, nil
	}
	return nil, os.ErrNotExist
}

// named is the grant for a file of the root; nil where there is none.
func (f *grantFS) named(name string) *transfer.Grant {
	plain, ok := strings.CutPrefix(name, "/")
	if !ok {
		return nil
	}
	return f.control.srv.reg.Beside(f.grant, plain)
}

// ReadDir lists the root.
func (f *grantFS) ReadDir(name string) ([]os.FileInfo, error) {
	if name != "/" {
		return nil, os.ErrNotExist
	}
	if file, err := f.Stat("/" + f.grant.Name()); err == nil {
		return []os.FileInfo{file}, nil
	}
	return nil, nil
}

// info describes the root or the file. The time says nothing on purpose: the
// same for all.
type info struct {
	name string
	size int64
	dir  bool
}

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return i.size }
func (i info) ModTime() time.Time { return time.Unix(0, 0) }
func (i info) IsDir() bool        { return i.dir }
func (i info) Sys() any           { return nil }
func (i info) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// refusing is the afero.Fs that allows nothing.
type refusing struct{}

func (refusing) Create(string) (afero.File, error)                     { return nil, errRefused }
func (refusing) Mkdir(string, os.FileMode) error                       { return errRefused }
func (refusing) MkdirAll(string, os.FileMode) error                    { return errRefused }
func (refusing) Open(string) (afero.File, error)                       { return nil, errRefused }
func (refusing) OpenFile(string, int, os.FileMode) (afero.File, error) { return nil, errRefused }
func (refusing) Remove(string) error                                   { return errRefused }
func (refusing) RemoveAll(string) error                                { return errRefused }
func (refusing) Rename(string, string) error                           { return errRefused }
func (refusing) Name() string                                          { return "grant" }
func (refusing) Chmod(string, os.FileMode) error                       { return errRefused }
func (refusing) Chown(string, int, int) error                          { return errRefused }
func (refusing) Chtimes(string, time.Time, time.Time) error            { return errRefused }
