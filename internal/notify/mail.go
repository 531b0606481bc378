package notify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"net/textproto"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"drydock/internal/procedure"
)

// sendMail sends a batch as one mail (RFC 5321). With smtp:// the server must
// offer STARTTLS (RFC 3207): what goes out may name devices and carry links.
func sendMail(ctx context.Context, c Channel, batch []Message, now time.Time) error {
	client, err := dialMail(ctx, c)
	if err != nil {
		return judgeMail(err)
	}
	defer client.Close()
	if c.User != "" {
		if err := client.Auth(authOf(client, c)); err != nil {
			return judgeMail(fmt.Errorf("log in as %s: %w", c.User, err))
		}
	}
	from, err := mail.ParseAddress(c.From)
	if err != nil {
		return refused("sender %q is not an address of mail", c.From)
	}
	if err := client.Mail(from.Address); err != nil {
		return judgeMail(err)
	}
	for _, text := range c.To {
		to, err := mail.ParseAddress(text)
		if err != nil {
			return refused("%q is not an address of mail", text)
		}
		if err := client.Rcpt(to.Address); err != nil {
			return judgeMail(fmt.Errorf("%s: %w", to.Address, err))
		}
	}
	w, err := client.Data()
	if err != nil {
		return judgeMail(err)
	}
	if _, err := w.Write(letter(c, batch, now)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return judgeMail(err)
	}
	_ = client.Quit() // the mail was taken
	return nil
}

// dialMail connects, with TLS as the channel's URL says.
func dialMail(ctx context.Context, c Channel) (*smtp.Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, refused("its URL is not one")
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"smtp": "587", "smtps": "465", "smtp+insecure": "25"}[u.Scheme]
	}
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{Timeout: 10 * time.Second, Control: permitted}).DialContext(ctx, "tcp", net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if u.Scheme == "smtps" {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, u.Hostname())
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	if host, err := os.Hostname(); err == nil {
		if err := client.Hello(host); err != nil {
			_ = client.Close()
			return nil, err
		}
	}
	if u.Scheme == "smtp" {
		if err := startTLS(client, config); err != nil {
			_ = client.Close()
			return nil, err
		}
	}
	return client, nil
}

func startTLS(client *smtp.Client, config *tls.Config) error {
	if ok, _ := client.Extension("STARTTLS"); !ok {
		return refused("the mail server does not offer STARTTLS; smtp+insecure:// goes without")
	}
	if err := client.StartTLS(config); err != nil {
		return fmt.Errorf("STARTTLS: %w", err)
	}
	return nil
}

// authOf is PLAIN (RFC 4616), or LOGIN where the server has only that. Both send
// the password, and so only over TLS, or to this machine.
func authOf(client *smtp.Client, c Channel) smtp.Auth {
	_, mechanisms := client.Extension("AUTH")
	if offered := strings.Fields(mechanisms); !slices.Contains(offered, "PLAIN") && slices.Contains(offered, "LOGIN") {
		return &loginAuth{user: c.User, password: c.Secret}
	}
	return smtp.PlainAuth("", c.User, c.Secret, c.host())
}

type loginAuth struct{ user, password string }

// Start is part of smtp.Auth.
func (a *loginAuth) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS {
		return "", nil, refused("the mail server wants the password without TLS")
	}
	return "LOGIN", nil, nil
}

// Next is part of smtp.Auth.
func (a *loginAuth) Next(prompt []byte, more bool) ([]byte, error) {
	switch text := strings.ToLower(string(prompt)); {
	case !more:
		return nil, nil
	case strings.HasPrefix(text, "user"):
		return []byte(a.user), nil
	case strings.HasPrefix(text, "pass"):
		return []byte(a.password), nil
	}
	return nil, refused("the mail server asks for something else than user and password")
}

// judgeMail tells a refusal (RFC 5321 section 4.2.1: 5yz) from what may pass. A
// login that was refused passes when the password was changed back.
func judgeMail(err error) error {
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 500 && reply.Code != 530 && reply.Code != 535 {
		return refusedError{err}
	}
	return err
}

// letter is the mail (RFC 5322).
func letter(c Channel, batch []Message, now time.Time) []byte {
	var b bytes.Buffer
	header := func(name, value string) {
		fmt.Fprintf(&b, "%s: %s\r\n", name, strings.NewReplacer("\r", "", "\n", "").Replace(value))
	}
	sum := sha256.New()
	for _, m := range batch {
		sum.Write([]byte(m.ID + "\x00"))
	}
	from, _ := mail.ParseAddress(c.From)
	_, domain, _ := strings.Cut(from.Address, "@")
	header("From", from.String())
	fmt.Fprintf(&b, "To: %s\r\n", addresses(c.To))
	header("Subject", mime.QEncoding.Encode("utf-8", "[drydock] "+cut(headline(batch), 200)))
	header("Date", now.Format(time.RFC1123Z))
	header("Message-ID", "<"+hex.EncodeToString(sum.Sum(nil))[:32]+"@"+domain+">") // the same when it is sent again
	header("Auto-Submitted", "auto-generated")                                     // RFC 3834: no answer from a machine
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	_, _ = w.Write([]byte(strings.ReplaceAll(mailText(batch), "\n", "\r\n"))) // memory takes it
	_ = w.Close()
	return b.Bytes()
}

// addresses are one a line (RFC 5322 section 2.2.3): there may be many.
func addresses(texts []string) string {
	all := make([]string, 0, len(texts))
	for _, text := range texts {
		if a, err := mail.ParseAddress(text); err == nil {
			all = append(all, a.String())
		}
	}
	return strings.Join(all, ",\r\n ")
}

func mailText(batch []Message) string {
	var b strings.Builder
	some, more := shown(batch)
	for _, m := range some {
		fmt.Fprintf(&b, "%s\n", clean(m.Title))
		if m.Text != "" {
			fmt.Fprintf(&b, "  %s\n", cut(clean(m.Text), textMost))
		}
		if q := m.Question; q != nil && q.Choice == "" {
			fmt.Fprintf(&b, "  without an answer the run stops safely at %s\n", q.Deadline.UTC().Format("2006-01-02 15:04 MST"))
			for _, choice := range q.Choices {
				if link := q.Answer[choice]; link != "" {
					fmt.Fprintf(&b, "  %-14s %s\n", procedure.Choice(clean(string(choice)))+":", link)
				}
			}
		}
		if m.URL != "" {
			fmt.Fprintf(&b, "  %s\n", m.URL)
		}
		b.WriteString("\n")
	}
	if more > 0 {
		fmt.Fprintf(&b, "and %d more\n", more)
	}
	return b.String()
}
