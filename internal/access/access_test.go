package access

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"drydock/internal/fault"
)

// TestRoles is the whole table of roles and permissions.
func TestRoles(t *testing.T) {
	want := map[Role]string{
		Viewer:        "open known view",
		Operator:      "open known view reveal operate",
		Approver:      "open known view reveal operate approve",
		Administrator: "open known view reveal operate approve administer",
		"root":        "open",
		"":            "open",
	}
	for role, words := range want {
		for _, p := range append(Permissions(), Open, "fly") {
			if got, want := role.Has(p), slices.Contains(strings.Fields(words), string(p)); got != want {
				t.Errorf("%q has %q: %t", role, p, got)
			}
		}
	}
}

func TestScopes(t *testing.T) {
	for text, want := range map[string]string{
		"": "", " ": "", "site=north": "site=north", " tier = edge , site=north": "site=north,tier=edge", "a=1,a=1": "a=1", "url=a=b": "url=a=b",
	} {
		if got, err := ParseScope(text); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	for _, text := range []string{"site", "=north", "site=", "site=north,", ",", "a=1,a=2"} {
		if got, err := ParseScope(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	north := map[string]string{"site": "north", "tier": "edge"}
	for scope, want := range map[Scope]bool{"": true, "site=north": true, "site=north,tier=edge": true, "site=south": false, "site=north,x=": false, "tier=core": false} {
		if scope.Contains(north) != want {
			t.Errorf("%q: not %t", scope, want)
		}
	}
	if Scope("site=north").Contains(nil) || !Everywhere.Contains(nil) {
		t.Error("a device without labels lies in the whole fleet alone")
	}
	for _, text := range []string{"operator", "operator:site=north,tier=edge"} {
		if g, err := ParseGrant(text); err != nil || g.String() != text {
			t.Errorf("%q: %v, %v", text, g, err)
		}
	}
	for _, text := range []string{"", "root", "operator:", "operator:site", ":site=north"} {
		if g, err := ParseGrant(text); err == nil {
			t.Errorf("%q: %v", text, g)
		}
	}
	if (Grant{Role: Viewer, Scope: "b=1,a=1"}).Check() == nil {
		t.Error("a scope that is not in order is taken")
	}
}

func drawGrants(t *rapid.T, name string) []Grant {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Grant {
		scope, _ := scopeOf(rapid.SliceOfNDistinct(rapid.Custom(func(t *rapid.T) Label {
			return Label{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "key"), rapid.SampledFrom([]string{"1", "2"}).Draw(t, "value")}
		}), 0, 2, func(l Label) string { return l.Key }).Draw(t, "labels"))
		return Grant{rapid.SampledFrom(Roles()).Draw(t, "role"), scope}
	}), 0, 4).Draw(t, name)
}

// TestTokenMayWhatBothMay: a token may do exactly what its owner may do and it
// asks for, of any device.
func TestTokenMayWhatBothMay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner, asked := User{Name: "o", Grants: drawGrants(t, "owner")}, drawGrants(t, "asked")
		token := Token{Name: "t", Grants: asked}.Principal(owner)
		labels := rapid.MapOf(rapid.SampledFrom([]string{"a", "b"}), rapid.SampledFrom([]string{"1", "2"})).Draw(t, "labels")
		for _, p := range Permissions() {
			want := owner.Principal().May(p, labels) && (Principal{Grants: asked}).May(p, labels)
			if got := token.May(p, labels); got != want {
				t.Fatalf("%s of %v: %t, want %t", p, labels, got, want)
			}
			if token.May(p, labels) && !token.MaySomewhere(p) || token.MayEverywhere(p) && !token.May(p, labels) {
				t.Fatalf("%s: somewhere and everywhere do not fit", p)
			}
			in := slices.ContainsFunc(token.Within(p), func(s Scope) bool { return s.Contains(labels) })
			if in != token.May(p, labels) {
				t.Fatalf("%s: a list would have %v: %t", p, labels, in)
			}
		}
	})
}

func TestPasswords(t *testing.T) {
	cheap := Cost{Time: 1, Memory: 64, Threads: 1}
	hash := HashPassword("correct horse battery", [SaltSize]byte{1}, cheap)
	if !CheckPassword(hash, "correct horse battery") {
		t.Error("the right password does not fit")
	}
	if other := HashPassword("correct horse battery", [SaltSize]byte{2}, cheap); other == hash {
		t.Error("the salt is not used")
	}
	for _, wrong := range []string{"", "correct horse batter", "Correct horse battery"} {
		if CheckPassword(hash, wrong) {
			t.Errorf("%q fits", wrong)
		}
	}
	for _, bad := range []string{"", "$", hash[:len(hash)-4], strings.Replace(hash, "argon2id", "argon2i", 1), strings.Replace(hash, "m=64", "m=0", 1),
		strings.Replace(hash, "m=64", "m=99999999", 1), strings.Replace(hash, "t=1", "t=4000000000", 1), strings.Replace(hash, "v=19", "v=16", 1), Decoy(cheap)} {
		if CheckPassword(bad, "correct horse battery") || CheckPassword(bad, "") {
			t.Errorf("%q fits", bad)
		}
	}
}

func TestVetPassword(t *testing.T) {
	for _, good := range []string{"correct horse battery", "größer als gedacht", "x7Q!pLm2#vTz", "alice has a fine garden"} {
		if err := VetPassword("alice", good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "short", "elevenchars", "aaaaaaaaaaaaaaaa", "abababababababab", "password12345", "qwertyuiopasdfgh", "123456789012", "alice1234567",
		"drydock12345", "administrator1", strings.Repeat("long ones ", 200), "not utf-8 \xff\xfe at all"} {
		if err := VetPassword("alice", bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestTokenText(t *testing.T) {
	text := TokenText("ab12", [SecretSize]byte{1})
	id, hash, ok := ParseToken(text)
	if !ok || id != "ab12" || hash != HashSecret(text) || strings.Contains(hash, text[len(text)-20:]) {
		t.Errorf("%q: %q %q %t", text, id, hash, ok)
	}
	for _, bad := range []string{"", "ddt_", "ddt_ab12", "ddt_.x", "ddt_ab12.", "xxx_ab12.x"} {
		if _, _, ok := ParseToken(bad); ok {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestNames(t *testing.T) {
	grants := []Grant{{Role: Viewer}}
	for _, good := range []string{"alice", "a.b-c_d@example.org", "A1"} {
		if err := (User{Name: good, Grants: grants}).Check(); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "-x", ".x", "a b", "a/b", "bootstrap", "<script>", "ä", "x\x1b[2J", strings.Repeat("x", 65)} {
		if err := (User{Name: bad, Grants: grants}).Check(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if (User{Name: "alice"}).Check() == nil || (User{Name: "alice", Grants: []Grant{{Role: "root"}}}).Check() == nil {
		t.Error("a user without a role")
	}
}

func TestSessionsEnd(t *testing.T) {
	start := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	s := Session{CreatedAt: start, SeenAt: start}
	if !s.Alive(start.Add(SessionIdle-1)) || s.Alive(start.Add(SessionIdle)) {
		t.Error("idle")
	}
	s.SeenAt = start.Add(SessionLife - time.Minute)
	if !s.Alive(start.Add(SessionLife-1)) || s.Alive(start.Add(SessionLife)) {
		t.Error("life")
	}
}
