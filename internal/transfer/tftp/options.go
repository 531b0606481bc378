package tftp

import (
	"strconv"
	"time"
)

// terms are what server and device agreed on for one transfer.
type terms struct {
	blksize int
	window  int
	timeout time.Duration // asked for by the device; 0 = the server adapts
	tsize   int64         // announced by the device for an upload; -1 = not
	oack    []option      // to acknowledge; nil = none
}

// limits bound what a device may ask for.
type limits struct{ blksize, window int }

// negotiate takes the options that make sense, in the order asked, and leaves
// out the others (RFC 2347). size is the download's. A value below the least
// allowed or not a number is left out; one above a cap is lowered, which RFC
// 2348 and 7440 permit.
func negotiate(opts []option, lim limits, write bool, size int64) terms {
	t := terms{blksize: defaultBlksize, window: 1, tsize: -1}
	if lim.blksize < defaultBlksize { // cannot be asked of a device that did not offer
		lim.blksize = defaultBlksize
	}
	accept := func(o option, v int64) { t.oack = append(t.oack, option{o.name, strconv.FormatInt(v, 10)}) }
	for _, o := range opts {
		n, ok := number(o.value)
		if !ok {
			continue
		}
		switch o.name {
		case "blksize":
			if n >= minBlksize && n <= maxBlksize {
				t.blksize = min(int(n), lim.blksize)
				accept(o, int64(t.blksize))
			}
		case "windowsize": // RFC 7440: 1 to 65535
			if n >= 1 && n <= 65535 {
				t.window = min(int(n), lim.window)
				accept(o, int64(t.window))
			}
		case "timeout": // RFC 2349: 1 to 255 s, taken as it is or not at all
			if n >= 1 && n <= 255 {
				t.timeout = time.Duration(n) * time.Second
				accept(o, n)
			}
		case "tsize":
			if write {
				t.tsize = n
				accept(o, n)
			} else {
				accept(o, size)
			}
		}
	}
	return t
}
