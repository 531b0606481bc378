package notify

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// refusedError is of a message that the other side will never take: trying
// again is of no use.
type refusedError struct{ error }

func (e refusedError) Unwrap() error { return e.error }

func refused(format string, args ...any) error { return refusedError{fmt.Errorf(format, args...)} }

func isRefused(err error) bool {
	var r refusedError
	return errors.As(err, &r)
}

// deliverBatch sends messages through a channel, in order; done is how many
// have arrived. Mail and chats put several into one.
func (n *Notifier) deliverBatch(ctx context.Context, c Channel, batch []Message) (done int, err error) {
	began := time.Now()
	switch c.Type {
	case Webhook:
		done, err = n.sendWebhooks(ctx, c, batch)
	case Syslog:
		done, err = n.sendSyslog(ctx, c, batch)
	default:
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		if c.Type == Email {
			err = sendMail(ctx, c, batch, n.Now())
		} else {
			err = sendChat(ctx, c, batch)
		}
		if err == nil {
			done = len(batch)
		}
	}
	result := "delivered"
	if err != nil {
		result = "failed"
	}
	n.Delivered(string(c.Type), result, time.Since(began))
	return done, err
}

func (n *Notifier) sendWebhooks(ctx context.Context, c Channel, batch []Message) (done int, err error) {
	p, err := newPoster(c)
	if err != nil {
		return 0, err
	}
	defer p.close()
	for _, m := range batch {
		one, cancel := context.WithTimeout(ctx, sendTimeout)
		err := sendWebhook(one, p, m, n.Now())
		cancel()
		if err != nil {
			return done, err
		}
		done++
	}
	return done, nil
}

// tlsConfig trusts the channel's own authority, if it has one, or else the
// system's.
func (c Channel) tlsConfig() (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.host()}
	if c.CA != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(c.CA)) {
			return nil, refused("the channel's certification authority is not a certificate in PEM")
		}
	}
	return config, nil
}

func (c Channel) host() string {
	if u, err := url.Parse(c.URL); err == nil {
		return u.Hostname()
	}
	return ""
}

// sameHost says whether two URLs lead to the same scheme, host and port: a
// secret that was given for one must not be sent to another.
func sameHost(a, b string) bool {
	u, err := url.Parse(a)
	v, err2 := url.Parse(b)
	return err == nil && err2 == nil && u.Scheme == v.Scheme && strings.EqualFold(u.Host, v.Host)
}
