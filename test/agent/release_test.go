package agent

import (
	"crypto/ed25519"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"drydock/client"
	"drydock/internal/fleet"
	"drydock/internal/procedure"
)

// maker signs releases with the agent's own tool.
type maker struct {
	t      *testing.T
	dir    string
	public string
}

func newMaker(t *testing.T) *maker {
	t.Helper()
	m := &maker{t: t, dir: t.TempDir()}
	m.public = strings.TrimSpace(m.run("key", "--out", m.path("key")))
	return m
}

func (m *maker) path(name string) string { return filepath.Join(m.dir, name) }

func (m *maker) run(args ...string) string {
	m.t.Helper()
	cmd := exec.Command(binary(m.t), args...)
	cmd.Stderr = m.t.Output()
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatalf("drydock-agent %v: %v", args, err)
	}
	return string(out)
}

func (m *maker) put(name, text string) string {
	m.t.Helper()
	if err := os.WriteFile(m.path(name), []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
	return m.path(name)
}

func (m *maker) get(name string) string {
	m.t.Helper()
	text, err := os.ReadFile(m.path(name))
	if err != nil {
		m.t.Fatal(err)
	}
	return string(text)
}

func (m *maker) manifest(version, models, image string, more ...string) string {
	m.t.Helper()
	m.run(append([]string{"manifest", "--key", m.path("key"), "--version", version, "--models", models, "--image", m.put("image", image), "--out", m.path("manifest")}, more...)...)
	return m.get("manifest")
}

// trusting are the settings of plain with a key.
func trusting(public string) string {
	return strings.Replace(plain, "  retain: true", "  retain: true\n  trust: ["+public+"]", 1)
}

func TestOnlySignedReleasesForThisModelAreLoaded(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	m, stranger := newMaker(t), newMaker(t)
	b := newBox(t, common, trusting(m.public), standalone).start()
	y.add("box", b, ops)
	image := "VERSION=2.0\nsigned\n"
	good := m.manifest("2.0", "box-1,box-2", image)
	y.release("none", "2.0", [2]string{"image", image})
	y.release("stranger", "2.0", [2]string{"image", image}, [2]string{"manifest", stranger.manifest("2.0", "box-2", image)})
	y.release("other-image", "2.0", [2]string{"image", image + "changed"}, [2]string{"manifest", good})
	y.release("other-model", "2.0", [2]string{"image", image}, [2]string{"manifest", m.manifest("2.0", "box-3", image)})
	y.release("good", "2.0", [2]string{"image", image}, [2]string{"manifest", good})
	old := b.read("software")
	for release, want := range map[fleet.ReleaseID]string{"none": "no manifest", "stranger": "none of the keys", "other-image": "another image", "other-model": "is for box-3"} {
		run := y.update("box", release)
		st := y.until(run)
		if st.Question == nil || st.Question.Step != procedure.Load || !strings.Contains(st.Question.Detail, want) {
			t.Fatalf("%s: result %+v, question %+v", release, st.Result, st.Question)
		}
		_, err := y.api.Answer(y.ctx, st.Question.ID, procedure.Stop, "anna")
		y.must(err)
		y.must(y.api.Watch(y.ctx, []fleet.RunID{run}, func(c client.Change) bool { return c.State.Phase != procedure.Ended }))
	}
	if b.read("software") != old {
		t.Error("something was loaded")
	}
	y.updated(y.update("box", "good"))
	if b.read("software") != image {
		t.Error("the signed release was not loaded")
	}
	if raw, err := base64.StdEncoding.DecodeString(m.public); err != nil || len(raw) != ed25519.PublicKeySize {
		t.Errorf("the public key %q", m.public)
	}
}

// noise is text that does not compress.
func noise(seed uint64, n int) string {
	random := rand.New(rand.NewPCG(seed, 0))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(33 + random.UintN(90))
	}
	return string(b)
}

// TestPatchIsUsed: the image of the second update is never fetched, for the
// server's is damaged; a third release's patch is for another image, and the
// whole one is fetched.
func TestPatchIsUsed(t *testing.T) {
	t.Parallel()
	y := openYard(t)
	m := newMaker(t)
	b := newBox(t, common, trusting(m.public), standalone).start()
	y.add("box", b, ops)
	first := "VERSION=2.0\n" + noise(1, 300_000)
	second := "VERSION=3.0\n" + first[20:200_000] + "new" + first[200_000:]
	third := "VERSION=4.0\n" + second[20:]
	y.release("v2", "2.0", [2]string{"image", first}, [2]string{"manifest", m.manifest("2.0", "box-2", first)})
	manifest := m.manifest("3.0", "box-2", second, "--patch-from", m.put("old", first), "--patch", m.path("patch"))
	patch := m.get("patch")
	y.release("v3", "3.0", [2]string{"image", second}, [2]string{"manifest", manifest}, [2]string{"patch", patch})
	wrong := m.manifest("4.0", "box-2", third, "--patch-from", m.put("old", first), "--patch", m.path("patch"))
	y.release("v4", "4.0", [2]string{"image", third}, [2]string{"manifest", wrong}, [2]string{"patch", m.get("patch")})
	y.updated(y.update("box", "v2"))
	run := y.update("box", "v3")
	y.updated(run)
	if len(patch) > len(second)/10 || b.read("software") != second {
		t.Errorf("the patch has %d octets; the software is right: %v", len(patch), b.read("software") == second)
	}
	if !strings.Contains(b.log.String(), "image is whole\" from=patch") {
		t.Error("the patch was not used")
	}
	y.updated(y.update("box", "v4"))
	if b.read("software") != third || strings.Count(b.log.String(), "image is whole\" from=server") != 2 {
		t.Error("the patch for another image was not left aside")
	}
}
