package snmp

import (
	"context"
	"errors"
	"strings"
	"time"

	"drydock/internal/fault"
)

// errReport is the error of a request that was answered by a report.
var errReport = errors.New("it reports that it did not process the request")

// reported says for a person what a report means (RFC 3414 section 5).
func reported(stat uint32) string {
	switch stat {
	case statUnsupportedSecLevels:
		return "the device does not have this security level for the user (usmStatsUnsupportedSecLevels)"
	case statNotInTimeWindows:
		return "its clock does not agree, even after it was asked for its time (usmStatsNotInTimeWindows)"
	case statUnknownUserNames:
		return "it does not know the SNMPv3 user (usmStatsUnknownUserNames)"
	case statWrongDigests:
		return "the authentication passphrase or protocol is not the device's (usmStatsWrongDigests)"
	case statDecryptionErrors:
		return "the privacy passphrase or protocol is not the device's (usmStatsDecryptionErrors)"
	}
	return errReport.Error()
}

// explain gives a request that brought no response a code and a hint. What
// the agent reported counts before what gosnmp made of it.
func (s *Session) explain(ctx context.Context, l *link, retries int, err error) error {
	stat, isReport := l.sent.report()
	refusal := l.sent.refusal()
	if isReport && stat == statUnknownEngineIDs {
		refusal = errEngine
	}
	if refusal != nil {
		return fault.New(fault.Denied, "", s.about(), "%w", refusal).WithHint("what is at this address may be another device: identify it again")
	}
	if isReport {
		return fault.New(fault.Denied, "", s.about(), "%s", reported(stat)).WithHint("give the device's credentials again: drydock device add --snmp v3 ...")
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return fault.New(fault.Unavailable, "", s.about(), "interrupted: %w", ctx.Err())
	}
	version := s.target.Credentials.Version
	e := fault.New(fault.Unavailable, "", s.about(), "%w", err)
	switch {
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded):
		e = fault.New(fault.Timeout, "", s.about(), "no answer to SNMP%s before the deadline", version)
	case strings.Contains(err.Error(), "timeout"):
		e = fault.New(fault.Timeout, "", s.about(), "no answer to SNMP%s in %s", version, s.target.Timeout*time.Duration(retries+1))
	}
	if version == "v3" {
		return e.WithHint("is it up, and is its SNMP agent at this address and port?")
	}
	return e.WithHint("is it up, is its SNMP agent at this address and port, and is the community right? a wrong community is not answered")
}
