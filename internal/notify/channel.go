package notify

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/mail"
	"net/url"
	"slices"
	"strings"
	"time"

	"drydock/internal/fault"
)

// Type says how a channel delivers.
type Type string

// The types.
const (
	Webhook    Type = "webhook"
	Email      Type = "email"
	Slack      Type = "slack"
	Mattermost Type = "mattermost"
	Teams      Type = "teams"
	Syslog     Type = "syslog"
)

// Links says whether messages about questions carry links that answer.
type Links string

// The kinds of answer links.
const (
	NoLinks    Links = "off"
	LoginLinks Links = "login" // whoever follows one must be logged in, and may answer the question
	OpenLinks  Links = "open"  // whoever has the link may answer
)

// Channel is one way to tell people. Its zero values are the defaults.
type Channel struct {
	Name     string        `json:"name"`
	Type     Type          `json:"type"`
	Kinds    []Kind        `json:"kinds,omitempty"`  // empty: DefaultKinds
	Label    string        `json:"label,omitempty"`  // "key=value": only of devices that have it
	Gather   time.Duration `json:"gather,omitempty"` // messages that come within it are told together
	GiveUp   time.Duration `json:"giveUp,omitempty"` // a message is tried for so long
	Links    Links         `json:"links,omitempty"`
	Disabled bool          `json:"disabled,omitempty"`

	// URL is where it delivers: https://... of web hooks and chats,
	// smtp://host:port (STARTTLS), smtps://host:port or smtp+insecure://host:port
	// of mail, udp://, tcp:// or tls://host:port of syslog. Those of web hooks
	// and chats are secrets: whoever has them can post.
	URL    string   `json:"url"`
	Secret string   `json:"secret,omitempty"` // web hook: signs; mail: the password
	User   string   `json:"user,omitempty"`   // mail: for AUTH
	From   string   `json:"from,omitempty"`   // mail
	To     []string `json:"to,omitempty"`     // mail
	CA     string   `json:"ca,omitempty"`     // PEM of the certification authority to trust instead of the system's
}

const (
	defaultGiveUp = 24 * time.Hour
	gatherMail    = 30 * time.Second
	gatherChat    = 5 * time.Second
)

func (c Channel) kinds() []Kind {
	switch {
	case c.Disabled:
		return nil
	case len(c.Kinds) == 0:
		return DefaultKinds()
	}
	return c.Kinds
}

// GathersFor is how long the channel waits for more messages.
func (c Channel) GathersFor() time.Duration {
	switch {
	case c.Gather > 0:
		return c.Gather
	case c.Type == Email:
		return gatherMail
	case c.Type == Slack || c.Type == Mattermost || c.Type == Teams:
		return gatherChat
	}
	return 0
}

// GivesUpAfter is how long the channel tries to deliver a message.
func (c Channel) GivesUpAfter() time.Duration {
	if c.GiveUp > 0 {
		return c.GiveUp
	}
	return defaultGiveUp
}

func (c Channel) object() string { return "channel " + c.Name }

// Check says what is wrong with a channel (fault.Invalid).
func (c Channel) Check() error {
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", c.object(), format, args...)
	}
	if !validName(c.Name) {
		return wrong("name: 1 to 64 of a-z, 0-9, dot, hyphen and underscore")
	}
	for _, k := range c.Kinds {
		if !slices.Contains(Kinds(), k) {
			return wrong("there is no kind %q; the kinds are %v", k, Kinds())
		}
	}
	if _, _, ok := strings.Cut(c.Label, "="); c.Label != "" && !ok {
		return wrong("label %q: KEY=VALUE is expected", c.Label)
	}
	if c.Gather < 0 || c.Gather > time.Hour || c.GiveUp < 0 || c.GiveUp > 30*24*time.Hour {
		return wrong("gather is at most 1h, and give-up at most 720h")
	}
	if c.Links != "" && !slices.Contains([]Links{NoLinks, LoginLinks, OpenLinks}, c.Links) {
		return wrong("answer links %q; they can be %s, %s or %s", c.Links, NoLinks, LoginLinks, OpenLinks)
	}
	if c.Links == OpenLinks && c.Type != Webhook {
		return wrong("answer links that need no login go to web hooks only: what reads along in mail and chats must not answer")
	}
	if err := c.checkURL(); err != nil {
		return wrong("%w", err)
	}
	return nil
}

func validName(name string) bool {
	return len(name) >= 1 && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == ""
}

// schemes of each type's URL, the first being the usual one.
func (t Type) schemes() []string {
	switch t {
	case Webhook, Slack, Mattermost, Teams:
		return []string{"https", "http"}
	case Email:
		return []string{"smtp", "smtps", "smtp+insecure"}
	case Syslog:
		return []string{"tls", "tcp", "udp"}
	}
	return nil
}

func (c Channel) checkURL() error {
	schemes := c.Type.schemes()
	if schemes == nil {
		return fmt.Errorf("there is no type %q", c.Type)
	}
	u, err := url.Parse(c.URL)
	if err != nil {
		return fmt.Errorf("its URL is not one") // its text may hold a secret
	}
	if !slices.Contains(schemes, u.Scheme) || u.Host == "" || u.Hostname() == "" {
		return fmt.Errorf("its URL must begin with %s:// and name a host", strings.Join(schemes, ":// or "))
	}
	if u.User != nil {
		return fmt.Errorf("its URL must hold no user or password")
	}
	switch c.Type {
	case Webhook:
		return c.checkSecret()
	case Email:
		return c.checkMail()
	case Syslog:
		if _, _, err := net.SplitHostPort(u.Host); err != nil {
			return fmt.Errorf("its URL must name a port, as %s://%s:514", u.Scheme, u.Hostname())
		}
	}
	return nil
}

func (c Channel) checkSecret() error {
	if encoded, ok := strings.CutPrefix(c.Secret, secretPrefix); ok {
		if key, err := base64.StdEncoding.DecodeString(encoded); err != nil || len(key) < 16 {
			return fmt.Errorf("its secret begins with %s, but is not the base64 of 16 octets or more", secretPrefix)
		}
		return nil
	}
	if len(c.Secret) < 16 {
		return fmt.Errorf("its secret is shorter than 16 characters")
	}
	return nil
}

func (c Channel) checkMail() error {
	if len(c.To) == 0 {
		return fmt.Errorf("it names nobody to write to")
	}
	for _, text := range append([]string{c.From}, c.To...) {
		addr, err := mail.ParseAddress(text)
		if err != nil || strings.ContainsAny(text, "\r\n") || strings.ContainsAny(addr.Address, "\r\n<> ") {
			return fmt.Errorf("%q is not an address of mail", text)
		}
	}
	if (c.User == "") != (c.Secret == "") {
		return fmt.Errorf("a user needs a password, and a password a user")
	}
	return nil
}
