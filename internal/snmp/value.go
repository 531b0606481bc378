package snmp

import (
	"fmt"
	"net/netip"
	"strconv"
	"unicode/utf8"
)

// Kind is the type of a value: the ASN.1 tag that it has on the wire (RFC 3416
// section 3).
type Kind byte

// The kinds.
const (
	Integer          Kind = 0x02
	OctetString      Kind = 0x04
	Null             Kind = 0x05
	ObjectIdentifier Kind = 0x06
	IPAddress        Kind = 0x40
	Counter32        Kind = 0x41
	Gauge32          Kind = 0x42 // and Unsigned32
	TimeTicks        Kind = 0x43 // hundredths of a second
	Opaque           Kind = 0x44
	Counter64        Kind = 0x46
	NoSuchObject     Kind = 0x80
	NoSuchInstance   Kind = 0x81
	EndOfMibView     Kind = 0x82
)

// Value is one value. Which field holds it follows from Kind: Int for Integer,
// Uint for counters, gauges and ticks, Bytes for OctetString, IPAddress (4
// octets) and Opaque, OID for ObjectIdentifier.
type Value struct {
	Kind  Kind
	Int   int64
	Uint  uint64
	Bytes []byte
	OID   OID
}

// The constructors.
func IntegerValue(n int64) Value         { return Value{Kind: Integer, Int: n} }
func TextValue(s string) Value           { return Value{Kind: OctetString, Bytes: []byte(s)} }
func OctetsValue(b []byte) Value         { return Value{Kind: OctetString, Bytes: b} }
func OIDValue(o OID) Value               { return Value{Kind: ObjectIdentifier, OID: o} }
func GaugeValue(n uint32) Value          { return Value{Kind: Gauge32, Uint: uint64(n)} }
func CounterValue(n uint32) Value        { return Value{Kind: Counter32, Uint: uint64(n)} }
func Counter64Value(n uint64) Value      { return Value{Kind: Counter64, Uint: n} }
func TicksValue(hundredths uint32) Value { return Value{Kind: TimeTicks, Uint: uint64(hundredths)} }
func IPValue(a netip.Addr) Value         { return Value{Kind: IPAddress, Bytes: a.Unmap().AsSlice()} }

// Missing says that there is no such object or instance, or nothing after it.
func (v Value) Missing() bool {
	return v.Kind == NoSuchObject || v.Kind == NoSuchInstance || v.Kind == EndOfMibView
}

// String shows the value for people: octets that are not text in hexadecimal.
func (v Value) String() string {
	switch v.Kind {
	case Integer:
		return strconv.FormatInt(v.Int, 10)
	case Counter32, Gauge32, TimeTicks, Counter64:
		return strconv.FormatUint(v.Uint, 10)
	case ObjectIdentifier:
		return v.OID.String()
	case IPAddress:
		if a, ok := netip.AddrFromSlice(v.Bytes); ok {
			return a.String()
		}
	case OctetString:
		if utf8.Valid(v.Bytes) {
			return string(v.Bytes)
		}
	case NoSuchObject:
		return "noSuchObject"
	case NoSuchInstance:
		return "noSuchInstance"
	case EndOfMibView:
		return "endOfMibView"
	case Null:
		return ""
	}
	return fmt.Sprintf("%x", v.Bytes)
}

// Varbind is an object instance and its value.
type Varbind struct {
	OID   OID
	Value Value
}
