package access

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"drydock/internal/fault"
)

// Cost is what one try of a password costs (RFC 9106 section 4).
type Cost struct {
	Time    uint32 // passes
	Memory  uint32 // KiB
	Threads uint8
}

// DefaultCost is the second recommended option of RFC 9106 section 4.
func DefaultCost() Cost { return Cost{Time: 3, Memory: 64 << 10, Threads: 4} }

// SaltSize is the salt's size in octets (RFC 9106 section 4).
const SaltSize = 16

const hashSize = 32

// HashPassword gives what the store keeps of a password: argon2id as a PHC
// string.
func HashPassword(password string, salt [SaltSize]byte, c Cost) string {
	sum := argon2.IDKey([]byte(password), salt[:], c.Time, c.Memory, c.Threads, hashSize)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		b64.EncodeToString(salt[:]), b64.EncodeToString(sum))
}

// most bounds what a stored hash can make a check cost.
const (
	memoryMost = 1 << 20 // KiB
	timeMost   = 100
)

// CheckPassword says whether the password is the one of the hash. An empty or
// malformed hash fits none.
func CheckPassword(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return false
	}
	var c Cost
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Time, &c.Threads); n != 3 || err != nil {
		return false
	}
	if c.Memory == 0 || c.Memory > memoryMost || c.Time == 0 || c.Time > timeMost || c.Threads == 0 {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) != hashSize {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, c.Time, c.Memory, c.Threads, hashSize)
	return subtle.ConstantTimeCompare(got, want) == 1
}

// What a password must be (NIST SP 800-63B section 5.1.1: length counts, rules
// on its characters do not help).
const (
	PasswordLeast = 12   // characters
	PasswordMost  = 1024 // octets
)

// VetPassword gives fault.Invalid for a password that is too easily guessed.
func VetPassword(user, password string) error {
	wrong := func(why string) error {
		return fault.New(fault.Invalid, "", "password", "it %s", why).WithHint("a few words that do not belong together are good, and longer is better")
	}
	small := strings.ToLower(password)
	switch {
	case !utf8.ValidString(password):
		return wrong("is not text in UTF-8")
	case utf8.RuneCountInString(password) < PasswordLeast:
		return wrong(fmt.Sprintf("must have %d characters or more", PasswordLeast))
	case len(password) > PasswordMost:
		return wrong("is too long")
	case user != "" && strings.Contains(small, strings.ToLower(user)) && len(password)-len(user) < PasswordLeast:
		return wrong("is little more than the user's name")
	case strings.Contains(small, "drydock") && len(password) < len("drydock")+PasswordLeast:
		return wrong("is little more than this program's name")
	case distinct(password) < 5:
		return wrong("repeats too few characters")
	case isRun(small):
		return wrong("is a row of the keyboard or of the alphabet")
	}
	return nil
}

func distinct(text string) int {
	seen := map[rune]bool{}
	for _, r := range text {
		seen[r] = true
	}
	return len(seen)
}

// isRun finds passwords that are made of nothing but well-known rows.
func isRun(small string) bool {
	for _, row := range []string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "password", "passw0rd", "1234567890", "0123456789", "abcdefghijklmnopqrstuvwxyz", "administrator", "admin", "welcome", "letmein", "changeme"} {
		for n := len(row); n >= 4; n-- {
			small = strings.ReplaceAll(small, row[:n], "")
		}
	}
	return utf8.RuneCountInString(small) < 4
}

// Decoy is a hash that fits no password and costs as much to check as one that
// does, for a name that is not there.
func Decoy(c Cost) string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Time, c.Threads,
		b64.EncodeToString(make([]byte, SaltSize)), b64.EncodeToString(make([]byte, hashSize)))
}
