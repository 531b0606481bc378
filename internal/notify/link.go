package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/procedure"
)

// Link is what an answer link says: whoever follows it gives this choice to
// this question. It is used once, for a question is answered once, and it ends
// with the question's deadline.
type Link struct {
	Question string           `json:"q"`
	Choice   procedure.Choice `json:"c"`
	Channel  string           `json:"n"`
	Open     bool             `json:"o,omitempty"` // no login is needed
	Ends     int64            `json:"e"`           // seconds since 1970
}

// Linker makes and reads answer links. The key must outlive the process, and
// is not in the store.
type Linker struct{ key [32]byte }

// NewLinker makes a linker.
func NewLinker(key [32]byte) *Linker { return &Linker{key} }

// Token gives a link's token: letters, digits, hyphen, underscore and a dot.
func (l *Linker) Token(link Link) string {
	raw, err := json.Marshal(link)
	if err != nil {
		return "" // strings and numbers: it does not fail
	}
	body := base64.RawURLEncoding.EncodeToString(raw)
	return body + "." + base64.RawURLEncoding.EncodeToString(l.code(body))
}

func (l *Linker) code(body string) []byte {
	mac := hmac.New(sha256.New, l.key[:])
	mac.Write([]byte("drydock answer link\x00" + body))
	return mac.Sum(nil)
}

// Parse reads a token: fault.NotFound for one that was not made here, and
// fault.Conflict for one that has ended. It does not know whether the question
// is still open.
func (l *Linker) Parse(token string, now time.Time) (link Link, err error) {
	unknown := fault.New(fault.NotFound, "", "answer link", "it is not one that this server has made")
	body, code, _ := strings.Cut(token, ".")
	given, err := base64.RawURLEncoding.Strict().DecodeString(code)
	if err != nil || !hmac.Equal(given, l.code(body)) {
		return link, unknown
	}
	raw, err := base64.RawURLEncoding.DecodeString(body)
	if err != nil || json.Unmarshal(raw, &link) != nil {
		return Link{}, unknown
	}
	if ends := time.Unix(link.Ends, 0); !now.Before(ends) {
		return link, fault.New(fault.Conflict, "", "answer link", "it has ended with its question, at %s", ends.UTC().Format(time.RFC3339))
	}
	return link, nil
}

// linked gives the message with its links for a channel.
func (n *Notifier) linked(m Message, c Channel) Message {
	base := strings.TrimRight(n.URL(), "/")
	if base == "" {
		return m
	}
	switch {
	case m.Question != nil && m.Question.Choice == "":
		m.URL = base + "/questions/" + m.Question.ID
	case m.Run != "":
		m.URL = base + "/runs/" + m.Run
	case m.Campaign != "":
		m.URL = base + "/campaigns/" + m.Campaign
	}
	asks := m.Kind == QuestionAsked || m.Kind == QuestionReminder
	if !asks || c.Links == "" || c.Links == NoLinks {
		return m
	}
	q := *m.Question
	q.Answer = map[procedure.Choice]string{}
	for _, choice := range q.Choices {
		token := n.Linker.Token(Link{Question: q.ID, Choice: choice, Channel: c.Name, Open: c.Links == OpenLinks, Ends: q.Deadline.Unix()})
		q.Answer[choice] = base + "/answer/" + token
	}
	m.Question = &q
	return m
}
