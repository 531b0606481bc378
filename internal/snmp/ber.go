package snmp

import (
	"errors"
	"fmt"
	"math"
)

// The tags that are not the tag of a Value (RFC 3416 section 3).
const (
	tagSequence byte = 0x30
	tagOctets        = byte(OctetString)
	tagInteger       = byte(Integer)
)

// errTruncated is the error of content that ends before its length.
var errTruncated = errors.New("BER: it ends too early")

// berReader reads one level of a BER encoding (X.690 definite lengths, as RFC
// 3417 section 8 restricts it). Positions are those in the whole message.
type berReader struct {
	buf     []byte
	at, end int
}

func newBERReader(buf []byte) berReader { return berReader{buf: buf, end: len(buf)} }

func (r *berReader) empty() bool { return r.at >= r.end }

// next gives the tag and the content of the next element.
func (r *berReader) next() (tag byte, content berReader, err error) {
	if r.end-r.at < 2 {
		return 0, content, errTruncated
	}
	tag = r.buf[r.at]
	if tag&0x1f == 0x1f {
		return 0, content, fmt.Errorf("BER: tag %#x at octet %d has several octets", tag, r.at)
	}
	length, at := int(r.buf[r.at+1]), r.at+2
	if length >= 0x80 {
		n := length & 0x7f
		if n == 0 || n > 4 {
			return 0, content, fmt.Errorf("BER: the length at octet %d is indefinite or has more than 4 octets", r.at+1)
		}
		if r.end-at < n {
			return 0, content, errTruncated
		}
		length = 0
		for _, b := range r.buf[at : at+n] {
			length = length<<8 | int(b)
		}
		at += n
	}
	if length < 0 || length > r.end-at {
		return 0, content, errTruncated
	}
	r.at = at + length
	return tag, berReader{r.buf, at, at + length}, nil
}

// expect is next for a tag that must be there.
func (r *berReader) expect(want byte) (berReader, error) {
	at := r.at
	tag, content, err := r.next()
	if err == nil && tag != want {
		err = fmt.Errorf("BER: tag %#x at octet %d where %#x must be", tag, at, want)
	}
	return content, err
}

func (r *berReader) bytes() []byte { return r.buf[r.at:r.end:r.end] }

// octets gives an OCTET STRING that aliases the message.
func (r *berReader) octets() ([]byte, error) {
	c, err := r.expect(tagOctets)
	return c.bytes(), err
}

// int32 gives an INTEGER from lowest to 2147483647.
func (r *berReader) int32(lowest int32) (int32, error) {
	at := r.at
	c, err := r.expect(tagInteger)
	if err != nil {
		return 0, err
	}
	n, err := berSigned(c.bytes())
	if err == nil && (n < int64(lowest) || n > math.MaxInt32) {
		err = fmt.Errorf("BER: integer %d at octet %d is out of its range", n, at)
	}
	return int32(n), err
}

func berSigned(b []byte) (int64, error) {
	if len(b) == 0 || len(b) > 8 {
		return 0, fmt.Errorf("BER: an integer of %d octets", len(b))
	}
	n := int64(int8(b[0]))
	for _, x := range b[1:] {
		n = n<<8 | int64(x)
	}
	return n, nil
}

// berUnsigned reads counters and the like. Agents are seen that leave out the
// leading zero, so the highest bit is no sign.
func berUnsigned(b []byte, highest uint64) (uint64, error) {
	if len(b) == 0 || len(b) > 9 || len(b) == 9 && b[0] != 0 {
		return 0, fmt.Errorf("BER: an unsigned integer of %d octets", len(b))
	}
	var n uint64
	for _, x := range b {
		n = n<<8 | uint64(x)
	}
	if n > highest {
		return 0, fmt.Errorf("BER: %d is more than %d", n, highest)
	}
	return n, nil
}

// berOID reads an object identifier; no octets mean 0.0, as net-snmp takes it.
func berOID(b []byte) (OID, error) {
	if len(b) == 0 {
		return OID{0, 0}, nil
	}
	if b[len(b)-1]&0x80 != 0 {
		return nil, errTruncated
	}
	oid := make(OID, 1, len(b)+1)
	var n uint64
	for _, x := range b {
		if n = n<<7 | uint64(x&0x7f); n > math.MaxUint32 {
			return nil, errors.New("BER: a sub-identifier above 4294967295")
		}
		if x&0x80 == 0 {
			oid, n = append(oid, uint32(n)), 0
		}
		if len(oid) > maxSubIdentifiers {
			return nil, fmt.Errorf("BER: an OID of more than %d sub-identifiers", maxSubIdentifiers)
		}
	}
	oid[0] = min(oid[1]/40, 2) // X.690 section 8.19.4
	oid[1] -= 40 * oid[0]
	return oid, nil
}

// berValue takes a value apart; it keeps nothing of the message.
func berValue(tag byte, b []byte) (v Value, err error) {
	v.Kind = Kind(tag)
	switch v.Kind {
	case Integer:
		if v.Int, err = berSigned(b); err == nil && int64(int32(v.Int)) != v.Int {
			err = fmt.Errorf("BER: %d is not an Integer32", v.Int)
		}
	case OctetString, Opaque:
		v.Bytes = append([]byte{}, b...)
	case IPAddress:
		if len(b) != 4 {
			return v, fmt.Errorf("BER: an IpAddress of %d octets", len(b))
		}
		v.Bytes = append([]byte{}, b...)
	case ObjectIdentifier:
		v.OID, err = berOID(b)
	case Counter32, Gauge32, TimeTicks:
		v.Uint, err = berUnsigned(b, math.MaxUint32)
	case Counter64:
		v.Uint, err = berUnsigned(b, math.MaxUint64)
	case Null, NoSuchObject, NoSuchInstance, EndOfMibView:
		if len(b) != 0 {
			err = fmt.Errorf("BER: a null of %d octets", len(b))
		}
	default:
		err = fmt.Errorf("BER: values of type %#x are not known", tag)
	}
	return v, err
}
