package snmp

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// Target says whom a session talks to.
type Target struct {
	Address        netip.AddrPort
	LocalAddr      netip.Addr // invalid: the one that routes there
	Credentials    Credentials
	Timeout        time.Duration // of one attempt; 0: 2 s
	Retries        int           // of a read, after the first attempt; a SET is sent once
	MaxRepetitions int           // of GETBULK in a walk; 0: 20
	// AnySource takes responses from another address than Address, for
	// equipment with several interfaces.
	AnySource bool
}

// Session is a manager's dialogue with one agent. It may be used by many
// goroutines; one request is under way at a time.
type Session struct {
	target Target

	mu     sync.Mutex // owns what follows
	reader *gosnmp.GoSNMP
	writer *gosnmp.GoSNMP // nil: the reader writes too
	clock  clock
}

const (
	defaultTimeout        = 2 * time.Second
	defaultMaxRepetitions = 20
)

// Dial makes a session. For SNMPv1 and v2c nothing is sent yet; for v3 the
// agent's engine is discovered by its first request.
func Dial(ctx context.Context, t Target) (*Session, error) {
	if t.Timeout <= 0 {
		t.Timeout = defaultTimeout
	}
	if t.MaxRepetitions <= 0 {
		t.MaxRepetitions = defaultMaxRepetitions
	}
	s := &Session{target: t}
	var err error
	if s.reader, err = connect(ctx, t, t.Credentials.Community.Reveal()); err != nil {
		return nil, err
	}
	if write := t.Credentials.WriteCommunity; t.Credentials.Version != "v3" && !write.IsZero() {
		if s.writer, err = connect(ctx, t, write.Reveal()); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

func connect(ctx context.Context, t Target, community string) (*gosnmp.GoSNMP, error) {
	g := &gosnmp.GoSNMP{
		Target: t.Address.Addr().String(), Port: t.Address.Port(), Transport: "udp", Community: community,
		Context: ctx, Timeout: t.Timeout, Retries: t.Retries, MaxOids: gosnmp.MaxOids, MaxRepetitions: uint32(t.MaxRepetitions),
		UseUnconnectedUDPSocket: t.AnySource,
	}
	if t.LocalAddr.IsValid() {
		g.LocalAddr = netip.AddrPortFrom(t.LocalAddr, 0).String()
	}
	switch t.Credentials.Version {
	case "v1":
		g.Version = gosnmp.Version1
	case "v2c":
		g.Version = gosnmp.Version2c
	default:
		g.Version = gosnmp.Version3
		g.SecurityModel = gosnmp.UserSecurityModel
		g.ContextName = t.Credentials.ContextName
		g.MsgFlags, g.SecurityParameters = security(t.Credentials)
	}
	if err := g.Connect(); err != nil {
		return nil, fault.New(fault.Unavailable, "", "device "+t.Address.String(), "%w", err)
	}
	return g, nil
}

// authProtocols and privProtocols give gosnmp's numbers for the names in
// Credentials.
func authProtocol(name string) gosnmp.SnmpV3AuthProtocol {
	return map[string]gosnmp.SnmpV3AuthProtocol{"": gosnmp.NoAuth, "MD5": gosnmp.MD5, "SHA": gosnmp.SHA, "SHA-224": gosnmp.SHA224,
		"SHA-256": gosnmp.SHA256, "SHA-384": gosnmp.SHA384, "SHA-512": gosnmp.SHA512}[name]
}

func privProtocol(name string) gosnmp.SnmpV3PrivProtocol {
	return map[string]gosnmp.SnmpV3PrivProtocol{"": gosnmp.NoPriv, "DES": gosnmp.DES, "AES-128": gosnmp.AES, "AES-192": gosnmp.AES192,
		"AES-256": gosnmp.AES256}[name]
}

func security(c Credentials) (gosnmp.SnmpV3MsgFlags, *gosnmp.UsmSecurityParameters) {
	flags := gosnmp.NoAuthNoPriv
	switch {
	case c.PrivProtocol != "":
		flags = gosnmp.AuthPriv
	case c.AuthProtocol != "":
		flags = gosnmp.AuthNoPriv
	}
	return flags | gosnmp.Reportable, &gosnmp.UsmSecurityParameters{
		UserName:               c.User,
		AuthenticationProtocol: authProtocol(c.AuthProtocol), AuthenticationPassphrase: c.AuthPassword.Reveal(),
		PrivacyProtocol: privProtocol(c.PrivProtocol), PrivacyPassphrase: c.PrivPassword.Reveal(),
	}
}

// Close ends the session.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.reader.Close()
	if s.writer != nil {
		err = errors.Join(err, s.writer.Close())
	}
	return err
}

// Get reads object instances; the answer has one varbind for each OID, in
// order, of a Missing kind where there is none. An answer that would be too
// big is asked for in parts.
func (s *Session) Get(ctx context.Context, oids ...OID) ([]Varbind, error) {
	if len(oids) == 0 {
		return nil, nil
	}
	vars, err := s.read(ctx, func(g *gosnmp.GoSNMP, names []string) (*gosnmp.SnmpPacket, error) { return g.Get(names) }, oids)
	var pdu *PDUError
	if !errors.As(err, &pdu) {
		return vars, err
	}
	switch {
	case pdu.Status == TooBig && len(oids) > 1, pdu.Status == NoSuchName && len(oids) > 1:
		// SNMPv1 refuses the whole request for one missing object (RFC 1157)
		half := len(oids) / 2
		first, err := s.Get(ctx, oids[:half]...)
		if err != nil {
			return nil, err
		}
		rest, err := s.Get(ctx, oids[half:]...)
		return append(first, rest...), err
	case pdu.Status == NoSuchName:
		return []Varbind{{OID: oids[0], Value: Value{Kind: NoSuchObject}}}, nil
	}
	return nil, err
}

// GetNext reads the instance after an OID; EndOfMibView where there is none.
func (s *Session) GetNext(ctx context.Context, oid OID) (Varbind, error) {
	vars, err := s.read(ctx, func(g *gosnmp.GoSNMP, names []string) (*gosnmp.SnmpPacket, error) { return g.GetNext(names) }, []OID{oid})
	return s.one(oid, vars, err)
}

func (s *Session) one(oid OID, vars []Varbind, err error) (Varbind, error) {
	var pdu *PDUError
	switch {
	case errors.As(err, &pdu) && pdu.Status == NoSuchName:
		return Varbind{OID: oid, Value: Value{Kind: EndOfMibView}}, nil
	case err != nil:
		return Varbind{}, err
	case len(vars) == 0:
		return Varbind{}, fault.New(fault.Unavailable, "", "device "+s.target.Address.String(), "its answer has no varbind")
	}
	return vars[0], nil
}

// Walk reads the instances below root, maxRows at most. An agent whose OIDs do
// not increase is an error (RELIABILITY.md F42).
func (s *Session) Walk(ctx context.Context, root OID, maxRows int) ([]Varbind, error) {
	var rows []Varbind
	for at := root; len(rows) < maxRows; {
		page, err := s.page(ctx, at, min(s.target.MaxRepetitions, maxRows-len(rows)))
		if err != nil {
			return nil, err
		}
		for _, v := range page {
			if v.Value.Kind == EndOfMibView || !v.OID.HasPrefix(root) {
				return rows, nil
			}
			if v.OID.Compare(at) <= 0 {
				return nil, fault.New(fault.Unavailable, "", "device "+s.target.Address.String(), "its agent goes in circles: %s comes after %s", v.OID, at)
			}
			at = v.OID
			if rows = append(rows, v); len(rows) == maxRows {
				break
			}
		}
	}
	return rows, nil
}

// page reads the next instances after an OID, by GETBULK where there is one.
func (s *Session) page(ctx context.Context, after OID, n int) ([]Varbind, error) {
	if s.target.Credentials.Version == "v1" {
		v, err := s.GetNext(ctx, after)
		return []Varbind{v}, err
	}
	page, err := s.read(ctx, func(g *gosnmp.GoSNMP, names []string) (*gosnmp.SnmpPacket, error) {
		return g.GetBulk(names, 0, uint32(n))
	}, []OID{after})
	var pdu *PDUError
	if errors.As(err, &pdu) && pdu.Status == TooBig && n > 1 {
		return s.page(ctx, after, n/2)
	}
	if err == nil && len(page) == 0 {
		return []Varbind{{OID: after, Value: Value{Kind: EndOfMibView}}}, nil
	}
	return page, err
}

// read does one reading request.
func (s *Session) read(ctx context.Context, request func(*gosnmp.GoSNMP, []string) (*gosnmp.SnmpPacket, error), oids []OID) ([]Varbind, error) {
	names := make([]string, len(oids))
	for i, o := range oids {
		names[i] = "." + o.String()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reader.Context, s.reader.Retries = ctx, s.target.Retries
	packet, err := request(s.reader, names)
	if err != nil {
		return nil, s.explain(ctx, err)
	}
	return s.answer(packet, oids)
}

// Set writes in one PDU, sent once. An error for which IsUnclear is true means
// that the answer was lost: the agent may have taken the values. A *PDUError
// means that it took none (RFC 3416 section 4.2.5).
func (s *Session) Set(ctx context.Context, vars ...Varbind) ([]Varbind, error) {
	pdus := make([]gosnmp.SnmpPDU, len(vars))
	oids := make([]OID, len(vars))
	for i, v := range vars {
		pdu, err := toPDU(v)
		if err != nil {
			return nil, err
		}
		pdus[i], oids[i] = pdu, v.OID
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.discover(ctx); err != nil {
		return nil, err // nothing was sent that could have an effect
	}
	g := s.reader
	if s.writer != nil {
		g = s.writer
	}
	g.Context, g.Retries = ctx, 0
	packet, err := g.Set(pdus)
	if err != nil {
		err = s.explain(ctx, err)
		if fault.Is(err, fault.Denied) {
			return nil, err // the agent reported that it did not process it
		}
		return nil, unclearError{err}
	}
	answer, err := s.answer(packet, oids)
	var pdu *PDUError
	if err != nil && !errors.As(err, &pdu) {
		return nil, unclearError{err}
	}
	return answer, err
}

var sysUpTime = MustOID("1.3.6.1.2.1.1.3.0")

// discover makes sure that the v3 engine is known before a SET: discovery may
// be repeated, a SET may not.
func (s *Session) discover(ctx context.Context) error {
	usm, ok := s.reader.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || usm.AuthoritativeEngineID != "" {
		return nil
	}
	s.reader.Context, s.reader.Retries = ctx, s.target.Retries
	packet, err := s.reader.Get([]string{"." + sysUpTime.String()})
	if err != nil {
		return s.explain(ctx, err)
	}
	_, err = s.answer(packet, []OID{sysUpTime})
	return err
}

// EngineID is the agent's engine ID (RFC 3411); nil for v1 and v2c and before
// the first answer.
func (s *Session) EngineID() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if usm, ok := s.reader.SecurityParameters.(*gosnmp.UsmSecurityParameters); ok {
		return []byte(usm.AuthoritativeEngineID)
	}
	return nil
}

// answer takes a response apart.
func (s *Session) answer(p *gosnmp.SnmpPacket, asked []OID) ([]Varbind, error) {
	if err := s.timely(p); err != nil {
		return nil, err
	}
	if p.PDUType == gosnmp.Report {
		return nil, fault.New(fault.Denied, "", "device "+s.target.Address.String(), "it reports that it did not process the request")
	}
	if p.Error != gosnmp.NoError {
		e := &PDUError{Status: Status(p.Error), Index: int(p.ErrorIndex)}
		if e.Index >= 1 && e.Index <= len(asked) {
			e.OID = asked[e.Index-1]
		}
		return nil, e
	}
	vars := make([]Varbind, 0, len(p.Variables))
	for _, pdu := range p.Variables {
		v, err := fromPDU(pdu)
		if err != nil {
			return nil, fault.New(fault.Unavailable, "", "device "+s.target.Address.String(), "%w", err)
		}
		vars = append(vars, v)
	}
	return vars, nil
}

// clock is what was last heard of the agent's engine (RFC 3414 section 2.3).
type clock struct {
	engineID string
	boots    uint32
	time     uint32
	heard    time.Time
}

// timeWindow is RFC 3414's, in seconds; gosnmp does not check it.
const timeWindow = 150

// timely refuses an authentic response that is a replay: fewer boots than were
// heard before, or a time that lies behind by more than the window.
func (s *Session) timely(p *gosnmp.SnmpPacket) error {
	usm, ok := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || p.MsgFlags&gosnmp.AuthNoPriv == 0 {
		return nil
	}
	refuse := func(format string, args ...any) error {
		return fault.New(fault.Denied, "", "device "+s.target.Address.String(), format, args...)
	}
	now := clock{usm.AuthoritativeEngineID, usm.AuthoritativeEngineBoots, usm.AuthoritativeEngineTime, time.Now()}
	last := s.clock
	switch {
	case now.boots == math.MaxInt32:
		return refuse("its engineBoots is at its end, 2147483647: it must be given a new engine ID (RFC 3414 section 2.2.2)")
	case last.engineID != now.engineID:
	case now.boots < last.boots:
		return refuse("its engineBoots fell from %d to %d: a replayed answer, or an agent that has lost its count", last.boots, now.boots)
	case now.boots == last.boots && float64(now.time)+timeWindow < float64(last.time)+time.Since(last.heard).Seconds():
		return refuse("its answer is older than %d seconds (RFC 3414)", timeWindow)
	}
	s.clock = now
	return nil
}

// explain gives gosnmp's errors a code and a hint.
func (s *Session) explain(ctx context.Context, err error) error {
	about := "device " + s.target.Address.String()
	denied := map[error]string{
		gosnmp.ErrUnknownUsername:      "it does not know the SNMPv3 user (usmStatsUnknownUserNames)",
		gosnmp.ErrWrongDigest:          "the authentication passphrase or protocol is not the device's (usmStatsWrongDigests)",
		gosnmp.ErrDecryption:           "the privacy passphrase or protocol is not the device's (usmStatsDecryptionErrors)",
		gosnmp.ErrUnknownSecurityLevel: "the device does not have this security level for the user (usmStatsUnsupportedSecLevels)",
		gosnmp.ErrNotInTimeWindow:      "its clock does not agree (usmStatsNotInTimeWindows)",
		gosnmp.ErrUnknownEngineID:      "its engine ID changes (usmStatsUnknownEngineIDs)",
	}
	for known, text := range denied {
		if errors.Is(err, known) {
			return fault.New(fault.Denied, "", about, "%s", text).WithHint("give the device's credentials again: drydock device add --snmp v3 ...")
		}
	}
	if ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled) {
		return fault.New(fault.Unavailable, "", about, "interrupted: %w", ctx.Err())
	}
	e := fault.New(fault.Timeout, "", about, "no answer to SNMP%s in %s", s.target.Credentials.Version,
		fmt.Sprint(s.target.Timeout*time.Duration(s.target.Retries+1)))
	if !strings.Contains(err.Error(), "timeout") {
		e = fault.New(fault.Unavailable, "", about, "%w", err)
	}
	if s.target.Credentials.Version == "v3" {
		return e.WithHint("is it up, and is its SNMP agent at this address and port?")
	}
	return e.WithHint("is it up, is its SNMP agent at this address and port, and is the community right? a wrong community is not answered")
}
