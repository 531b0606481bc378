package personality

import (
	"context"
	"crypto/sha256"
	"time"

	"drydock/internal/secret"
	"drydock/internal/snmp"
)

// coldStart is the notification of a restart (RFC 3418).
const coldStart = "1.3.6.1.6.3.1.1.5.1"

// speakV3 gives the agent an engine of its own and its user.
func (b *Box) speakV3() {
	id := sha256.Sum256([]byte(b.o.Address.String() + b.o.Serial))
	b.dev.Users = []snmp.User{*b.o.User}
	b.dev.EngineID = append([]byte{0x80, 0, 0, 9, 5}, id[:8]...) // RFC 3411: octets of the maker's choice
	b.dev.Boots = func() uint32 {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.boots
	}
	b.dev.Time = func() uint32 { return b.sysUpTime() / 100 }
}

// sysUpTime is uptime for those who do not hold the lock.
func (b *Box) sysUpTime() uint32 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.uptime()
}

// notify tells the sink, if there is one. What a notification says is taken at
// once; that nobody acknowledges an inform is of no consequence. It may be
// called with the lock held.
func (b *Box) notify(oid string, vars ...snmp.Varbind) {
	if !b.o.TrapSink.IsValid() {
		return
	}
	t := snmp.Trap{Local: b.o.Address, Sink: b.o.TrapSink, Credentials: b.speaks(), OID: snmp.MustOID(oid), Vars: vars}
	b.later(func(ctx context.Context) {
		if b.o.Inform {
			_ = b.agent.Inform(ctx, b.dev, t, time.Second, 2)
			return
		}
		_ = b.agent.Notify(ctx, b.dev, t)
	})
}

// speaks are the credentials of the device's notifications.
func (b *Box) speaks() snmp.Credentials {
	if u := b.o.User; u != nil {
		return snmp.Credentials{Version: "v3", User: u.Name, AuthProtocol: u.AuthProtocol, AuthPassword: u.AuthPassword,
			PrivProtocol: u.PrivProtocol, PrivPassword: u.PrivPassword}
	}
	community := b.o.Community
	if community == "" {
		community = "public"
	}
	return snmp.Credentials{Version: "v2c", Community: secret.New(community)}
}
