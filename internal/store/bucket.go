package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"drydock/internal/fault"
)

// Folders of the bucket.
const (
	releasesFolder = "releases"
	backupsFolder  = "backups"
)

// bucket keeps blobs by key, "folder/name". A blob is never changed; a write
// that returned nil is on disk.
type bucket struct {
	*blob.Bucket
	dir string // of a file bucket, which does not sync by itself; else empty
}

// openBucket opens the bucket of a URL, with the schemes registered here.
func openBucket(ctx context.Context, o Options) (*bucket, error) {
	address := o.Blobs
	if address == "" {
		dir, err := filepath.Abs(filepath.Join(o.Dir, "blobs"))
		if err != nil {
			return nil, err
		}
		address = (&url.URL{Scheme: fileblob.Scheme, Path: dir}).String()
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "bucket", "%w", err)
	}
	if u.Scheme == fileblob.Scheme {
		return openDirectory(u)
	}
	mux := new(blob.URLMux)
	mux.RegisterBucket(memblob.Scheme, &memblob.URLOpener{})
	b, err := mux.OpenBucket(ctx, address)
	if err != nil {
		return nil, fault.New(fault.Invalid, "", "bucket", "%w", err)
	}
	return &bucket{Bucket: b}, nil
}

// openDirectory opens a bucket in a directory that only its owner can enter,
// and removes what writes that were cut off have left.
func openDirectory(u *url.URL) (*bucket, error) {
	dir := u.Path
	if u.Host == "." {
		dir = strings.TrimPrefix(dir, "/")
	}
	for _, folder := range []string{releasesFolder, backupsFolder} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, err
		}
		left, err := filepath.Glob(filepath.Join(dir, folder, "*.tmp"))
		if err != nil {
			return nil, err
		}
		for _, path := range left {
			if err := os.Remove(path); err != nil {
				return nil, err
			}
		}
	}
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := syncPath(path); err != nil {
			return nil, err
		}
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{NoTempDir: true, DirFileMode: 0o700, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, err
	}
	return &bucket{Bucket: b, dir: dir}, nil
}

// put writes a blob; on return it is on disk. The row that names it comes
// after. If fill fails there is no blob.
func (b *bucket) put(ctx context.Context, key string, fill func(io.Writer) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := b.NewWriter(ctx, key, &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		cancel() // a cancelled writer's Close leaves nothing
		_ = w.Close()
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	if b.dir == "" {
		return nil
	}
	path := filepath.Join(b.dir, filepath.FromSlash(key))
	return errors.Join(syncPath(path), syncPath(filepath.Dir(path)))
}

// get copies a blob of the wanted size to w. Another size, or no blob, is
// fault.Corrupt: only what was written is asked for.
func (b *bucket) get(ctx context.Context, key string, size int64, w io.Writer) error {
	r, err := b.NewReader(ctx, key, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return corrupt("blob "+key, "it is gone")
	}
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, size+1))
	if err == nil && n != size {
		err = corrupt("blob "+key, "it has %d octets or more, not %d", n, size)
	}
	return errors.Join(err, r.Close())
}

// discard removes blobs that no row came to name. What cannot be removed stays
// as waste.
func (b *bucket) discard(ctx context.Context, keys ...string) {
	for _, key := range keys {
		_ = b.Delete(context.WithoutCancel(ctx), key)
	}
}

// cache is the local directory of files of releases that are in use.
type cache struct {
	contents
	dir string
}

// openCache empties the directory: what is in it was left by a crash.
func openCache(dir string) (*cache, error) {
	if err := os.RemoveAll(dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &cache{contents: contents{byDigest: map[string]*shared{}}, dir: dir}, nil
}

// temp makes a file that has no name any more, so that nobody can change it
// and nothing is left of it, however the process ends.
func (c *cache) temp() (*os.File, error) {
	f, err := os.CreateTemp(c.dir, "content-*")
	if err != nil {
		return nil, err
	}
	if err := os.Remove(f.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.Join(fmt.Errorf("unname: %w", err), f.Close())
	}
	return f, nil
}
