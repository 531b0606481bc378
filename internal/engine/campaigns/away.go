package campaigns

import (
	"context"
	"encoding/hex"
	"net/netip"

	"drydock/internal/fleet/campaign"
	"drydock/internal/snmp"
)

// awayName is what the notification of a device can be known by: its address,
// or its snmpEngineID.
type awayName string

func awayAt(a netip.Addr) awayName         { return awayName(a.Unmap().String()) }
func awayEngine(hexDigits string) awayName { return awayName("engine " + hexDigits) }

// listen has the notifications of a device heard that does not answer. What
// cannot be found out is left out: the device is asked in its turn.
func (c *Conductor) listen(ctx context.Context, key memberKey) {
	s, err := c.Engine.SenderOf(ctx, key.device)
	if err != nil {
		c.Log.Debug("the notifications of a device are not listened to", "device", key.device, "err", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l := c.lives[key.campaign]
	if l == nil || l.member(key.device).State != campaign.Offline {
		return // it has answered meanwhile
	}
	var names []awayName
	if s.Address.IsValid() {
		names = append(names, awayAt(s.Address))
	}
	if s.EngineID != "" {
		names = append(names, awayEngine(s.EngineID))
	}
	for _, name := range names {
		if c.away[name] == nil {
			c.away[name] = map[memberKey]snmp.User{}
		}
		c.away[name][key] = s.User
	}
}

// forget takes a device from the names that are listened to. It is called with
// the lock held.
func (c *Conductor) forget(key memberKey) {
	for name, keys := range c.away {
		delete(keys, key)
		if len(keys) == 0 {
			delete(c.away, name)
		}
	}
}

// Heard has a device that did not answer asked at once, if it is one that a
// campaign waits for: it has sent a notification, perhaps that it has started
// (coldStart, warmStart; RFC 3418). It may be forged: all that follows is that
// the device is asked.
func (c *Conductor) Heard(n snmp.Notification) {
	names := []awayName{awayAt(n.From.Addr())}
	if a := n.Agent(); a.IsValid() {
		names = append(names, awayAt(a))
	}
	if n.Authenticated {
		names = append(names, awayEngine(hex.EncodeToString(n.EngineID)))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range names {
		for key := range c.away[name] {
			l := c.lives[key.campaign]
			if l == nil {
				continue
			}
			if m := l.member(key.device); m.State == campaign.Offline {
				m.Probe = c.Now()
				l.dirty[key.device] = true
				c.poke()
			}
		}
	}
}

// UsersOf gives the SNMPv3 users of the devices that campaigns wait for at an
// address, or with an engine, for their notifications to be believed.
func (c *Conductor) UsersOf(addr netip.Addr, engineID []byte) (users []snmp.User) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, name := range []awayName{awayAt(addr), awayEngine(hex.EncodeToString(engineID))} {
		for _, user := range c.away[name] {
			if user.Name != "" {
				users = append(users, user)
			}
		}
	}
	return users
}
