package equipment

import (
	"slices"
	"time"

	"drydock/internal/snmp"
)

// root is drydockEquipmentMIB, below netSnmpPlaypen of NET-SNMP-MIB.
var root = snmp.OID{1, 3, 6, 1, 4, 1, 8072, 9999, 9999, 3729}

// The numbers of DRYDOCK-EQUIPMENT-MIB below the root. A test compares them
// with the MIB file.
var (
	deOperationFinished = root.Append(0, 1)
	deOperationFailed   = root.Append(0, 2)
	deIdentity          = root.Append(1, 1)
	deOperationEntry    = root.Append(1, 2, 1)
	deModelIad4         = root.Append(3, 1)
	deModelIad24        = root.Append(3, 2)
	deAgent             = root.Append(4)
)

// Scalars of deIdentity.
const (
	deSerialNumber    = 1
	deModelName       = 2
	deSoftwareVersion = 3
	deKeptVersion     = 4
	deFlashFree       = 5
	deBootCount       = 6
	deConfigVersion   = 7
	dePortsUp         = 8
	deImageDigest     = 9
	deConfigDigest    = 10
)

// Columns of deOperationEntry.
const (
	deOperType              = 2
	deOperProtocol          = 3
	deOperServerAddressType = 4
	deOperServerAddress     = 5
	deOperServerPort        = 6
	deOperFileNames         = 7
	deOperUserName          = 8
	deOperPassword          = 9
	deOperState             = 10
	deOperProgress          = 11
	deOperFailureCause      = 12
	deOperFailureText       = 13
	deOperDigests           = 14
	deOperRowStatus         = 15
)

// Objects of other modules: SNMPv2-MIB, IF-MIB, SNMP-FRAMEWORK-MIB.
var (
	system     = snmp.OID{1, 3, 6, 1, 2, 1, 1}
	interfaces = snmp.OID{1, 3, 6, 1, 2, 1, 2}
	ifEntry    = interfaces.Append(2, 1)
	snmpEngine = snmp.OID{1, 3, 6, 1, 6, 3, 10, 2, 1}
	coldStart  = snmp.OID{1, 3, 6, 1, 6, 3, 1, 1, 5, 1}
)

// object is a scalar or a column. Its instances are numbered by one arc; a
// scalar has the instance 0.
type object struct {
	oid       snmp.OID
	instances func(*Equipment) []uint32
	read      func(*Equipment, uint32) snmp.Value
}

// objects are all readable objects in the order of their OIDs. They are read
// with the equipment's mutex held.
var objects = sorted(slices.Concat(systemObjects(), interfaceObjects(), engineObjects(), identityObjects(), operationObjects()))

func sorted(all []object) []object {
	slices.SortFunc(all, func(a, b object) int { return slices.Compare(a.oid, b.oid) })
	return all
}

func scalar(oid snmp.OID, read func(*Equipment) snmp.Value) object {
	return object{
		oid:       oid,
		instances: func(*Equipment) []uint32 { return []uint32{0} },
		read:      func(e *Equipment, _ uint32) snmp.Value { return read(e) },
	}
}

func systemObjects() []object {
	return []object{
		scalar(system.Append(1), func(e *Equipment) snmp.Value {
			return octets("drydock " + e.identity.Model + " software " + e.version())
		}),
		scalar(system.Append(2), func(e *Equipment) snmp.Value { return snmp.OIDValue(e.modelOID()) }),
		scalar(system.Append(3), func(e *Equipment) snmp.Value { return snmp.TicksValue(e.uptime()) }),
		scalar(system.Append(4), func(*Equipment) snmp.Value { return octets("") }),
		scalar(system.Append(5), func(e *Equipment) snmp.Value { return octets(e.identity.Name) }),
		scalar(system.Append(6), func(*Equipment) snmp.Value { return octets("") }),
		scalar(system.Append(7), func(*Equipment) snmp.Value { return integer(72) }), // applications, end-to-end
	}
}

// modelOID is sysObjectID of a model; of one that the MIB does not know, that of
// the smallest.
func (e *Equipment) modelOID() snmp.OID {
	switch {
	case e.opts.Box != nil:
		return deAgent
	case e.identity.Model == "IAD-24":
		return deModelIad24
	}
	return deModelIad4
}

// interfaceObjects are the FXS ports as interfaces 1 to N and the WAN interface
// behind them.
func interfaceObjects() []object {
	column := func(arc uint32, read func(*Equipment, uint32) snmp.Value) object {
		return object{oid: ifEntry.Append(arc), instances: interfaceNumbers, read: read}
	}
	status := func(e *Equipment, i uint32) snmp.Value {
		if e.interfaceUp(i) {
			return integer(1)
		}
		return integer(2)
	}
	return []object{
		scalar(interfaces.Append(1), func(e *Equipment) snmp.Value { return integer(len(interfaceNumbers(e))) }),
		column(1, func(_ *Equipment, i uint32) snmp.Value { return integer(i) }),
		column(2, func(e *Equipment, i uint32) snmp.Value { return octets(interfaceName(e, i)) }),
		column(3, func(e *Equipment, i uint32) snmp.Value {
			if i > uint32(e.identity.Ports) {
				return integer(6) // ethernetCsmacd: also of a box, which has no FXS ports here
			}
			return integer(102) // voiceFXS
		}),
		column(7, status),
		column(8, status),
	}
}

func interfaceNumbers(e *Equipment) []uint32 {
	n := e.identity.Ports + 1
	if e.opts.Box != nil {
		n = len(e.opts.Box.Facts().Interfaces)
	}
	all := make([]uint32, n)
	for i := range all {
		all[i] = uint32(i + 1)
	}
	return all
}

func (e *Equipment) interfaceUp(i uint32) bool {
	if e.opts.Box != nil {
		all := e.opts.Box.Facts().Interfaces
		return int(i) <= len(all) && all[i-1].Up
	}
	return i > uint32(e.identity.Ports) || e.configuration().portUp(int(i))
}

func interfaceName(e *Equipment, i uint32) string {
	if e.opts.Box != nil {
		if all := e.opts.Box.Facts().Interfaces; int(i) <= len(all) {
			return all[i-1].Name
		}
		return ""
	}
	if i > uint32(e.identity.Ports) {
		return "wan 0"
	}
	return "fxs " + snmp.OID{i}.String()
}

func engineObjects() []object {
	return []object{
		scalar(snmpEngine.Append(1), func(e *Equipment) snmp.Value { return octets(e.identity.EngineID) }),
		scalar(snmpEngine.Append(2), func(e *Equipment) snmp.Value { return integer(e.boots) }),
		scalar(snmpEngine.Append(3), func(e *Equipment) snmp.Value { return integer(int(time.Since(e.started) / time.Second)) }),
		scalar(snmpEngine.Append(4), func(*Equipment) snmp.Value { return integer(65507) }),
	}
}

func identityObjects() []object {
	at := func(arc uint32, read func(*Equipment) snmp.Value) object { return scalar(deIdentity.Append(arc), read) }
	return []object{
		at(deSerialNumber, func(e *Equipment) snmp.Value { return octets(e.identity.Serial) }),
		at(deModelName, func(e *Equipment) snmp.Value { return octets(e.identity.Model) }),
		at(deSoftwareVersion, func(e *Equipment) snmp.Value { return octets(e.version()) }),
		at(deKeptVersion, func(e *Equipment) snmp.Value { return octets(e.facts().Kept) }),
		at(deFlashFree, func(e *Equipment) snmp.Value { return gauge(e.facts().Free / 1024) }),
		at(deBootCount, func(e *Equipment) snmp.Value { return snmp.CounterValue(e.facts().Boots) }),
		at(deConfigVersion, func(e *Equipment) snmp.Value { return octets(e.facts().ConfigVersion) }),
		at(dePortsUp, func(e *Equipment) snmp.Value { return gauge(e.facts().PortsUp) }),
		at(deImageDigest, func(e *Equipment) snmp.Value { return octets(e.facts().ImageDigest) }),
		at(deConfigDigest, func(e *Equipment) snmp.Value { return octets(e.facts().ConfigDigest) }),
	}
}

func operationObjects() []object {
	column := func(arc uint32, read func(*row) snmp.Value) object {
		return object{
			oid:       deOperationEntry.Append(arc),
			instances: (*Equipment).rowNumbers,
			read:      func(e *Equipment, index uint32) snmp.Value { return read(e.row(index)) },
		}
	}
	return []object{
		column(deOperType, func(r *row) snmp.Value { return integer(int(r.Type)) }),
		column(deOperProtocol, func(r *row) snmp.Value { return integer(int(r.Server.Protocol)) }),
		column(deOperServerAddressType, func(r *row) snmp.Value { return integer(r.addressType) }),
		column(deOperServerAddress, func(r *row) snmp.Value { return octets(r.address) }),
		column(deOperServerPort, func(r *row) snmp.Value { return gauge(int(r.port)) }),
		column(deOperFileNames, func(r *row) snmp.Value { return octets(r.names) }),
		column(deOperUserName, func(r *row) snmp.Value { return octets(r.Server.User) }),
		column(deOperPassword, func(*row) snmp.Value { return octets("") }),
		column(deOperState, func(r *row) snmp.Value { return integer(int(r.state)) }),
		column(deOperProgress, func(r *row) snmp.Value { return gauge(r.progress) }),
		column(deOperFailureCause, func(r *row) snmp.Value { return integer(int(r.failure.Cause)) }),
		column(deOperFailureText, func(r *row) snmp.Value { return octets(r.failure.Text) }),
		column(deOperDigests, func(r *row) snmp.Value { return octets(r.digests) }),
		column(deOperRowStatus, func(r *row) snmp.Value { return integer(int(r.status())) }),
	}
}
