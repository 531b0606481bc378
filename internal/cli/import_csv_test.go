package cli

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestCSVOfSpreadsheets: what spreadsheets make of one table is one table.
func TestCSVOfSpreadsheets(t *testing.T) {
	commas := "id,address,driver,community,labels\nsw1,10.0.0.1,fastpath,public,site=a;ring=1\nsw2,10.0.0.2,comware,public,\n"
	semicolons := "id;address;driver;community;labels\r\nsw1;10.0.0.1;fastpath;public;\"site=a;ring=1\"\r\nsw2; 10.0.0.2 ;comware;public;\r\n"
	for name, raw := range map[string][]byte{
		"commas":             []byte(commas),
		"byte order mark":    []byte("\ufeff" + commas),
		"semicolons, CRLF":   []byte(semicolons),
		"separator line":     []byte("sep=;\r\n" + semicolons),
		"tabulators, UTF-16": inUTF16(strings.ReplaceAll(commas, ",", "\t")),
		"empty rows":         []byte(strings.ReplaceAll(semicolons, "\r\nsw", "\r\n;;;;\r\n\r\nsw") + ";;;;\r\n"),
		"an empty column":    []byte(strings.ReplaceAll(commas, "\n", ",\n")),
		"a row twice":        []byte(commas + "sw1,10.0.0.1,fastpath,public,site=a; ring=1\n"),
	} {
		devices, _, err := readCSV("f.csv", raw)
		if err != nil || len(devices) != 2 || devices[1].Address != "10.0.0.2" || devices[1].Driver != "comware" ||
			fmt.Sprint(devices[0].Labels) != "map[ring:1 site:a]" || devices[1].Labels != nil || devices[1].Credentials.Community != "public" {
			t.Errorf("%s: %+v, %v", name, devices, err)
		}
	}
}

// inUTF16 is a text as spreadsheets write Unicode text.
func inUTF16(text string) []byte {
	raw := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		raw = binary.LittleEndian.AppendUint16(raw, unit)
	}
	return raw
}

// TestCSVMistakes: all are said, each with its line.
func TestCSVMistakes(t *testing.T) {
	const head = "id,address,driver,snmp,community,labels\n"
	for text, want := range map[string][]string{
		head + "a,10.0.0.1,d,v2,public,\nb,,d,v2c,public,\nc,10.0.0.3,d,v2c,public,site\n": {
			`f.csv:2: snmp "v2"; it is v1, v2c or v3`, "f.csv:3: the address is empty", `f.csv:4: label "site"; KEY=VALUE`, "no device was imported"},
		head + "a,10.0.0.1,d,,public,\n\na,10.0.0.2,d,,public,\n": {"f.csv:4: device a is in line 2 already, and not the same"},
		"sep=,\n" + head + "a,10.0.0.1\n":                         {"f.csv:3: it has 2 cells, the first line names 6"},
		head + "a,10.0.0.1,d,,\"pub\"lic,\nb,10.0.0.1,d,,p,\n":    {"f.csv:2: ", "what follows was not read"},
		head + "a,10.0.0.1,d,,public,site=M\xfcnchen\n":           {"f.csv: line 2 is not UTF-8"},
		"id,address,driver,id\n":                                  {"f.csv:1: the column id is there twice"},
		"id,address,driver,\na,10.0.0.1,d,rack 3\n":               {`f.csv:2: cell 4 has "rack 3" in a column without a name`},
		head + strings.Repeat("a,10.0.0.1\n", mistakesShown+3):    {"f.csv:11: ", "and 3 more"},
		"id\taddress\tdriver\tcommunity\na\t\tfastpath\tpublic\n": {"f.csv:2: the address is empty"},
	} {
		_, _, err := readCSV("f.csv", []byte(text))
		for _, part := range want {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("%q: %v; %q is expected", text, err, part)
			}
		}
	}
}
