package store

import (
	"encoding/json"
	"hash/crc32"
	"strings"
	"time"
	"unicode/utf8"

	"drydock/internal/fault"
)

// checksum is what stands beside each stored document: CRC-32C over the parts
// with their lengths, so that a document in another row does not pass.
func checksum[T string | []byte](doc T, keys ...string) int64 {
	table := crc32.MakeTable(crc32.Castagnoli) // made once by the package crc32
	sum := uint32(0)
	for _, k := range keys {
		sum = crc32.Update(sum, table, []byte(k))
		sum = crc32.Update(sum, table, []byte{0})
	}
	return int64(crc32.Update(sum, table, []byte(doc)))
}

// unpack decodes a stored document, if it is what it was.
func unpack(doc string, sum int64, into any, object string, keys ...string) error {
	if checksum(doc, keys...) != sum {
		return corrupt(object, "its bytes in the database are not what they were")
	}
	if err := json.Unmarshal([]byte(doc), into); err != nil {
		return corrupt(object, "%w", err)
	}
	return nil
}

// micros gives a time as microseconds since 1970, the zero time as 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// fromMicros is the inverse of micros, in UTC.
func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// storable refuses what one of the databases could not keep as text.
func storable(object string, texts ...string) error {
	for _, text := range texts {
		if !isText(text) {
			return fault.New(fault.Invalid, "", object, "%q is not text in UTF-8 without NUL", text)
		}
	}
	return nil
}

func isText(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// asText replaces what is not text.
func asText(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

// like makes the pattern that finds text anywhere; ESCAPE '\' goes with it.
func like(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}

// selection collects the conditions of a filter.
type selection struct {
	where []string
	args  []any
}

func (f *selection) and(condition string, args ...any) {
	f.where = append(f.where, condition)
	f.args = append(f.args, args...)
}

// equal adds column = value unless value is empty.
func (f *selection) equal(column, value string) {
	if value != "" {
		f.and(column+" = ?", value)
	}
}

// query gives the statement: head, conditions, tail, limit.
func (f *selection) query(head, tail string, limit int) (string, []any) {
	q := head
	if len(f.where) > 0 {
		q += " WHERE " + strings.Join(f.where, " AND ")
	}
	q += " " + tail
	if limit > 0 {
		q += " LIMIT ?"
		f.args = append(f.args, limit)
	}
	return q, f.args
}
