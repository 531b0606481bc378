package fault

import (
	"errors"
	"io"
	"net/http"
	"testing"
)

func TestErrorKeepsCauseAndPrintsItOnce(t *testing.T) {
	err := New(Corrupt, "store.OpenBackup", "backup b1", "read: %w", io.ErrUnexpectedEOF)
	if got, want := err.Error(), "store.OpenBackup backup b1: read: unexpected EOF"; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Error("the cause is lost")
	}
}

func TestCodeOf(t *testing.T) {
	wrapped := errors.Join(New(NotFound, "", "", "no such device"))
	for _, c := range []struct {
		err  error
		want Code
	}{{nil, ""}, {io.EOF, Internal}, {wrapped, NotFound}} {
		if got := CodeOf(c.err); got != c.want {
			t.Errorf("CodeOf(%v) = %q, want %q", c.err, got, c.want)
		}
	}
}

func TestHintSurvivesWrapping(t *testing.T) {
	inner := New(Invalid, "", "", "bad").WithHint("use %d", 5)
	outer := New(Conflict, "op", "obj", "outer: %w", inner)
	if got := HintOf(outer); got != "use 5" {
		t.Errorf("hint %q", got)
	}
}

func TestEveryCodeHasTraits(t *testing.T) {
	for _, c := range []Code{Internal, Invalid, NotFound, Conflict, Denied, Unavailable, Timeout, Full, Corrupt} {
		if _, ok := traits[c]; !ok {
			t.Errorf("%s has no row in the table", c)
		}
	}
	if Code("unheard-of").Status() != http.StatusInternalServerError {
		t.Error("an unknown code must be an internal error")
	}
}
