package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"

	"drydock/internal/fault"
	"drydock/internal/fleet"
)

// releaseDoc is a release as the database keeps it: with the blobs of its
// files, in their order.
type releaseDoc struct {
	fleet.Release
	Blobs []string `json:"blobs"`
}

func releaseObject(id fleet.ReleaseID) string { return "release " + string(id) }

// AddRelease stores a release with its files, all or nothing. open gives a
// file's content by its name. Size and digest are computed; where the release
// gives them, they must agree (fault.Invalid). fault.Conflict if there is a
// release of this id.
func (s *Store) AddRelease(ctx context.Context, r fleet.Release, open func(name string) (io.ReadCloser, error)) (fleet.Release, error) {
	const op = "store.AddRelease"
	r.Files = slices.Clone(r.Files)
	if err := s.mayAdd(ctx, r); err != nil {
		return r, s.explain(op, releaseObject(r.ID), err)
	}
	var keys []string
	for i := range r.Files {
		r.Files[i].Blob = releasesFolder + "/" + rand.Text()
		keys = append(keys, r.Files[i].Blob)
		if err := s.addFile(ctx, &r.Files[i], open); err != nil {
			s.blobs.discard(ctx, keys...)
			return r, s.explain(op, releaseObject(r.ID)+" file "+r.Files[i].Name, err)
		}
	}
	if err := s.insertRelease(ctx, releaseDoc{r, keys}); err != nil {
		if s.poison.get() == nil { // else the row may be there
			s.blobs.discard(ctx, keys...)
		}
		return r, s.explain(op, releaseObject(r.ID), err)
	}
	return r, nil
}

// mayAdd refuses what needs no look into the files.
func (s *Store) mayAdd(ctx context.Context, r fleet.Release) error {
	described := r
	described.Files = slices.Clone(r.Files)
	var names []string
	for i, f := range described.Files {
		if f.Name == "" || slices.Contains(names, f.Name) {
			return fault.New(fault.Invalid, "", releaseObject(r.ID), "file name %q is empty or there twice", f.Name)
		}
		names = append(names, f.Name)
		described.Files[i].Size = 1 // found out later
	}
	if err := described.Check(); err != nil {
		return err
	}
	if err := storable("release", append(names, string(r.ID))...); err != nil {
		return err
	}
	_, err := s.releaseDoc(ctx, r.ID)
	if err == nil {
		return releaseTaken(r.ID)
	}
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func releaseTaken(id fleet.ReleaseID) error {
	return fault.New(fault.Conflict, "", releaseObject(id), "there is a release of this id already").
		WithHint("a release is never changed; give the new one another id")
}

// addFile streams a file into its blob and fills in size and digest.
func (s *Store) addFile(ctx context.Context, f *fleet.File, open func(name string) (io.ReadCloser, error)) error {
	src, err := open(f.Name)
	if err != nil {
		return err
	}
	sum := sha256.New()
	var size int64
	err = s.blobs.put(ctx, f.Blob, func(w io.Writer) (err error) {
		size, err = io.Copy(io.MultiWriter(w, sum), src)
		return err
	})
	if err := errors.Join(err, src.Close()); err != nil {
		return s.judge(err)
	}
	digest := fleet.DigestOfSum([sha256.Size]byte(sum.Sum(nil)))
	wrong := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "", "file "+f.Name, format, args...)
	}
	switch {
	case size == 0:
		return wrong("it is empty")
	case f.Size != 0 && f.Size != fleet.Bytes(size):
		return wrong("it has %d octets, the release says %d", size, f.Size)
	case f.Digest != "" && f.Digest != digest:
		return wrong("its digest is %s, the release says %s", digest, f.Digest)
	}
	f.Size, f.Digest = fleet.Bytes(size), digest
	return nil
}

func (s *Store) insertRelease(ctx context.Context, d releaseDoc) error {
	doc, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return s.write(ctx, func(ctx context.Context, t *tx) error {
		n, err := t.change(ctx, "INSERT INTO releases (id, doc, sum) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
			d.ID, string(doc), checksum(doc, string(d.ID)))
		if err == nil && n == 0 {
			return releaseTaken(d.ID)
		}
		return err
	})
}

func scanRelease(r scanner) (fleet.Release, error) {
	var id, text string
	var sum int64
	var d releaseDoc
	if err := r.Scan(&id, &text, &sum); err != nil {
		return d.Release, err
	}
	if err := unpack(text, sum, &d, "release "+id, id); err != nil {
		return d.Release, err
	}
	if len(d.Blobs) != len(d.Files) {
		return d.Release, corrupt("release "+id, "it has %d files and %d blobs", len(d.Files), len(d.Blobs))
	}
	for i := range d.Files {
		d.Files[i].Blob = d.Blobs[i]
	}
	return d.Release, nil
}

func (s *Store) releaseDoc(ctx context.Context, id fleet.ReleaseID) (r fleet.Release, err error) {
	found := false
	err = s.read(ctx, "SELECT id, doc, sum FROM releases WHERE id = ?", []any{id}, func(rows *sql.Rows) (err error) {
		found = true
		r, err = scanRelease(rows)
		return err
	})
	if err == nil && !found {
		err = notFound(releaseObject(id))
	}
	return r, err
}

// Release gives one release, or fault.NotFound.
func (s *Store) Release(ctx context.Context, id fleet.ReleaseID) (fleet.Release, error) {
	r, err := s.releaseDoc(ctx, id)
	return r, s.explain("store.Release", releaseObject(id), err)
}

// Releases gives all releases by id.
func (s *Store) Releases(ctx context.Context) (releases []fleet.Release, err error) {
	err = s.read(ctx, "SELECT id, doc, sum FROM releases ORDER BY id", nil, func(rows *sql.Rows) error {
		r, err := scanRelease(rows)
		releases = append(releases, r)
		return err
	})
	return releases, s.explain("store.Releases", "", err)
}

// ReleaseFile opens a file of a release. Its digest is verified before a byte
// is given: fault.Corrupt names the file whose bytes have changed.
func (s *Store) ReleaseFile(ctx context.Context, id fleet.ReleaseID, name string) (Content, error) {
	const op = "store.ReleaseFile"
	object := releaseObject(id) + " file " + name
	r, err := s.releaseDoc(ctx, id)
	if err != nil {
		return nil, s.explain(op, object, err)
	}
	i := slices.IndexFunc(r.Files, func(f fleet.File) bool { return f.Name == name })
	if i < 0 {
		return nil, s.explain(op, object, notFound(object))
	}
	f := r.Files[i]
	c, err := s.files.acquire(ctx, string(f.Digest), func() (*os.File, int64, error) {
		local, err := s.fetch(ctx, f, object)
		return local, int64(f.Size), err
	})
	return c, s.explain(op, object, err)
}

// fetch makes a verified local copy of a file's blob.
func (s *Store) fetch(ctx context.Context, f fleet.File, object string) (*os.File, error) {
	local, err := s.files.temp()
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	err = s.blobs.get(ctx, f.Blob, int64(f.Size), io.MultiWriter(local, sum))
	if err == nil && fleet.DigestOfSum([sha256.Size]byte(sum.Sum(nil))) != f.Digest {
		err = corrupt(object, "its bytes in the bucket are not those of %s (blob %s)", f.Digest, f.Blob)
	}
	if err != nil {
		return nil, errors.Join(err, local.Close())
	}
	return local, nil
}
