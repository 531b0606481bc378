package agent

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"drydock/internal/equipment"
	"drydock/internal/equipment/settings"
	"drydock/internal/snmp"
)

// listen makes the agent that answers by itself.
func (a *Agent) listen() error {
	n := a.s.SNMP
	at, err := netip.ParseAddrPort(n.Listen)
	if err != nil {
		return err
	}
	a.unit = &snmp.Device{MIB: a.eq.Interface().MIB(), ReadCommunity: n.Communities.Read, WriteCommunity: n.Communities.Write,
		EngineID: []byte(a.eq.Identity().EngineID), Uptime: a.eq.Uptime}
	a.unit.Boots = func() uint32 { boots, _ := a.eq.Engine(); return boots }
	a.unit.Time = func() uint32 { _, seconds := a.eq.Engine(); return seconds }
	enrolled, err := a.enrolledUser()
	if err != nil {
		return err
	}
	for _, u := range append(enrolled, n.Users...) {
		user, err := userOf(u)
		if err != nil {
			return err
		}
		a.unit.Users = append(a.unit.Users, user)
	}
	a.snmp, err = snmp.ListenAgent(snmp.AgentConfig{Addr: at, Workers: 2, Log: a.log,
		Resolver: func(netip.Addr) (*snmp.Device, bool) { return a.unit, true }})
	return err
}

func userOf(u settings.User) (snmp.User, error) {
	credentials := snmp.Credentials{Version: "v3", User: u.Name, AuthProtocol: u.Auth, AuthPassword: u.AuthPassword, PrivProtocol: u.Priv, PrivPassword: u.PrivPassword}
	if err := credentials.Validate(); err != nil {
		return snmp.User{}, fmt.Errorf("snmp.users: %w", err)
	}
	user := snmp.User{Name: u.Name, AuthProtocol: u.Auth, AuthPassword: u.AuthPassword, PrivProtocol: u.Priv, PrivPassword: u.PrivPassword, ReadOnly: u.Access != "write"}
	for _, text := range u.View {
		oid, err := snmp.ParseOID(text)
		if err != nil {
			return user, fmt.Errorf("snmp.users: view of %s: %w", u.Name, err)
		}
		user.View = append(user.View, oid)
	}
	return user, nil
}

// Notify implements equipment.Notifier.
func (a *Agent) Notify(ctx context.Context, n equipment.Notification) {
	if a.sub != nil {
		if err := a.sub.Notify(ctx, n.Type, n.Bindings); err != nil {
			a.log.Warn("notification was not sent", "err", err)
		}
		return
	}
	for _, sink := range a.s.SNMP.Notify {
		if err := a.notify(ctx, sink, n); err != nil {
			a.log.Warn("notification was not sent", "sink", sink.To, "err", err)
		}
	}
}

func (a *Agent) notify(ctx context.Context, sink settings.Sink, n equipment.Notification) error {
	to, err := netip.ParseAddrPort(sink.To)
	if err != nil {
		return err
	}
	c := snmp.Credentials{Version: "v2c", Community: sink.Community}
	if i := slices.IndexFunc(a.s.SNMP.Users, func(u settings.User) bool { return u.Name == sink.User }); i >= 0 {
		u := a.s.SNMP.Users[i]
		c = snmp.Credentials{Version: "v3", User: u.Name, AuthProtocol: u.Auth, AuthPassword: u.AuthPassword, PrivProtocol: u.Priv, PrivPassword: u.PrivPassword}
	}
	local := a.snmp.Addr().Addr()
	if !local.IsValid() || local.IsUnspecified() {
		local, _ = netip.ParseAddr(a.s.Transfer.Address)
	}
	if !local.IsValid() {
		local = netip.IPv4Unspecified() // the route's
	}
	return a.snmp.Notify(ctx, a.unit, snmp.Trap{Local: local, Sink: to, Credentials: c, OID: n.Type, Vars: n.Bindings})
}
