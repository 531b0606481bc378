package notify

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drydock/internal/procedure"
)

// TestNothingGoesElsewhere: no redirect to another host is followed, nothing is
// sent to where clouds keep their machines' credentials, and no error tells the
// URL of a channel.
func TestNothingGoesElsewhere(t *testing.T) {
	h := newHook(t, http.StatusFound)
	for name, c := range map[string]Channel{
		"redirect":  {Type: Slack, URL: h.URL + "/services/the-secret-path"},
		"metadata":  {Type: Slack, URL: "http://169.254.169.254/the-secret-path"},
		"metadata6": {Type: Mattermost, URL: "http://[fe80::1%25lo]/the-secret-path"},
		"mail":      {Type: Email, URL: "smtp+insecure://169.254.169.254:25", From: "a@example.org", To: []string{"b@example.org"}},
		"mapped":    {Type: Teams, URL: "http://[::ffff:169.254.169.254]/the-secret-path"},
	} {
		y := newYard(t)
		c.Name = name
		y.put(c)
		err := y.Try(t.Context(), name)
		if err == nil || strings.Contains(err.Error(), "the-secret-path") {
			t.Errorf("%s: %v", name, err)
		}
		if name == "redirect" && !strings.Contains(err.Error(), "another host") || name != "redirect" && !strings.Contains(err.Error(), "nothing is sent") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRedirectKeepsTheMessage: on the same host one that keeps the message is
// followed, and one that drops it is not taken for a delivery.
func TestRedirectKeepsTheMessage(t *testing.T) {
	for status, arrives := range map[int]bool{http.StatusFound: false, http.StatusSeeOther: false, http.StatusTemporaryRedirect: true, http.StatusPermanentRedirect: true} {
		got := 0
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/old" {
				http.Redirect(w, r, "/new", status)
				return
			}
			if raw, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && len(raw) > 0 && r.Header.Get("webhook-signature") != "" {
				got++
			}
		}))
		y := newYard(t)
		y.put(Channel{Name: "ops", Type: Webhook, URL: web.URL + "/old"})
		err := y.Try(t.Context(), "ops")
		if (err == nil) != arrives || (got == 1) != arrives {
			t.Errorf("%d: %d messages arrived: %v", status, got, err)
		}
		web.Close()
	}
}

// TestSecretsRestSealed searches the store's files for a channel's secrets.
func TestSecretsRestSealed(t *testing.T) {
	y := newYard(t)
	y.put(Channel{Name: "ops", Type: Webhook, URL: "https://hooks.test/canary-path", Secret: "canary-secret-of-a-hook"})
	y.put(Channel{Name: "mail", Type: Email, URL: "smtp://mail.test", From: "a@example.org", To: []string{"b@example.org"}, User: "u", Secret: "canary-password"})
	y.open()
	if c, err := y.Channel("ops"); err != nil || c.Secret != "canary-secret-of-a-hook" {
		t.Errorf("%+v %v", c, err)
	}
	err := filepath.WalkDir(y.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		if strings.Contains(string(raw), "canary") {
			t.Errorf("%s has it", path)
		}
		return err
	})
	y.must(err)
}

// TestSecretStaysWithItsHost: whoever may change a channel's URL does not get
// its password sent elsewhere.
func TestSecretStaysWithItsHost(t *testing.T) {
	y := newYard(t)
	mail := Channel{Name: "mail", Type: Email, URL: "smtp://mail.test", From: "a@example.org", To: []string{"b@example.org"}, User: "u", Secret: "password"}
	y.put(mail)
	mail.Secret, mail.To = "", []string{"c@example.org"}
	if c := y.put(mail); c.Secret != "password" {
		t.Error("the password was forgotten")
	}
	mail.URL = "smtp://evil.test"
	if _, _, err := y.Put(t.Context(), mail); err == nil {
		t.Error("the password goes to another host")
	}
}

func TestWrongChannels(t *testing.T) {
	for want, c := range map[string]Channel{
		"name":              {Name: "A B", Type: Slack, URL: "https://x"},
		"no type":           {Name: "a", Type: "pigeon", URL: "https://x"},
		"begin with":        {Name: "a", Type: Slack, URL: "file:///etc/passwd"},
		"user or password":  {Name: "a", Type: Slack, URL: "https://u:p@x"},
		"no kind":           {Name: "a", Type: Slack, URL: "https://x", Kinds: []Kind{"gossip"}},
		"KEY=VALUE":         {Name: "a", Type: Slack, URL: "https://x", Label: "north"},
		"web hooks only":    {Name: "a", Type: Slack, URL: "https://x", Links: OpenLinks},
		"shorter":           {Name: "a", Type: Webhook, URL: "https://x", Secret: "short"},
		"nobody to write":   {Name: "a", Type: Email, URL: "smtp://x"},
		"not an address":    {Name: "a", Type: Email, URL: "smtp://x", From: "a@b", To: []string{"c@d\r\nBcc: e@f"}},
		"a password a user": {Name: "a", Type: Email, URL: "smtp://x", From: "a@b", To: []string{"c@d"}, Secret: "p"},
		"name a port":       {Name: "a", Type: Syslog, URL: "udp://x"},
	} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
}

func TestLinks(t *testing.T) {
	l, now := NewLinker([32]byte{1}), time.Unix(1000, 0)
	token := l.Token(Link{Question: "r1-q1", Choice: procedure.Stop, Channel: "ops", Ends: 2000})
	if link, err := l.Parse(token, now); err != nil || link.Question != "r1-q1" {
		t.Fatalf("%+v %v", link, err)
	}
	if _, err := l.Parse(token, time.Unix(2000, 0)); err == nil {
		t.Error("it lives on after its question")
	}
	if _, err := NewLinker([32]byte{2}).Parse(token, now); err == nil {
		t.Error("another key reads it")
	}
	for i := range token {
		forged := []byte(token)
		forged[i] ^= 1
		if link, err := l.Parse(string(forged), now); err == nil {
			t.Errorf("changed at %d it reads as %+v", i, link)
		}
	}
	for _, text := range []string{"", ".", "a.b", token[:len(token)-2], token + "A"} {
		if _, err := l.Parse(text, now); err == nil {
			t.Errorf("%q is a link", text)
		}
	}
}
