package engine

import (
	"context"
	"encoding/hex"
	"net/netip"
	"slices"

	"drydock/internal/fleet"
	"drydock/internal/snmp"
)

// sender is what a notification can be known by: an address, or an
// snmpEngineID. Equipment with several interfaces sends from any of them.
type sender string

func senderAt(a netip.Addr) sender         { return sender(a.Unmap().String()) }
func senderEngine(hexDigits string) sender { return sender("engine " + hexDigits) }

// known lets notifications of the device wake the run: those from its address,
// and those of its engine, where that is known.
func (t *task) known() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.leave(t.hold, t.state.Plan.Run)
	t.hold.senders = []sender{senderAt(t.address.Addr())}
	if id := t.state.Identity.EngineID; id != "" {
		t.hold.senders = append(t.hold.senders, senderEngine(id))
	}
	for _, s := range t.hold.senders {
		if t.at[s] == nil {
			t.at[s] = map[fleet.RunID]*hold{}
		}
		t.at[s][t.state.Plan.Run] = t.hold
	}
}

// leave takes a run from the senders that it was known at. It is called with
// the lock held.
func (e *Engine) leave(h *hold, run fleet.RunID) {
	for _, s := range h.senders {
		delete(e.at[s], run)
		if len(e.at[s]) == 0 {
			delete(e.at, s)
		}
	}
	h.senders = nil
}

// RunsOf gives the runs that hold something in this process for the device that
// a notification is of, to be woken: the one at the address that it came from,
// or that it names as the agent's (snmpTrapAddress, RFC 3584), or, where it is
// authentic, the one with its engine.
func (e *Engine) RunsOf(n snmp.Notification) []fleet.RunID {
	senders := []sender{senderAt(n.From.Addr())}
	if a := n.Agent(); a.IsValid() {
		senders = append(senders, senderAt(a))
	}
	if n.Authenticated {
		senders = append(senders, senderEngine(hex.EncodeToString(n.EngineID)))
	}
	var runs []fleet.RunID
	e.eachOf(senders, func(run fleet.RunID, _ *hold) {
		if !slices.Contains(runs, run) {
			runs = append(runs, run)
		}
	})
	return runs
}

// UsersOf gives the SNMPv3 users that the device at an address, or with an
// engine, is known by, for its notifications to be believed.
func (e *Engine) UsersOf(addr netip.Addr, engineID []byte) []snmp.User {
	var users []snmp.User
	e.eachOf([]sender{senderAt(addr), senderEngine(hex.EncodeToString(engineID))}, func(_ fleet.RunID, h *hold) {
		if h.user.Name != "" {
			users = append(users, h.user)
		}
	})
	return users
}

func (e *Engine) eachOf(senders []sender, f func(fleet.RunID, *hold)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, s := range senders {
		for run, h := range e.at[s] {
			f(run, h)
		}
	}
}

// Sender is what the notifications of a device are known by.
type Sender struct {
	Address  netip.Addr
	EngineID string    // hexadecimal; empty: not known
	User     snmp.User // SNMPv3; no name: it speaks another version
}

// SenderOf says what the notifications of a device are known by while nothing
// is done to it, from what is stored of it.
func (e *Engine) SenderOf(ctx context.Context, id fleet.DeviceID) (s Sender, err error) {
	device, err := e.Store.Device(ctx, id)
	if err != nil {
		return s, err
	}
	creds, err := e.Store.Credentials(ctx, id)
	if err != nil {
		return s, err
	}
	s = Sender{EngineID: device.Identity.EngineID, User: userOf(creds)}
	if at, err := resolve(ctx, device.Address); err == nil { // else its name is not known now: by its engine then
		s.Address = at.Addr()
	}
	return s, nil
}

// userOf is the SNMPv3 user of a device's credentials.
func userOf(c fleet.Credentials) snmp.User {
	return snmp.User{Name: c.User, AuthProtocol: c.AuthProtocol, AuthPassword: c.AuthPassword, PrivProtocol: c.PrivProtocol, PrivPassword: c.PrivPassword}
}
