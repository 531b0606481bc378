package snmp

import (
	"context"
	"crypto/subtle"
	"math"
	"slices"

	"drydock/internal/secret"
)

// The counters of RFC 3414 section 5 that a report carries, by their place
// below usmStats.
const (
	statUnsupportedSecLevels = iota + 1
	statNotInTimeWindows
	statUnknownUserNames
	statUnknownEngineIDs
	statWrongDigests
	statDecryptionErrors
)

var usmStats = OID{1, 3, 6, 1, 6, 3, 15, 1, 1}

// speaks says whether the device knows a version.
func (d *Device) speaks(version int) bool {
	name := versionName(version)
	if len(d.Versions) > 0 && !slices.Contains(d.Versions, name) {
		return false
	}
	return version != version3 || len(d.EngineID) > 0 && d.Boots != nil && d.Time != nil
}

func (d *Device) maxMessage() int {
	if d.MaxMessage > 0 {
		return min(d.MaxMessage, maxMessageSize)
	}
	return defaultMaxMessage
}

func (d *Device) user(name []byte) (User, bool) {
	i := slices.IndexFunc(d.Users, func(u User) bool { return u.Name == string(name) })
	if i < 0 {
		return User{}, false
	}
	return d.Users[i], true
}

// handleCommunity answers SNMPv1 and v2c. A wrong community is not answered.
func (a *Agent) handleCommunity(ctx context.Context, r request) ([]byte, error) {
	m, d := r.message, r.device
	writes := isCommunity(d.WriteCommunity, m.Community)
	if !writes && !isCommunity(d.ReadCommunity, m.Community) || a.drops(r, false) {
		return nil, nil
	}
	const around = 16 // lengths and version
	o := operation{mib: d.MIB, version: m.Version, pdu: m.PDU, writable: writes, limit: d.maxMessage() - len(m.Community) - around}
	response, ok := o.perform(ctx)
	if !ok {
		return nil, nil
	}
	return (&message{Version: m.Version, Community: m.Community, PDU: response}).encode()
}

func isCommunity(known secret.String, given []byte) bool {
	return !known.IsZero() && subtle.ConstantTimeCompare([]byte(known.Reveal()), given) == 1
}

// handleUSM answers SNMPv3, as the authoritative engine.
func (a *Agent) handleUSM(ctx context.Context, r request) ([]byte, error) {
	m, d := r.message, r.device
	keys, stat, err := a.authentic(d, m)
	if err != nil {
		return nil, err
	}
	if stat != 0 {
		return a.report(r, keys, stat)
	}
	if a.drops(r, false) {
		return nil, nil
	}
	switch {
	case string(m.ContextEngineID) != string(d.EngineID):
		return nil, nil // this engine is no proxy
	case len(m.ContextName) > 0:
		return nil, nil // there is only the default context
	}
	const around = 120 // lengths, header, digest, salt and padding
	limit := min(d.maxMessage(), int(m.MaxSize)) - 2*len(d.EngineID) - len(m.USM.User) - around
	user, _ := d.user(m.USM.User) // authentic has found it
	o := operation{mib: viewed(d.MIB, user.View), version: version3, pdu: m.PDU, writable: !user.ReadOnly, limit: limit}
	if m.Flags&(flagAuth|flagPriv) != keys.level() {
		// weaker than the user's own level: no access (RFC 3413 section 3.2)
		return a.reply(r, m.Flags, keys, o.failure(AuthorizationError, 0))
	}
	response, ok := o.perform(ctx)
	if !ok {
		return nil, nil
	}
	return a.reply(r, m.Flags, keys, response)
}

// authentic does RFC 3414 section 3.2: stat is the counter of the first
// check that fails, or 0. It decrypts the message.
func (a *Agent) authentic(d *Device, m *message) (keys *usmKeys, stat int, err error) {
	if string(m.USM.EngineID) != string(d.EngineID) {
		return nil, statUnknownEngineIDs, nil
	}
	user, ok := d.user(m.USM.User)
	if !ok {
		return nil, statUnknownUserNames, nil
	}
	if keys, err = a.keys.localizedKeys(user, d.EngineID); err != nil {
		return nil, 0, err
	}
	level := m.Flags & (flagAuth | flagPriv)
	switch {
	case level&^keys.level() != 0:
		return keys, statUnsupportedSecLevels, nil
	case level == 0:
		return keys, 0, nil
	case !m.verify(keys):
		return keys, statWrongDigests, nil
	case !d.timely(m):
		return keys, statNotInTimeWindows, nil
	case m.open(keys) != nil:
		return keys, statDecryptionErrors, nil
	}
	return keys, 0, nil
}

// timely is the check of the time window by the authoritative engine (RFC 3414
// section 3.2, step 7a).
func (d *Device) timely(m *message) bool {
	boots, now := d.Boots(), int64(d.Time())
	behind := now - int64(m.USM.Time)
	return boots < math.MaxInt32 && m.USM.Boots == boots && behind <= timeWindow && behind >= -timeWindow
}

// report says why a message was not taken, if its sender can bear a report.
func (a *Agent) report(r request, keys *usmKeys, stat int) ([]byte, error) {
	count := r.device.stats[stat].Add(1)
	if r.message.Flags&flagReportable == 0 || a.drops(r, false) {
		return nil, nil
	}
	flags := byte(0)
	if stat == statNotInTimeWindows {
		flags = flagAuth // the manager takes our time from it
	}
	return a.reply(r, flags, keys, pdu{Type: pduReport, RequestID: r.message.PDU.RequestID,
		Varbinds: []Varbind{{OID: usmStats.Append(uint32(stat), 0), Value: CounterValue(count)}}})
}

// reply seals a PDU at a security level, as the authoritative engine.
func (a *Agent) reply(r request, flags byte, keys *usmKeys, p pdu) ([]byte, error) {
	m := a.outgoing(r.device, r.message.USM.User, flags&(flagAuth|flagPriv), p)
	m.MsgID, m.ContextName = r.message.MsgID, r.message.ContextName
	return m.seal(keys, a.salt.Add(1))
}

// outgoing is a v3 message of a device.
func (a *Agent) outgoing(d *Device, user []byte, flags byte, p pdu) *message {
	return &message{Version: version3, MaxSize: int32(maxMessageSize), Flags: flags, SecurityModel: securityModelUSM,
		USM:             usmParameters{EngineID: d.EngineID, Boots: d.Boots(), Time: d.Time(), User: user},
		ContextEngineID: d.EngineID, PDU: p}
}
