package server

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"drydock/internal/access"
	"drydock/internal/fault"
)

// TestStartSaysWhatToDo: what keeps a server from starting comes with the flag
// or the file that ends it.
func TestStartSaysWhatToDo(t *testing.T) {
	held, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer held.Close()
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, nil, 0o600))
	for name, c := range map[string]struct {
		o    Options
		code fault.Code
		hint string
	}{
		"a file as data directory": {Options{Data: file, HTTP: "127.0.0.1:0"}, fault.Invalid, "--data DIR"},
		"a port that is taken":     {Options{HTTP: held.Addr().String()}, fault.Unavailable, "another server there"},
		"no port":                  {Options{HTTP: "banana"}, fault.Unavailable, "--http 127.0.0.1:8480"},
		"no such port":             {Options{HTTP: "127.0.0.1:99999"}, fault.Unavailable, "--http 127.0.0.1:8480"},
		"no such address":          {Options{HTTP: "192.0.2.1:8480"}, fault.Unavailable, "no such address"},
		"a negative rate":          {Options{HTTP: "127.0.0.1:0", Rate: -1}, fault.Invalid, ""},
	} {
		if c.o.Data == "" {
			c.o.Data = t.TempDir()
		}
		_, err := Start(t.Context(), c.o)
		if !fault.Is(err, c.code) || !strings.Contains(fault.HintOf(err), c.hint) {
			t.Errorf("%s: %v, hint %q, want %s with %q", name, err, fault.HintOf(err), c.code, c.hint)
		}
	}
	for cause, code := range map[error]fault.Code{syscall.ENOSPC: fault.Full, syscall.EROFS: fault.Invalid, syscall.EACCES: fault.Invalid, errors.New("else"): fault.Internal} {
		if got := unusable("data", &os.PathError{Op: "open", Path: "data/key", Err: cause}); fault.CodeOf(got) != code {
			t.Errorf("%v: %v, want %s", cause, got, code)
		}
	}
}

// TestFirstStart: a server without users says so, until there is one.
func TestFirstStart(t *testing.T) {
	var log bytes.Buffer
	o := Options{Data: t.TempDir(), HTTP: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, first := range []bool{true, false} {
		ctx, stop := context.WithCancel(t.Context())
		s, err := Start(ctx, o)
		must(t, err)
		if s.FirstStart != first {
			t.Errorf("first start %v, want %v", s.FirstStart, first)
		}
		if first {
			must(t, s.store.AddUser(ctx, access.User{Name: "ann", Grants: []access.Grant{{Role: access.Administrator}}}, "x", true))
		}
		stop()
		if err := s.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if told := strings.Contains(log.String(), "a new sealing key was made") && strings.Contains(log.String(), filepath.Join(o.Data, "key")); told != first {
			t.Errorf("first start %v, and of the new key: %s", first, &log)
		}
		log.Reset()
	}
}
