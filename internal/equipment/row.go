package equipment

import (
	"net/netip"
	"slices"
	"strings"

	"drydock/internal/secret"
	"drydock/internal/snmp"
)

// Type is what an operation does: deOperType of the MIB.
type Type int

// The types.
const (
	Backup       Type = 1
	Update       Type = 2
	Recover      Type = 3
	Keep         Type = 4
	RestoreFiles Type = 5
	Reboot       Type = 6
	Modify       Type = 7
)

var typeNames = []string{"", "backup", "update", "recover", "keep", "restoreFiles", "reboot", "modify"}

// String gives the MIB's name of the type, or "".
func (t Type) String() string {
	if t < 0 || int(t) >= len(typeNames) {
		return ""
	}
	return typeNames[t]
}

// ParseType finds the type by the MIB's name, or 0.
func ParseType(name string) Type { return Type(max(0, slices.Index(typeNames, name))) }

// State is how far an operation has come: deOperState of the MIB.
type State int

// The states.
const (
	Idle      State = 1
	Running   State = 2
	Succeeded State = 3
	Failed    State = 4
)

// Order is one operation to do.
type Order struct {
	Index   uint32 // of its row
	Type    Type
	Server  Server
	Names   []string
	Digests []string // hexadecimal SHA-256 of the files, or none
}

// RowStatus values (RFC 2579).
const (
	rowActive        = 1
	rowNotInService  = 2
	rowNotReady      = 3
	rowCreateAndGo   = 4
	rowCreateAndWait = 5
	rowDestroy       = 6
)

// maxRows is how many operations the table keeps.
const maxRows = 16

// row is a row of deOperationTable. Its fields are written by Set until it is
// started, and by the operation afterwards.
type row struct {
	Order
	names, digests string
	addressType    int
	address        string
	port           uint16

	state    State
	progress int
	failure  Failure
	born     uint64 // in the order of creation
}

func newRow(index uint32) *row {
	return &row{Order: Order{Index: index, Server: Server{Protocol: TFTP}}, addressType: 1, state: Idle}
}

// status is what deOperRowStatus reads as.
func (r *row) status() int {
	switch {
	case r.state != Idle:
		return rowActive
	case r.complete():
		return rowNotInService
	}
	return rowNotReady
}

// complete says whether the row has all that its operation needs, and fills in
// the order's server and files.
func (r *row) complete() bool {
	r.Names, r.Digests = strings.Fields(r.names), strings.Fields(r.digests)
	switch r.Type {
	case Keep, RestoreFiles, Reboot, Modify:
		return true
	case Backup, Recover:
		if len(r.Names) != 1 {
			return false
		}
	case Update:
		if len(r.Names) == 0 {
			return false
		}
	default:
		return false
	}
	if r.Server.Protocol == Local {
		return true
	}
	addr, ok := netip.AddrFromSlice([]byte(r.address))
	if !ok || addr.Is4() != (r.addressType == 1) || addr.IsUnspecified() {
		return false
	}
	r.Server.Addr = netip.AddrPortFrom(addr, r.port)
	return len(r.Digests) == 0 || len(r.Digests) == len(r.Names)
}

// write takes the value of a column other than deOperRowStatus.
func (r *row) write(column uint32, v snmp.Value) snmp.Status {
	c, ok := columns[column]
	switch {
	case !ok:
		return snmp.NotWritable
	case v.Kind != c.kind:
		return snmp.WrongType
	case c.kind == snmp.OctetString && len(v.Bytes) > c.max:
		return snmp.WrongLength
	case c.kind != snmp.OctetString && (number(v) < int64(c.min) || number(v) > int64(c.max)):
		return snmp.WrongValue
	}
	c.write(r, v)
	return snmp.NoError
}

func number(v snmp.Value) int64 {
	if v.Kind == snmp.Integer {
		return v.Int
	}
	return int64(v.Uint)
}

// columns are the writable columns: what may be written and where it goes. max
// is the greatest number or length.
var columns = map[uint32]struct {
	kind     snmp.Kind
	min, max int
	write    func(*row, snmp.Value)
}{
	deOperType:              {snmp.Integer, int(Backup), int(Modify), func(r *row, v snmp.Value) { r.Type = Type(v.Int) }},
	deOperProtocol:          {snmp.Integer, int(TFTP), int(FTP), func(r *row, v snmp.Value) { r.Server.Protocol = Protocol(v.Int) }},
	deOperServerAddressType: {snmp.Integer, 1, 2, func(r *row, v snmp.Value) { r.addressType = int(v.Int) }},
	deOperServerAddress:     {snmp.OctetString, 0, 16, func(r *row, v snmp.Value) { r.address = string(v.Bytes) }},
	deOperServerPort:        {snmp.Gauge32, 0, 65535, func(r *row, v snmp.Value) { r.port = uint16(v.Uint) }},
	deOperFileNames:         {snmp.OctetString, 0, 255, func(r *row, v snmp.Value) { r.names = string(v.Bytes) }},
	deOperUserName:          {snmp.OctetString, 0, 255, func(r *row, v snmp.Value) { r.Server.User = string(v.Bytes) }},
	deOperPassword:          {snmp.OctetString, 0, 255, func(r *row, v snmp.Value) { r.Server.Password = secret.New(string(v.Bytes)) }},
	deOperDigests:           {snmp.OctetString, 0, 1023, func(r *row, v snmp.Value) { r.digests = string(v.Bytes) }},
}

// row finds a row by its index, or gives nil.
func (e *Equipment) row(index uint32) *row {
	if i := slices.IndexFunc(e.rows, func(r *row) bool { return r.Index == index }); i >= 0 {
		return e.rows[i]
	}
	return nil
}

func (e *Equipment) rowNumbers() []uint32 {
	numbers := make([]uint32, len(e.rows))
	for i, r := range e.rows {
		numbers[i] = r.Index
	}
	return numbers
}

// addRow puts a row in its place, and where the table is full takes the oldest
// away that is not running.
func (e *Equipment) addRow(r *row) {
	e.born++
	r.born = e.born
	if len(e.rows) >= maxRows {
		oldest := -1
		for i, old := range e.rows {
			if old != e.current && (oldest < 0 || old.born < e.rows[oldest].born) {
				oldest = i
			}
		}
		e.rows = slices.Delete(e.rows, oldest, oldest+1)
	}
	i, _ := slices.BinarySearchFunc(e.rows, r.Index, func(r *row, index uint32) int { return int(int64(r.Index) - int64(index)) })
	e.rows = slices.Insert(e.rows, i, r)
}

func (e *Equipment) removeRow(index uint32) {
	e.rows = slices.DeleteFunc(e.rows, func(r *row) bool { return r.Index == index })
}
