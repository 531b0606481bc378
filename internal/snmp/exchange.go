package snmp

import (
	"errors"
	"time"

	"drydock/internal/fault"
)

// Exchange is one request with all its attempts, as an observer is told of it.
// It names no object and no value: what is set may be a secret.
type Exchange struct {
	Set     bool // a SET; else a GET, GETNEXT, GETBULK or a discovery
	Sent    int  // messages, the repeated ones among them; discovery is not counted
	Took    time.Duration
	Outcome Outcome
}

// Outcome is how an exchange ended.
type Outcome string

// The outcomes, all of them.
const (
	OutcomeAnswered Outcome = "answered"
	OutcomeRefused  Outcome = "refused" // the agent answered with an error-status (RFC 3416 section 3)
	OutcomeTimeout  Outcome = "timeout"
	OutcomeDenied   Outcome = "denied" // credentials, security level, another engine
	OutcomeFailed   Outcome = "failed" // anything else: no route, an answer that is not understood
)

// Outcomes gives every outcome.
func Outcomes() []Outcome {
	return []Outcome{OutcomeAnswered, OutcomeRefused, OutcomeTimeout, OutcomeDenied, OutcomeFailed}
}

// exchanged describes a request that is over.
func exchanged(l *link, began time.Time, err error) Exchange {
	x := Exchange{Set: l.setting, Took: time.Since(began), Outcome: outcomeOf(err)}
	if l.sent != nil {
		x.Sent = l.sent.messages()
	}
	return x
}

func outcomeOf(err error) Outcome {
	var pdu *PDUError
	switch {
	case err == nil:
		return OutcomeAnswered
	case errors.As(err, &pdu):
		return OutcomeRefused
	case fault.Is(err, fault.Timeout):
		return OutcomeTimeout
	case fault.Is(err, fault.Denied):
		return OutcomeDenied
	}
	return OutcomeFailed
}
