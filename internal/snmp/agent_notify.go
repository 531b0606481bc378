package snmp

import (
	"context"
	"math"
	"net/netip"
	"slices"
	"time"

	"github.com/gosnmp/gosnmp"

	"drydock/internal/fault"
)

// Trap is a notification to be sent, by Notify as a trap or by Inform.
type Trap struct {
	Local       netip.Addr // the device's own address, which it is sent from unless Source says another
	Source      netip.Addr // of Notify only: another of its addresses, which it is sent from; none where invalid
	Sink        netip.AddrPort
	Credentials Credentials // Version, and Community or User with its keys
	OID         OID         // snmpTrapOID
	Vars        []Varbind
}

// Notify sends a trap from the agent's socket. In v3 the device is the
// authoritative engine (RFC 3414 section 1.5.1).
func (a *Agent) Notify(ctx context.Context, device *Device, t Trap) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wire, err := a.trap(device, t)
	if err != nil {
		return err
	}
	from := t.Local
	if t.Source.IsValid() {
		from = t.Source
	}
	if err := a.send(from, t.Sink, wire); err != nil {
		return fault.New(fault.Unavailable, "", "trap to "+t.Sink.String(), "%w", err)
	}
	return nil
}

// Inform sends an InformRequest (RFC 3416 section 4.2.7) from a port of its own
// at the device's address, and waits for the acknowledgement: timeout for each
// of 1+retries attempts. Its errors are a Session's; fault.Timeout means that
// the sink may have heard it or not. In v3 the sink is the authoritative
// engine, so the device's engine does not matter. SNMPv1 has no informs.
func (a *Agent) Inform(ctx context.Context, from *Device, t Trap, timeout time.Duration, retries int) error {
	if t.Credentials.Version == "v1" {
		return fault.New(fault.Invalid, "", "inform to "+t.Sink.String(), "SNMPv1 has no informs")
	}
	vars := append([]Varbind{{sysUpTime, TicksValue(from.uptime())}, {snmpTrapOID, OIDValue(t.OID)}}, t.Vars...)
	pdus := make([]gosnmp.SnmpPDU, len(vars))
	for i, v := range vars {
		var err error
		if pdus[i], err = toPDU(v); err != nil {
			return err
		}
	}
	s, err := Dial(ctx, Target{Address: t.Sink, LocalAddr: t.Local, Credentials: t.Credentials, Timeout: timeout, Retries: retries})
	if err != nil {
		return err
	}
	defer s.Close() // nothing of it is left to be written
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err = s.exchange(ctx, s.reader, retries, "", func(g *gosnmp.GoSNMP) (*gosnmp.SnmpPacket, error) {
		return g.SendTrap(gosnmp.SnmpTrap{Variables: pdus, IsInform: true})
	}, nil)
	return err
}

func (d *Device) uptime() uint32 {
	if d.Uptime == nil {
		return 0
	}
	return d.Uptime()
}

func (a *Agent) trap(from *Device, t Trap) ([]byte, error) {
	uptime := from.uptime()
	c := t.Credentials
	id := int32(a.salt.Add(1) & math.MaxInt32)
	p := pdu{Type: pduTrapV2, RequestID: id, Varbinds: append([]Varbind{
		{OID: sysUpTime, Value: TicksValue(uptime)},
		{OID: snmpTrapOID, Value: OIDValue(t.OID)},
	}, t.Vars...)}
	switch c.Version {
	case "v1":
		m := message{Version: version1, Community: []byte(c.Community.Reveal()), Trap: newTrapPDU(t, uptime)}
		return m.encode()
	case "v2c":
		m := message{Version: version2c, Community: []byte(c.Community.Reveal()), PDU: p}
		return m.encode()
	case "v3":
		if !from.speaks(version3) {
			break
		}
		keys, err := a.keys.localizedKeys(c.user(), from.EngineID)
		if err != nil {
			return nil, err
		}
		m := a.outgoing(from, []byte(c.User), keys.level(), p)
		m.MsgID, m.ContextName = id, []byte(c.ContextName)
		return m.seal(keys, a.salt.Add(1))
	}
	return nil, fault.New(fault.Invalid, "", "trap to "+t.Sink.String(), "the device does not speak SNMP version %q", c.Version)
}

// newTrapPDU is RFC 3584 section 3.2; what SNMPv1 cannot say is left out.
func newTrapPDU(t Trap, uptime uint32) *trapPDU {
	vars := slices.DeleteFunc(slices.Clone(t.Vars), func(v Varbind) bool { return !knownToV1(v.Value) })
	p := &trapPDU{AgentAddr: t.Local, Timestamp: uptime, Varbinds: vars, Generic: enterpriseSpecific}
	n := len(t.OID)
	switch {
	case n == len(snmpTraps)+1 && t.OID.HasPrefix(snmpTraps) && t.OID[n-1] >= 1 && t.OID[n-1] <= 6:
		p.Enterprise, p.Generic = snmpTraps, int32(t.OID[n-1]-1)
	case n >= 2:
		p.Enterprise, p.Specific = t.OID[:n-1], int32(t.OID[n-1])
		if t.OID[n-2] == 0 {
			p.Enterprise = t.OID[:n-2]
		}
	}
	return p
}
