package equipment

import (
	"drydock/internal/snmp"
)

func integer[T ~int | ~uint32](n T) snmp.Value { return snmp.IntegerValue(int64(n)) }

func gauge[T ~int | ~int64](n T) snmp.Value { return snmp.GaugeValue(uint32(min(int64(n), 1<<32-1))) }

func octets(s string) snmp.Value { return snmp.TextValue(s) }
