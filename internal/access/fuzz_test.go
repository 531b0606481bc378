package access

import "testing"

// FuzzScope: what is read as a scope is written as it is kept, and says what it
// says.
func FuzzScope(f *testing.F) {
	for _, text := range []string{"", "site=north", "tier=edge,site=north", "a=b=c", "=", ",", "a=1,a=2"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		scope, err := ParseScope(text)
		if err != nil {
			return
		}
		again, err := ParseScope(string(scope))
		if err != nil || again != scope {
			t.Fatalf("%q is kept as %q, which is read as %q, %v", text, scope, again, err)
		}
		labels := map[string]string{}
		for _, l := range scope.Labels() {
			labels[l.Key] = l.Value
		}
		if !scope.Contains(labels) {
			t.Fatalf("%q does not contain its own labels", scope)
		}
		if scope != Everywhere && scope.Contains(nil) {
			t.Fatalf("%q contains what has no labels", scope)
		}
	})
}

// FuzzSecrets: texts of tokens and hashes of passwords come from outside, or
// from a database that somebody has changed.
func FuzzSecrets(f *testing.F) {
	f.Add(TokenText("ab12", [SecretSize]byte{1}))
	f.Add(HashPassword("x", [SaltSize]byte{1}, Cost{Time: 1, Memory: 8, Threads: 1}))
	f.Add("$argon2id$v=19$m=8,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, text string) {
		if id, hash, ok := ParseToken(text); ok && (id == "" || len(hash) != 64) {
			t.Fatalf("%q: %q %q", text, id, hash)
		}
		if len(text) < 200 && CheckPassword(text, "a password that nobody has") {
			t.Fatalf("%q fits", text)
		}
	})
}
