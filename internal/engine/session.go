package engine

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/fleet"
	"drydock/internal/snmp"
	"drydock/internal/tracing"
)

// dial opens the task's session, if it is not open.
func (t *task) dial(ctx context.Context) (err error) {
	if t.session != nil {
		return nil
	}
	creds, err := t.Store.Credentials(ctx, t.device.ID)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.hold.user = userOf(creds)
	t.mu.Unlock()
	t.session, err = snmp.Dial(ctx, snmp.Target{Address: t.address, Pool: &t.buffers, Credentials: snmp.Credentials(creds), Timeout: t.SNMPTimeout, Retries: t.SNMPRetries,
		MaxVarbinds: t.driver.Quirks().MaxVarbinds, AnySource: anySource(t.driver, creds), Observe: t.Exchanged})
	return err
}

// anySource says whether answers are taken from another address than the one
// that was asked, as equipment with several interfaces gives them: where the
// driver says so, or they prove by SNMPv3 whose they are.
func anySource(d *driver.Driver, c fleet.Credentials) bool {
	return d.Quirks().AnySource || c.Version == "v3" && c.AuthProtocol != ""
}

// answersFrom gives the address that a device answers from which is not heard
// at its own; invalid where it is silent.
func (t *task) answersFrom(ctx context.Context) (elsewhere netip.Addr) {
	creds, err := t.Store.Credentials(ctx, t.device.ID)
	if err != nil || anySource(t.driver, creds) {
		return elsewhere
	}
	s, err := snmp.Dial(ctx, snmp.Target{Address: t.address, Pool: &t.buffers, Credentials: snmp.Credentials(creds), Timeout: t.SNMPTimeout, AnySource: true})
	if err != nil {
		return elsewhere
	}
	defer s.Close()
	if _, err := s.Get(ctx, snmp.MustOID(oidSysDescr)); err == nil && s.Source() != t.address.Addr().Unmap() {
		elsewhere = s.Source()
	}
	return elsewhere
}

func (t *task) closeSession() {
	if t.session != nil {
		t.session.Close()
		t.session = nil
	}
}

// connected gives the open session, or the answer that says why there is none.
func (t *task) connected(ctx context.Context) (*snmp.Session, *driver.AnswerError) {
	if err := t.dial(ctx); err != nil {
		return nil, answerError(err)
	}
	return t.session, nil
}

func (t *task) get(ctx context.Context, a driver.AskGet) driver.Answer {
	s, failed := t.connected(ctx)
	if failed != nil {
		return driver.Answer{Err: failed}
	}
	oids, err := parseOIDs(a.OIDs)
	if err != nil {
		return driver.Answer{Err: answerError(err)}
	}
	ctx, span := t.request(ctx, "SNMP GET", a.OIDs...)
	vars, err := s.Get(ctx, oids...)
	answer := t.answered(span, vars, err)
	if err == nil && t.driver.Quirks().Subagent && slices.ContainsFunc(vars, awayFromMaster) {
		return driver.Answer{Err: &driver.AnswerError{Kind: driver.NoAnswer, Text: "the subagent is away: the master agent does not know its objects"}}
	}
	return answer
}

// standardMIBs are mgmt and snmpV2 (RFC 2578): the master agent has them itself.
var standardMIBs = []snmp.OID{{1, 3, 6, 1, 2}, {1, 3, 6, 1, 6}}

// awayFromMaster says whether a master agent answered for a subagent that is
// not there. A row that the subagent does not have would be noSuchInstance.
func awayFromMaster(v snmp.Varbind) bool {
	return v.Value.Kind == snmp.NoSuchObject && !slices.ContainsFunc(standardMIBs, func(p snmp.OID) bool { return v.OID.HasPrefix(p) })
}

func (t *task) walk(ctx context.Context, a driver.AskWalk) driver.Answer {
	s, failed := t.connected(ctx)
	if failed != nil {
		return driver.Answer{Err: failed}
	}
	root, err := snmp.ParseOID(a.OID)
	if err != nil {
		return driver.Answer{Err: answerError(err)}
	}
	ctx, span := t.request(ctx, "SNMP walk", a.OID)
	vars, err := s.Walk(ctx, root, a.MaxRows)
	return t.answered(span, vars, err)
}

// set sends one SET PDU, once. Whether a lost answer means a lost command is
// for the driver's machine to find out, by reading (RELIABILITY.md F9).
func (t *task) set(ctx context.Context, a driver.AskSet) driver.Answer {
	s, failed := t.connected(ctx)
	if failed != nil {
		return driver.Answer{Err: failed}
	}
	vars, oids := make([]snmp.Varbind, 0, len(a.Varbinds)), make([]string, 0, len(a.Varbinds))
	for _, v := range a.Varbinds {
		oids = append(oids, v.OID)
		converted, err := toSNMP(v)
		if err != nil {
			return driver.Answer{Err: answerError(err)}
		}
		vars = append(vars, converted)
	}
	ctx, span := t.request(ctx, "SNMP SET", oids...)
	_, err := s.Set(ctx, vars...)
	t.log.Debug("SET", "objects", oids, "err", err)
	return t.answered(span, nil, err)
}

// request begins the span of an SNMP request. It names the objects; a value may
// be a secret.
func (t *task) request(ctx context.Context, name string, oids ...string) (context.Context, tracing.Span) {
	return t.Tracer.Start(ctx, name, tracing.Client, tracing.String("network.peer.address", t.address.Addr().String()),
		tracing.Int("network.peer.port", int(t.address.Port())), tracing.Strings("drydock.snmp.objects", oids[:min(len(oids), objectsShown)]))
}

// objectsShown bounds how many objects a span names.
const objectsShown = 32

func (t *task) answered(span tracing.Span, vars []snmp.Varbind, err error) driver.Answer {
	code := ""
	if err != nil {
		code = string(answerError(err).Kind)
	}
	span.End(code)
	if err != nil {
		return driver.Answer{Err: answerError(err)}
	}
	answer := driver.Answer{Varbinds: make([]driver.Varbind, 0, len(vars))}
	for _, v := range vars {
		answer.Varbinds = append(answer.Varbinds, fromSNMP(v))
	}
	return answer
}

// answerError says in the driver's words why a request brought no answer.
func answerError(err error) *driver.AnswerError {
	var pdu *snmp.PDUError
	switch {
	case errors.As(err, &pdu):
		return &driver.AnswerError{Kind: driver.Refused, Status: pdu.Status.String(), Index: pdu.Index, OID: pdu.OID.String(), Text: err.Error()}
	case snmp.IsUnclear(err):
		return &driver.AnswerError{Kind: driver.Unclear, Text: told(err)}
	case fault.Is(err, fault.Denied):
		return &driver.AnswerError{Kind: driver.Denied, Text: told(err)}
	}
	return &driver.AnswerError{Kind: driver.NoAnswer, Text: told(err)}
}

// told is the error with its hint, for a person.
func told(err error) string {
	text := err.Error()
	if hint := fault.HintOf(err); hint != "" && !strings.Contains(text, hint) {
		text += " (" + hint + ")"
	}
	return text
}

func parseOIDs(texts []string) ([]snmp.OID, error) {
	oids := make([]snmp.OID, 0, len(texts))
	for _, text := range texts {
		oid, err := snmp.ParseOID(text)
		if err != nil {
			return nil, err
		}
		oids = append(oids, oid)
	}
	return oids, nil
}
