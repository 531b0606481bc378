package secret

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStringNeverPrints(t *testing.T) {
	const canary = "canary-7f3a"
	s := New(canary)
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v %+v %#v %s %q %d\n", s, s, s, s, s, s)
	fmt.Fprintf(&out, "%v %+v\n", struct{ Community String }{s}, &struct{ C *String }{&s})
	slog.New(slog.NewJSONHandler(&out, nil)).Info("x", "community", s)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "community", s)
	raw, err := json.Marshal(map[string]any{"c": s})
	if err != nil {
		t.Fatal(err)
	}
	out.Write(raw)
	if strings.Contains(out.String(), canary) {
		t.Errorf("the secret printed:\n%s", out.String())
	}
	if s.Reveal() != canary {
		t.Error("Reveal must give the text")
	}
}

func newTestKeyring(t *testing.T, fill byte) *Keyring {
	t.Helper()
	k, err := NewKeyring([KeySize]byte{fill})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpens(t *testing.T) {
	k := newTestKeyring(t, 1)
	for _, plain := range [][]byte{nil, []byte("x"), bytes.Repeat([]byte("abc"), 10000)} {
		got, err := k.Open(k.Seal(plain, "device d run r"), "device d run r")
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d octets: %v", len(plain), err)
		}
	}
}

func TestOpenRefusesMovedSwappedAndFlipped(t *testing.T) {
	k := newTestKeyring(t, 1)
	sealed := k.Seal([]byte("configuration"), "device a")
	if _, err := k.Open(sealed, "device b"); !errors.Is(err, ErrNotAuthentic) {
		t.Errorf("another place: %v", err)
	}
	for i := range sealed {
		bad := bytes.Clone(sealed)
		bad[i] ^= 1
		if _, err := k.Open(bad, "device a"); err == nil {
			t.Fatalf("octet %d flipped and it opened", i)
		}
	}
	for n := range sealed {
		if _, err := k.Open(sealed[:n], "device a"); err == nil {
			t.Fatalf("cut at %d and it opened", n)
		}
	}
}

func TestRotation(t *testing.T) {
	old := newTestKeyring(t, 1)
	sealed := old.Seal([]byte("x"), "c")
	both, err := NewKeyring([KeySize]byte{2}, [KeySize]byte{1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := both.Open(sealed, "c"); err != nil {
		t.Errorf("the older key must still open: %v", err)
	}
	if _, err := newTestKeyring(t, 2).Open(sealed, "c"); !errors.Is(err, ErrWrongKey) {
		t.Errorf("want ErrWrongKey, got %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	k, err := LoadOrCreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	again, err := LoadOrCreateKeyFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Open(k.Seal([]byte("x"), "c"), "c"); err != nil {
		t.Errorf("the file must give the same key: %v", err)
	}
	if err := os.WriteFile(path, []byte("not a key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadOrCreateKeyFile(path); err == nil || !strings.Contains(err.Error(), path+":1") {
		t.Errorf("a bad key file must be named with its line: %v", err)
	}
}
