package snmp

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"hash"
	"sync"

	"drydock/internal/fault"
	"drydock/internal/secret"
)

// usmKeys are a user's keys, localized to one engine (RFC 3414 section 2.6).
// An empty authKey or privKey means that the user has none.
type usmKeys struct {
	newHash  func() hash.Hash
	truncate int // octets of the digest that are sent
	authKey  []byte
	cipher   privCipher
	privKey  []byte
	extend   func() []byte // where privKey is too short yet, and longer is dear
}

// authHash gives what RFC 3414 sections 6 and 7 and RFC 7860 section 4 say of
// an authentication protocol.
func authHash(protocol string) (newHash func() hash.Hash, truncate int, ok bool) {
	switch protocol {
	case "MD5":
		return md5.New, 12, true
	case "SHA":
		return sha1.New, 12, true
	case "SHA-224":
		return sha256.New224, 16, true
	case "SHA-256":
		return sha256.New, 24, true
	case "SHA-384":
		return sha512.New384, 32, true
	case "SHA-512":
		return sha512.New, 48, true
	}
	return nil, 0, false
}

// localizedKeys derives a user's keys for an engine. It hashes 2 MiB: see
// usmKeyCache where that matters.
func localizedKeys(user User, engineID []byte) (*usmKeys, error) {
	return new(usmKeyCache).localizedKeys(user, engineID)
}

// usmKeyCache remembers what passphrases derive to before localization. The
// zero value is ready; it may be used by many goroutines.
type usmKeyCache struct {
	mu   sync.Mutex // owns keys
	keys map[usmPassphrase][]byte
}

// usmPassphrase keeps a digest instead of the passphrase.
type usmPassphrase struct {
	protocol string
	digest   [sha256.Size]byte
}

const maxCachedKeys = 1 << 16

// localizedKeys derives a user's keys for an engine (RFC 3414 section A.2).
func (c *usmKeyCache) localizedKeys(user User, engineID []byte) (*usmKeys, error) {
	about := "SNMPv3 user " + user.Name
	if user.AuthProtocol == "" {
		if user.PrivProtocol != "" {
			return nil, fault.New(fault.Invalid, "", about, "privacy needs authentication (RFC 3414 section 1.4.3)")
		}
		return &usmKeys{}, nil
	}
	newHash, truncate, ok := authHash(user.AuthProtocol)
	if !ok {
		return nil, fault.New(fault.Invalid, "", about, "authentication protocol %q is not known", user.AuthProtocol)
	}
	if user.AuthPassword.IsZero() {
		return nil, fault.New(fault.Invalid, "", about, "it has no authentication passphrase")
	}
	k := &usmKeys{newHash: newHash, truncate: truncate}
	k.authKey = c.localized(user.AuthProtocol, newHash, user.AuthPassword, engineID)
	if user.PrivProtocol == "" {
		return k, nil
	}
	if k.cipher, ok = newPrivCipher(user.PrivProtocol); !ok {
		return nil, fault.New(fault.Invalid, "", about, "privacy protocol %q is not known", user.PrivProtocol)
	}
	if user.PrivPassword.IsZero() {
		return nil, fault.New(fault.Invalid, "", about, "it has no privacy passphrase")
	}
	key := c.localized(user.AuthProtocol, newHash, user.PrivPassword, engineID)
	if !k.cipher.reeder {
		k.privKey = extendKey(key, k.cipher.keyLen, newHash)
		return k, nil
	}
	k.privKey = key
	k.extend = func() []byte { // draft-reeder-snmpv3-usm-3desede-00 section 2.1
		for len(key) < k.cipher.keyLen {
			key = append(key, c.localized(user.AuthProtocol, newHash, secret.New(string(key)), engineID)...)
		}
		return key[:k.cipher.keyLen]
	}
	return k, nil
}

func (c *usmKeyCache) localized(protocol string, newHash func() hash.Hash, pass secret.String, engineID []byte) []byte {
	id := usmPassphrase{protocol, sha256.Sum256([]byte(pass.Reveal()))}
	c.mu.Lock()
	key := c.keys[id]
	c.mu.Unlock()
	if key == nil {
		key = passphraseKey(newHash, pass.Reveal())
		c.mu.Lock()
		if c.keys == nil || len(c.keys) >= maxCachedKeys {
			c.keys = map[usmPassphrase][]byte{}
		}
		c.keys[id] = key
		c.mu.Unlock()
	}
	h := newHash()
	h.Write(key)
	h.Write(engineID)
	h.Write(key)
	return h.Sum(nil)
}

// passphraseKey hashes a passphrase that is repeated up to 1 MiB.
func passphraseKey(newHash func() hash.Hash, pass string) []byte {
	const total = 1 << 20
	block := make([]byte, 0, len(pass)+4096)
	for len(block) < 4096 {
		block = append(block, pass...)
	}
	h := newHash()
	for left := total; left > 0; left -= len(block) {
		h.Write(block[:min(left, len(block))])
	}
	return h.Sum(nil)
}

// extendKey makes a localized key long enough for AES-192 and AES-256
// (draft-blumenthal-aes-usm-04 section 3.1.2.1, as in net-snmp).
func extendKey(key []byte, length int, newHash func() hash.Hash) []byte {
	for len(key) < length {
		h := newHash()
		h.Write(key)
		key = h.Sum(key)
	}
	return key[:length]
}

// lengthen makes the privacy key complete. It hashes 1 MiB for each new engine
// where the key is extended as Cisco does, so it waits until a message was
// verified: an engine ID that anyone made up must cost nothing.
func (k *usmKeys) lengthen() {
	if k.extend != nil {
		k.privKey, k.extend = k.extend(), nil
	}
}

// level gives the msgFlags of the strongest security that the keys allow.
func (k *usmKeys) level() byte {
	switch {
	case k.privKey != nil:
		return flagAuth | flagPriv
	case k.authKey != nil:
		return flagAuth
	}
	return 0
}

func (k *usmKeys) digestLen() int { return k.truncate }

// digest is computed with zeros in the place of authParams.
func (k *usmKeys) digest(wire []byte, at int) []byte {
	h := hmac.New(k.newHash, k.authKey)
	h.Write(wire[:at])
	h.Write(make([]byte, k.truncate))
	h.Write(wire[at+k.truncate:])
	return h.Sum(nil)[:k.truncate]
}

// authenticate puts the digest into a message, at the place of authParams.
func (k *usmKeys) authenticate(wire []byte, at int) { copy(wire[at:], k.digest(wire, at)) }

// verify compares the digest in authParams, which stand in the message at a
// place. The message is not changed.
func (k *usmKeys) verify(wire []byte, at int, authParams []byte) bool {
	if k.authKey == nil || len(authParams) != k.truncate || at < 0 || at+k.truncate > len(wire) {
		return false
	}
	return subtle.ConstantTimeCompare(k.digest(wire, at), authParams) == 1
}
