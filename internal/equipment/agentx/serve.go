package agentx

import (
	"drydock/internal/snmp"
)

// maxRepetitions bounds a GetBulk.
const maxRepetitions = 200

// answer is what a request leads to.
type answer struct {
	status uint16
	index  int
	vars   []snmp.Varbind
}

// serve answers one request of the master.
func (s *Subagent) serve(h header, r *reader, sets map[uint32][]snmp.Varbind) error {
	s.heard.Add(1)
	var a answer
	if h.Flags&flagContext != 0 {
		r.octets()
		a.status = errContext
	} else {
		a = s.perform(h, r, sets)
	}
	if r.err != nil {
		a = answer{status: errParse}
	}
	if h.Type == typeCleanupSet {
		return nil // it has no response (RFC 2741 section 7.2.4.4)
	}
	var w writer
	w.u32(0)
	w.u16(a.status)
	w.u16(uint16(a.index))
	for _, v := range a.vars {
		w.varbind(v)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.write(header{Type: typeResponse, Session: h.Session, Transaction: h.Transaction, Packet: h.Packet}, w.b)
}

func (s *Subagent) perform(h header, r *reader, sets map[uint32][]snmp.Varbind) (a answer) {
	switch h.Type {
	case typeGet:
		for _, at := range r.ranges() {
			a.vars = append(a.vars, snmp.Varbind{OID: at.from, Value: s.c.MIB.Get(at.from)})
		}
	case typeGetNext:
		for _, at := range r.ranges() {
			a.vars = append(a.vars, s.next(at))
		}
	case typeGetBulk:
		a.vars = s.bulk(r)
	case typeTestSet:
		vars := r.varbinds()
		if r.err != nil {
			return a
		}
		status, index := s.c.MIB.Test(vars)
		if status == snmp.NoError {
			sets[h.Transaction] = vars
		}
		a.status, a.index = uint16(status), index
	case typeCommitSet:
		a.status, a.index = s.commit(sets[h.Transaction])
		delete(sets, h.Transaction)
	case typeUndoSet: // a commit that failed has changed nothing; one that did not is past undoing
		a.status = uint16(snmp.UndoFailed)
		delete(sets, h.Transaction)
	case typeCleanupSet:
		delete(sets, h.Transaction)
	case typePing:
	default:
		a.status = errProcessing
	}
	return a
}

func (s *Subagent) commit(vars []snmp.Varbind) (uint16, int) {
	if vars == nil {
		return uint16(snmp.CommitFailed), 0
	}
	if status, index := s.c.MIB.Set(vars); status != snmp.NoError {
		return uint16(snmp.CommitFailed), index
	}
	return 0, 0
}

// next is the first instance in a range.
func (s *Subagent) next(at searchRange) snmp.Varbind {
	if at.include {
		if v := s.c.MIB.Get(at.from); !v.Missing() {
			return snmp.Varbind{OID: at.from, Value: v}
		}
	}
	v, ok := s.c.MIB.Next(at.from)
	if !ok || len(at.to) > 0 && v.OID.Compare(at.to) >= 0 || !v.OID.HasPrefix(s.c.Subtree) {
		return snmp.Varbind{OID: at.from, Value: snmp.Value{Kind: snmp.EndOfMibView}}
	}
	return v
}

// bulk is GetBulk (RFC 2741 section 7.2.3.3).
func (s *Subagent) bulk(r *reader) (vars []snmp.Varbind) {
	single, repetitions := int(r.u16()), min(int(r.u16()), maxRepetitions)
	ranges := r.ranges()
	single = min(single, len(ranges))
	for _, at := range ranges[:single] {
		vars = append(vars, s.next(at))
	}
	row := ranges[single:]
	for range repetitions {
		ended := true
		for i := range row {
			v := s.next(row[i])
			vars = append(vars, v)
			ended = ended && v.Value.Kind == snmp.EndOfMibView
			row[i].from, row[i].include = v.OID, false
		}
		if ended {
			break
		}
	}
	return vars
}
