package transfer

import (
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
)

// Source is the content of a download. One Source serves all transfers of the
// same file at once. ReadAt is called on a server's event loop: it must not
// wait for a network (a local file or memory is right).
type Source interface {
	io.ReaderAt
	Size() int64
}

// Slicer is a Source that can lend its bytes: Slice gives the n octets at off
// without copying, or nil where it cannot. Nobody changes the octets lent.
type Slicer interface {
	Slice(off int64, n int) []byte
}

// Temp receives an upload. Write must not wait longer than memory or the page
// cache takes. Exactly one of Commit and Abort is called, at the end, once.
type Temp interface {
	io.Writer
	// Commit makes the upload final; on return it is durable.
	Commit(ctx context.Context) error
	// Abort removes what was written.
	Abort()
}

// Memory is a Source in memory.
type Memory []byte

// Size gives the number of octets.
func (m Memory) Size() int64 { return int64(len(m)) }

// ReadAt reads as io.ReaderAt.
func (m Memory) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 || off > int64(len(m)) {
		return 0, fmt.Errorf("read at %d of %d octets", off, len(m))
	}
	n := copy(p, m[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Slice lends the octets.
func (m Memory) Slice(off int64, n int) []byte {
	if off < 0 || off+int64(n) > int64(len(m)) {
		return nil
	}
	return m[off : off+int64(n) : off+int64(n)]
}

const chunkSize = 64 << 10

// Shared is a Source over another one that keeps its last chunks in memory, so
// that many devices that load the same file at about the same time cost one
// read a chunk and not one a block.
type Shared struct {
	src    io.ReaderAt
	size   int64
	chunks []atomic.Pointer[[]byte] // slot i holds chunk i; lent chunks outlive their slot

	mu   sync.Mutex // owns kept
	kept []int64    // ring of the chunks in memory, oldest first
	max  int
}

// Share makes a Source of size octets from src that keeps at most keep octets
// (at least four chunks of 64 KiB) in memory.
func Share(src io.ReaderAt, size, keep int64) *Shared {
	return &Shared{
		src: src, size: size,
		chunks: make([]atomic.Pointer[[]byte], (size+chunkSize-1)/chunkSize),
		max:    max(4, int(keep/chunkSize)),
	}
}

// Size gives the number of octets.
func (s *Shared) Size() int64 { return s.size }

// ReadAt reads as io.ReaderAt, past the chunks.
func (s *Shared) ReadAt(p []byte, off int64) (int, error) { return s.src.ReadAt(p, off) }

// Slice lends n octets at off where they lie within one chunk.
func (s *Shared) Slice(off int64, n int) []byte {
	i := off / chunkSize
	if off < 0 || n < 0 || off+int64(n) > s.size || i >= int64(len(s.chunks)) {
		return nil
	}
	in := off - i*chunkSize
	if in+int64(n) > chunkSize {
		return nil
	}
	c := s.chunks[i].Load()
	if c == nil {
		if c = s.load(i); c == nil {
			return nil
		}
	}
	return (*c)[in : in+int64(n) : in+int64(n)]
}

func (s *Shared) load(i int64) *[]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.chunks[i].Load(); c != nil {
		return c
	}
	b := make([]byte, min(chunkSize, s.size-i*chunkSize))
	if n, err := s.src.ReadAt(b, i*chunkSize); n < len(b) {
		_ = err // the caller's own ReadAt meets it again and reports it
		return nil
	}
	if len(s.kept) >= s.max {
		s.chunks[s.kept[0]].Store(nil)
		s.kept = append(s.kept[:0], s.kept[1:]...)
	}
	s.kept = append(s.kept, i)
	s.chunks[i].Store(&b)
	return &b
}
