// Package secret holds values that must never print, and seals what rests in
// the store.
//
// A String masks itself in fmt, log/slog, JSON, YAML and text encodings; only
// Reveal gives its bytes, so that a search for that word finds every place
// where a secret leaves. A Keyring seals bytes with AES-256-GCM under a fresh
// data key for each object, which the master key wraps (RELIABILITY.md T1). The
// master key lives outside the store. This package depends on the standard
// library only.
package secret

import (
	"fmt"
	"io"
	"log/slog"
)

const mask = "********"

// String is a secret text: a community, a password, a token.
type String struct{ value string }

// New wraps a text as a secret.
func New(value string) String { return String{value} }

// Reveal gives the text itself. Call it only where the secret goes onto the
// wire or into a sealed object.
func (s String) Reveal() string { return s.value }

// IsZero says whether there is no secret.
func (s String) IsZero() bool { return s.value == "" }

func (s String) masked() string {
	if s.value == "" {
		return ""
	}
	return mask
}

// Format gives the mask for every verb, so that even a wrong one (%d) leaks
// nothing.
func (s String) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.masked()) }

// String, LogValue, MarshalText and MarshalYAML give the mask.
func (s String) String() string               { return s.masked() }
func (s String) LogValue() slog.Value         { return slog.StringValue(s.masked()) }
func (s String) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }
func (s String) MarshalYAML() (any, error)    { return s.masked(), nil }

// UnmarshalText takes the text as the secret.
func (s *String) UnmarshalText(text []byte) error { s.value = string(text); return nil }
