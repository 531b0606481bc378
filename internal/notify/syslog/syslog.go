// Package syslog sends records to a syslog server: RFC 5424 over UDP (RFC 5426),
// TCP with octet counting (RFC 6587 section 3.4.1) and TLS (RFC 5425). Text
// that may come from a device cannot break a record, nor make a second one.
//
// Syslog has no acknowledgement: what Send has taken may be lost with the
// connection, and over UDP anywhere.
package syslog

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unicode"
)

// Facility and Severity are RFC 5424's (section 6.2.1).
type (
	Facility int
	Severity int
)

// Those that drydock uses.
const (
	Audit  Facility = 13 // log audit
	Local0 Facility = 16

	Error         Severity = 3
	Warning       Severity = 4
	Notice        Severity = 5
	Informational Severity = 6
)

// Param is a name and a value of the structured data.
type Param struct{ Name, Value string }

// Record is one line of the log.
type Record struct {
	Facility Facility
	Severity Severity
	At       time.Time
	App      string
	MsgID    string
	Data     []Param
	Text     string
}

// dataID names drydock's structured data. The number is the one that RFC 5612
// keeps for documentation: drydock has no enterprise number of its own.
const dataID = "drydock@32473"

// udpMost is the largest datagram that every receiver should take (RFC 5426
// section 3.2: 2,048 octets).
const udpMost = 2048

// Format gives the record as RFC 5424 has it, without a frame.
func (r Record) Format(host string, pid int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "<%d>1 %s %s %s %d %s ", int(r.Facility)*8+int(r.Severity), r.At.UTC().Format("2006-01-02T15:04:05.000000Z07:00"),
		field(host, 255), field(r.App, 48), pid, field(r.MsgID, 32))
	if len(r.Data) == 0 {
		b.WriteString("-")
	} else {
		b.WriteString("[" + dataID)
		for _, p := range r.Data {
			fmt.Fprintf(&b, ` %s="%s"`, field(p.Name, 32), value(p.Value))
		}
		b.WriteString("]")
	}
	if r.Text != "" {
		b.WriteString(" \ufeff" + oneLine(r.Text)) // the BOM says that it is UTF-8 (section 6.4)
	}
	return []byte(b.String())
}

// field is printable US-ASCII without spaces, "-" for nothing (section 6).
func field(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '=' || r == ']' || r == '"' {
			return '_'
		}
		return r
	}, text)
	if text == "" {
		return "-"
	}
	return text[:min(len(text), most)]
}

// value escapes what ends a value (section 6.3.3), after oneLine.
func value(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, `]`, `\]`).Replace(oneLine(text))
}

// oneLine makes control characters, and those that are not seen, visible: a
// line feed must not begin another record, nor an escape reach a terminal.
func oneLine(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			fmt.Fprintf(&b, "<U+%04X>", r)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func hidden(r rune) bool {
	return unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// Target is where a Writer sends.
type Target struct {
	Network string // "udp", "tcp" or "tls"
	Address string // host:port
	TLS     *tls.Config
	Control func(network, address string, c syscall.RawConn) error // of the connection, before it is made; nil: none
}

// Writer is a connection to a syslog server. It is used by one goroutine.
type Writer struct {
	conn   net.Conn
	framed bool
	host   string
	pid    int
}

// Dial connects.
func Dial(ctx context.Context, t Target) (*Writer, error) {
	network := t.Network
	if network == "tls" {
		network = "tcp"
	}
	conn, err := (&net.Dialer{Timeout: 10 * time.Second, Control: t.Control}).DialContext(ctx, network, t.Address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	if t.Network == "tls" {
		secure := tls.Client(conn, t.TLS)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
	}
	host, err := os.Hostname()
	if err != nil {
		host = ""
	}
	return &Writer{conn: conn, framed: network == "tcp", host: host, pid: os.Getpid()}, nil
}

// Send writes one record.
func (w *Writer) Send(ctx context.Context, r Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	raw := r.Format(w.host, w.pid)
	if w.framed {
		raw = append([]byte(strconv.Itoa(len(raw))+" "), raw...)
	} else if len(raw) > udpMost {
		raw = []byte(strings.ToValidUTF8(string(raw[:udpMost]), ""))
	}
	_, err := w.conn.Write(raw)
	return err
}

// Close ends the connection.
func (w *Writer) Close() error { return w.conn.Close() }
