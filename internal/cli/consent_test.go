package cli

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"drydock/internal/fault"
)

// prompted cancels when a question is asked.
type prompted struct {
	bytes.Buffer
	question string
	cancel   context.CancelFunc
}

func (p *prompted) Write(b []byte) (int, error) {
	if strings.Contains(string(b), p.question) {
		p.cancel()
	}
	return p.Buffer.Write(b)
}

// TestInterruptedPrompt: Ctrl-C at a question is a no, at once.
func TestInterruptedPrompt(t *testing.T) {
	for question, args := range map[string][]string{
		"Go on?":              {"device", "remove", "iad-1"},
		"new password of bob": {"user", "add", "bob", "--role", "viewer"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		silent, hold := io.Pipe() // nobody ever types
		errs := &prompted{question: question, cancel: cancel}
		p := &Program{Stdin: silent, Stdout: io.Discard, Stderr: errs, IsTerminal: true, Env: func(string) string { return "" },
			ReadPassword: func() (string, error) { <-ctx.Done(); return "", ctx.Err() }}
		if code := p.Run(ctx, args); code != fault.ExitStopped || !strings.Contains(errs.String(), "nothing was done") {
			t.Errorf("%v: exit code %d: %s", args, code, errs.String())
		}
		_ = hold.Close()
	}
}
