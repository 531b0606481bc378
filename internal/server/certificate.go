package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// How long certificates of the own CA last.
const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 90 * 24 * time.Hour
	renewBefore     = 30 * 24 * time.Hour
)

// transport gives the TLS that HTTP is served with; nil: none.
func transport(o Options) (*tls.Config, error) {
	var source interface {
		get(now time.Time) (*tls.Certificate, error)
	}
	switch {
	case o.OwnCA && o.TLSCert != "":
		return nil, fault.New(fault.Invalid, "", "--tls-own-ca", "there is --tls-cert already")
	case (o.TLSCert == "") != (o.TLSKey == ""):
		return nil, fault.New(fault.Invalid, "", "TLS", "--tls-cert and --tls-key go together")
	case o.TLSCert != "":
		source = &certificateFiles{cert: o.TLSCert, key: o.TLSKey}
	case o.OwnCA:
		authority, err := openAuthority(o.Data, certificateNames(o), time.Now())
		if err != nil {
			return nil, fault.New(fault.Invalid, "", "CA in "+o.Data, "%w", err)
		}
		source = authority
	default:
		return nil, nil
	}
	if _, err := source.get(time.Now()); err != nil {
		return nil, fault.New(fault.Invalid, "", "TLS certificate", "%w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		return source.get(time.Now())
	}}, nil
}

// certificateFiles are a certificate and its key in files. New ones are taken
// without a restart: whoever renews them has nothing more to do.
type certificateFiles struct {
	cert, key string

	mu     sync.Mutex // owns the rest
	loaded *tls.Certificate
	since  time.Time // the newer of the files' times
}

func (f *certificateFiles) get(time.Time) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	newest := time.Time{}
	for _, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return f.orLoaded(err)
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	if f.loaded != nil && newest.Equal(f.since) {
		return f.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return f.orLoaded(err) // one of the two may not be there yet
	}
	f.loaded, f.since = &pair, newest
	return f.loaded, nil
}

// orLoaded keeps the certificate that is in use when the files are not good.
func (f *certificateFiles) orLoaded(err error) (*tls.Certificate, error) {
	if f.loaded != nil {
		return f.loaded, nil
	}
	return nil, err
}

// certificateNames are what clients may call this server.
func certificateNames(o Options) []string {
	names := []string{"localhost", "127.0.0.1", "::1"}
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	if host, _, err := net.SplitHostPort(o.HTTP); err == nil && host != "" {
		if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
			names = append(names, host)
		}
	}
	if o.ServerAddress != "" {
		names = append(names, o.ServerAddress)
	}
	return append(names, o.TLSNames...)
}

// authority is a CA of the server's own. Its key stays in the data directory;
// the certificates that it gives stay in memory.
type authority struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	names []string

	mu    sync.Mutex // owns the rest
	given *tls.Certificate
}

// AuthorityFile is the CA's certificate in the data directory, for clients to
// trust; its key lies beside it.
const (
	AuthorityFile    = "ca.pem"
	authorityKeyFile = "ca.key"
)

// openAuthority reads the CA of the data directory, or makes it.
func openAuthority(dir string, names []string, now time.Time) (*authority, error) {
	certFile, keyFile := filepath.Join(dir, AuthorityFile), filepath.Join(dir, authorityKeyFile)
	if _, err := os.Stat(certFile); errors.Is(err, fs.ErrNotExist) {
		if err := makeAuthority(certFile, keyFile, now); err != nil {
			return nil, err
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		return nil, errors.New(keyFile + " is not an ECDSA key")
	}
	if now.After(pair.Leaf.NotAfter) {
		return nil, errors.New(certFile + " has expired: remove it and its key, and a new CA is made, which every client must be given")
	}
	return &authority{cert: pair.Leaf, key: key, names: names}, nil
}

// makeAuthority writes the key first: a certificate is never there without it.
func makeAuthority(certFile, keyFile string, now time.Time) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this machine"
	}
	template := &x509.Certificate{SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: "drydock CA of " + host}, NotBefore: now.Add(-time.Hour),
		NotAfter: now.Add(authorityLife), IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.Remove(keyFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := secret.WriteFileOwnerOnly(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})); err != nil {
		return err
	}
	if err := secret.WriteFileOwnerOnly(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})); err != nil {
		return err
	}
	return os.Chmod(certFile, 0o644)
}

// serialNumber has 128 random bits (RFC 5280 section 4.1.2.2 allows 20 octets).
func serialNumber() *big.Int {
	var raw [16]byte
	rand.Read(raw[:]) // never fails (crypto/rand)
	return new(big.Int).SetBytes(raw[:])
}

// get gives the server's certificate, a new one in good time before the old
// one ends.
func (a *authority) get(now time.Time) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.given != nil && now.Before(a.given.Leaf.NotAfter.Add(-renewBefore)) {
		return a.given, nil
	}
	given, err := a.give(now)
	if err == nil {
		a.given = given
	}
	return given, err
}

func (a *authority) give(now time.Time) (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	end := now.Add(certificateLife)
	if end.After(a.cert.NotAfter) {
		end = a.cert.NotAfter
	}
	template := &x509.Certificate{SerialNumber: serialNumber(), Subject: pkix.Name{CommonName: "drydock"}, NotBefore: now.Add(-time.Hour), NotAfter: end,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range a.names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}, nil
}

// trusted reads the networks of proxies.
func trusted(texts []string) (all []netip.Prefix, err error) {
	for _, text := range texts {
		p, err := netip.ParsePrefix(text)
		if a, notAddress := netip.ParseAddr(text); err != nil && notAddress == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, fault.New(fault.Invalid, "", "--trusted-proxy "+text, "an address or a network is expected, as 10.0.0.0/24")
		}
		all = append(all, p)
	}
	return all, nil
}

// strictTransport tells browsers that came by TLS to come by nothing else from
// now on (RFC 6797).
func strictTransport(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}
