package driver

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/internal/driver/mib"
)

const agreeMIB = `ACME-MIB DEFINITIONS ::= BEGIN
acme OBJECT IDENTIFIER ::= { 1 3 6 1 4 1 99999 }
version OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS read-only STATUS current ::= { acme 1 }
trigger OBJECT-TYPE SYNTAX INTEGER { none(1), start(3) } MAX-ACCESS read-only STATUS current ::= { acme 2 }
server OBJECT-TYPE SYNTAX IpAddress MAX-ACCESS read-write STATUS current ::= { acme 3 }
moved OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS read-write STATUS current ::= { acme 5 }
END`

// TestCheckMIB: each disagreement with a MIB is told with its place and what
// to write.
func TestCheckMIB(t *testing.T) {
	d, err := Parse("acme.yaml", []byte(`driver: acme
match: [{sysObjectID: 1.3.6.1.4.1.99999}]
protocols: [tftp]
format: indentd
timeouts: {reboot: 5m}
scalars:
  version: 1.3.6.1.4.1.99999.1
  trigger: {oid: 1.3.6.1.4.1.99999.2, values: {none: 1, start: 2}}
  server: 1.3.6.1.4.1.99999.3
  moved: 1.3.6.1.4.1.99999.4
columns:
  unknown: 1.3.6.1.4.1.99999.9
notifications: [1.3.6.1.4.1.99999.1]
cannot: {backup: no, keep: no, update: no, recover: no, restore-files: no}
operations:
  identify: [{get: {version: version}}]
  reboot:
    - command: {set: {trigger: start}}
    - wait: {reboot: {down-within: 1m, up-within: 1m}}
`))
	if err != nil {
		t.Fatal(err)
	}
	l, err := mib.Read(fstest.MapFS{"acme.mib": {Data: []byte(agreeMIB)}})
	if err != nil {
		t.Fatal(err)
	}
	want := `acme.yaml:1:1: 1.3.6.1.4.1.99999.1 is no notification in the MIB modules
acme.yaml:8:3: object trigger: start is 3 in ACME-MIB; write start: 3
acme.yaml:8:3: object trigger is set, but it is read-only in ACME-MIB
acme.yaml:9:3: object server: it has the type "text", and IpAddress in ACME-MIB; write type: ipaddress
acme.yaml:10:3: object moved: the MIB modules have no moved at 1.3.6.1.4.1.99999.4; ACME-MIB has it at 1.3.6.1.4.1.99999.5
acme.yaml:12:3: object unknown: the MIB modules have no unknown at 1.3.6.1.4.1.99999.9`
	var mistakes Mistakes
	if err := d.CheckMIB(l); !errors.As(err, &mistakes) || mistakes.Error() != want {
		t.Errorf("CheckMIB:\n%v\nwant\n%s", mistakes, want)
	}
	if err := d.CheckFormat([]string{"indented"}); err == nil || !strings.Contains(err.Error(), `acme.yaml:4:9: there is no format "indentd" of configurations; did you mean "indented"?`) {
		t.Errorf("CheckFormat: %v", err)
	}
	if err := d.CheckFormat([]string{"indentd"}); err != nil {
		t.Errorf("CheckFormat of a format that is known: %v", err)
	}
}

// TestCheckPatterns: a pattern that package migrate does not take is found with
// the driver, not after an update.
func TestCheckPatterns(t *testing.T) {
	d, err := Parse("a.yaml", []byte(`driver: a
match: [{sysDescr: A}]
protocols: [tftp]
compare: {ignore: ["clock {n}", "[{n}"]}
categories:
  user:
    - "{bad"
cannot: {backup: no, keep: no, update: no, recover: no, restore-files: no}
operations:
  identify: [{get: {version: sysDescr}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	err = d.CheckPatterns(func(p string) error {
		if p != "clock {n}" {
			return errors.New("no")
		}
		return nil
	})
	const want = `a.yaml:4:33: pattern "[{n}": no; docs/migration-language.md describes patterns
a.yaml:7:7: pattern "{bad": no; docs/migration-language.md describes patterns`
	if err == nil || err.Error() != want {
		t.Errorf("CheckPatterns:\n%v\nwant\n%s", err, want)
	}
}
