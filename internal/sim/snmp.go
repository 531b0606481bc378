package sim

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"drydock/internal/equipment"
	"drydock/internal/secret"
	"drydock/internal/snmp"
)

// agent is the one socket that answers for all devices, and sends their
// notifications.
type agent struct {
	*snmp.Agent
	fleet   *Fleet
	closing chan struct{} // closed when serve is to end
}

// lateWorkers are enough that some late answers do not hold up the others.
const lateWorkers = 256

func (f *Fleet) listen() (*agent, error) {
	a := &agent{fleet: f, closing: make(chan struct{})}
	c := snmp.AgentConfig{
		Addr:     netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(f.spec.Port)), // what comes to other addresses has no device
		Resolver: f.resolve, Log: f.spec.Log,
	}
	if slices.ContainsFunc(f.spec.Faults, func(x Fault) bool { return x.Kind == Late }) {
		c.Workers = lateWorkers
	}
	if len(f.spec.Faults) > 0 {
		c.Drop = a.drop
	}
	if other := f.spec.Quirks.AnswersFrom; other.IsValid() {
		c.Source = func(netip.Addr) netip.Addr { return other }
	}
	var err error
	if a.Agent, err = snmp.ListenAgent(c); err != nil {
		return nil, err
	}
	f.port = int(a.Addr().Port())
	return a, nil
}

func (a *agent) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { close(a.closing) })
	defer stop()
	return a.Serve(ctx)
}

func (f *Fleet) resolve(local netip.Addr) (*snmp.Device, bool) {
	d := f.byAddress(local)
	if d == nil || !d.eq.Up() || d.silent() {
		return nil, false
	}
	return d.speaking(), true
}

// drop loses requests and answers as the faults of the device say, and holds up
// those that are late.
func (a *agent) drop(local netip.Addr, set, response bool) (lost bool) {
	d := a.fleet.byAddress(local)
	if d == nil || d.trouble == nil {
		return false
	}
	if response {
		lost = set && d.swallow.Swap(false)
	} else {
		var late time.Duration
		if lost, late = d.trouble.request(); late > 0 {
			t := time.NewTimer(late)
			defer t.Stop()
			select {
			case <-t.C:
			case <-a.closing:
			}
		}
	}
	if lost {
		d.lost.Add(1)
	}
	return lost
}

// newEngine makes what the agent knows of a device that has this identity.
func (d *Device) newEngine(id equipment.Identity) *snmp.Device {
	engineID := d.engineID(id)
	e := &snmp.Device{
		MIB: mib{d.eq.Interface(), engineID}, EngineID: []byte(engineID), Users: d.spec.users,
		ReadCommunity: d.spec.read, WriteCommunity: d.spec.write, Uptime: d.eq.Uptime,
		Versions: d.spec.Quirks.SNMP, MaxMessage: d.spec.Quirks.MaxMessage,
	}
	e.Boots = func() uint32 { boots, _ := d.eq.Engine(); return boots }
	e.Time = func() uint32 { _, seconds := d.eq.Engine(); return seconds }
	return e
}

// mib shows the interface unit to the agent.
type mib struct {
	equipment.InterfaceUnit
	engineID string
}

// Next gives the first instance after an OID.
func (m mib) Next(oid snmp.OID) (snmp.OID, snmp.Value, bool) {
	b, ok := m.InterfaceUnit.Next(oid)
	if ok && b.OID.Compare(snmpEngineID) == 0 {
		b.Value = m.Get(b.OID)
	}
	return b.OID, b.Value, ok
}

// Set takes all varbinds or none.
func (m mib) Set(_ context.Context, vars []snmp.Varbind) (snmp.Status, int) {
	return m.InterfaceUnit.Set(vars)
}

// notifier sends a device's notifications; nil where nobody wants them.
func (a *agent) notifier(d *Device) equipment.Notifier {
	if !d.spec.TrapSink.IsValid() {
		return nil
	}
	return notifier{a, d}
}

type notifier struct {
	agent *agent
	d     *Device
}

// Notify sends a trap, with the first of the fleet's credentials.
func (n notifier) Notify(ctx context.Context, note equipment.Notification) {
	err := n.agent.Notify(ctx, n.d.speaking(), snmp.Trap{
		Local: n.d.Addr, Source: n.d.spec.Quirks.TrapsFrom, Sink: n.d.spec.TrapSink, Credentials: snmp.Credentials(n.d.spec.Credentials[0]), OID: note.Type, Vars: note.Bindings,
	})
	if err != nil && ctx.Err() == nil {
		n.d.spec.Log.Debug("trap was not sent", "device", n.d.Addr, "err", err)
	}
}

// know takes communities and users out of the credentials, once for all
// devices.
func (s *Spec) know() {
	for _, c := range s.Credentials {
		if c.Version == "v3" {
			s.users = append(s.users, snmp.User{
				Name: c.User, AuthProtocol: c.AuthProtocol, AuthPassword: c.AuthPassword, PrivProtocol: c.PrivProtocol, PrivPassword: c.PrivPassword,
			})
			continue
		}
		s.read, s.write = c.Community, c.WriteCommunity
		if s.write == (secret.String{}) {
			s.write = c.Community
		}
	}
}
