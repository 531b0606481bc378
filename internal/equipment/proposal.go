package equipment

import "drydock/internal/snmp"

// proposal is the first phase of a Set: rows as they would become.
type proposal struct {
	e    *Equipment
	rows []*proposedRow
}

type proposedRow struct {
	row
	index    uint32
	existed  bool
	action   int64 // written to deOperRowStatus; 0 = not written
	actionAt int   // index of that binding, from 1
	firstAt  int   // index of the row's first binding
	lastAt   int
	written  bool // another column was written
	dev      Deviation
}

// test is the whole first phase.
func (p *proposal) test(bindings []snmp.Varbind) (snmp.Status, int) {
	for i, b := range bindings {
		if s := p.take(b, i+1); s != snmp.NoError {
			return s, i + 1
		}
	}
	return p.check()
}

// take looks at one binding by itself.
func (p *proposal) take(b snmp.Varbind, at int) snmp.Status {
	if len(b.OID) != len(deOperationEntry)+2 || !within(b.OID, deOperationEntry) {
		if objectOf(b.OID) != nil {
			return snmp.NotWritable
		}
		return snmp.NoCreation
	}
	column, index := b.OID[len(deOperationEntry)], b.OID[len(deOperationEntry)+1]
	if index < 1 || index > 1<<31-1 {
		return snmp.NoCreation
	}
	r := p.row(index, at)
	r.lastAt = at
	if column != deOperRowStatus {
		r.written = true
		return r.write(column, b.Value)
	}
	r.action, r.actionAt = b.Value.Int, at
	switch {
	case b.Value.Kind != snmp.Integer:
		return snmp.WrongType
	case r.action < rowActive || r.action > rowDestroy || r.action == rowNotReady || r.action == rowNotInService:
		return snmp.WrongValue
	}
	return snmp.NoError
}

// row finds the proposed form of a row.
func (p *proposal) row(index uint32, at int) *proposedRow {
	for _, r := range p.rows {
		if r.index == index {
			return r
		}
	}
	r := &proposedRow{row: *newRow(index), index: index, firstAt: at}
	if old := p.e.row(index); old != nil {
		r.row, r.existed = *old, true
	}
	p.rows = append(p.rows, r)
	return r
}

// check looks at the rows as a whole.
func (p *proposal) check() (snmp.Status, int) {
	starts := 0
	for _, r := range p.rows {
		if s, at := p.checkRow(r); s != snmp.NoError {
			return s, at
		}
		if r.starts() {
			starts++
		}
		if r.starts() && (p.e.current != nil || starts > 1 || !p.e.up) {
			return snmp.InconsistentValue, r.actionAt // busy
		}
	}
	for _, r := range p.rows {
		if !r.starts() {
			continue
		}
		if r.dev = p.e.deviation(r.Order); r.dev.Refuse {
			return snmp.ResourceUnavailable, r.actionAt
		}
	}
	return snmp.NoError, 0
}

func (p *proposal) checkRow(r *proposedRow) (snmp.Status, int) {
	creates := r.action == rowCreateAndGo || r.action == rowCreateAndWait
	switch {
	case r.action == rowDestroy:
		if r.existed && p.e.current != nil && p.e.current.Index == r.index {
			return snmp.InconsistentValue, r.actionAt
		}
	case r.existed && creates:
		return snmp.InconsistentValue, r.actionAt
	case !r.existed && r.action == rowActive:
		return snmp.InconsistentValue, r.actionAt
	case !r.existed && !creates:
		return snmp.InconsistentName, r.firstAt
	case r.existed && r.state != Idle && r.written:
		return snmp.InconsistentValue, r.lastAt
	case r.starts() && !r.complete():
		return snmp.InconsistentValue, r.actionAt
	}
	return snmp.NoError, 0
}

// starts says whether the row's operation begins with this Set.
func (r *proposedRow) starts() bool {
	return r.action == rowCreateAndGo || r.action == rowActive && r.state == Idle
}

// commit is the second phase. It can fail only where the rows cannot be made
// durable; then nothing has changed.
func (p *proposal) commit() error {
	undo := p.e.snapshot()
	for _, r := range p.rows {
		switch {
		case r.action == rowDestroy:
			p.e.removeRow(r.index)
			continue
		case r.existed:
			*p.e.row(r.index) = r.row
		default:
			added := r.row
			p.e.addRow(&added)
		}
		if r.starts() { // what is remembered as running is never begun a second time
			p.e.row(r.index).state = Running
		}
	}
	if err := p.e.remember(); err != nil {
		undo()
		return err
	}
	for _, r := range p.rows {
		if r.starts() {
			p.e.start(p.e.row(r.index), r.dev)
		}
	}
	return nil
}
