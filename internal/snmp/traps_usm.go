package snmp

import (
	"bytes"
	"crypto/rand"
	"math"
	"net/netip"
	"slices"
	"time"
)

// engine is what is known of an SNMPv3 engine's clock (RFC 3414 section 2.3),
// and which of its messages were heard within the window.
type engine struct {
	id    []byte
	boots uint32
	time  uint32
	heard time.Time
	seen  map[replayKey]struct{}
}

// replayKey names one message of an engine.
type replayKey struct {
	boots, time uint32
	msgID       int32
}

// maxSeen bounds the messages of one engine that are remembered, maxEngines
// the engines. A device that says more within a window is not a device.
const (
	maxSeen    = 4096
	maxEngines = 20_000

	minEngineID = 5 // octets (RFC 3411 section 5)
	maxEngineID = 32
)

// engines are the senders' clocks.
type engines struct {
	seen map[string]*engine
}

// newEngine makes this receiver's own engine: informs are sent to it. Its ID
// is new with each start, so its boots can begin at 1 (RFC 3411 section 5).
func newEngine(now time.Time) *engine {
	id := append([]byte{0x80, 0, 0, 0, 5}, make([]byte, 8)...)
	rand.Read(id[5:])
	return &engine{id: id, boots: 1, heard: now, seen: map[replayKey]struct{}{}}
}

// clock gives the engine's time now.
func (e *engine) clock(now time.Time) uint32 {
	return e.time + uint32(max(0, now.Sub(e.heard)/time.Second))
}

// authentic verifies a v3 message and opens it, and gives the keys of its user.
// What cannot be believed is counted and dropped (nil); a message of a user
// without authentication is delivered as such.
func (r *TrapReceiver) authentic(m *message, n *Notification) *usmKeys {
	n.EngineID = bytes.Clone(m.USM.EngineID)
	if r.discovers(m, n.From) {
		return nil
	}
	if len(m.USM.EngineID) < minEngineID || len(m.USM.EngineID) > maxEngineID {
		r.malformed.Add(1)
		return nil
	}
	keys := r.keysOf(m, n.From.Addr())
	if keys == nil {
		r.foreign.Add(1)
		return nil
	}
	if m.Flags&flagAuth == 0 {
		return keys
	}
	if !r.timely(m, n, keys) {
		return nil
	}
	if err := m.open(keys); err != nil {
		r.malformed.Add(1)
		return nil
	}
	if m.PDU.Type == pduInform && !r.isOwn(m) {
		r.foreign.Add(1)
		r.report(m, n.From, statUnknownEngineIDs, nil) // an inform is for the receiver's engine (RFC 3414 section 1.5.1)
		return nil
	}
	n.Authenticated = true
	return keys
}

func (r *TrapReceiver) isOwn(m *message) bool { return bytes.Equal(m.USM.EngineID, r.own.id) }

// keysOf finds the user whose message this is: two devices may have users of
// one name. A message that is weaker than its user is nobody's (RELIABILITY.md
// T19).
func (r *TrapReceiver) keysOf(m *message, from netip.Addr) *usmKeys {
	users := r.config.Users
	if r.config.UsersOf != nil {
		users = slices.Concat(users, r.config.UsersOf(from, m.USM.EngineID))
	}
	for _, u := range users {
		if u.Name != string(m.USM.User) {
			continue
		}
		keys, err := r.keys.localizedKeys(u, m.USM.EngineID)
		if err != nil || m.Flags&(flagAuth|flagPriv) != keys.level() {
			continue
		}
		if m.Flags&flagAuth == 0 || m.verify(keys) {
			return keys
		}
	}
	return nil
}

// timely holds a message against RFC 3414 section 3.2 (7): the window of 150 s
// around its engine's clock, and boots that never fall.
func (r *TrapReceiver) timely(m *message, n *Notification, keys *usmKeys) bool {
	said := m.USM
	if r.isOwn(m) {
		now := r.own.clock(n.At)
		if said.Boots != r.own.boots || said.Time+timeWindow < now || now+timeWindow < said.Time {
			r.outOfWindow.Add(1)
			r.report(m, n.From, statNotInTimeWindows, keys)
			return false
		}
		return true
	}
	e := r.engines.of(said.EngineID)
	switch {
	case said.Boots >= math.MaxInt32, said.Boots < e.boots,
		said.Boots == e.boots && !e.heard.IsZero() && said.Time+timeWindow < e.clock(n.At):
		r.outOfWindow.Add(1)
		return false
	}
	if said.Boots > e.boots || said.Time > e.time || e.heard.IsZero() {
		if said.Boots > e.boots {
			clear(e.seen)
		}
		e.boots, e.time, e.heard = said.Boots, said.Time, n.At
	}
	return true
}

// heardBefore says whether a timely message was taken before.
func (r *TrapReceiver) heardBefore(m *message) bool {
	_, again := r.engineOf(m).seen[m.replayKey()]
	return again
}

// remember keeps a message that was taken.
func (r *TrapReceiver) remember(m *message) {
	e := r.engineOf(m)
	if len(e.seen) >= maxSeen {
		e.forget()
	}
	e.seen[m.replayKey()] = struct{}{}
}

func (r *TrapReceiver) engineOf(m *message) *engine {
	if r.isOwn(m) {
		return r.own
	}
	return r.engines.of(m.USM.EngineID)
}

func (m *message) replayKey() replayKey { return replayKey{m.USM.Boots, m.USM.Time, m.MsgID} }

// forget drops the messages that the window refuses anyway; if there are none,
// all of them.
func (e *engine) forget() {
	before := len(e.seen)
	for key := range e.seen {
		if key.boots < e.boots || key.time+timeWindow < e.time {
			delete(e.seen, key)
		}
	}
	if len(e.seen) == before {
		clear(e.seen)
	}
}

func (e *engines) of(id []byte) *engine {
	known := e.seen[string(id)]
	if known == nil {
		if len(e.seen) >= maxEngines {
			clear(e.seen)
		}
		known = &engine{id: bytes.Clone(id), seen: map[replayKey]struct{}{}}
		e.seen[string(id)] = known
	}
	return known
}

// discovers answers the discovery of this receiver's engine (RFC 3414 section
// 4), which precedes an inform.
func (r *TrapReceiver) discovers(m *message, from netip.AddrPort) bool {
	if len(m.USM.EngineID) != 0 || m.Flags&flagAuth != 0 {
		return false
	}
	if m.Flags&flagReportable != 0 {
		r.report(m, from, statUnknownEngineIDs, nil)
	}
	return true
}

// report tells a sender of informs this receiver's engine and clock. Whoever
// is told may not be who it seems: the answers are bounded in all, besides
// each source's rate (RELIABILITY.md T8). Where there are keys, the report is
// authentic: its reader takes the clock from it (RFC 3414 section 3.2, step 7a).
func (r *TrapReceiver) report(m *message, to netip.AddrPort, stat uint32, keys *usmKeys) {
	now := r.config.Now()
	if !r.reports.allow(r.config.Reports, now) {
		r.unreported.Add(1)
		return
	}
	count := uint32(r.reported.Add(1))
	reply := &message{Version: version3, MsgID: m.MsgID, MaxSize: maxMessageSize, SecurityModel: securityModelUSM,
		USM:             usmParameters{EngineID: r.own.id, Boots: r.own.boots, Time: r.own.clock(now), User: m.USM.User},
		ContextEngineID: r.own.id,
		PDU:             pdu{Type: pduReport, RequestID: m.PDU.RequestID, Varbinds: []Varbind{{usmStats.Append(stat, 0), CounterValue(count)}}}}
	if keys != nil {
		reply.Flags = flagAuth
	}
	r.salt++
	if wire, err := reply.seal(keys, r.salt); err == nil {
		_, _ = r.conn.WriteToUDPAddrPort(wire, to)
	}
}

// acknowledge answers an inform that was taken (RFC 3416 section 4.2.7).
func (r *TrapReceiver) acknowledge(m *message, keys *usmKeys, to netip.AddrPort) {
	reply := *m
	reply.PDU = pdu{Type: pduResponse, RequestID: m.PDU.RequestID, Varbinds: m.PDU.Varbinds}
	var wire []byte
	var err error
	if m.Version == version3 {
		reply.Flags &^= flagReportable
		reply.MaxSize = maxMessageSize
		reply.USM.Time = r.own.clock(r.config.Now())
		r.salt++
		wire, err = reply.seal(keys, r.salt)
	} else {
		wire, err = reply.encode()
	}
	if err == nil {
		_, err = r.conn.WriteToUDPAddrPort(wire, to)
	}
	if err != nil {
		r.config.Log.Debug("an inform is not acknowledged", "peer", to, "err", err)
	}
}

// The objects that every notification has (RFC 3416 section 4.2.6).
var (
	snmpTrapOID = MustOID("1.3.6.1.6.3.1.1.4.1.0")
	snmpTraps   = MustOID("1.3.6.1.6.3.1.1.5")
	// of traps that were v1 (RFC 3584 section 3.1)
	snmpTrapAddress    = MustOID("1.3.6.1.6.3.18.1.3.0")
	snmpTrapEnterprise = MustOID("1.3.6.1.6.3.1.1.4.3.0")
)

// describe fills in what the PDU says; false if it is not a notification.
func (n *Notification) describe(m *message) bool {
	if t := m.Trap; t != nil {
		n.TrapOID, n.Uptime, n.Varbinds = t.oid(), t.Timestamp, t.varbinds()
		return true
	}
	n.Inform = m.PDU.Type == pduInform
	if !n.Inform && m.PDU.Type != pduTrapV2 {
		return false
	}
	for _, v := range m.PDU.Varbinds {
		switch {
		case v.OID.Compare(snmpTrapOID) == 0:
			n.TrapOID = v.Value.OID
		case v.OID.Compare(sysUpTime) == 0:
			n.Uptime = uint32(v.Value.Uint)
		default:
			n.Varbinds = append(n.Varbinds, v)
		}
	}
	return n.TrapOID != nil
}

// enterpriseSpecific is the generic-trap of a trap that its enterprise defines.
const enterpriseSpecific = 6

// oid maps a v1 trap to a v2 one (RFC 3584 section 3.1).
func (t *trapPDU) oid() OID {
	if t.Generic == enterpriseSpecific {
		return t.Enterprise.Append(0, uint32(t.Specific))
	}
	return snmpTraps.Append(uint32(t.Generic) + 1)
}

// varbinds are those of the trap, and what a v1 trap says outside of them (RFC
// 3584 section 3.1, step 4), but for the community: it is a secret.
func (t *trapPDU) varbinds() []Varbind {
	vars := slices.Clone(t.Varbinds)
	for _, more := range []Varbind{{snmpTrapAddress, IPValue(t.AgentAddr)}, {snmpTrapEnterprise, OIDValue(t.Enterprise)}} {
		if !slices.ContainsFunc(vars, func(v Varbind) bool { return v.OID.Compare(more.OID) == 0 }) {
			vars = append(vars, more)
		}
	}
	return vars
}

func versionName(version int) string {
	return map[int]string{version1: "v1", version2c: "v2c", version3: "v3"}[version]
}
