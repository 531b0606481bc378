package snmp

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// seal encodes the message with the protection that its Flags ask for. salt
// must never repeat for the same key (RFC 3414 section 8.1.1.1, RFC 3826
// section 3.1.2.1).
func (m *message) seal(keys *usmKeys, salt uint64) ([]byte, error) {
	if m.Flags&flagPriv != 0 {
		w := &berWriter{}
		m.writeScoped(w)
		if w.err != nil {
			return nil, w.err
		}
		var err error
		if m.encrypted, m.USM.PrivParams, err = keys.encrypt(w.written(), m.USM.Boots, m.USM.Time, salt); err != nil {
			return nil, err
		}
	}
	if m.Flags&flagAuth == 0 {
		return m.encode()
	}
	m.USM.AuthParams = make([]byte, keys.digestLen())
	wire, err := m.encode()
	if err != nil {
		return nil, err
	}
	keys.authenticate(wire, m.authAt)
	return wire, nil
}

// verify says whether the message as received carries the digest of keys (RFC
// 3414 section 6.3.2).
func (m *message) verify(keys *usmKeys) bool {
	return m.Flags&flagAuth != 0 && keys.verify(m.wire, m.authAt, m.USM.AuthParams)
}

// errDecryption is for messages that do not decrypt to a PDU.
var errDecryption = errors.New("the message cannot be decrypted")

// open decrypts an encrypted message that was verified, and takes its PDU
// apart; it does nothing to another.
func (m *message) open(keys *usmKeys) error {
	if m.Flags&flagPriv == 0 {
		return nil
	}
	plain, err := keys.decrypt(m.encrypted, m.USM.Boots, m.USM.Time, m.USM.PrivParams)
	if err != nil {
		return err
	}
	r := newBERReader(plain) // padding may follow
	if err := m.decodeScoped(&r); err != nil {
		return fmt.Errorf("%w: %w", errDecryption, err)
	}
	return nil
}

// saltFrom is the eight octets of a salt.
func saltFrom(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
