package snmp

import (
	"fmt"
	"math/bits"
)

// berWriter writes BER from the end to the front, so that a length is known
// when it is written. Elements go in last one first.
type berWriter struct {
	buf []byte // what is written is buf[at:]
	at  int
	err error // the first one
}

// size is how much is written; wrap takes such a mark.
func (w *berWriter) size() int { return len(w.buf) - w.at }

func (w *berWriter) written() []byte { return w.buf[w.at:] }

// room makes room for n octets in front and gives them.
func (w *berWriter) room(n int) []byte {
	if n > w.at {
		grown := make([]byte, max(512, 2*len(w.buf), len(w.buf)+n))
		at := len(grown) - w.size()
		copy(grown[at:], w.written())
		w.buf, w.at = grown, at
	}
	w.at -= n
	return w.buf[w.at : w.at+n]
}

func (w *berWriter) raw(b []byte) { copy(w.room(len(b)), b) }

// wrap puts tag and length before all that was written since mark.
func (w *berWriter) wrap(tag byte, mark int) {
	length := w.size() - mark
	if length < 0x80 {
		copy(w.room(2), []byte{tag, byte(length)})
		return
	}
	n := (bits.Len(uint(length)) + 7) / 8
	head := w.room(2 + n)
	head[0], head[1] = tag, 0x80|byte(n)
	for i := range n {
		head[2+i] = byte(length >> (8 * (n - 1 - i)))
	}
}

func (w *berWriter) octets(tag byte, b []byte) {
	mark := w.size()
	w.raw(b)
	w.wrap(tag, mark)
}

func (w *berWriter) integer(n int64) {
	mark := w.size()
	for {
		w.room(1)[0] = byte(n)
		if int64(int8(n)) == n {
			break
		}
		n >>= 8
	}
	w.wrap(tagInteger, mark)
}

func (w *berWriter) unsigned(tag byte, n uint64) {
	mark := w.size()
	for {
		w.room(1)[0] = byte(n)
		if n < 0x80 {
			break
		}
		n >>= 8
	}
	w.wrap(tag, mark)
}

// oid writes an object identifier; one of fewer than two sub-identifiers is
// filled up with zeros, since BER cannot say it.
func (w *berWriter) oid(o OID) {
	mark := w.size()
	for i := len(o) - 1; i >= 2; i-- {
		w.subIdentifier(uint64(o[i]))
	}
	var first, second uint64
	if len(o) > 0 {
		first = uint64(o[0])
	}
	if len(o) > 1 {
		second = uint64(o[1])
	}
	if len(o) > maxSubIdentifiers || first > 2 || first < 2 && second >= 40 || second > 1<<32-1-80 {
		w.fail(fmt.Errorf("BER: %s is no object identifier", o))
	}
	w.subIdentifier(40*first + second)
	w.wrap(byte(ObjectIdentifier), mark)
}

func (w *berWriter) subIdentifier(n uint64) {
	w.room(1)[0] = byte(n & 0x7f)
	for n >>= 7; n > 0; n >>= 7 {
		w.room(1)[0] = 0x80 | byte(n&0x7f)
	}
}

func (w *berWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *berWriter) value(v Value) {
	switch v.Kind {
	case Integer:
		if int64(int32(v.Int)) != v.Int {
			w.fail(fmt.Errorf("BER: %d is not an Integer32", v.Int))
		}
		w.integer(v.Int)
	case OctetString, Opaque:
		w.octets(byte(v.Kind), v.Bytes)
	case IPAddress:
		if len(v.Bytes) != 4 {
			w.fail(fmt.Errorf("BER: an IpAddress of %d octets", len(v.Bytes)))
		}
		w.octets(byte(v.Kind), v.Bytes)
	case ObjectIdentifier:
		w.oid(v.OID)
	case Counter32, Gauge32, TimeTicks:
		if v.Uint > 1<<32-1 {
			w.fail(fmt.Errorf("BER: %d has more than 32 bits", v.Uint))
		}
		w.unsigned(byte(v.Kind), v.Uint)
	case Counter64:
		w.unsigned(byte(v.Kind), v.Uint)
	case Null, NoSuchObject, NoSuchInstance, EndOfMibView:
		w.octets(byte(v.Kind), nil)
	default:
		w.fail(fmt.Errorf("BER: values of type %#x are not known", byte(v.Kind)))
	}
}

func (w *berWriter) varbinds(vars []Varbind) {
	mark := w.size()
	for i := len(vars) - 1; i >= 0; i-- {
		w.varbind(vars[i])
	}
	w.wrap(tagSequence, mark)
}

func (w *berWriter) varbind(v Varbind) {
	mark := w.size()
	w.value(v.Value)
	w.oid(v.OID)
	w.wrap(tagSequence, mark)
}
