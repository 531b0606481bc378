package install

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestManifestNeedsATrustedKey(t *testing.T) {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	digest := strings.Repeat("ab", 32)
	m := Manifest{Version: "2.0", Models: []string{"box-2", "iad-*"}, Image: Content{digest, 7}, Patch: Content{digest, 3}, From: digest}
	text := m.Sign(private)
	got, err := ParseManifest(text, []ed25519.PublicKey{other, public})
	if err != nil || got.Version != "2.0" || got.Image != m.Image || got.Patch != m.Patch || got.From != digest {
		t.Fatalf("%+v, %v", got, err)
	}
	if !got.Fits("iad-24") || !got.Fits("box-2") || got.Fits("box-3") {
		t.Error("models are not as the manifest says")
	}
	if _, err := ParseManifest(text, []ed25519.PublicKey{other}); err == nil {
		t.Error("a key that is not trusted was taken")
	}
	for i := range text { // no octet may be another
		changed := bytes.Clone(text)
		changed[i] ^= 1
		if _, err := ParseManifest(changed, []ed25519.PublicKey{public}); err == nil {
			t.Fatalf("octet %d was changed and the manifest was taken", i)
		}
		if _, err := ParseManifest(text[:i], []ed25519.PublicKey{public}); err == nil {
			t.Fatalf("the first %d octets were taken for a manifest", i)
		}
	}
}

func TestPatchMakesTheNewImage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	old := make([]byte, 3<<20)
	for i := range old {
		old[i] = byte(random.Uint32())
	}
	image := append(bytes.Clone(old[:2<<20]), []byte("something new")...)
	image = append(image, old[2<<20+100:]...)
	var patch, made bytes.Buffer
	if err := WritePatch(&patch, old, image); err != nil {
		t.Fatal(err)
	}
	if patch.Len() > len(image)/20 {
		t.Errorf("the patch has %d octets for an image of %d", patch.Len(), len(image))
	}
	if err := ApplyPatch(&made, bytes.NewReader(patch.Bytes()), old); err != nil || !bytes.Equal(made.Bytes(), image) {
		t.Fatalf("%v, and %d octets", err, made.Len())
	}
	old[5] ^= 1 // another old image gives another digest or an error, never the right one
	made.Reset()
	if err := ApplyPatch(&made, bytes.NewReader(patch.Bytes()), old); err == nil && sum(made.Bytes()) == sum(image) {
		t.Error("a patch for another image made the new one")
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
