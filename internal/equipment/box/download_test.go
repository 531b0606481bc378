package box

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"drydock/internal/equipment"
	"drydock/internal/equipment/install"
)

// torn is a server over FTP whose downloads say what they do, one after the other.
type torn struct {
	offsets []int64
	does    []func(offset int64, w io.Writer) error
}

func (s *torn) CanResume(equipment.Protocol) bool { return true }

func (s *torn) Fetch(ctx context.Context, at equipment.Server, name string, w io.Writer) error {
	return s.FetchFrom(ctx, at, name, 0, w)
}

func (s *torn) FetchFrom(_ context.Context, _ equipment.Server, _ string, offset int64, w io.Writer) error {
	s.offsets = append(s.offsets, offset)
	do := s.does[0]
	s.does = s.does[1:]
	return do(offset, w)
}

func (*torn) Send(context.Context, equipment.Server, string, []byte) error { return nil }

const whole = "VERSION=2 and all that belongs to it"

// TestDownloadIsWhatWasOrdered: what the flash or the line has changed is not
// loaded, and does not stand in the way of the next download.
func TestDownloadIsWhatWasOrdered(t *testing.T) {
	send := func(text string) func(int64, io.Writer) error {
		return func(offset int64, w io.Writer) error {
			_, err := io.WriteString(w, text[min(offset, int64(len(text))):])
			return err
		}
	}
	cut := func(_ int64, w io.Writer) error {
		_, _ = io.WriteString(w, whole[:10])
		return &equipment.Failure{Cause: equipment.TransferFailed, Text: "cut"}
	}
	refused := func(int64, io.Writer) error { return &equipment.Failure{Cause: equipment.FileNotFound, Text: "550"} }
	for name, c := range map[string]struct {
		does   []func(int64, io.Writer) error
		damage string // what is in the part after the first
		want   []int64
	}{
		"goes on":          {[]func(int64, io.Writer) error{cut, send(whole)}, "", []int64{0, 10}},
		"another image":    {[]func(int64, io.Writer) error{send("another"), send(whole)}, "", []int64{0, 0}},
		"damaged part":     {[]func(int64, io.Writer) error{cut, send(whole), send(whole)}, "damaged", []int64{0, 7, 0}},
		"part is too long": {[]func(int64, io.Writer) error{cut, refused, send(whole)}, strings.Repeat("x", 99), []int64{0, 99, 0}},
		"all is there":     {[]func(int64, io.Writer) error{cut, send(whole)}, whole, []int64{0}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newBench(t, withSlots)
			b, ctx := w.start()
			server := &torn{does: c.does}
			b.o.Files = server
			o := order(equipment.Update, "image")
			o.Digests = []string{digest([]byte(whole))}
			for try := 0; ; try++ {
				got, err := b.image(ctx, o, install.Manifest{}, o.Digests[0])
				text, _ := os.ReadFile(b.path(partFile))
				if err == nil {
					if got != o.Digests[0] || string(text) != whole {
						t.Errorf("digest %s of %q", got, text)
					}
					break
				}
				if f := (*equipment.Failure)(nil); !errors.As(err, &f) || try > 3 {
					t.Fatal(err)
				}
				if try == 0 && c.damage != "" {
					if err := os.WriteFile(b.path(partFile), []byte(c.damage), 0o600); err != nil {
						t.Fatal(err)
					}
				}
			}
			if len(server.offsets) != len(c.want) {
				t.Fatalf("downloads began at %d; wanted %d", server.offsets, c.want)
			}
			for i, at := range c.want {
				if server.offsets[i] != at {
					t.Errorf("downloads began at %d; wanted %d", server.offsets, c.want)
				}
			}
		})
	}
}

// TestPatchMustMakeTheImage: a patch that makes another image than the manifest
// says is left aside, and the whole image is fetched.
func TestPatchMustMakeTheImage(t *testing.T) {
	old := []byte("VERSION=1 and all that belongs to it")
	for made, want := range map[string]int{whole: 1, whole[:20] + "another": 2} {
		w := newBench(t, withSlots)
		b, ctx := w.start()
		if err := os.WriteFile(b.path(currentFile), old, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := b.save(func(s *state) { s.Digest = digest(old) }); err != nil {
			t.Fatal(err)
		}
		var patch bytes.Buffer
		if err := install.WritePatch(&patch, old, []byte(made)); err != nil {
			t.Fatal(err)
		}
		send := func(text string) func(int64, io.Writer) error {
			return func(_ int64, w io.Writer) error { _, err := io.WriteString(w, text); return err }
		}
		server := &torn{does: []func(int64, io.Writer) error{send(patch.String()), send(whole)}}
		b.o.Files = server
		m := install.Manifest{Version: "2", From: digest(old), Image: install.Content{Digest: digest([]byte(whole)), Size: int64(len(whole))},
			Patch: install.Content{Digest: digest(patch.Bytes()), Size: int64(patch.Len())}}
		o := order(equipment.Update, "image")
		o.Names, o.Digests = []string{"image", "manifest", "patch"}, nil
		got, err := b.image(ctx, o, m, m.Image.Digest)
		text, _ := os.ReadFile(b.path(partFile))
		if err != nil || got != m.Image.Digest || string(text) != whole || len(server.offsets) != want {
			t.Errorf("a patch that makes %q: %v, %q after %d files", made, err, text, len(server.offsets))
		}
	}
}

// TestKeptFilesBelongTogether cuts the power at every effect of a second keep:
// what can be restored then is software with the configuration that it had.
func TestKeptFilesBelongTogether(t *testing.T) {
	for cut := 1; ; cut++ {
		w := newBench(t, withFiles)
		if err := w.do(order(equipment.Keep, "")); err != nil {
			t.Fatal(err)
		}
		w.put("a", "new a\n")
		w.put("software", "VERSION=2")
		b, ctx := w.start()
		w.effects, w.cut = 0, cut
		err := b.Do(ctx, order(equipment.Keep, ""), equipment.Run{Progress: func(int) {}, Restarted: func() {}})
		if err == nil {
			if cut < 5 {
				t.Errorf("keep has %d effects only", cut)
			}
			return
		}
		w.cut = 0
		w.put("a", "newest a\n")
		w.put("software", "VERSION=3")
		err = w.do(order(equipment.RestoreFiles, ""))
		pair := w.get("a") + w.get("software")
		if err == nil && pair != "new a\nVERSION=2" && pair != "old a\nVERSION=1" || err != nil && pair != "newest a\nVERSION=3" {
			t.Errorf("cut at effect %d: %v, and the equipment has %q", cut, err, pair)
		}
	}
}
