package engine

import (
	"net/netip"

	"drydock/internal/driver"
	"drydock/internal/fault"
	"drydock/internal/snmp"
)

// toSNMP gives the wire's form of a varbind that a driver sets.
func toSNMP(v driver.Varbind) (out snmp.Varbind, err error) {
	if out.OID, err = snmp.ParseOID(v.OID); err != nil {
		return out, err
	}
	switch v.Type {
	case driver.TypeInteger:
		out.Value = snmp.IntegerValue(v.Int)
	case driver.TypeGauge:
		out.Value = snmp.GaugeValue(uint32(v.Int))
	case driver.TypeCounter:
		out.Value = snmp.CounterValue(uint32(v.Int))
	case driver.TypeTimeTicks:
		out.Value = snmp.TicksValue(uint32(v.Int))
	case driver.TypeText:
		out.Value = snmp.TextValue(v.Text)
	case driver.TypeOctets:
		out.Value = snmp.OctetsValue(v.Bytes)
	case driver.TypeIPAddress:
		addr, err := netip.ParseAddr(v.Text)
		if err != nil || !addr.Unmap().Is4() {
			return out, fault.New(fault.Invalid, "", "object "+v.OID, "an IpAddress is an IPv4 address, not %q", v.Text)
		}
		out.Value = snmp.IPValue(addr)
	case driver.TypeOID:
		oid, err := snmp.ParseOID(v.Text)
		if err != nil {
			return out, err
		}
		out.Value = snmp.OIDValue(oid)
	default:
		return out, fault.New(fault.Internal, "", "object "+v.OID, "type %q cannot be set", v.Type)
	}
	return out, nil
}

// fromSNMP gives the driver's form of a varbind that a device has answered.
func fromSNMP(v snmp.Varbind) driver.Varbind {
	out := driver.Varbind{OID: v.OID.String()}
	switch v.Value.Kind {
	case snmp.Integer:
		out.Type, out.Int = driver.TypeInteger, v.Value.Int
	case snmp.Gauge32:
		out.Type, out.Int = driver.TypeGauge, int64(v.Value.Uint)
	case snmp.Counter32, snmp.Counter64:
		out.Type, out.Int = driver.TypeCounter, int64(v.Value.Uint)
	case snmp.TimeTicks:
		out.Type, out.Int = driver.TypeTimeTicks, int64(v.Value.Uint)
	case snmp.ObjectIdentifier:
		out.Type, out.Text = driver.TypeOID, v.Value.OID.String()
	case snmp.IPAddress:
		out.Type, out.Text = driver.TypeIPAddress, v.Value.String()
	case snmp.NoSuchObject, snmp.NoSuchInstance, snmp.EndOfMibView, snmp.Null:
		out.Type = driver.TypeMissing
	default:
		out.Type, out.Bytes, out.Text = driver.TypeOctets, v.Value.Bytes, string(v.Value.Bytes)
	}
	return out
}
