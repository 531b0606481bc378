package agentx

import (
	"encoding/binary"
	"errors"
	"fmt"

	"drydock/internal/snmp"
)

// Types of PDUs (RFC 2741 section 6.1).
const (
	typeOpen       = 1
	typeClose      = 2
	typeRegister   = 3
	typeGet        = 5
	typeGetNext    = 6
	typeGetBulk    = 7
	typeTestSet    = 8
	typeCommitSet  = 9
	typeUndoSet    = 10
	typeCleanupSet = 11
	typeNotify     = 12
	typePing       = 13
	typeResponse   = 18
)

const (
	version       = 1
	headerSize    = 20
	flagContext   = 0x08 // NON_DEFAULT_CONTEXT
	flagBigEndian = 0x10 // NETWORK_BYTE_ORDER
	maxPayload    = 1 << 20
	maxArcs       = 128 // RFC 2578 section 3.5
	errContext    = 262 // unsupportedContext (RFC 2741 section 6.2.16)
	errParse      = 266 // parseError
	errProcessing = 268 // processingError
)

// header begins every PDU.
type header struct {
	Type, Flags                  byte
	Session, Transaction, Packet uint32
	Payload                      uint32
}

func (h header) append(b []byte) []byte {
	b = append(b, version, h.Type, h.Flags, 0)
	for _, n := range []uint32{h.Session, h.Transaction, h.Packet, h.Payload} {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// order is the byte order of what follows the first four octets.
func order(flags byte) binary.ByteOrder {
	if flags&flagBigEndian != 0 {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func parseHeader(b []byte) (h header, err error) {
	if b[0] != version {
		return h, fmt.Errorf("the master agent speaks AgentX version %d", b[0])
	}
	o := order(b[2])
	h = header{b[1], b[2], o.Uint32(b[4:]), o.Uint32(b[8:]), o.Uint32(b[12:]), o.Uint32(b[16:])}
	if h.Payload > maxPayload || h.Payload%4 != 0 {
		return h, fmt.Errorf("a PDU of %d octets", h.Payload)
	}
	return h, nil
}

// writer appends in network byte order.
type writer struct{ b []byte }

func (w *writer) u16(n uint16) { w.b = binary.BigEndian.AppendUint16(w.b, n) }
func (w *writer) u32(n uint32) { w.b = binary.BigEndian.AppendUint32(w.b, n) }
func (w *writer) u64(n uint64) { w.b = binary.BigEndian.AppendUint64(w.b, n) }

// octets is an Octet String: its length, and it filled up to a multiple of 4.
func (w *writer) octets(s []byte) {
	w.u32(uint32(len(s)))
	w.b = append(w.b, s...)
	for n := len(s); n%4 != 0; n++ {
		w.b = append(w.b, 0)
	}
}

func (w *writer) oid(o snmp.OID) {
	w.b = append(w.b, byte(len(o)), 0, 0, 0)
	for _, arc := range o {
		w.u32(arc)
	}
}

func (w *writer) varbind(v snmp.Varbind) {
	w.u16(uint16(v.Value.Kind))
	w.u16(0)
	w.oid(v.OID)
	switch v.Value.Kind {
	case snmp.Integer:
		w.u32(uint32(v.Value.Int))
	case snmp.Counter32, snmp.Gauge32, snmp.TimeTicks:
		w.u32(uint32(v.Value.Uint))
	case snmp.Counter64:
		w.u64(v.Value.Uint)
	case snmp.OctetString, snmp.IPAddress, snmp.Opaque:
		w.octets(v.Value.Bytes)
	case snmp.ObjectIdentifier:
		w.oid(v.Value.OID)
	}
}

var errShort = errors.New("a PDU is shorter than what is in it")

// reader takes apart; after its first error everything is zero.
type reader struct {
	order binary.ByteOrder
	b     []byte
	err   error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.b) {
		r.err = errShort
		return nil
	}
	p := r.b[:n]
	r.b = r.b[n:]
	return p
}

func (r *reader) u16() uint16 {
	if p := r.take(2); p != nil {
		return r.order.Uint16(p)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if p := r.take(4); p != nil {
		return r.order.Uint32(p)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if p := r.take(8); p != nil {
		return r.order.Uint64(p)
	}
	return 0
}

func (r *reader) octets() []byte {
	n := r.u32()
	if n > maxPayload {
		r.err = errShort
		return nil
	}
	p := r.take((int(n) + 3) / 4 * 4)
	if p == nil {
		return nil
	}
	return append([]byte{}, p[:n]...)
}

func (r *reader) oid() (o snmp.OID, include bool) {
	p := r.take(4)
	if p == nil {
		return nil, false
	}
	if p[1] != 0 {
		o = snmp.OID{1, 3, 6, 1, uint32(p[1])}
	}
	if len(o)+int(p[0]) > maxArcs {
		r.err = errShort
		return nil, false
	}
	for range p[0] {
		o = append(o, r.u32())
	}
	return o, p[2] != 0
}

func (r *reader) varbind() (v snmp.Varbind) {
	v.Value.Kind = snmp.Kind(r.u16())
	r.u16()
	v.OID, _ = r.oid()
	switch v.Value.Kind {
	case snmp.Integer:
		v.Value.Int = int64(int32(r.u32()))
	case snmp.Counter32, snmp.Gauge32, snmp.TimeTicks:
		v.Value.Uint = uint64(r.u32())
	case snmp.Counter64:
		v.Value.Uint = r.u64()
	case snmp.OctetString, snmp.IPAddress, snmp.Opaque:
		v.Value.Bytes = r.octets()
	case snmp.ObjectIdentifier:
		v.Value.OID, _ = r.oid()
	case snmp.Null, snmp.NoSuchObject, snmp.NoSuchInstance, snmp.EndOfMibView:
	default:
		r.err = fmt.Errorf("a value of the unknown type %d", v.Value.Kind)
	}
	return v
}

func (r *reader) varbinds() (all []snmp.Varbind) {
	for r.err == nil && len(r.b) > 0 {
		all = append(all, r.varbind())
	}
	return all
}

// searchRange is where a Get or GetNext looks (RFC 2741 section 5.2).
type searchRange struct {
	from    snmp.OID
	include bool
	to      snmp.OID // not any more; empty: no end
}

func (r *reader) ranges() (all []searchRange) {
	for r.err == nil && len(r.b) > 0 {
		var s searchRange
		s.from, s.include = r.oid()
		s.to, _ = r.oid()
		all = append(all, s)
	}
	return all
}
