package snmp

import (
	"context"
	"errors"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// Get reads object instances; the answer has one varbind for each OID, in
// order, of a Missing kind where there is none. What is too much for one
// request or one answer is asked for in parts.
func (s *Session) Get(ctx context.Context, oids ...OID) ([]Varbind, error) {
	if len(oids) == 0 {
		return nil, nil
	}
	if len(oids) > s.target.MaxVarbinds {
		return s.halves(ctx, oids)
	}
	vars, err := s.read(ctx, func(g *gosnmp.GoSNMP, names []string) (*gosnmp.SnmpPacket, error) { return g.Get(names) }, oids)
	var pdu *PDUError
	switch {
	case err == nil:
		return vars, s.matches(vars, oids)
	case !errors.As(err, &pdu):
		return nil, err
	case (pdu.Status == TooBig || pdu.Status == NoSuchName) && len(oids) > 1:
		// SNMPv1 refuses the whole request for one missing object (RFC 1157)
		return s.halves(ctx, oids)
	case pdu.Status == NoSuchName:
		return []Varbind{{OID: oids[0], Value: Value{Kind: NoSuchObject}}}, nil
	}
	return nil, err
}

func (s *Session) halves(ctx context.Context, oids []OID) ([]Varbind, error) {
	half := len(oids) / 2
	first, err := s.Get(ctx, oids[:half]...)
	if err != nil {
		return nil, err
	}
	rest, err := s.Get(ctx, oids[half:]...)
	if err != nil {
		return nil, err
	}
	return append(first, rest...), nil
}

// matches holds an answer against what was asked: a value under another's name
// must not be taken for it.
func (s *Session) matches(vars []Varbind, asked []OID) error {
	if len(vars) != len(asked) {
		return fault.New(fault.Unavailable, "", s.about(), "asked for %d objects, its answer has %d", len(asked), len(vars))
	}
	for i, v := range vars {
		if v.OID.Compare(asked[i]) != 0 {
			return fault.New(fault.Unavailable, "", s.about(), "asked for %s, its answer has %s", asked[i], v.OID)
		}
	}
	return nil
}

// GetNext reads the instance after an OID; EndOfMibView where there is none.
func (s *Session) GetNext(ctx context.Context, oid OID) (Varbind, error) {
	vars, err := s.read(ctx, func(g *gosnmp.GoSNMP, names []string) (*gosnmp.SnmpPacket, error) { return g.GetNext(names) }, []OID{oid})
	var pdu *PDUError
	switch {
	case errors.As(err, &pdu) && pdu.Status == NoSuchName:
		return Varbind{OID: oid, Value: Value{Kind: EndOfMibView}}, nil
	case err != nil:
		return Varbind{}, err
	case len(vars) == 0:
		return Varbind{}, fault.New(fault.Unavailable, "", s.about(), "its answer has no varbind")
	}
	return vars[0], nil
}

// Walk reads the instances below root, maxRows at most: as many as that may
// mean that there are more. An agent whose OIDs do not increase is an error,
// and so is one that goes on past ctx's end (RELIABILITY.md F42).
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
				return nil, fault.New(fault.Unavailable, "", s.about(), "its agent goes in circles: %s comes after %s", v.OID, at)
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
	once := func() ([]Varbind, error) {
		return s.exchange(ctx, s.reader, s.target.Retries, "", func(g *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) { return request(g, names) }, oids)
	}
	vars, err := once()
	if errors.Is(err, errEngine) {
		s.forgetEngine() // what answers now has to know the user's keys too
		vars, err = once()
	}
	return vars, err
}
