package sim

import (
	"net/netip"
	"slices"
	"strings"

	"drydock/internal/equipment"
	"drydock/internal/fault"
	"drydock/internal/snmp"
)

// Quirks are peculiarities that real families have, of all devices of a fleet.
// None is a fault: the devices do what they are told. Those of the transfer
// clients stand in Spec.TFTP and Spec.FTP.
type Quirks struct {
	SNMP       []string // versions that are spoken, v1, v2c, v3; all where empty
	MaxMessage int      // octets of the longest SNMP answer; else tooBig. From 484 on; 0: 8192
	// SilentWrites: no SNMP request is answered while flash is written, from the
	// command until its end.
	SilentWrites bool
	// EngineOfSoftware: each version of the software has an snmpEngineID of its
	// own.
	EngineOfSoftware bool
	TrapsFrom        netip.Addr // that notifications are sent from; the device's own where invalid
	AnswersFrom      netip.Addr // that SNMP answers are sent from; the device's own where invalid
}

// minMessage is the longest message that every SNMP agent can send (RFC 3417,
// section 3.2).
const minMessage = 484

func (q *Quirks) check() error {
	for _, v := range q.SNMP {
		if !slices.Contains([]string{"v1", "v2c", "v3"}, v) {
			return fault.New(fault.Invalid, "simulate", "fleet", "SNMP version %q: it can be v1, v2c or v3", v)
		}
	}
	if q.MaxMessage != 0 && q.MaxMessage < minMessage {
		return fault.New(fault.Invalid, "simulate", "fleet", "answers of at most %d octets: an agent can send %d", q.MaxMessage, minMessage)
	}
	for _, a := range []netip.Addr{q.TrapsFrom, q.AnswersFrom} {
		if a.IsValid() && !(a.Is4() && a.IsLoopback()) {
			return fault.New(fault.Invalid, "simulate", "fleet", "source address %s: it must be in 127.0.0.0/8", a)
		}
	}
	return nil
}

// silent says whether the device does not answer just now, for it writes flash.
func (d *Device) silent() bool {
	if !d.spec.Quirks.SilentWrites {
		return false
	}
	for _, t := range []equipment.Type{equipment.Update, equipment.Keep, equipment.Recover, equipment.RestoreFiles} {
		if d.Started(t) > d.Ended(t) {
			return true
		}
	}
	return false
}

// engineID is the one that the device has with the software that it runs.
func (d *Device) engineID(id equipment.Identity) string {
	if !d.spec.Quirks.EngineOfSoftware {
		return id.EngineID
	}
	return id.EngineID + "/" + strings.ReplaceAll(d.Version(), ".", "")
}

// speaking is what the agent knows of the device as it is now.
func (d *Device) speaking() *snmp.Device {
	e := d.engine.Load()
	if !d.spec.Quirks.EngineOfSoftware {
		return e
	}
	if id := d.eq.Identity(); d.engineID(id) != string(e.EngineID) {
		e = d.newEngine(id)
		d.engine.Store(e)
	}
	return e
}

// snmpEngineID is the scalar of RFC 3411.
var snmpEngineID = snmp.MustOID("1.3.6.1.6.3.10.2.1.1.0")

// Get gives an instance's value.
func (m mib) Get(oid snmp.OID) snmp.Value {
	if oid.Compare(snmpEngineID) == 0 {
		return snmp.OctetsValue([]byte(m.engineID))
	}
	return m.InterfaceUnit.Get(oid)
}
