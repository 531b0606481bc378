package equipment

import (
	"slices"
	"strconv"
	"strings"
)

// OID is an object identifier.
type OID []uint32

// String gives the usual dotted form, without a dot in front.
func (o OID) String() string {
	var b strings.Builder
	for i, arc := range o {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatUint(uint64(arc), 10))
	}
	return b.String()
}

// Append gives o with more arcs behind it; o stays as it is.
func (o OID) Append(arcs ...uint32) OID { return append(slices.Clip(slices.Clone(o)), arcs...) }

// Kind is the type of a Value.
type Kind int

// The kinds (RFC 2578, RFC 3416).
const (
	Integer Kind = iota
	OctetString
	ObjectIdentifier
	Gauge32 // also Unsigned32, which is the same on the wire
	Counter32
	TimeTicks
)

// Value is the value of an object. Number is for the numeric kinds, Octets for
// OctetString, OID for ObjectIdentifier.
type Value struct {
	Kind   Kind
	Number int64
	Octets string
	OID    OID
}

// Binding is an object and its value.
type Binding struct {
	OID   OID
	Value Value
}

// Status is an SNMP error-status (RFC 3416 section 3).
type Status int

// The statuses that the interface unit gives.
const (
	NoError             Status = 0
	WrongType           Status = 7
	WrongLength         Status = 8
	WrongValue          Status = 10
	NoCreation          Status = 11
	InconsistentValue   Status = 12
	ResourceUnavailable Status = 13
	NotWritable         Status = 17
	InconsistentName    Status = 18
)

// Lookup is what a Get found.
type Lookup int

// The results of a Get (RFC 3416 section 4.2.1).
const (
	Found Lookup = iota
	NoSuchObject
	NoSuchInstance
)

func integer[T ~int | ~uint32](n T) Value { return Value{Kind: Integer, Number: int64(n)} }
func gauge[T ~int | ~int64 | ~uint32](n T) Value {
	return Value{Kind: Gauge32, Number: min(int64(n), 1<<32-1)}
}
func octets(s string) Value { return Value{Kind: OctetString, Octets: s} }
func oidValue(o OID) Value  { return Value{Kind: ObjectIdentifier, OID: o} }
