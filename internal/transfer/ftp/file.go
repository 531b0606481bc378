package ftp

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"drydock/internal/transfer"
)

var errLost = errors.New("the control connection was lost during the transfer")

// file is an attempt as the library's open file. The library reads or writes
// it from one goroutine while the watch looks at it from another.
type file struct {
	ctx     context.Context //nolint:containedctx // as in driver
	control *control
	src     transfer.Source // of a download
	off     int64

	mu    sync.Mutex // owns what follows
	att   *transfer.Attempt
	cause error
	watch *time.Timer
	done  bool
}

// newFile needs a place that Server.hold gave; Close gives it back.
func newFile(ctx context.Context, c *control, a *transfer.Attempt) *file {
	f := &file{ctx: ctx, control: c, att: a, src: a.Grant.Spec.Source}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watch = time.AfterFunc(c.srv.cfg.CheckEvery, f.look)
	return f
}

// look ends the control connection, and with it the transfer, when the attempt
// may not go on.
func (f *file) look() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return
	}
	if err := f.att.Check(time.Now()); err != nil {
		f.fail(err)
		_ = f.control.Close()
		return
	}
	f.watch.Reset(f.control.srv.cfg.CheckEvery)
}

// fail keeps the first cause. The caller holds mu.
func (f *file) fail(err error) {
	if f.cause == nil {
		f.cause = err
	}
}

// Read gives the download's next octets.
func (f *file) Read(p []byte) (int, error) {
	if f.src == nil {
		return 0, errRefused
	}
	left := f.src.Size() - f.off
	if left <= 0 {
		return 0, io.EOF
	}
	n, err := f.src.ReadAt(p[:min(int64(len(p)), left)], f.off)
	if err := f.pace(n); err != nil {
		return 0, err
	}
	f.off += int64(n)
	f.att.Moved(f.off)
	if errors.Is(err, io.EOF) && f.off == f.src.Size() {
		err = nil
	}
	return n, err
}

// pace waits until n octets may leave.
func (f *file) pace(n int) error {
	wait := f.att.Grant.Pace(n, time.Now())
	if wait == 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// Write takes the upload's next octets.
func (f *file) Write(p []byte) (int, error) {
	if f.src != nil {
		if len(p) == 0 {
			return 0, nil
		}
		return 0, errRefused
	}
	n, err := f.att.Write(p)
	if err != nil {
		f.TransferError(err)
	}
	return n, err
}

// Seek serves REST.
func (f *file) Seek(offset int64, whence int) (int64, error) {
	if f.src == nil || whence != io.SeekStart || offset < 0 || offset > f.src.Size() {
		f.TransferError(errRest)
		return 0, errRest
	}
	f.off = offset
	return offset, nil
}

// TransferError is the library's word that the data connection failed.
func (f *file) TransferError(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail(err)
}

// Close ends the attempt: whole where nothing failed. Its error is what the
// device is told.
func (f *file) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.done {
		return nil
	}
	f.done = true
	f.watch.Stop()
	defer f.control.srv.wg.Done()
	switch {
	case f.control.lost.Load():
		f.fail(errLost)
	case f.src != nil && f.off < f.src.Size():
		f.fail(io.ErrUnexpectedEOF)
	}
	if f.cause == nil {
		f.cause = f.att.Finish(f.ctx)
	} else {
		f.att.Fail(f.cause)
	}
	if f.cause != nil {
		f.control.srv.log.Info("ftp transfer failed", "grant", f.att.Grant.Name(), "file", f.att.Grant.Spec.File,
			"peer", f.control.peer, "err", f.cause)
	}
	return f.cause
}
