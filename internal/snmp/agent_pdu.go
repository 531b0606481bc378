package snmp

import "context"

// operation is a request whose sender is known.
type operation struct {
	mib      MIB
	version  int
	pdu      pdu
	writable bool
	limit    int // octets of the response's PDU
}

// perform carries out a request (RFC 3416 section 4.2); false: it is not one.
func (o *operation) perform(ctx context.Context) (response pdu, ok bool) {
	vars, status, index := o.pdu.Varbinds, NoError, 0
	switch {
	case o.pdu.Type == pduGet:
		vars, status, index = o.each(o.get)
	case o.pdu.Type == pduGetNext:
		vars, status, index = o.each(o.next)
	case o.pdu.Type == pduGetBulk && o.version != version1:
		vars = o.bulk()
	case o.pdu.Type == pduSet:
		status, index = o.set(ctx)
	default:
		return pdu{}, false
	}
	if status != NoError {
		return o.failure(status, index), true
	}
	response = pdu{Type: pduResponse, RequestID: o.pdu.RequestID, Varbinds: vars}
	if pduSize(response) > o.limit {
		return o.failure(TooBig, 0), true
	}
	return response, true
}

// failure has the varbinds of the request, but for tooBig, where from v2 on
// there are none (RFC 3416 section 4.2.1).
func (o *operation) failure(status Status, index int) pdu {
	p := pdu{Type: pduResponse, RequestID: o.pdu.RequestID, ErrorStatus: int32(status), ErrorIndex: int32(index), Varbinds: o.pdu.Varbinds}
	switch {
	case o.version == version1:
		p.ErrorStatus = int32(status.v1())
	case status == TooBig:
		p.Varbinds = nil
	}
	return p
}

// v1 gives the status that SNMPv1 has for it (RFC 3584 section 4.4).
func (s Status) v1() Status {
	switch s {
	case WrongValue, WrongEncoding, WrongType, WrongLength, InconsistentValue:
		return BadValue
	case NoAccess, NotWritable, NoCreation, InconsistentName, AuthorizationError:
		return NoSuchName
	case ResourceUnavailable, CommitFailed, UndoFailed:
		return GenErr
	}
	return s
}

func (o *operation) each(read func(OID) Varbind) (vars []Varbind, status Status, index int) {
	vars = make([]Varbind, len(o.pdu.Varbinds))
	for i, v := range o.pdu.Varbinds {
		vars[i] = read(v.OID)
		if o.version == version1 && !knownToV1(vars[i].Value) {
			return nil, NoSuchName, i + 1
		}
	}
	return vars, NoError, 0
}

// knownToV1: SNMPv1 has neither exceptions nor Counter64.
func knownToV1(v Value) bool {
	switch v.Kind {
	case NoSuchObject, NoSuchInstance, EndOfMibView, Counter64:
		return false
	}
	return true
}

func (o *operation) get(oid OID) Varbind { return Varbind{OID: oid, Value: o.mib.Get(oid)} }

func (o *operation) next(oid OID) Varbind {
	for at := oid; ; {
		found, value, ok := o.mib.Next(at)
		if !ok || found.Compare(at) <= 0 {
			return Varbind{OID: oid, Value: Value{Kind: EndOfMibView}}
		}
		if o.version != version1 || value.Kind != Counter64 {
			return Varbind{OID: found, Value: value}
		}
		at = found // RFC 3584 section 4.2.2.1
	}
}

// bulk is GETBULK (RFC 3416 section 4.2.3). It ends where the response is full.
func (o *operation) bulk() (vars []Varbind) {
	asked := o.pdu.Varbinds
	single := min(max(int(o.pdu.ErrorStatus), 0), len(asked))
	room := o.limit - pduSize(pdu{Type: pduResponse, RequestID: o.pdu.RequestID}) - 8 // for longer lengths
	add := func(after OID) (v Varbind, full bool) {
		v = o.next(after)
		w := &berWriter{}
		w.varbind(v)
		if room -= w.size(); room < 0 {
			return v, true
		}
		vars = append(vars, v)
		return v, false
	}
	for _, v := range asked[:single] {
		if _, full := add(v.OID); full {
			return vars
		}
	}
	row := make([]OID, 0, len(asked)-single)
	for _, v := range asked[single:] {
		row = append(row, v.OID)
	}
	for range max(o.pdu.ErrorIndex, 0) {
		ended := true
		for i, oid := range row {
			v, full := add(oid)
			if full {
				return vars
			}
			ended = ended && v.Value.Kind == EndOfMibView
			row[i] = v.OID
		}
		if ended {
			break
		}
	}
	return vars
}

// set asks for room for the response first: after it nothing may fail.
func (o *operation) set(ctx context.Context) (Status, int) {
	if !o.writable {
		return NoAccess, min(1, len(o.pdu.Varbinds))
	}
	if pduSize(o.pdu) > o.limit {
		return TooBig, 0
	}
	return o.mib.Set(ctx, o.pdu.Varbinds)
}

func pduSize(p pdu) int {
	w := &berWriter{}
	(&message{PDU: p}).writePDU(w)
	return w.size()
}
