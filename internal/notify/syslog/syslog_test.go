package syslog

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var moment = time.Date(2026, 11, 23, 5, 6, 7, 89000, time.FixedZone("", 3600))

func TestFormat(t *testing.T) {
	r := Record{Facility: Audit, Severity: Notice, At: moment, App: "drydock", MsgID: "audit", Text: "anna ordered",
		Data: []Param{{"actor", "anna"}, {"object", `a "b" [c] \d`}}}
	want := `<109>1 2026-11-23T04:06:07.000089Z host drydock 42 audit [drydock@32473 actor="anna" object="a \"b\" [c\] \\d"]` + " \ufeffanna ordered"
	if got := string(r.Format("host", 42)); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if got := string(Record{At: moment}.Format("", 1)); got != `<0>1 2026-11-23T04:06:07.000089Z - - 1 - -` {
		t.Errorf("an empty record is %s", got)
	}
}

// TestHostileText: a device's text makes no second record, breaks no structure
// and reaches no terminal.
func TestHostileText(t *testing.T) {
	hostile := "x\n<13>1 - - - - - - forged\x1b[2J\u202e\u009b\x00 \"] [forged@1 a=\"b\"]\xff"
	got := string(Record{At: moment, App: hostile, MsgID: hostile, Data: []Param{{hostile, hostile}}, Text: hostile}.Format(hostile, 1))
	if strings.ContainsAny(got, "\n\r\x1b\x00\u202e\u009b") || !utf8.ValidString(got) {
		t.Errorf("%q", got)
	}
	if strings.Count(got, ` [drydock@32473 `) != 1 || strings.Contains(strings.Split(got, "\ufeff")[0], ` [forged`) && !strings.Contains(got, `\"\] [forged@1 a=\"b\"\]`) {
		t.Errorf("structure broken: %s", got)
	}
	if !strings.Contains(got, "<U+000A>") || !strings.Contains(got, "<U+001B>") {
		t.Errorf("what was there cannot be seen: %s", got)
	}
}

func send(t *testing.T, target Target, records ...Record) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	w, err := Dial(ctx, target)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := w.Send(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestUDP(t *testing.T) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	send(t, Target{Network: "udp", Address: conn.LocalAddr().String()}, Record{At: moment, App: "drydock", Text: strings.Repeat("ü", 3000)})
	buf := make([]byte, 65535)
	n, _, err := conn.ReadFrom(buf)
	if err != nil || n > udpMost || !strings.HasPrefix(string(buf[:n]), "<0>1 2026") {
		t.Errorf("%d octets: %v", n, err)
	}
}

// frames reads octet-counted records (RFC 6587 section 3.4.1).
func frames(r io.Reader) (all []string, err error) {
	in := bufio.NewReader(r)
	for {
		count, err := in.ReadString(' ')
		if err == io.EOF && count == "" {
			return all, nil
		}
		n, bad := strconv.Atoi(strings.TrimSuffix(count, " "))
		if err != nil || bad != nil {
			return all, io.ErrUnexpectedEOF
		}
		record := make([]byte, n)
		if _, err := io.ReadFull(in, record); err != nil {
			return all, err
		}
		all = append(all, string(record))
	}
}

func TestTCPAndTLS(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	for network, config := range map[string]*tls.Config{"tcp": nil, "tls": {Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if config != nil {
			listener = tls.NewListener(listener, config)
		}
		type result struct {
			all []string
			err error
		}
		got := make(chan result, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				got <- result{nil, err}
				return
			}
			defer conn.Close()
			all, err := frames(conn)
			got <- result{all, err}
		}()
		send(t, Target{Network: network, Address: listener.Addr().String(), TLS: &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}},
			Record{At: moment, Text: "one"}, Record{At: moment, Text: "two\nlines"})
		r := <-got
		if r.err != nil || len(r.all) != 2 || !strings.HasSuffix(r.all[0], "\ufeffone") || !strings.HasSuffix(r.all[1], "two<U+000A>lines") {
			t.Errorf("%s: %q %v", network, r.all, r.err)
		}
		_ = listener.Close()
	}
}
