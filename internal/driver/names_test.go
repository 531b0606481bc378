package driver

import (
	"errors"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"drydock/drivers"
	"drydock/internal/driver/mib"
)

// withoutObjects takes the objects out of the driver of drydock's equipment.
func withoutObjects(t *testing.T) string {
	t.Helper()
	raw, err := fs.ReadFile(drivers.FS, "drydock-iad.yaml")
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok := strings.Cut(string(raw), "roots:\n")
	_, tail, ok2 := strings.Cut(rest, "# The row's number")
	if !ok || !ok2 {
		t.Fatal("drydock-iad.yaml has another form")
	}
	return head + "#" + strings.ReplaceAll(tail, "drydockEquipment.0.", "drydockEquipmentMIB.0.")
}

// TestNamesOfModules: a driver that only names objects is the same as one that
// describes them, and can be parsed elsewhere from what it has taken.
func TestNamesOfModules(t *testing.T) {
	own, _ := ownDrivers(t).Get("drydock-iad")
	text := withoutObjects(t)
	d, err := ParseWith("names.yaml", []byte(text), library(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseWith("names.yaml", []byte(text), mib.Of(d.MIBObjects()...))
	if err != nil {
		t.Fatalf("parsed from %d objects: %v", len(d.MIBObjects()), err)
	}
	for _, got := range []*Driver{d, again} {
		sets, reads := own.uses()
		maps.Copy(sets, reads)
		for name := range sets {
			want, have := own.schema.objects[name], got.schema.objects[name]
			if have == nil || have.oid != want.oid || have.kind != want.kind || have.scalar != want.scalar {
				t.Errorf("%s: %+v, want %+v", name, have, want)
				continue
			}
			for label, n := range want.values {
				if have.values[label] != n {
					t.Errorf("%s: %s is %d, want %d", name, label, have.values[label], n)
				}
			}
		}
		if len(got.Notifications()) != 2 || got.Notifications()[0] != own.Notifications()[0] {
			t.Errorf("notifications %v, want %v", got.Notifications(), own.Notifications())
		}
	}
}

// acme is a module that drydock never saw.
const acme = `ACME-LOAD-MIB DEFINITIONS ::= BEGIN
IMPORTS OBJECT-TYPE, enterprises FROM SNMPv2-SMI DisplayString FROM SNMPv2-TC acmeRoot FROM ACME-SMI;
acme OBJECT IDENTIFIER ::= { enterprises 99999 }
acmeOld OBJECT IDENTIFIER ::= { acmeRoot 7 }
acmeLost OBJECT-TYPE SYNTAX INTEGER MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { acmeOld 1 }
acmeLabel OBJECT-TYPE SYNTAX DisplayString MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { acme 7 }
acmeVersion OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { acme 1 }
acmeLoadMode OBJECT-TYPE SYNTAX INTEGER { tftp(1), ftp(3) } MAX-ACCESS read-write STATUS current DESCRIPTION "" ::= { acme 2 }
acmeLoadState OBJECT-TYPE SYNTAX INTEGER { idle(1), busy(2), done(3), failed(4) } MAX-ACCESS read-only STATUS current DESCRIPTION "" ::= { acme 3 }
acmeLoadStart OBJECT-TYPE SYNTAX INTEGER { start(1) } MAX-ACCESS read-write STATUS current DESCRIPTION "" ::= { acme 4 }
acmeLoadKey OBJECT-TYPE SYNTAX OCTET STRING MAX-ACCESS write-only STATUS current DESCRIPTION "" ::= { acme 5 }
acmeLoadFlags OBJECT-TYPE SYNTAX BITS { a(0) } MAX-ACCESS read-write STATUS current DESCRIPTION "" ::= { acme 6 }
END`

// acmeDriver has its reads and its SET left open.
const acmeDriver = `driver: acme
match: [{sysDescr: ACME}]
protocols: [tftp]
timeouts: {update: 5m}
files: {image: the software}
operations:
  identify:
    - get: {version: VERSION}
  update:
    - command:
        set: {SET, acmeLoadStart: start}
        proof: {object: acmeLoadState, is: [busy]}
    - poll: {object: acmeLoadState, running: [idle, busy], success: done, failure: others}
cannot: {backup: it cannot, keep: it cannot, recover: it cannot, restore-files: it cannot}
`

// TestMistakesWithModules holds the messages for names that are wrong.
func TestMistakesWithModules(t *testing.T) {
	l, err := mib.Read(fstest.MapFS{"acme.mib": {Data: []byte(acme)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ version, set, want string }{
		{"acmeVersion", "acmeLoadMode: tftp", ""},
		{"acmeVersoin", "acmeLoadMode: tftp", `a.yaml:8:22: get version: neither the driver nor the MIB modules have an object "acmeVersoin"; did you mean "acmeVersion"?`},
		{"zzzzzzzzzz", "acmeLoadMode: tftp", `a.yaml:8:22: get version: neither the driver nor the MIB modules have an object "zzzzzzzzzz"; is the module's file below the folder of --mib-dir, and are those that it imports from?`},
		{"acmeLoadKey", "acmeLoadMode: tftp", `a.yaml:8:22: get version: acmeLoadKey is read, but it is write-only in ACME-LOAD-MIB`},
		{"acmeVersion", "acmeLoadMode: ftpp", `a.yaml:11:29: acmeLoadMode has no value "ftpp"; did you mean "ftp"?`},
		{"acmeVersion", "acmeLoadMode: 2", `a.yaml:11:29: acmeLoadMode has no value 2 in ACME-LOAD-MIB; it can be tftp or ftp`},
		{"acmeVersion", "acmeLoadState: busy", `a.yaml:11:15: object acmeLoadState is set, but it is read-only in ACME-LOAD-MIB; did you mean "acmeLoadStart"?`},
		{"acmeVersion", "acmeLoadFlags: a", `a.yaml:11:15: set: acmeLoadFlags of ACME-LOAD-MIB has the type BITS, which is none of the language; if another module defines it, put that module's file below the folder of --mib-dir; else describe the object under "scalars" or "columns", with a type`},
		{"acmeLabel", "acmeLoadMode: tftp", ""},
		{"acmeLost", "acmeLoadMode: tftp", `a.yaml:8:22: get version: object "acmeLost" has no place: ACME-LOAD-MIB has it, but imports acmeRoot from ACME-SMI, and that module is not there; put that module's file below the folder of --mib-dir too`},
	} {
		text := strings.NewReplacer("VERSION", c.version, "SET,", c.set+",").Replace(acmeDriver)
		_, err := ParseWith("a.yaml", []byte(text), l)
		var mistakes Mistakes
		errors.As(err, &mistakes)
		if got := mistakes.Error(); got != c.want {
			t.Errorf("%s, %s:\n%s\nwant\n%s", c.version, c.set, got, c.want)
		}
	}
}
