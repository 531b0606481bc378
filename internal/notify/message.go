// Package notify tells people what runs need of them: questions, reminders,
// failures, milestones. What there is to tell becomes durable in one
// transaction with what it is about (store.Outbox); a dispatcher spreads it to
// the channels that want it and delivers, at least once, until a deadline.
//
// What it does not do: it decides nothing about runs, and a channel that does
// not work holds up no run and no other channel.
//
// Invariants: each message has an id that stays the same however often it is
// delivered; text that may come from a device is escaped for where it goes, so
// that it can forge no mention, link, header or control character
// (RELIABILITY.md T14); secrets of channels rest sealed and are never given
// back.
package notify

import (
	"encoding/json"
	"fmt"
	"hash/crc32"
	"strings"
	"time"
	"unicode"

	"drydock/internal/access"
	"drydock/internal/fleet/campaign"
	"drydock/internal/procedure"
	"drydock/internal/store"
)

// Kind says what a message is about. Channels choose by it.
type Kind string

// The kinds.
const (
	QuestionAsked    Kind = "question-asked"
	QuestionAnswered Kind = "question-answered"
	QuestionReminder Kind = "question-reminder"
	RunFailed        Kind = "run-failed"  // ended otherwise than wanted
	RunEnded         Kind = "run-ended"   // ended as wanted
	OrderEnded       Kind = "order-ended" // the last run of an order of several
	Campaign         Kind = "campaign"    // a milestone of a campaign
	Undelivered      Kind = "undelivered" // a channel gave a message up; goes to the others
	Audit            Kind = "audit"       // an entry of the audit log
	Test             Kind = "test"        // drydock notify test
)

// Kinds lists every kind that a channel can choose.
func Kinds() []Kind {
	return []Kind{QuestionAsked, QuestionAnswered, QuestionReminder, RunFailed, RunEnded, OrderEnded, Campaign, Undelivered, Audit}
}

// DefaultKinds is what a channel is told of unless it chooses.
func DefaultKinds() []Kind {
	return []Kind{QuestionAsked, QuestionReminder, RunFailed, OrderEnded, Campaign, Undelivered}
}

// Severity orders messages (RFC 5424 section 6.2.1).
type Severity string

// The severities in use.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Notice  Severity = "notice"
	Info    Severity = "info"
)

// Message is what is told. It is the body of a web hook (docs/notifications.md).
type Message struct {
	ID       string    `json:"id"` // the same at every delivery
	Kind     Kind      `json:"kind"`
	At       time.Time `json:"at"`
	Severity Severity  `json:"severity"`
	Title    string    `json:"title"` // one line
	Text     string    `json:"text,omitempty"`
	URL      string    `json:"url,omitempty"` // the page to look at

	Run      string            `json:"run,omitempty"`
	Device   string            `json:"device,omitempty"`
	Release  string            `json:"release,omitempty"`
	Campaign string            `json:"campaign,omitempty"`
	Question *QuestionFacts    `json:"question,omitempty"`
	Result   *procedure.Result `json:"result,omitempty"`
	Outcomes map[string]int    `json:"outcomes,omitempty"` // of an order's or a campaign's runs
	Entry    *access.Entry     `json:"entry,omitempty"`    // of the audit log
}

// QuestionFacts is the question that a message is about.
type QuestionFacts struct {
	ID       string             `json:"id"`
	Step     procedure.Step     `json:"step"`
	Attempt  int                `json:"attempt"`
	Cause    procedure.Cause    `json:"cause"`
	Detail   string             `json:"detail,omitempty"`
	Choices  []procedure.Choice `json:"choices"`
	Deadline time.Time          `json:"deadline"`
	Choice   procedure.Choice   `json:"choice,omitempty"` // the answer
	By       string             `json:"by,omitempty"`
	// Answer has a link for each choice that answers with it, where the channel
	// has answer links.
	Answer map[procedure.Choice]string `json:"answer,omitempty"`
}

func factsOf(q procedure.Question) *QuestionFacts {
	return &QuestionFacts{ID: q.ID, Step: q.Step, Attempt: q.Attempt, Cause: q.Cause, Detail: q.Detail, Choices: q.Choices, Deadline: q.Deadline}
}

// notice puts a message into the form in which the store keeps it.
func (m Message) notice() (store.Notice, error) {
	doc, err := json.Marshal(m)
	return store.Notice{ID: m.ID, Kind: string(m.Kind), At: m.At, Doc: doc}, err
}

func messageOf(n store.Notice) (m Message, err error) {
	err = json.Unmarshal(n.Doc, &m)
	return m, err
}

// ofChange says what there is to tell of one durable change of a run.
func ofChange(c store.Commit) []Message {
	ev, st := c.Event, c.State
	base := Message{At: ev.At, Run: string(c.Run), Device: string(st.Plan.Device), Release: string(st.Plan.Release), Severity: Notice}
	var all []Message
	if q := st.Question; q != nil && q.AskedAt.Equal(ev.At) {
		m := base
		m.ID, m.Kind, m.Severity, m.Question = string(QuestionAsked)+"/"+q.ID, QuestionAsked, Warning, factsOf(*q)
		m.Title = fmt.Sprintf("%s asks at %s, attempt %d: %s", m.Device, q.Step, q.Attempt, q.Cause)
		m.Text = q.Detail
		all = append(all, m)
	}
	if ev.Kind == procedure.Answered {
		m := base
		m.ID, m.Kind = string(QuestionAnswered)+"/"+ev.Question, QuestionAnswered
		m.Question = &QuestionFacts{ID: ev.Question, Step: st.Step, Choice: ev.Choice, By: ev.By}
		m.Title = fmt.Sprintf("%s: %s, said %s", m.Device, ev.Choice, ev.By)
		all = append(all, m)
	}
	if st.Result != nil {
		all = append(all, ofResult(base, *st.Result, st.Plan))
	}
	return all
}

func ofResult(m Message, r procedure.Result, plan procedure.Plan) Message {
	m.Result = &r
	m.Kind, m.Severity = RunEnded, Info
	m.Title = fmt.Sprintf("%s: %s", m.Device, r.Outcome)
	switch r.Outcome {
	case procedure.Updated, procedure.Unneeded, procedure.BackedUp, procedure.Restored, procedure.Reverted:
		if plan.Target != "" {
			m.Title += " to " + plan.Target
		}
	default:
		m.Kind, m.Severity = RunFailed, Error
		m.Title += fmt.Sprintf(" at %s, device left %s", r.Step, r.Left)
		if r.Cause != "" {
			m.Title += ": " + string(r.Cause)
		}
		if r.By != "" {
			m.Text = "by " + r.By + ". "
		}
		m.Text += r.Detail
	}
	m.ID = string(m.Kind) + "/" + m.Run
	return m
}

// ofCampaign says what there is to tell of a change of a campaign: what it has
// noted of itself since.
func ofCampaign(before, after campaign.Campaign) (all []Message) {
	for _, note := range newNotes(before.Log, after.Log) {
		m := Message{ID: fmt.Sprintf("%s/%s/%d-%08x", Campaign, after.ID, note.At.UnixMicro(), crc32.ChecksumIEEE([]byte(note.What))), Kind: Campaign, At: note.At, Severity: Notice,
			Campaign: string(after.ID), Release: after.Spec.WantedNames(), Title: fmt.Sprintf("campaign %s: %s", after.Spec.Name, note.What)}
		switch {
		case after.Status == campaign.Paused && note.By == "":
			m.Severity = Error
			m.Text = "It starts no more devices until somebody resumes it."
		case after.Status == campaign.Approving:
			m.Severity = Warning
			m.Text = fmt.Sprintf("Wave %d of %d waits for the approval of a second person.", after.Wave+1, len(after.Sizes))
		}
		all = append(all, m)
	}
	return all
}

// newNotes gives the notes that came after those of before. Old ones may have
// been dropped.
func newNotes(before, after []campaign.Note) []campaign.Note {
	if len(before) == 0 {
		return after
	}
	last := before[len(before)-1]
	for i := len(after) - 1; i >= 0; i-- {
		if n := after[i]; n.At.Equal(last.At) && n.What == last.What && n.By == last.By {
			return after[i+1:]
		}
	}
	return after
}

// clean makes one line of text that may come from a device: without control
// characters, and without those that turn the direction of writing or are not
// seen.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
}

// TitleOf gives the title of a notice, for lists.
func TitleOf(n store.Notice) string {
	m, err := messageOf(n)
	if err != nil {
		return n.ID
	}
	return m.Title
}
