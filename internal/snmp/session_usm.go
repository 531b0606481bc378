package snmp

import (
	"math"
	"time"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// authProtocol and privProtocol give gosnmp's numbers for the names in
// Credentials.
func authProtocol(name string) gosnmp.SnmpV3AuthProtocol {
	return map[string]gosnmp.SnmpV3AuthProtocol{"": gosnmp.NoAuth, "MD5": gosnmp.MD5, "SHA": gosnmp.SHA, "SHA-224": gosnmp.SHA224,
		"SHA-256": gosnmp.SHA256, "SHA-384": gosnmp.SHA384, "SHA-512": gosnmp.SHA512}[name]
}

func privProtocol(name string) gosnmp.SnmpV3PrivProtocol {
	return map[string]gosnmp.SnmpV3PrivProtocol{"": gosnmp.NoPriv, "DES": gosnmp.DES, "AES-128": gosnmp.AES, "AES-192": gosnmp.AES192,
		"AES-256": gosnmp.AES256, "AES-192-C": gosnmp.AES192C, "AES-256-C": gosnmp.AES256C}[name]
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

// EngineID is the agent's engine ID (RFC 3411); nil for v1 and v2c and before
// the first answer.
func (s *Session) EngineID() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id := s.engineID(); id != "" {
		return []byte(id)
	}
	return nil
}

func (s *Session) engineID() string {
	if usm, ok := s.reader.SecurityParameters.(*gosnmp.UsmSecurityParameters); ok {
		return usm.AuthoritativeEngineID
	}
	return ""
}

// forgetEngine lets the next request discover the agent's engine anew.
func (s *Session) forgetEngine() {
	usm, ok := s.reader.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok {
		return
	}
	usm.AuthoritativeEngineID, usm.AuthoritativeEngineBoots, usm.AuthoritativeEngineTime = "", 0, 0
	usm.SecretKey, usm.PrivacyKey = nil, nil
	s.reader.ContextEngineID = string(s.target.ContextEngineID)
}

// EngineBoots is the agent's snmpEngineBoots in its last authentic answer; 0
// for v1, v2c, users without authentication, and before the first answer.
func (s *Session) EngineBoots() uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.boots
}

// EngineTime is the agent's snmpEngineTime in seconds in its last authentic
// answer, and when that came; zero as for EngineBoots.
func (s *Session) EngineTime() (seconds uint32, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.time, s.clock.heard
}

// clock is what was last heard of the agent's engine (RFC 3414 section 2.3).
type clock struct {
	engineID string
	boots    uint32
	time     uint32 // the latest
	heard    time.Time
}

// timeWindow is RFC 3414's, in seconds; gosnmp does not check it.
const timeWindow = 150

// after judges an authentic message against what was heard before: fewer
// boots, or a time that lies behind by more than the window, are a replay (RFC
// 3414 section 3.2, step 7b). An engine ID that was not heard before begins
// anew.
func (now clock) after(last clock) error {
	switch {
	case now.boots >= math.MaxInt32:
		return fault.New(fault.Denied, "", "", "its engineBoots is at its end, 2147483647: it must be given a new engine ID (RFC 3414 section 2.2.2)")
	case last.engineID != now.engineID:
	case now.boots < last.boots:
		return fault.New(fault.Denied, "", "", "its engineBoots fell from %d to %d: a replayed answer, or an agent that has lost its count", last.boots, now.boots)
	case now.boots == last.boots && float64(now.time)+timeWindow < float64(last.time)+now.heard.Sub(last.heard).Seconds():
		return fault.New(fault.Denied, "", "", "its answer is older than %d seconds (RFC 3414)", timeWindow)
	}
	return nil
}

// timely refuses an authentic response that is a replay.
func (s *Session) timely(p *gosnmp.SnmpPacket) error {
	usm, ok := p.SecurityParameters.(*gosnmp.UsmSecurityParameters)
	if !ok || p.MsgFlags&gosnmp.AuthNoPriv == 0 {
		return nil
	}
	now := clock{usm.AuthoritativeEngineID, usm.AuthoritativeEngineBoots, usm.AuthoritativeEngineTime, time.Now()}
	if err := now.after(s.clock); err != nil {
		return fault.New(fault.Denied, "", s.about(), "%w", err)
	}
	if now.engineID != s.clock.engineID || now.boots > s.clock.boots || now.time > s.clock.time {
		s.clock = now // not for an older answer within the window: time does not go back
	}
	return nil
}
