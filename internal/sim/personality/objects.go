package personality

import (
	"slices"

	"drydock/internal/snmp"
)

// ro is an object that is only read.
func ro(oid string, read func() snmp.Value) *scalar {
	return &scalar{oid: snmp.MustOID(oid), read: read}
}

// roText is one whose value is text.
func roText(oid string, read func() string) *scalar {
	return ro(oid, func() snmp.Value { return snmp.TextValue(read()) })
}

// roNumber is one whose value is an INTEGER.
func roNumber(oid string, read func() int64) *scalar {
	return ro(oid, func() snmp.Value { return snmp.IntegerValue(read()) })
}

// enumeration is an INTEGER with named values that is kept in v. may, if not
// nil, says whether it can be set now.
func enumeration(oid string, v *int64, may func() snmp.Status, values ...int64) *scalar {
	return &scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.IntegerValue(*v) },
		check: func(n snmp.Value) snmp.Status {
			switch {
			case n.Kind != snmp.Integer:
				return snmp.WrongType
			case !slices.Contains(values, n.Int):
				return snmp.WrongValue
			case may != nil:
				return may()
			}
			return snmp.NoError
		},
		write: func(n snmp.Value) { *v = n.Int }}
}

// octets is an OCTET STRING of at most so many octets that is kept in v.
func octets(oid string, v *string, most int, may func() snmp.Status) *scalar {
	return &scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.TextValue(*v) },
		check: func(n snmp.Value) snmp.Status {
			switch {
			case n.Kind != snmp.OctetString:
				return snmp.WrongType
			case len(n.Bytes) > most:
				return snmp.WrongLength
			case may != nil:
				return may()
			}
			return snmp.NoError
		},
		write: func(n snmp.Value) { *v = string(n.Bytes) }}
}

// command is an object that makes the device act when it is set to a value.
func command(oid string, reads int64, values []int64, may func(int64) snmp.Status, do func(int64)) *scalar {
	return &scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.IntegerValue(reads) },
		check: func(n snmp.Value) snmp.Status {
			switch {
			case n.Kind != snmp.Integer:
				return snmp.WrongType
			case !slices.Contains(values, n.Int):
				return snmp.WrongValue
			}
			return may(n.Int)
		},
		write: func(n snmp.Value) { do(n.Int) }}
}

// have makes the scalars the device's.
func (b *Box) have(list ...*scalar) {
	b.scalars = map[string]*scalar{}
	for _, s := range list {
		b.scalars[s.oid.String()] = s
	}
}
