package snmp

import (
	"bytes"
	"context"
	"errors"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

var sysUpTime = MustOID("1.3.6.1.2.1.1.3.0")

// Set writes in one PDU, sent once. An error for which IsUnclear is true means
// that the answer was lost: the agent may have taken the values. Any other
// means that it took none; a *PDUError says why (RFC 3416 section 4.2.5).
//
// In v3 the values go to the engine that this session found first and to no
// other: what stands at the address now may be another device.
func (s *Session) Set(ctx context.Context, vars ...Varbind) ([]Varbind, error) {
	if len(vars) == 0 {
		return nil, nil
	}
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
	l := s.reader
	if s.writer != nil {
		l = s.writer
	}
	l.setting = true
	defer func() { l.setting = false }()
	answer, err := s.exchange(ctx, l, 0, s.first, func(g *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) { return g.Set(pdus) }, oids)
	var pdu *PDUError
	if err == nil || errors.As(err, &pdu) || !l.mayHaveTaken() {
		return answer, err
	}
	return nil, unclearError{err}
}

// discover makes sure that the v3 engine is known before a SET: discovery may
// be repeated, a SET may not.
func (s *Session) discover(ctx context.Context) error {
	if s.target.Credentials.Version != "v3" || s.engineID() != "" {
		return nil
	}
	_, err := s.exchange(ctx, s.reader, s.target.Retries, "", func(g *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) {
		return g.Get([]string{"." + sysUpTime.String()})
	}, []OID{sysUpTime})
	var pdu *PDUError
	if errors.As(err, &pdu) {
		return nil // the user may not read it, but the engine has answered
	}
	return err
}

// SetAndConfirm is Set, but where the answer is lost it reads back, by took,
// whether the values were taken; a took of nil reads the objects that were set
// and compares. No second SET is sent.
//
// Without an error the values were taken. An error for which IsUnclear is
// true: reading back failed too. A fault.Unavailable that is not unclear: they
// were not taken when the agent was asked, and the caller may set again. (A
// datagram that the network still holds may yet arrive: an operation that must
// not happen twice needs a token of its own in the object.)
func (s *Session) SetAndConfirm(ctx context.Context, vars []Varbind, took func(context.Context, *Session) (bool, error)) error {
	_, err := s.Set(ctx, vars...)
	if err == nil || !IsUnclear(err) {
		return err
	}
	if took == nil {
		took = func(ctx context.Context, s *Session) (bool, error) { return s.holds(ctx, vars) }
	}
	taken, readErr := took(ctx, s)
	switch {
	case readErr != nil:
		return errors.Join(err, readErr)
	case !taken:
		return fault.New(fault.Unavailable, "", s.about(), "the answer to the SET was lost, and the values were not taken")
	}
	return nil
}

// holds says whether objects have values.
func (s *Session) holds(ctx context.Context, want []Varbind) (bool, error) {
	oids := make([]OID, len(want))
	for i, v := range want {
		oids[i] = v.OID
	}
	got, err := s.Get(ctx, oids...)
	if err != nil {
		return false, err
	}
	for i, v := range want {
		if !got[i].Value.Equal(v.Value) {
			return false, nil
		}
	}
	return true, nil
}

// Equal says whether two values are of one kind and the same.
func (v Value) Equal(w Value) bool {
	return v.Kind == w.Kind && (v.Kind != Integer || v.Int == w.Int) && (v.Kind == Integer || v.Uint == w.Uint) &&
		bytes.Equal(v.Bytes, w.Bytes) && v.OID.Compare(w.OID) == 0
}
