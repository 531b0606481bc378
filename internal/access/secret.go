package access

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// SecretSize is the number of random octets in a session's or token's secret.
const SecretSize = 32

// tokenPrefix marks an API token, so that one that has got lost in a file can
// be searched for.
const tokenPrefix = "ddt_"

// TokenText gives the text of a token from its id and its random octets.
func TokenText(id string, random [SecretSize]byte) string {
	return tokenPrefix + id + "." + SecretText(random)
}

// SecretText gives the text of a session's secret from its random octets.
func SecretText(random [SecretSize]byte) string {
	return base64.RawURLEncoding.EncodeToString(random[:])
}

// ParseToken takes a token's text apart: its id, and the hash that the store
// has of it.
func ParseToken(text string) (id, hash string, ok bool) {
	rest, ok := strings.CutPrefix(text, tokenPrefix)
	if !ok {
		return "", "", false
	}
	id, secret, ok := strings.Cut(rest, ".")
	if !ok || id == "" || secret == "" {
		return "", "", false
	}
	return id, HashSecret(text), true
}

// HashSecret is what the store keeps of a session's or token's text. The text
// has 256 random bits, so a fast hash without salt gives nothing away.
func HashSecret(text string) string {
	sum := sha256.Sum256([]byte("drydock secret\x00" + text))
	return hex.EncodeToString(sum[:])
}
