package personality

import (
	"maps"
	"slices"
	"time"

	"drydock/internal/snmp"
)

// RowStatus (RFC 2579).
const (
	active        = 1
	notInService  = 2
	notReady      = 3
	createAndGo   = 4
	createAndWait = 5
	destroy       = 6
)

// ageing is how long rows stay at least once their operation has ended.
const ageing = 5 * time.Minute

// column is a columnar object.
type column struct {
	kind     snmp.Kind
	values   []int64               // of an enumeration; empty: any
	length   [2]int                // of octets, least and most; zero: any
	readOnly bool                  // not to be set
	hidden   bool                  // reads as empty: passwords
	refuse   func(snmp.Value) bool // values that are not permitted; nil: none
	def      *snmp.Value           // DEFVAL
}

// check gives the error of a value that the column cannot have.
func (c *column) check(v snmp.Value) snmp.Status {
	switch {
	case c.readOnly:
		return snmp.NotWritable
	case v.Kind != c.kind:
		return snmp.WrongType
	case c.kind == snmp.Integer && len(c.values) > 0 && !slices.Contains(c.values, v.Int):
		return snmp.WrongValue
	case c.kind == snmp.OctetString && c.length[1] > 0 && (len(v.Bytes) < c.length[0] || len(v.Bytes) > c.length[1]):
		return snmp.WrongLength
	case c.refuse != nil && c.refuse(v):
		return snmp.WrongValue
	}
	return snmp.NoError
}

// row is a conceptual row.
type row struct {
	index  uint32
	cells  map[uint32]snmp.Value
	status int64
	busy   bool      // what it asked for is under way
	since  time.Time // its last change; where it is active, its end
	cancel func()    // stops what is under way; nil: that cannot be stopped
}

func (r *row) number(col uint32) int64      { return r.cells[col].Int }
func (r *row) text(col uint32) string       { return string(r.cells[col].Bytes) }
func (r *row) put(col uint32, v snmp.Value) { r.cells[col] = v }
func (r *row) has(col uint32) bool          { _, ok := r.cells[col]; return ok }
func (r *row) clone() *row                  { c := *r; c.cells = maps.Clone(r.cells); return &c }
func (r *row) end()                         { r.busy, r.cancel, r.since = false, nil, time.Now() }

// table is a table with one integer as its index.
type table struct {
	entry   snmp.OID
	status  uint32 // the RowStatus column; 0: none, its rows are the agent's
	columns map[uint32]*column
	rows    map[uint32]*row
	most    int           // rows that the agent has room for; 0: any number
	age     time.Duration // after it rows go by themselves; 0: never
	// complete says whether a row may become active, and what is inconsistent.
	complete func(r *row) snmp.Status
	// begin starts what an active row asks for. It is called with the box's
	// lock held.
	begin func(r *row)
}

// change is what one SET wants of a row.
type change struct {
	cells  map[uint32]snmp.Value
	status int64 // 0: RowStatus is not set
	first  int   // the first varbind of it, from 1
	at     int   // the varbind with RowStatus
}

// judge gives the row as it would be after a change, nil where it is gone, or
// the error and the varbind that is refused.
func (t *table) judge(index uint32, c *change) (*row, snmp.Status, int) {
	have := t.rows[index]
	switch c.status {
	case createAndGo, createAndWait:
		return t.create(index, c)
	case destroy:
		return nil, snmp.NoError, 0
	case 0, active, notInService:
	default: // notReady is for the agent to say
		return nil, snmp.WrongValue, c.at
	}
	if have == nil {
		return nil, snmp.InconsistentName, c.first
	}
	if have.busy && have.cancel != nil && c.status == notInService && len(c.cells) == 0 {
		next := have.clone()
		next.status = notInService
		return next, snmp.NoError, 0
	}
	if have.busy || have.status == active && (len(c.cells) > 0 || c.status == notInService) {
		return nil, snmp.InconsistentValue, c.first
	}
	next := have.clone()
	maps.Copy(next.cells, c.cells)
	if c.status == active {
		if bad := t.complete(next); bad != snmp.NoError {
			return nil, snmp.InconsistentValue, c.at
		}
		next.status = active
	} else if next.status != active {
		next.status = t.readiness(next)
	}
	return next, snmp.NoError, 0
}

func (t *table) create(index uint32, c *change) (*row, snmp.Status, int) {
	if t.rows[index] != nil {
		return nil, snmp.InconsistentValue, c.at
	}
	if t.most > 0 && len(t.rows) >= t.most {
		return nil, snmp.ResourceUnavailable, c.at
	}
	next := &row{index: index, cells: map[uint32]snmp.Value{}}
	for n, col := range t.columns {
		if col.def != nil {
			next.cells[n] = *col.def
		}
	}
	maps.Copy(next.cells, c.cells)
	next.status = t.readiness(next)
	if c.status == createAndGo {
		if next.status != notInService {
			return nil, snmp.InconsistentValue, c.at
		}
		next.status = active
	}
	return next, snmp.NoError, 0
}

// readiness is the RowStatus of a row that is not active.
func (t *table) readiness(r *row) int64 {
	if t.complete(r) == snmp.NoError {
		return notInService
	}
	return notReady
}

// commit makes a judged row the table's.
func (t *table) commit(index uint32, next *row) {
	was := t.rows[index]
	if next == nil {
		delete(t.rows, index)
		return
	}
	if was != nil && was.busy { // its transfer ends the row that began it
		was.cancel()
		was.status = next.status
		return
	}
	next.since = time.Now()
	t.rows[index] = next
	if next.status == active && (was == nil || was.status != active) {
		next.busy = true
		t.begin(next)
	}
}

// all lists the instances of the table.
func (t *table) all(each func(snmp.OID, snmp.Value)) {
	for index, r := range t.rows {
		for n, v := range r.cells {
			if t.columns[n].hidden {
				v = snmp.TextValue("")
			}
			each(t.entry.Append(n, index), v)
		}
		if t.status != 0 {
			each(t.entry.Append(t.status, index), snmp.IntegerValue(r.status))
		}
	}
}

// sweep removes the rows that have aged out.
func (t *table) sweep(now time.Time) {
	if t.age == 0 {
		return
	}
	maps.DeleteFunc(t.rows, func(_ uint32, r *row) bool { return !r.busy && now.Sub(r.since) >= t.age })
}
