package store

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
)

// Content is one file of a release, verified, on the local disk. All who have
// the same file share it; the last Close lets it go.
type Content interface {
	io.ReaderAt
	io.Closer
	Size() int64 // octets
}

// idleContents is how many verified files stay open that nobody uses: devices
// come one after the other and ask for the same.
const idleContents = 4

// contents are the files in use and the last ones used, by digest.
type contents struct {
	mu       sync.Mutex // owns the rest, and users of each
	byDigest map[string]*shared
	idle     []*shared // without users, the longest so first
	closed   bool
}

// memoryMax is the size in octets up to which a file in use is kept in memory:
// thousands of devices that fetch it at once then cost no call to the kernel a
// block. Larger ones are read from the page cache.
const memoryMax = 32 << 20

// shared is one verified file.
type shared struct {
	digest string
	users  int
	load   chan struct{} // one place: whoever is in it fills in file and size
	file   *os.File
	size   int64
	octets []byte // all of it where it is small enough, else nil
}

// open fills in file, size and octets.
func (sh *shared) open(fill func() (*os.File, int64, error)) error {
	file, size, err := fill()
	if err != nil {
		return err
	}
	if size <= memoryMax {
		octets := make([]byte, size)
		if _, err := io.ReadFull(io.NewSectionReader(file, 0, size), octets); err != nil {
			return errors.Join(err, file.Close())
		}
		sh.octets = octets
	}
	sh.file, sh.size = file, size
	return nil
}

// acquire gives the content of a digest; fill makes the verified file where it
// is not there yet. Of several callers one fills while the others wait.
func (c *contents) acquire(ctx context.Context, digest string, fill func() (*os.File, int64, error)) (Content, error) {
	sh := c.use(digest)
	select {
	case sh.load <- struct{}{}:
	case <-ctx.Done():
		return nil, errors.Join(ctx.Err(), c.leave(sh))
	}
	var err error
	if sh.file == nil {
		err = sh.open(fill)
	}
	<-sh.load
	if err != nil {
		return nil, errors.Join(err, c.leave(sh))
	}
	return &content{shared: sh, of: c}, nil
}

func (c *contents) use(digest string) *shared {
	c.mu.Lock()
	defer c.mu.Unlock()
	sh := c.byDigest[digest]
	if sh == nil {
		sh = &shared{digest: digest, load: make(chan struct{}, 1)}
		c.byDigest[digest] = sh
	}
	c.idle = slices.DeleteFunc(c.idle, func(other *shared) bool { return other == sh })
	sh.users++
	return sh
}

// leave gives up one use. A file without users stays open for a while.
func (c *contents) leave(sh *shared) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	sh.users--
	if sh.users > 0 {
		return nil
	}
	if sh.file != nil && !c.closed {
		c.idle = append(c.idle, sh)
		if len(c.idle) <= idleContents {
			return nil
		}
		sh = c.idle[0]
		c.idle = slices.Delete(c.idle, 0, 1)
	}
	return c.drop(sh)
}

func (c *contents) drop(sh *shared) error {
	delete(c.byDigest, sh.digest)
	if sh.file == nil {
		return nil
	}
	return sh.file.Close()
}

// close closes the files that nobody uses; the others go with their last user.
func (c *contents) close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	var errs []error
	for _, sh := range c.idle {
		errs = append(errs, c.drop(sh))
	}
	c.idle = nil
	return errors.Join(errs...)
}

// content is one user's share.
type content struct {
	*shared
	of   *contents
	once sync.Once
	err  error
}

func (c *content) ReadAt(p []byte, off int64) (int, error) { return c.file.ReadAt(p, off) }

// Slice lends the n octets at off, or gives nil where they are not in memory.
func (c *content) Slice(off int64, n int) []byte {
	if off < 0 || n < 0 || off+int64(n) > int64(len(c.octets)) {
		return nil
	}
	return c.octets[off:][:n:n]
}

func (c *content) Size() int64 { return c.size }

func (c *content) Close() error {
	c.once.Do(func() { c.err = c.of.leave(c.shared) })
	return c.err
}
