package tftp

import (
	"bytes"
	"testing"
)

// What parses is what prints again, and nothing panics.
func FuzzParseRequest(f *testing.F) {
	f.Add([]byte("\x00\x01name\x00octet\x00blksize\x001428\x00"))
	f.Add([]byte("\x00\x02\x00\x00"))
	f.Add([]byte("\x00\x01n\x00octet\x00tsize\x00"))
	f.Fuzz(func(t *testing.T, p []byte) {
		r, err := parseRequest(p)
		_ = parseError(p)
		_ = negotiate(r.options, limits{1468, 32}, r.write, 1000)
		if err != nil || len(p) > maxRequest {
			return
		}
		q := appendRequest(nil, r)
		again, err := parseRequest(q)
		if err != nil && len(r.mode) > 0 {
			t.Fatalf("%q printed as %q: %v", p, q, err)
		}
		if err == nil && !bytes.Equal(appendRequest(nil, again), q) {
			t.Fatalf("%q is not stable", q)
		}
	})
}

func TestBlockNumbersAreTheirOwnInverse(t *testing.T) {
	for _, toOne := range []bool{false, true} {
		for _, i := range []uint64{0, 1, 2, 65534, 65535, 65536, 65537, 131069, 131070, 131071, 131072, 1 << 33} {
			for n := range 64 {
				if got := ahead(blockNumber(i+uint64(n), toOne), i, toOne); got != n {
					t.Fatalf("to one %v: %d + %d is %d ahead", toOne, i, n, got)
				}
			}
		}
	}
}
