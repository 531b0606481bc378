package cli

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"drydock/internal/fault"
)

// TestInterruptedStart: Ctrl-C before the server serves is told as that, and
// not as the interruption of somebody who watched runs.
func TestInterruptedStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var stderr strings.Builder
	p := &Program{Stdin: strings.NewReader(""), Stdout: &stderr, Stderr: &stderr, Env: func(string) string { return "" },
		Serve: func(ctx context.Context, _ ServeOptions, _ Streams) error {
			cancel()
			return fmt.Errorf("opening the store: %w", ctx.Err())
		}}
	if code := p.Run(ctx, []string{"serve"}); code != fault.ExitFailed || !strings.Contains(stderr.String(), "while the server was starting") ||
		strings.Contains(stderr.String(), "watch") {
		t.Errorf("exit code %d: %s", code, &stderr)
	}
}
