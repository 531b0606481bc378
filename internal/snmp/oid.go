package snmp

import (
	"slices"
	"strconv"
	"strings"

	"drydock/internal/fault"
)

// OID is an object identifier: up to 128 sub-identifiers below 2^32 (RFC 2578
// section 3.5).
type OID []uint32

const maxSubIdentifiers = 128

// ParseOID reads dotted numbers; a leading dot is allowed.
func ParseOID(text string) (OID, error) {
	dotted := strings.TrimPrefix(text, ".")
	parts := strings.Count(dotted, ".") + 1
	if parts > maxSubIdentifiers {
		return nil, fault.New(fault.Invalid, "", "OID", "%d sub-identifiers, %d at most (RFC 2578)", parts, maxSubIdentifiers)
	}
	oid := make(OID, 0, parts)
	for p := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.ParseUint(p, 10, 32)
		if err != nil {
			return nil, fault.New(fault.Invalid, "", "OID "+text, "%q is not a number from 0 to 4294967295", p)
		}
		oid = append(oid, uint32(n))
	}
	return oid, nil
}

// MustOID is ParseOID for constants.
func MustOID(text string) OID {
	oid, err := ParseOID(text)
	if err != nil {
		panic(err)
	}
	return oid
}

// String gives dotted numbers without a leading dot.
func (o OID) String() string {
	b := make([]byte, 0, 4*len(o))
	for i, n := range o {
		if i > 0 {
			b = append(b, '.')
		}
		b = strconv.AppendUint(b, uint64(n), 10)
	}
	return string(b)
}

// Compare orders as a walk does (RFC 3416 section 4.2.2).
func (o OID) Compare(p OID) int { return slices.Compare(o, p) }

// HasPrefix says whether o is p or below it.
func (o OID) HasPrefix(p OID) bool { return len(o) >= len(p) && slices.Equal(o[:len(p)], p) }

// Append gives a new OID with more sub-identifiers.
func (o OID) Append(n ...uint32) OID { return slices.Concat(o, OID(n)) }
