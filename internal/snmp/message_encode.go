package snmp

// encode gives the message as it is, without authentication or encryption:
// see seal for these.
func (m *message) encode() ([]byte, error) {
	w := &berWriter{}
	if m.Version != version3 {
		m.writePDU(w)
		w.octets(tagOctets, m.Community)
		w.integer(int64(m.Version))
		w.wrap(tagSequence, 0)
		return w.written(), w.err
	}
	if m.Flags&flagPriv != 0 {
		w.octets(tagOctets, m.encrypted)
	} else {
		m.writeScoped(w)
	}
	m.authAt = m.writeHeader(w)
	w.integer(version3)
	w.wrap(tagSequence, 0)
	m.authAt = w.size() - m.authAt
	m.wire = w.written()
	return m.wire, w.err
}

// writeHeader writes what stands between the version and the data of a v3
// message. It gives the place of authParams, counted from the message's end.
func (m *message) writeHeader(w *berWriter) (auth int) {
	mark := w.size()
	w.octets(tagOctets, m.USM.PrivParams)
	inside := w.size()
	w.raw(m.USM.AuthParams)
	auth = w.size()
	w.wrap(tagOctets, inside)
	w.octets(tagOctets, m.USM.User)
	w.integer(int64(m.USM.Time))
	w.integer(int64(m.USM.Boots))
	w.octets(tagOctets, m.USM.EngineID)
	w.wrap(tagSequence, mark)
	w.wrap(tagOctets, mark)

	mark = w.size()
	w.integer(int64(m.SecurityModel))
	w.octets(tagOctets, []byte{m.Flags})
	w.integer(int64(m.MaxSize))
	w.integer(int64(m.MsgID))
	w.wrap(tagSequence, mark)
	return auth
}

func (m *message) writeScoped(w *berWriter) {
	mark := w.size()
	m.writePDU(w)
	w.octets(tagOctets, m.ContextName)
	w.octets(tagOctets, m.ContextEngineID)
	w.wrap(tagSequence, mark)
}

func (m *message) writePDU(w *berWriter) {
	mark := w.size()
	if t := m.Trap; t != nil {
		w.varbinds(t.Varbinds)
		w.unsigned(byte(TimeTicks), uint64(t.Timestamp))
		w.integer(int64(t.Specific))
		w.integer(int64(t.Generic))
		w.octets(byte(IPAddress), t.AgentAddr.AsSlice())
		w.oid(t.Enterprise)
		w.wrap(pduTrapV1, mark)
		return
	}
	w.varbinds(m.PDU.Varbinds)
	w.integer(int64(m.PDU.ErrorIndex))
	w.integer(int64(m.PDU.ErrorStatus))
	w.integer(int64(m.PDU.RequestID))
	w.wrap(m.PDU.Type, mark)
}
