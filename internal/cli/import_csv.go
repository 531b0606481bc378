package cli

import (
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"drydock/client"
	"drydock/internal/fleet"
)

// mistakesShown is how many mistakes of an import file are said at once.
const mistakesShown = 10

// column puts a cell's text where it belongs.
type column func(d *client.NewDevice, c *client.Credentials, value string) error

// columns of a CSV import and where each goes.
var columns = map[string]column{
	"id":              plain(func(d *client.NewDevice, _ *client.Credentials) *string { return (*string)(&d.ID) }),
	"address":         plain(func(d *client.NewDevice, _ *client.Credentials) *string { return &d.Address }),
	"driver":          plain(func(d *client.NewDevice, _ *client.Credentials) *string { return &d.Driver }),
	"serial":          plain(func(d *client.NewDevice, _ *client.Credentials) *string { return &d.Serial }),
	"snmp":            putVersion,
	"community":       exact(func(c *client.Credentials) *string { return &c.Community }),
	"write-community": exact(func(c *client.Credentials) *string { return &c.WriteCommunity }),
	"user":            plain(func(_ *client.NewDevice, c *client.Credentials) *string { return &c.User }),
	"auth":            plain(func(_ *client.NewDevice, c *client.Credentials) *string { return &c.AuthProtocol }),
	"auth-password":   exact(func(c *client.Credentials) *string { return &c.AuthPassword }),
	"priv":            plain(func(_ *client.NewDevice, c *client.Credentials) *string { return &c.PrivProtocol }),
	"priv-password":   exact(func(c *client.Credentials) *string { return &c.PrivPassword }),
	"labels":          putLabels,
}

// plain is a column whose cells may have spaces around them.
func plain(field func(*client.NewDevice, *client.Credentials) *string) column {
	return func(d *client.NewDevice, c *client.Credentials, value string) error {
		*field(d, c) = strings.TrimSpace(value)
		return nil
	}
}

// exact is a column of secrets: a space at the end is part of them.
func exact(field func(*client.Credentials) *string) column {
	return func(_ *client.NewDevice, c *client.Credentials, value string) error {
		*field(c) = value
		return nil
	}
}

func putVersion(_ *client.NewDevice, c *client.Credentials, value string) error {
	c.Version = strings.ToLower(strings.TrimSpace(value))
	if !slices.Contains([]string{"v1", "v2c", "v3"}, c.Version) {
		return fmt.Errorf("snmp %q; it is v1, v2c or v3", value)
	}
	return nil
}

func putLabels(d *client.NewDevice, _ *client.Credentials, value string) error {
	d.Labels = map[string]string{}
	for part := range strings.SplitSeq(value, ";") {
		part = strings.TrimSpace(part)
		k, v, ok := strings.Cut(part, "=")
		if k = strings.TrimSpace(k); part != "" && (!ok || k == "") {
			return fmt.Errorf("label %q; KEY=VALUE is expected, several separated by ; in one cell", part)
		}
		if part != "" {
			d.Labels[k] = strings.TrimSpace(v)
		}
	}
	return nil
}

// sheet is a CSV file while it is read. A spreadsheet wrote it, and a person
// mends it: all its mistakes are said at once, each with its line.
type sheet struct {
	path     string
	header   []string
	devices  []client.NewDevice
	line     map[fleet.DeviceID]int // where each device stands
	at       map[fleet.DeviceID]int // and its place in devices
	mistakes []string
	repeated []int // lines that say what an earlier one has said
}

// readCSV reads an import file as spreadsheets write it: with a byte order mark
// or as UTF-16, separated by commas, semicolons or tabulators, with empty rows,
// and with rows that are there twice. Notes are what a person should know of it.
func readCSV(path string, raw []byte) (devices []client.NewDevice, notes []string, err error) {
	text, err := csvText(raw)
	if err != nil {
		return nil, nil, usagef("%s: %v", path, err)
	}
	text, skipped := withoutSeparatorLine(text)
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = separator(text), -1
	r.TrimLeadingSpace = r.Comma != '\t' // else an empty cell is gone
	s := &sheet{path: path, line: map[fleet.DeviceID]int{}, at: map[fleet.DeviceID]int{}}
	if err := s.readHeader(r); err != nil {
		return nil, nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if at := (*csv.ParseError)(nil); errors.As(err, &at) {
			s.mistake(at.Line+skipped, fmt.Errorf("%w; what follows was not read", at.Err))
			break
		} else if err != nil {
			return nil, nil, usagef("%s: %v", path, err)
		}
		line, _ := r.FieldPos(0)
		s.row(line+skipped, cells)
	}
	if len(s.repeated) > 0 {
		notes = append(notes, fmt.Sprintf("%s:%d: %s of %s said what an earlier row says, and counted once", path, s.repeated[0],
			count(len(s.repeated), "row"), count(len(s.devices)+len(s.repeated), "row")))
	}
	return s.devices, notes, s.err()
}

func (s *sheet) readHeader(r *csv.Reader) error {
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return usagef("%s: the file is empty; its first line must name the columns, as id,address,driver,community", s.path)
	}
	if err != nil {
		return usagef("%s: the first line must name the columns: %v", s.path, err)
	}
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		switch {
		case header[i] == "": // a spreadsheet's empty column
		case columns[header[i]] == nil:
			return usagef("%s:1: there is no column %q; the columns are %s", s.path, name, strings.Join(sortedKeys(columns), ", "))
		case slices.Contains(header[:i], header[i]):
			return usagef("%s:1: the column %s is there twice", s.path, header[i])
		}
	}
	for _, name := range []string{"id", "address", "driver"} {
		if !slices.Contains(header, name) {
			return usagef("%s:1: the column %s is missing", s.path, name)
		}
	}
	s.header = header
	return nil
}

// row takes a row, unless it is empty or there already.
func (s *sheet) row(line int, cells []string) {
	if !slices.ContainsFunc(cells, func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return
	}
	if len(cells) != len(s.header) {
		s.mistake(line, fmt.Errorf("it has %s, the first line names %d", count(len(cells), "cell"), len(s.header)))
		return
	}
	d, err := deviceFromCells(s.header, cells)
	if err != nil {
		s.mistake(line, err)
		return
	}
	first, twice := s.line[d.ID]
	switch {
	case !twice:
		s.line[d.ID], s.at[d.ID] = line, len(s.devices)
		s.devices = append(s.devices, d)
	case reflect.DeepEqual(s.devices[s.at[d.ID]], d):
		s.repeated = append(s.repeated, line)
	default:
		s.mistake(line, fmt.Errorf("device %s is in line %d already, and not the same: keep one of the two", d.ID, first))
	}
}

func (s *sheet) mistake(line int, err error) {
	s.mistakes = append(s.mistakes, fmt.Sprintf("%s:%d: %v", s.path, line, err))
}

// err says all mistakes, or the first of very many.
func (s *sheet) err() error {
	if len(s.mistakes) == 0 {
		return nil
	}
	shown := s.mistakes[:min(len(s.mistakes), mistakesShown)]
	more := ""
	if n := len(s.mistakes) - len(shown); n > 0 {
		more = fmt.Sprintf("\nand %d more", n)
	}
	return usagef("%s%s\nno device was imported", strings.Join(shown, "\n"), more)
}

func deviceFromCells(header, cells []string) (d client.NewDevice, err error) {
	creds := client.Credentials{}
	for i, value := range cells {
		value = uncell(value)
		switch {
		case value == "":
		case header[i] == "":
			return d, fmt.Errorf("cell %d has %q in a column without a name", i+1, value)
		default:
			if err := columns[header[i]](&d, &creds, value); err != nil {
				return d, err
			}
		}
	}
	for _, need := range [][2]string{{"id", string(d.ID)}, {"address", d.Address}, {"driver", d.Driver}} {
		if need[1] == "" {
			return d, errors.New("the " + need[0] + " is empty")
		}
	}
	if creds != (client.Credentials{}) {
		if creds.Version == "" {
			creds.Version = "v2c"
			if creds.User != "" {
				creds.Version = "v3"
			}
		}
		d.Credentials = &creds
	}
	return d, nil
}

// csvText gives the file's text: UTF-8, or UTF-16 with its byte order mark.
func csvText(raw []byte) (string, error) {
	var order binary.ByteOrder
	switch {
	case bytes.HasPrefix(raw, []byte{0xff, 0xfe}):
		order = binary.LittleEndian
	case bytes.HasPrefix(raw, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !utf8.Valid(raw):
		lines := bytes.Split(raw, []byte("\n"))
		wrong := slices.IndexFunc(lines, func(l []byte) bool { return !utf8.Valid(l) })
		return "", fmt.Errorf("line %d is not UTF-8; have the spreadsheet save it as CSV UTF-8", wrong+1)
	default:
		return strings.TrimPrefix(string(raw), "\ufeff"), nil
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = order.Uint16(raw[2*i:])
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff"), nil
}

// withoutSeparatorLine leaves out the line sep=; that some spreadsheets want.
func withoutSeparatorLine(text string) (rest string, skipped int) {
	first, rest, _ := strings.Cut(text, "\n")
	if strings.HasPrefix(first, "sep=") && len(strings.TrimRight(first, "\r")) <= len("sep=")+1 {
		return rest, 1
	}
	return text, 0
}

// separator is what stands between the names of the columns; none of them has
// it in itself.
func separator(text string) rune {
	first, _, _ := strings.Cut(strings.TrimLeft(text, "\r\n"), "\n")
	best := ','
	for _, sep := range ";\t" {
		if strings.Count(first, string(sep)) > strings.Count(first, string(best)) {
			best = sep
		}
	}
	return best
}
