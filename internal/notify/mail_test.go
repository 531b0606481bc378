package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"drydock/internal/store"
)

// certificate makes one for 127.0.0.1, and the PEM of what signed it.
func certificate(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}))
}

// office is a mail server that keeps what it takes.
type office struct {
	t       *testing.T
	address string
	ca      string
	login   bool // offers LOGIN and not PLAIN

	mu      sync.Mutex // owns what follows
	refuse  map[string]int
	letters []letterTaken
}

type letterTaken struct {
	user, from string
	to         []string
	text       string
	tls        bool
}

func newOffice(t *testing.T, change func(*smtp.Server, *office)) *office {
	t.Helper()
	cert, ca := certificate(t)
	o := &office{t: t, ca: ca, refuse: map[string]int{}}
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &counter{office: o, conn: c}, nil }))
	server.Domain, server.TLSConfig, server.ErrorLog = "mail.test", &tls.Config{Certificates: []tls.Certificate{cert}}, quiet{}
	if change != nil {
		change(server, o)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.address = listener.Addr().String()
	done := make(chan struct{})
	go func() { defer close(done); _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close(); <-done })
	return o
}

// quiet drops the server's log: it goes on after a test's end.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// counter is where one client is served.
type counter struct {
	*office
	conn *smtp.Conn
	now  letterTaken
}

func (c *counter) AuthMechanisms() []string {
	if c.login {
		return []string{"LOGIN"}
	}
	return []string{sasl.Plain}
}

func (c *counter) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != "drydock" || password != "mail-password" {
			return smtp.ErrAuthFailed
		}
		c.now.user = user
		return nil
	}
	if mechanism == "LOGIN" {
		return &loginServer{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
}

// loginServer is the server's side of LOGIN.
type loginServer struct {
	check func(user, password string) error
	user  string
	step  int
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}

func (c *counter) Mail(from string, _ *smtp.MailOptions) error { c.now.from = from; return nil }
func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if code := c.refuse[to]; code != 0 {
		return &smtp.SMTPError{Code: code, Message: "no"}
	}
	c.now.to = append(c.now.to, to)
	return nil
}

func (c *counter) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, c.now.tls = c.conn.TLSConnectionState()
	c.now.text = string(raw)
	c.letters = append(c.letters, c.now)
	return nil
}

func (c *counter) Reset()        { c.now.from, c.now.to = "", nil }
func (c *counter) Logout() error { return nil }

func (o *office) taken() []letterTaken {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.letters
}

func (o *office) channel(scheme string) Channel {
	return Channel{Name: "mail", Type: Email, URL: scheme + "://" + o.address, CA: o.ca, From: "drydock <drydock@example.org>",
		To: []string{"night@example.org", "day@example.org"}, User: "drydock", Secret: "mail-password", Gather: time.Second}
}

// TestMail: by STARTTLS and AUTH to a real server; a batch is one mail; no
// text of a device becomes a header, a line of its own or a control character.
func TestMail(t *testing.T) {
	for name, login := range map[string]bool{"PLAIN": false, "LOGIN": true} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, func(_ *smtp.Server, o *office) { o.login = login })
			y := newYard(t)
			c := o.channel("smtp")
			c.Links = LoginLinks
			y.put(c)
			for n := range 30 {
				y.asks(fmt.Sprintf("r%d", n), fmt.Sprintf("iad-%d %s", n, hostile))
			}
			y.deliver()
			if len(o.taken()) != 0 {
				t.Fatal("it did not wait for more")
			}
			y.pass(2 * time.Second)
			y.deliver()
			if len(o.taken()) != 1 {
				t.Fatalf("%d mails", len(o.taken()))
			}
			l := o.taken()[0]
			if !l.tls || l.user != "drydock" || l.from != "drydock@example.org" || len(l.to) != 2 {
				t.Errorf("from %q to %q as %q, TLS %t", l.from, l.to, l.user, l.tls)
			}
			checkLetter(t, l.text, "30 × question-asked", 20)
		})
	}
}

func checkLetter(t *testing.T, raw, subject string, links int) {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil || got != "[drydock] "+subject {
		t.Errorf("subject %q", got)
	}
	if m.Header.Get("Bcc") != "" || m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(m.Header.Get("Message-ID"), "@example.org>") {
		t.Errorf("headers %v", m.Header)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(body), "\r\n", "\n")
	if strings.ContainsAny(text, "\x1b\x07\r\u202e\u009b") {
		t.Errorf("control characters in %q", text)
	}
	if strings.Contains(text, "\nBcc") || strings.Count(text, "stop:") != links {
		t.Errorf("text %s", text)
	}
}

func TestOneMailSaysWhatItIs(t *testing.T) {
	o, y := newOffice(t, nil), newYard(t)
	y.put(o.channel("smtp"))
	y.must(y.Try(t.Context(), "mail"))
	checkLetter(t, o.taken()[0].text, "drydock can reach you through the channel mail", 0)
	y.asks("r1", "iad-1 "+hostile)
	y.deliver()
	y.pass(2 * time.Second)
	y.deliver()
	m, err := mail.ReadMessage(strings.NewReader(o.taken()[1].text))
	y.must(err)
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || !strings.HasPrefix(subject, "[drydock] iad-1 [2J") || strings.ContainsAny(subject, "\x1b\x07\r\n\u202e\u009b") || m.Header.Get("Bcc") != "" {
		t.Errorf("subject %q: %v", subject, err)
	}
}

// TestMailIsNotSentInClear: a server without STARTTLS gets nothing, unless the
// administrator says so, and never the password.
func TestMailIsNotSentInClear(t *testing.T) {
	o := newOffice(t, func(s *smtp.Server, _ *office) { s.TLSConfig, s.AllowInsecureAuth = nil, true })
	y := newYard(t)
	y.put(o.channel("smtp"))
	if err := y.Try(t.Context(), "mail"); err == nil || !strings.Contains(err.Error(), "STARTTLS") {
		t.Errorf("%v", err)
	}
	c := o.channel("smtp+insecure")
	c.User, c.Secret = "", ""
	y.put(c)
	y.must(y.Try(t.Context(), "mail"))
	if l := o.taken(); len(l) != 1 || l[0].tls {
		t.Errorf("%d mails", len(l))
	}
}

// TestMailServerMustBeKnown: a certificate of somebody else is refused.
func TestMailServerMustBeKnown(t *testing.T) {
	o, y := newOffice(t, nil), newYard(t)
	c := o.channel("smtp")
	_, c.CA = certificate(t)
	y.put(c)
	var unknown *tls.CertificateVerificationError
	if err := y.Try(t.Context(), "mail"); !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
}

// TestMailRefusals: 4yz is tried again, 5yz is not, and a wrong password is: it
// may be put right.
func TestMailRefusals(t *testing.T) {
	for want, prepare := range map[store.DeliveryState]func(*office, *Channel){
		store.DeliveryGivenUp: func(o *office, _ *Channel) { o.refuse["day@example.org"] = 550 },
		store.DeliveryWaiting: func(o *office, _ *Channel) { o.refuse["day@example.org"] = 450 },
		"waiting ":            func(_ *office, c *Channel) { c.Secret = "wrong" },
	} {
		o, y := newOffice(t, nil), newYard(t)
		c := o.channel("smtp")
		prepare(o, &c)
		y.put(c)
		y.asks("r1", "iad-1")
		y.deliver()
		y.pass(time.Minute)
		y.deliver()
		for id, d := range y.states("mail") {
			if string(d.State) != strings.TrimSpace(string(want)) || d.Tries != 1 || d.Error == "" {
				t.Errorf("%s: %s after %d tries: %s; want %s", id, d.State, d.Tries, d.Error, want)
			}
		}
	}
}
