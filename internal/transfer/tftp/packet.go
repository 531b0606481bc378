package tftp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// Opcodes (RFC 1350 section 5, RFC 2347).
const (
	opRRQ   = 1
	opWRQ   = 2
	opDATA  = 3
	opACK   = 4
	opERROR = 5
	opOACK  = 6
)

// Error codes (RFC 1350 appendix, RFC 2347).
const (
	errUndefined  = 0
	errNotFound   = 1
	errDiskFull   = 3
	errIllegal    = 4
	errUnknownTID = 5
	errOption     = 8
)

const (
	defaultBlksize = 512   // RFC 1350
	minBlksize     = 8     // RFC 2348
	maxBlksize     = 65464 // RFC 2348
	maxRequest     = 1024  // RFC 2347 says 512; some boot loaders send more
	headerSize     = 4
)

// request is a parsed RRQ or WRQ.
type request struct {
	write   bool
	name    string
	mode    string // lower case
	options []option
}

type option struct{ name, value string } // name in lower case

// parseRequest reads the RRQ or WRQ p. It takes whatever bytes a name or value
// holds: they are only compared. The error says what is malformed.
func parseRequest(p []byte) (request, error) {
	if len(p) < headerSize || len(p) > maxRequest {
		return request{}, fmt.Errorf("request of %d octets", len(p))
	}
	op := binary.BigEndian.Uint16(p)
	if op != opRRQ && op != opWRQ {
		return request{}, fmt.Errorf("opcode %d is no request", op)
	}
	fields, err := split(p[2:])
	if err != nil {
		return request{}, err
	}
	if len(fields) < 2 {
		return request{}, fmt.Errorf("request without mode")
	}
	opts, err := pairs(fields[2:])
	return request{write: op == opWRQ, name: fields[0], mode: strings.ToLower(fields[1]), options: opts}, err
}

// split cuts NUL-terminated fields. Trailing octets without a NUL are an
// error; NULs that only pad the end are not (seen from boot loaders).
func split(p []byte) ([]string, error) {
	var fields []string
	for len(p) > 0 {
		i := bytes.IndexByte(p, 0)
		if i < 0 {
			return nil, fmt.Errorf("field %d does not end", len(fields)+1)
		}
		fields = append(fields, string(p[:i]))
		p = p[i+1:]
	}
	for len(fields) > 2 && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	return fields, nil
}

func pairs(fields []string) ([]option, error) {
	if len(fields)%2 != 0 {
		return nil, fmt.Errorf("option %q without value", fields[len(fields)-1])
	}
	var opts []option
	for i := 0; i < len(fields); i += 2 {
		o := option{strings.ToLower(fields[i]), fields[i+1]}
		for _, have := range opts {
			if have.name == o.name { // RFC 2347: an option may only be specified once
				return opts, fmt.Errorf("option %q repeated", o.name)
			}
		}
		opts = append(opts, o)
	}
	return opts, nil
}

// number reads a decimal option value; ok is false for anything but 1 to 18
// digits.
func number(s string) (n int64, ok bool) {
	if len(s) == 0 || len(s) > 18 {
		return 0, false
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func appendRequest(p []byte, r request) []byte {
	op := byte(opRRQ)
	if r.write {
		op = opWRQ
	}
	p = append(p, 0, op)
	p = append(append(p, r.name...), 0)
	p = append(append(p, r.mode...), 0)
	return appendOptions(p, r.options)
}

func appendOptions(p []byte, opts []option) []byte {
	for _, o := range opts {
		p = append(append(p, o.name...), 0)
		p = append(append(p, o.value...), 0)
	}
	return p
}

func appendOACK(p []byte, opts []option) []byte { return appendOptions(append(p, 0, opOACK), opts) }

func appendACK(p []byte, block uint16) []byte {
	return append(p, 0, opACK, byte(block>>8), byte(block))
}

// appendERROR cuts the message to 100 octets.
func appendERROR(p []byte, code uint16, msg string) []byte {
	p = append(p, 0, opERROR, byte(code>>8), byte(code))
	return append(append(p, msg[:min(len(msg), 100)]...), 0)
}

// parseError reads an ERROR packet as a Go error; the peer's text is quoted.
func parseError(p []byte) error {
	if len(p) < headerSize {
		return fmt.Errorf("peer sent an ERROR of %d octets", len(p))
	}
	msg, _, _ := bytes.Cut(p[headerSize:], []byte{0})
	return fmt.Errorf("peer sent ERROR %d %q", binary.BigEndian.Uint16(p[2:]), msg[:min(len(msg), 100)])
}

// blockNumber gives the number on the wire of the i-th block (i from 0, which
// is the request's). 65535 is followed by 0, or by 1 where toOne.
func blockNumber(i uint64, toOne bool) uint16 {
	if toOne && i > 0 {
		return uint16((i-1)%65535 + 1)
	}
	return uint16(i)
}

// ahead gives how many blocks after the i-th one number b lies, in [0, 65535].
func ahead(b uint16, i uint64, toOne bool) int {
	d := int(b) - int(blockNumber(i, toOne))
	switch {
	case d >= 0:
	case toOne:
		d += 65535
	default:
		d += 65536
	}
	return d
}
