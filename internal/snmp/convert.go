package snmp

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// toPDU gives gosnmp's form of a varbind to be set.
func toPDU(v Varbind) (gosnmp.SnmpPDU, error) {
	pdu := gosnmp.SnmpPDU{Name: "." + v.OID.String(), Type: gosnmp.Asn1BER(v.Value.Kind)}
	switch v.Value.Kind {
	case Integer:
		if v.Value.Int < math.MinInt32 || v.Value.Int > math.MaxInt32 {
			return pdu, fault.New(fault.Invalid, "", "object "+v.OID.String(), "%d is not an Integer32", v.Value.Int)
		}
		pdu.Value = int(v.Value.Int)
	case OctetString, Opaque:
		pdu.Value = v.Value.Bytes
	case ObjectIdentifier:
		pdu.Value = "." + v.Value.OID.String()
	case IPAddress:
		a, ok := netip.AddrFromSlice(v.Value.Bytes)
		if !ok || !a.Is4() {
			return pdu, fault.New(fault.Invalid, "", "object "+v.OID.String(), "an IpAddress has 4 octets")
		}
		pdu.Value = a.String()
	case Counter32, Gauge32, TimeTicks:
		pdu.Value = uint32(v.Value.Uint)
	case Counter64:
		pdu.Value = v.Value.Uint
	default:
		return pdu, fault.New(fault.Invalid, "", "object "+v.OID.String(), "a value of kind %#x cannot be set", byte(v.Value.Kind))
	}
	return pdu, nil
}

// fromPDU gives our form of a varbind that gosnmp has decoded.
func fromPDU(pdu gosnmp.SnmpPDU) (Varbind, error) {
	oid, err := ParseOID(pdu.Name)
	if err != nil {
		return Varbind{}, err
	}
	v := Value{Kind: Kind(pdu.Type)}
	switch value := pdu.Value.(type) {
	case nil:
	case int:
		v.Int = int64(value)
		v.Uint = uint64(max(0, value))
	case uint:
		v.Uint = uint64(value)
	case uint32:
		v.Uint = uint64(value)
	case uint64:
		v.Uint = value
	case []byte:
		v.Bytes = value
	case string:
		if v.Kind == IPAddress {
			a, err := netip.ParseAddr(value)
			if err != nil {
				return Varbind{}, err
			}
			v.Bytes = a.AsSlice()
			break
		}
		if v.OID, err = ParseOID(value); err != nil {
			return Varbind{}, err
		}
	case float32:
		v.Kind, v.Bytes = Opaque, binary.BigEndian.AppendUint32(nil, math.Float32bits(value))
	case float64:
		v.Kind, v.Bytes = Opaque, binary.BigEndian.AppendUint64(nil, math.Float64bits(value))
	default:
		return Varbind{}, fmt.Errorf("object %s: the type %T is not known", oid, value)
	}
	return Varbind{OID: oid, Value: v}, nil
}
