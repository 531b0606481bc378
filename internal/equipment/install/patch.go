package install

import (
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// A patch is a Zstandard frame (RFC 8878) whose dictionary is the old image as
// it is: what both images have in common is a reference into it.
const patchDictionary = 1

// maxImage bounds the images that patches are made from and to: both are held
// in memory.
const maxImage = 256 << 20

// WritePatch writes the patch that makes new of old.
func WritePatch(w io.Writer, old, new []byte) error {
	if len(old) > maxImage || len(new) > maxImage {
		return fmt.Errorf("a patch is for images of up to %d octets", maxImage)
	}
	window := zstd.MinWindowSize
	for window < len(old)+len(new) && window < zstd.MaxWindowSize {
		window *= 2
	}
	e, err := zstd.NewWriter(w, zstd.WithEncoderDictRaw(patchDictionary, old), zstd.WithWindowSize(window),
		zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return err
	}
	if _, err := e.Write(new); err != nil {
		_ = e.Close()
		return err
	}
	return e.Close()
}

// ApplyPatch writes to w what the patch makes of old. What it made is to be
// compared with the digest that it should have.
func ApplyPatch(w io.Writer, patch io.Reader, old []byte) error {
	if len(old) > maxImage {
		return fmt.Errorf("a patch is for images of up to %d octets", maxImage)
	}
	d, err := zstd.NewReader(patch, zstd.WithDecoderDictRaw(patchDictionary, old), zstd.WithDecoderMaxMemory(2*maxImage), zstd.WithDecoderMaxWindow(2*maxImage),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return err
	}
	defer d.Close()
	if _, err := io.Copy(w, d); err != nil {
		return fmt.Errorf("the patch cannot be applied: %w", err)
	}
	return nil
}
