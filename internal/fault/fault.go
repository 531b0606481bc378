// Package fault is the closed set of error codes that may cross a boundary of
// drydock: from the store to the engine, from the engine to the HTTP API, from
// the API to the command line.
//
// An error that carries no code is an internal one. The callee names the
// operation and the object; the caller adds only what the callee cannot know.
// Whether something may be repeated is part of the code, never guessed from
// the text. This package depends on the standard library only.
package fault

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Code says what kind of error this is.
type Code string

// The codes, all of them.
const (
	Internal    Code = "internal"    // a defect of drydock or of what it stands on
	Invalid     Code = "invalid"     // the input is wrong; the message says where
	NotFound    Code = "not-found"   // there is no such object
	Conflict    Code = "conflict"    // the object is not in a state that allows this
	Denied      Code = "denied"      // no credentials, wrong ones, or not allowed
	Unavailable Code = "unavailable" // a peer or a resource is not there now; may be repeated
	Timeout     Code = "timeout"     // the predetermined time has passed; may be repeated
	Full        Code = "full"        // no room: disk, memory, table; may be repeated after making room
	Limited     Code = "limited"     // too many requests or tries; may be repeated after a while
	Corrupt     Code = "corrupt"     // stored or received bytes are not what they were
)

// Process exit codes of the command line (DESIGN.md section 8).
const (
	ExitDone    = 0
	ExitFailed  = 1
	ExitUsage   = 2
	ExitWaiting = 3
	ExitStopped = 4
)

// traits is the one table from a code to what each boundary makes of it.
var traits = map[Code]struct {
	status     int
	exit       int
	repeatable bool
}{
	Internal:    {http.StatusInternalServerError, ExitFailed, false},
	Invalid:     {http.StatusUnprocessableEntity, ExitUsage, false},
	NotFound:    {http.StatusNotFound, ExitUsage, false},
	Conflict:    {http.StatusConflict, ExitFailed, false},
	Denied:      {http.StatusForbidden, ExitFailed, false},
	Unavailable: {http.StatusServiceUnavailable, ExitFailed, true},
	Timeout:     {http.StatusGatewayTimeout, ExitFailed, true},
	Full:        {http.StatusInsufficientStorage, ExitFailed, true},
	Limited:     {http.StatusTooManyRequests, ExitFailed, true},
	Corrupt:     {http.StatusInternalServerError, ExitFailed, false},
}

// Error is an error with a code. Op is the operation ("store.AddDevice"),
// Object what it was about ("device iad-0042"), Hint the next step for the
// person who reads it.
type Error struct {
	Code   Code
	Op     string
	Object string
	Msg    string
	Hint   string
	Err    error
}

// Error gives "op object: message: cause", leaving out what is empty. The hint
// is not part of it: whoever shows the error to a person adds it.
func (e *Error) Error() string {
	var parts []string
	for _, s := range []string{strings.TrimSpace(e.Op + " " + e.Object), e.Msg} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	if e.Err != nil && e.Err.Error() != "" {
		parts = append(parts, e.Err.Error())
	}
	if len(parts) == 0 {
		return string(e.Code)
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// WithHint returns a copy of e whose hint is the formatted text.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// New makes an error of the code; op and object may be empty. A %w in format
// keeps its cause.
func New(code Code, op, object, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Op: op, Object: object, Msg: wrapped.Error(), Err: hidden(errors.Unwrap(wrapped))}
}

// hiddenCause keeps a cause for errors.Is and errors.As without printing it a
// second time: the message already holds its text.
type hiddenCause struct{ error }

func (hiddenCause) Error() string   { return "" }
func (h hiddenCause) Unwrap() error { return h.error }

func hidden(err error) error {
	if err == nil {
		return nil
	}
	return hiddenCause{err}
}

// CodeOf returns the outermost code in err's chain, Internal where there is
// none, and "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Is says whether err carries the code.
func Is(err error, code Code) bool { return err != nil && CodeOf(err) == code }

// HintOf returns the first hint in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		var e *Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}

// Repeatable says whether the same request may succeed later unchanged.
func Repeatable(err error) bool { return traits[CodeOf(err)].repeatable }

// Status is the HTTP status for a code.
func (c Code) Status() int {
	if t, ok := traits[c]; ok {
		return t.status
	}
	return http.StatusInternalServerError
}

// Exit is the process exit code for a code.
func (c Code) Exit() int {
	if t, ok := traits[c]; ok {
		return t.exit
	}
	return ExitFailed
}
