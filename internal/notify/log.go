package notify

import (
	"context"
	"net/url"

	"drydock/internal/notify/syslog"
)

// sendSyslog sends messages in the form of RFC 5424.
func (n *Notifier) sendSyslog(ctx context.Context, c Channel, batch []Message) (done int, err error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return 0, refused("its URL is not one")
	}
	config, err := c.tlsConfig()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	w, err := syslog.Dial(ctx, syslog.Target{Network: u.Scheme, Address: u.Host, TLS: config, Control: permitted})
	if err != nil {
		return 0, err
	}
	for _, m := range batch {
		if err = w.Send(ctx, record(m)); err != nil {
			break
		}
		done++
	}
	if closed := w.Close(); err == nil && closed != nil {
		return 0, closed // over TLS and TCP nobody knows what had arrived
	}
	return done, err
}

// record is a message as a record of syslog.
func record(m Message) syslog.Record {
	r := syslog.Record{Facility: syslog.Local0, Severity: syslog.Informational, At: m.At, App: "drydock", MsgID: string(m.Kind), Text: m.Title}
	if m.Text != "" {
		r.Text += ": " + m.Text
	}
	switch m.Severity {
	case Error:
		r.Severity = syslog.Error
	case Warning:
		r.Severity = syslog.Warning
	case Notice:
		r.Severity = syslog.Notice
	}
	r.Data = []syslog.Param{{Name: "id", Value: m.ID}}
	add := func(name, value string) {
		if value != "" {
			r.Data = append(r.Data, syslog.Param{Name: name, Value: value})
		}
	}
	add("run", m.Run)
	add("device", m.Device)
	add("release", m.Release)
	add("campaign", m.Campaign)
	if q := m.Question; q != nil {
		add("question", q.ID)
		add("cause", string(q.Cause))
	}
	if e := m.Entry; e != nil {
		r.Facility = syslog.Audit
		add("actor", e.Actor)
		add("address", e.Address)
		add("action", e.Action)
		add("object", e.Object)
		add("outcome", string(e.Outcome))
	}
	return r
}
