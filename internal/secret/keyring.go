package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// KeySize is the master key's size in octets (AES-256).
const KeySize = 32

// Sealed objects begin with this: a name and the version of the layout
//
//	magic(4) keyID(8) nonce(12) wrapped data key(32+16) nonce(12) ciphertext+tag
const magic = "ddk1"

const (
	nonceSize   = 12
	tagSize     = 16
	keyIDSize   = 8
	wrappedSize = nonceSize + KeySize + tagSize
	headerSize  = len(magic) + keyIDSize + wrappedSize + nonceSize
)

// ErrWrongKey means that the object was sealed with a master key that this
// keyring does not have.
var ErrWrongKey = errors.New("sealed with a key that is not in the keyring")

// ErrNotAuthentic means that the sealed bytes, or the place they were found
// in, are not what they were when they were sealed.
var ErrNotAuthentic = errors.New("sealed object is not authentic")

// Keyring seals with its first key and opens with any. It is immutable and
// may be used by many goroutines.
type Keyring struct {
	keys []masterKey
}

type masterKey struct {
	id  [keyIDSize]byte
	key [KeySize]byte
}

// NewKeyring makes a keyring; the first key seals. At least one is needed.
func NewKeyring(keys ...[KeySize]byte) (*Keyring, error) {
	if len(keys) == 0 {
		return nil, errors.New("a keyring needs at least one key")
	}
	k := &Keyring{}
	for _, key := range keys {
		sum := sha256.Sum256(append([]byte("drydock key id\x00"), key[:]...))
		m := masterKey{key: key}
		copy(m.id[:], sum[:])
		k.keys = append(k.keys, m)
	}
	return k, nil
}

// ParseKey reads a key: standard base64 of 32 octets, with surrounding white
// space allowed.
func ParseKey(text string) (key [KeySize]byte, err error) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil {
		return key, fmt.Errorf("a key is base64 of %d octets: %w", KeySize, err)
	}
	if len(raw) != KeySize {
		return key, fmt.Errorf("a key is base64 of %d octets, this one has %d", KeySize, len(raw))
	}
	copy(key[:], raw)
	return key, nil
}

// LoadOrCreateKeyFile reads the keys of a file, one a line, newest first. If
// the file is not there it is made with a new random key, readable by its
// owner only, and is on disk (file and directory synced) on return.
func LoadOrCreateKeyFile(path string) (*Keyring, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if text, err = createKeyFile(path); err != nil {
			return nil, fmt.Errorf("make key file %s: %w", path, err)
		}
	} else if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	var keys [][KeySize]byte
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		key, err := ParseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, i+1, err)
		}
		keys = append(keys, key)
	}
	return NewKeyring(keys...)
}

func createKeyFile(path string) (text []byte, err error) {
	var key [KeySize]byte
	rand.Read(key[:]) // never fails (crypto/rand)
	text = []byte(base64.StdEncoding.EncodeToString(key[:]) + "\n")
	return text, WriteFileOwnerOnly(path, text)
}

// WriteFileOwnerOnly writes a new file with mode 0600 and syncs it and its
// directory. It fails if the file is there already.
func WriteFileOwnerOnly(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path))
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Seal encrypts plain. context is not stored: Open must be given the same, so
// an object moved to another place does not open there.
func (k *Keyring) Seal(plain []byte, context string) []byte {
	var dataKey [KeySize]byte
	rand.Read(dataKey[:])
	master := k.keys[0]
	out := make([]byte, 0, headerSize+len(plain)+tagSize)
	out = append(out, magic...)
	out = append(out, master.id[:]...)
	out = appendSealed(out, master.key, dataKey[:], context)
	return appendSealed(out, dataKey, plain, context)
}

// Open gives back what Seal was given under the same context. It returns
// ErrWrongKey or ErrNotAuthentic, never wrong bytes.
func (k *Keyring) Open(sealed []byte, context string) ([]byte, error) {
	if len(sealed) < headerSize+tagSize || string(sealed[:len(magic)]) != magic {
		return nil, ErrNotAuthentic
	}
	rest := sealed[len(magic):]
	for _, master := range k.keys {
		if string(rest[:keyIDSize]) != string(master.id[:]) {
			continue
		}
		rest = rest[keyIDSize:]
		raw, err := openSealed(rest[:wrappedSize], master.key, context)
		if err != nil {
			return nil, err
		}
		return openSealed(rest[wrappedSize:], [KeySize]byte(raw), context)
	}
	return nil, ErrWrongKey
}

// Derive gives a key for another purpose, from the sealing key.
func (k *Keyring) Derive(purpose string) [KeySize]byte {
	raw, err := hkdf.Key(sha256.New, k.keys[0].key[:], nil, "drydock "+purpose, KeySize)
	if err != nil {
		panic(err) // only for lengths that HKDF cannot give
	}
	return [KeySize]byte(raw)
}

func appendSealed(out []byte, key [KeySize]byte, plain []byte, context string) []byte {
	var nonce [nonceSize]byte
	rand.Read(nonce[:])
	out = append(out, nonce[:]...)
	return newGCM(key).Seal(out, nonce[:], plain, additional(context))
}

func openSealed(sealed []byte, key [KeySize]byte, context string) ([]byte, error) {
	plain, err := newGCM(key).Open(nil, sealed[:nonceSize], sealed[nonceSize:], additional(context))
	if err != nil {
		return nil, ErrNotAuthentic
	}
	return plain, nil
}

func newGCM(key [KeySize]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err) // the key's size is fixed
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err) // AES has the block size that GCM needs
	}
	return gcm
}

func additional(context string) []byte {
	return append(binary.BigEndian.AppendUint64([]byte(magic), uint64(len(context))), context...)
}
