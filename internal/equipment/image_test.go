package equipment

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"
)

func TestImageTellsWhatItIs(t *testing.T) {
	for _, size := range []int64{0, 100, 4096, 1<<20 + 1} {
		img, file := image("2.0", 2, size)
		if int64(len(file)) != img.Size || size > 200 && img.Size != size {
			t.Errorf("asked for %d octets, written %d, said %d", size, len(file), img.Size)
		}
		if img.Digest != sha256.Sum256(file) || sha256.Sum256(file[:len(file)-32]) != [32]byte(file[len(file)-32:]) {
			t.Error("the digests are not those of the file")
		}
		for _, step := range []int{1, 31, 33, 512} { // octets come in any portions
			check := NewImageCheck()
			for rest := file; len(rest) > 0; rest = rest[min(step, len(rest)):] {
				_, _ = check.Write(rest[:min(step, len(rest))])
			}
			got, err := check.Finish()
			if err != nil || got.Version != "2.0" || got.Generation != 2 || !got.Fits("IAD-4") || got.Fits("IAD-8") || got.Digest != img.Digest {
				t.Fatalf("size %d step %d: %+v, %v", size, step, got, err)
			}
			if step == 1 && size > 4096 {
				break
			}
		}
	}
}

func TestDamagedImageIsBad(t *testing.T) {
	_, good := image("2.0", 2, 8<<10)
	flipped := bytes.Clone(good)
	flipped[5000] ^= 1
	for name, file := range map[string][]byte{
		"truncated": good[:8000], "flipped": flipped, "empty": nil, "head only": good[:60], "longer": append(bytes.Clone(good), 0),
		"other file": []byte("! drydock-iad configuration\nend\n"), "no newline": bytes.Repeat([]byte("x"), 4096),
		"no models": []byte("DRYDOCK-IAD-IMAGE version=2.0 model= generation=2\n"),
	} {
		check := NewImageCheck()
		_, _ = check.Write(file)
		var f *Failure
		if _, err := check.Finish(); !errors.As(err, &f) || f.Cause != BadImage {
			t.Errorf("%s: %v", name, err)
		}
	}
}
