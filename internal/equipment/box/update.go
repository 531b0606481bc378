package box

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"

	"drydock/internal/equipment"
	"drydock/internal/equipment/disk"
	"drydock/internal/equipment/install"
)

// maxManifest is the largest manifest that is taken, in octets.
const maxManifest = 64 << 10

// The places of deOperFileNames: the image, what its maker says of it, and the
// patch that makes it of an older one.
const (
	imagePlace = iota
	manifestPlace
	patchPlace
)

// Files in the state directory.
const (
	partFile    = "image.part" // what is being downloaded
	partDigest  = "image.part.digest"
	currentFile = "image.current" // of the running software, where it is retained
	nextFile    = "image.next"    // of the software that is being tried
	keptFile    = "image.kept"
)

// resumer is a FileClient that can leave out the beginning of a file.
type resumer interface {
	CanResume(equipment.Protocol) bool
	FetchFrom(ctx context.Context, s equipment.Server, name string, offset int64, w io.Writer) error
}

// update downloads, checks, loads, and restarts into the new software.
func (b *Box) update(ctx context.Context, o equipment.Order, run equipment.Run) error {
	m, err := b.manifest(ctx, o)
	if err != nil {
		return err
	}
	run.Progress(5)
	want := m.Image.Digest
	if len(o.Digests) > imagePlace {
		if want != "" && want != o.Digests[imagePlace] {
			return failed(equipment.BadImage, "the manifest is of another image than the one that is ordered")
		}
		want = o.Digests[imagePlace]
	}
	got, err := b.image(ctx, o, m, want)
	if err != nil {
		return err
	}
	run.Progress(50)
	i, err := b.loader.Inspect(ctx, install.Image{Path: b.path(partFile), Version: m.Version})
	if err != nil {
		b.drop(partFile, partDigest)
		return failed(equipment.BadImage, "%v", err)
	}
	p := pending{Row: o.Index, Type: o.Type, Phase: loading, From: b.version(), Expected: i.Version, Digest: got}
	if err := b.load(ctx, i, p); err != nil {
		return err
	}
	run.Progress(80)
	return b.restart(ctx, p, run)
}

// load has the installer put the image in its place. The file is of no use
// afterwards but as the old image of a later patch, or to be kept.
func (b *Box) load(ctx context.Context, i install.Image, p pending) error {
	if err := b.fs.Rename(b.path(partFile), b.path(nextFile)); err != nil {
		return failed(equipment.InternalError, "%v", err)
	}
	b.drop(partDigest)
	i.Path = b.path(nextFile)
	if err := b.intend(p); err != nil {
		return err
	}
	if err := b.loader.Install(ctx, i); err != nil {
		if ctx.Err() != nil {
			return err // the next process finds out what became of it
		}
		if forget := b.settle(); forget != nil {
			return forget
		}
		b.drop(nextFile)
		return failed(equipment.BadImage, "%v", err)
	}
	if !b.s.Software.Retain {
		b.drop(nextFile)
	}
	return nil
}

// manifest fetches what the image's maker says of it. Where the equipment
// trusts keys there must be one.
func (b *Box) manifest(ctx context.Context, o equipment.Order) (m install.Manifest, err error) {
	if len(o.Names) <= manifestPlace {
		if len(b.trust) > 0 {
			return m, failed(equipment.BadImage, "this equipment loads signed releases only, and this one has no manifest")
		}
		return m, nil
	}
	var text bytes.Buffer
	if err := b.o.Files.Fetch(ctx, o.Server, o.Names[manifestPlace], &bounded{w: &text, left: maxManifest}); err != nil {
		return m, err
	}
	if len(o.Digests) > manifestPlace && o.Digests[manifestPlace] != digest(text.Bytes()) {
		return m, failed(equipment.TransferFailed, "the manifest came with SHA-256 %s", digest(text.Bytes()))
	}
	if m, err = install.ParseManifest(text.Bytes(), b.trust); err != nil {
		return m, failed(equipment.BadImage, "%v", err)
	}
	if !m.Fits(b.model) {
		return m, failed(equipment.WrongModel, "the image is for %s and this is %s", strings.Join(m.Models, ", "), b.model)
	}
	return m, nil
}

// image puts the image into partFile, by a patch where there is one for what
// runs, and gives its digest, which is want unless that is empty.
func (b *Box) image(ctx context.Context, o equipment.Order, m install.Manifest, want string) (got string, err error) {
	if m.Patch.Digest != "" && len(o.Names) > patchPlace && m.From == b.now().Digest {
		if err := b.patched(ctx, o, m); err == nil {
			b.o.Log.Info("image is whole", "from", "patch", "version", m.Version)
			return m.Image.Digest, nil
		} else if ctx.Err() != nil {
			return "", err
		} else {
			b.o.Log.Warn("the patch was not used; the whole image is fetched", "err", err)
		}
	}
	got, err = b.download(ctx, o, want)
	if err != nil {
		return "", err
	}
	if want != "" && got != want {
		b.drop(partFile, partDigest)
		return "", failed(equipment.TransferFailed, "file %s came with SHA-256 %s and should have %s", o.Names[imagePlace], got, want)
	}
	b.o.Log.Info("image is whole", "from", "server", "digest", got)
	return got, nil
}

// patched makes the image of the one that runs.
func (b *Box) patched(ctx context.Context, o equipment.Order, m install.Manifest) error {
	old, err := b.fs.ReadFile(b.path(currentFile))
	if err != nil {
		return err
	}
	if digest(old) != m.From {
		return errors.New("the file of the running image is not what it was")
	}
	var patch bytes.Buffer
	if err := b.o.Files.Fetch(ctx, o.Server, o.Names[patchPlace], &bounded{w: &patch, left: m.Patch.Size}); err != nil {
		return err
	}
	if digest(patch.Bytes()) != m.Patch.Digest {
		return errors.New("the patch is not the manifest's")
	}
	b.drop(partDigest) // what is in partFile is not the beginning of a download
	f, err := b.fs.Create(b.path(partFile), 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	err = install.ApplyPatch(&bounded{w: io.MultiWriter(f, sum), left: min(m.Image.Size, b.room())}, &patch, old)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != m.Image.Digest {
		b.drop(partFile)
		return errors.New("the patch makes another image than the manifest says")
	}
	return nil
}

// download fetches the image, and goes on with what an earlier download of the
// same image has left.
func (b *Box) download(ctx context.Context, o equipment.Order, want string) (got string, err error) {
	var offset int64
	sum := sha256.New()
	r, ok := b.o.Files.(resumer)
	if ok && want != "" && r.CanResume(o.Server.Protocol) {
		offset = b.leftOver(want, sum)
	}
	if offset > 0 && hex.EncodeToString(sum.Sum(nil)) == want {
		return want, nil
	}
	open := b.fs.Create
	if offset > 0 {
		open = b.fs.Append
	}
	f, err := open(b.path(partFile), 0o600)
	if err != nil {
		return "", failed(equipment.InternalError, "%v", err)
	}
	if offset == 0 && want != "" {
		if err := disk.Replace(b.fs, b.path(partDigest), []byte(want), 0o600); err != nil {
			return "", errors.Join(err, f.Close())
		}
	}
	w := &bounded{w: io.MultiWriter(f, sum), left: b.room()}
	if offset > 0 {
		err = r.FetchFrom(ctx, o.Server, o.Names[imagePlace], offset, w)
		if f, ok := errors.AsType[*equipment.Failure](err); ok && f.Cause == equipment.FileNotFound {
			b.drop(partDigest) // perhaps the server has no such place in it: the next download begins anew
		}
	} else {
		err = b.o.Files.Fetch(ctx, o.Server, o.Names[imagePlace], w)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	return hex.EncodeToString(sum.Sum(nil)), err
}

// leftOver is how much there is of a download of that digest; it is digested.
func (b *Box) leftOver(want string, sum hash.Hash) int64 {
	of, err := b.fs.ReadFile(b.path(partDigest))
	if err != nil || string(of) != want {
		return 0
	}
	f, err := os.Open(b.path(partFile))
	if err != nil {
		return 0
	}
	defer f.Close() // only read
	n, err := io.Copy(sum, f)
	if err != nil {
		sum.Reset()
		return 0
	}
	return n
}

// drop removes files that are of no more use. One that stays takes room only.
func (b *Box) drop(names ...string) {
	for _, name := range names {
		if err := b.fs.Remove(b.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			b.o.Log.Warn("a file was not removed", "err", err)
		}
	}
}

// bounded is a writer that fails with noRoom after left octets.
type bounded struct {
	w    io.Writer
	left int64
}

// Write passes p on.
func (w *bounded) Write(p []byte) (int, error) {
	if w.left -= int64(len(p)); w.left < 0 {
		return 0, failed(equipment.NoRoom, "the file is larger than the room for it")
	}
	return w.w.Write(p)
}
