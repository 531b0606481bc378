package snmp

import (
	"bytes"
	"encoding/hex"
	"testing"

	"drydock/internal/secret"
)

var (
	testPass     = secret.New("maplesyrup")
	testEngineID = []byte{11: 2}
)

func testKeys(t testing.TB, user User) *usmKeys {
	t.Helper()
	keys, err := localizedKeys(user, testEngineID)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// RFC 3414 sections A.3.1 and A.3.2.
func TestLocalizedKeys(t *testing.T) {
	for protocol, want := range map[string]string{"MD5": "526f5eed9fcce26f8964c2930787d82b", "SHA": "6695febc9288e36282235fc7151f128497b38f3f"} {
		keys := testKeys(t, User{AuthProtocol: protocol, AuthPassword: testPass})
		if got := hex.EncodeToString(keys.authKey); got != want {
			t.Errorf("%s: %s, want %s", protocol, got, want)
		}
	}
}

func TestLocalizedKeysRefuse(t *testing.T) {
	for name, user := range map[string]User{
		"privacy alone":    {PrivProtocol: "DES", PrivPassword: testPass},
		"unknown auth":     {AuthProtocol: "SHA-1024", AuthPassword: testPass},
		"no passphrase":    {AuthProtocol: "SHA"},
		"unknown privacy":  {AuthProtocol: "SHA", AuthPassword: testPass, PrivProtocol: "ROT13", PrivPassword: testPass},
		"no privacy phras": {AuthProtocol: "SHA", AuthPassword: testPass, PrivProtocol: "DES"},
	} {
		if _, err := localizedKeys(user, testEngineID); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func TestSealOpens(t *testing.T) {
	for _, auth := range []string{"MD5", "SHA", "SHA-224", "SHA-256", "SHA-384", "SHA-512"} {
		for _, priv := range []string{"", "DES", "AES-128", "AES-192", "AES-256"} {
			t.Run(auth+" "+priv, func(t *testing.T) {
				user := User{Name: "ann", AuthProtocol: auth, AuthPassword: testPass, PrivProtocol: priv, PrivPassword: secret.New("other words")}
				sealOpens(t, testKeys(t, user))
			})
		}
	}
}

func sealOpens(t *testing.T, keys *usmKeys) {
	m := sampleMessages()[3]
	m.Flags = keys.level()
	wire, err := m.seal(keys, 1<<40+5)
	if err != nil {
		t.Fatal(err)
	}
	if m.Flags&flagPriv != 0 && bytes.Contains(wire, []byte("xxxx")) {
		t.Error("the PDU is in clear")
	}
	got, err := decodeMessage(wire)
	if err != nil {
		t.Fatal(err)
	}
	if !got.verify(keys) {
		t.Fatal("its digest is not taken")
	}
	if err := got.open(keys); err != nil {
		t.Fatal(err)
	}
	if len(got.PDU.Varbinds) != len(m.PDU.Varbinds) || string(got.ContextEngineID) != "engine" {
		t.Errorf("the PDU is %+v", got.PDU)
	}
	for _, at := range []int{2, got.authAt, len(wire) - 1} {
		forged := bytes.Clone(wire)
		forged[at] ^= 1
		if bad, err := decodeMessage(forged); err == nil && bad.verify(keys) {
			t.Errorf("octet %d was changed, and the digest is taken", at)
		}
	}
}
