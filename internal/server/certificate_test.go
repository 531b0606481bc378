package server

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"drydock/internal/fault"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verify checks a certificate as a client does that trusts the CA of dir.
func verify(t *testing.T, dir string, c *tls.Certificate, name string, now time.Time) error {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, AuthorityFile))
	must(t, err)
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		t.Fatal("no certificate in " + AuthorityFile)
	}
	_, err = c.Leaf.Verify(x509.VerifyOptions{Roots: pool, DNSName: name, CurrentTime: now})
	return err
}

func TestOwnAuthority(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	a, err := openAuthority(dir, []string{"drydock.example", "192.0.2.7"}, now)
	must(t, err)
	for name, want := range map[string]os.FileMode{AuthorityFile: 0o644, authorityKeyFile: 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	first, err := a.get(now)
	must(t, err)
	for name, good := range map[string]bool{"drydock.example": true, "192.0.2.7": true, "evil.example": false} {
		if err := verify(t, dir, first, name, now); (err == nil) != good {
			t.Errorf("%s: %v", name, err)
		}
	}
	again, err := openAuthority(dir, []string{"drydock.example"}, now)
	must(t, err)
	other, err := again.get(now)
	must(t, err)
	must(t, verify(t, dir, other, "drydock.example", now)) // the CA stays after a restart

	same, err := a.get(now.Add(certificateLife - renewBefore - time.Minute))
	must(t, err)
	late := now.Add(certificateLife - renewBefore + time.Minute)
	renewed, err := a.get(late)
	must(t, err)
	if same != first || renewed == first {
		t.Error("a certificate is renewed 30 days before its end, and not earlier")
	}
	must(t, verify(t, dir, renewed, "drydock.example", now.Add(certificateLife+time.Hour)))
	if _, err := openAuthority(dir, nil, now.Add(authorityLife+time.Hour)); err == nil {
		t.Error("an expired CA is used")
	}
}

// TestCertificateFilesAreReloaded: new files are taken without a restart, and
// half-written ones leave the old certificate in use.
func TestCertificateFilesAreReloaded(t *testing.T) {
	dir, now := t.TempDir(), time.Now()
	f := &certificateFiles{cert: filepath.Join(dir, "cert"), key: filepath.Join(dir, "key")}
	if _, err := f.get(now); err == nil {
		t.Fatal("files that are not there")
	}
	must(t, makeAuthority(f.cert, f.key, now))
	first, err := f.get(now)
	must(t, err)
	must(t, os.WriteFile(f.cert, []byte("half"), 0o600))
	must(t, os.Chtimes(f.cert, now, now.Add(time.Hour)))
	kept, err := f.get(now)
	must(t, err)
	if kept != first {
		t.Error("half a file replaces a certificate")
	}
	must(t, os.Remove(f.cert))
	must(t, makeAuthority(f.cert, f.key, now))
	must(t, os.Chtimes(f.cert, now, now.Add(2*time.Hour)))
	second, err := f.get(now)
	must(t, err)
	if second == first {
		t.Error("new files are not taken")
	}
}

func TestTransportOptions(t *testing.T) {
	if c, err := transport(Options{}); c != nil || err != nil {
		t.Errorf("no TLS: %v, %v", c, err)
	}
	for _, o := range []Options{{TLSCert: "x"}, {TLSKey: "x"}, {TLSCert: "x", TLSKey: "y", OwnCA: true}, {TLSCert: "/nowhere/x", TLSKey: "/nowhere/y"}} {
		o.Data = t.TempDir()
		if _, err := transport(o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

func TestStrictTransport(t *testing.T) {
	h := strictTransport(http.NotFoundHandler())
	for _, secure := range []bool{false, true} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if secure {
			r.TLS = &tls.ConnectionState{}
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if got := w.Header().Get("Strict-Transport-Security") != ""; got != secure {
			t.Errorf("TLS %t: %t", secure, got)
		}
	}
}

func TestTrustedProxies(t *testing.T) {
	got, err := trusted([]string{"10.0.0.0/24", "192.0.2.1", "::1"})
	must(t, err)
	if len(got) != 3 || got[1].String() != "192.0.2.1/32" || got[2].String() != "::1/128" {
		t.Errorf("got %v", got)
	}
	if _, err := trusted([]string{"proxy.example"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("a name: %v", err)
	}
}
