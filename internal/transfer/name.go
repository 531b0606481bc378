package transfer

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"

	"drydock/internal/secret"
)

// NameLen is the length of names, users and passwords made here: 12 characters
// of base32 are 60 bits, and every device we know of takes a file name, a user
// and a password of 12 characters.
const NameLen = 12

const alphabet = "abcdefghijklmnopqrstuvwxyz234567"

func encode(b []byte) string {
	return base32.NewEncoding(alphabet).WithPadding(base32.NoPadding).EncodeToString(b)[:NameLen]
}

// NewName makes an unguessable name of NameLen lower-case letters and digits.
func NewName() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the process instead
	return encode(b[:])
}

// DeriveName makes the name that belongs to key and parts: the same after a
// restart, unguessable without the key. Add a file name extension to it where
// a device wants one.
func DeriveName(key [32]byte, parts ...string) string {
	mac := hmac.New(sha256.New, key[:])
	var n [8]byte
	for _, p := range parts {
		// The length before each part keeps ("ab","c") and ("a","bc") apart.
		binary.BigEndian.PutUint64(n[:], uint64(len(p)))
		mac.Write(n[:])
		mac.Write([]byte(p))
	}
	return encode(mac.Sum(nil))
}

// DeriveLogin makes the FTP user and password that belong to key and parts,
// NameLen characters each.
func DeriveLogin(key [32]byte, parts ...string) (user string, password secret.String) {
	user = DeriveName(key, append([]string{"ftp user"}, parts...)...)
	return user, secret.New(DeriveName(key, append([]string{"ftp password"}, parts...)...))
}

// validName says whether s may name a grant: 1 to 64 lower-case letters,
// digits, dots, hyphens and underscores, not beginning with a dot.
func validName(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
