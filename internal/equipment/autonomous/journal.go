package autonomous

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"path/filepath"

	"drydock/internal/equipment/disk"
	"drydock/internal/procedure"
)

// A journal is a file of lines, one an event: eight hexadecimal digits of the
// CRC-32 of the rest of the line, a blank, the event as JSON. A line is synced
// before what it stands for is acted on. The last line may be a part of one,
// where the power went while it was written; it counts for nothing.
type journal struct {
	fs   disk.FS
	path string
}

const crcDigits = 8

// read gives the events. A damaged line that is not the last is an error: the
// flash does not keep what it is given, and nothing may be built on it.
func (j journal) read() (events []procedure.Event, err error) {
	data, err := j.fs.ReadFile(j.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	whole := 0
	for line := range bytes.Lines(data) {
		ev, err := parseLine(line)
		if err != nil && whole+len(line) < len(data) {
			return nil, fmt.Errorf("journal %s: line %d: %w", j.path, len(events)+1, err)
		}
		if err != nil {
			// cut it off, so that the next line begins one
			return events, disk.Replace(j.fs, j.path, data[:whole], 0o600)
		}
		whole += len(line)
		events = append(events, ev)
	}
	return events, nil
}

func parseLine(line []byte) (ev procedure.Event, err error) {
	text, ok := bytes.CutSuffix(line, []byte("\n"))
	if !ok || len(text) < crcDigits+1 {
		return ev, errors.New("it is not whole")
	}
	body := text[crcDigits+1:]
	if string(text[:crcDigits]) != sumOf(body) {
		return ev, errors.New("its checksum is wrong")
	}
	return ev, json.Unmarshal(body, &ev)
}

func sumOf(body []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(body)) }

// append makes an event durable.
func (j journal) append(ev procedure.Event) error {
	body, err := json.Marshal(ev)
	if err != nil {
		return err
	}
	f, err := j.fs.Append(j.path, 0o600)
	if err != nil {
		return err
	}
	if _, err := f.Write([]byte(sumOf(body) + " " + string(body) + "\n")); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return j.fs.SyncDir(filepath.Dir(j.path))
}

// clear begins a journal anew; the old one is kept beside it.
func (j journal) clear() error {
	if err := j.fs.Rename(j.path, j.path+".before"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return j.fs.SyncDir(filepath.Dir(j.path))
}
