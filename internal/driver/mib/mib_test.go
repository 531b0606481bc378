package mib

import (
	"testing"
	"testing/fstest"
)

const acme = `
ACME-MIB DEFINITIONS ::= BEGIN
IMPORTS enterprises FROM RFC1155-SMI  OBJECT-TYPE FROM RFC-1212
        acmeRoot, AcmeState FROM ACME-ROOT-MIB;
acme OBJECT IDENTIFIER ::= { acmeRoot 1 } -- the "rest" is a comment
acmeTable OBJECT-TYPE SYNTAX SEQUENCE OF AcmeEntry ACCESS not-accessible STATUS mandatory
  DESCRIPTION "A table of ::= { nothing 1 }" ::= { acme 2 }
acmeEntry OBJECT-TYPE SYNTAX AcmeEntry ACCESS not-accessible STATUS mandatory INDEX { acmeIndex } ::= { acmeTable 1 }
AcmeEntry ::= SEQUENCE { acmeIndex INTEGER, acmeState AcmeState }
acmeIndex OBJECT-TYPE SYNTAX INTEGER (1..10) ACCESS not-accessible STATUS mandatory ::= { acmeEntry 1 }
acmeState OBJECT-TYPE SYNTAX AcmeState ACCESS read-only STATUS mandatory DEFVAL { idle } ::= { acmeEntry 2 }
acmeName OBJECT-TYPE SYNTAX OCTET STRING (SIZE (0..32)) ACCESS read-write STATUS mandatory ::= { acme 3 }
acmePort OBJECT-TYPE SYNTAX AcmePort ACCESS read-write STATUS mandatory ::= { acme 4 }
acmeTrap TRAP-TYPE ENTERPRISE acme VARIABLES { acmeState } DESCRIPTION "x" ::= 7
loop OBJECT IDENTIFIER ::= { loop 1 }
lost OBJECT IDENTIFIER ::= { nowhere 1 }
END`

const root = `
ACME-ROOT-MIB DEFINITIONS ::= BEGIN
acmeRoot MODULE-IDENTITY LAST-UPDATED "0" ORGANIZATION "" CONTACT-INFO "" DESCRIPTION "" ::= { iso org(3) dod(6) internet(1) private(4) enterprises(1) 99999 }
Unsigned32 ::= [APPLICATION 2] IMPLICIT INTEGER (0..4294967295)
AcmePort ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX Unsigned32 (0..65535)
AcmeState ::= TEXTUAL-CONVENTION STATUS current DESCRIPTION "" SYNTAX INTEGER { idle(1), running(2) }
END`

func TestRead(t *testing.T) {
	l, err := Read(fstest.MapFS{"a/acme.mib": {Data: []byte(acme)}, "root.my": {Data: []byte(root)}, "README.md": {Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, oid, base  string
		column, readable bool
		writable         bool
	}{
		{"acmeRoot", "1.3.6.1.4.1.99999", "", false, false, false},
		{"acmeState", "1.3.6.1.4.1.99999.1.2.1.2", "INTEGER", true, true, false},
		{"acmeName", "1.3.6.1.4.1.99999.1.3", "OCTET STRING", false, true, true},
		{"acmePort", "1.3.6.1.4.1.99999.1.4", "Unsigned32", false, true, true},
		{"acmeIndex", "1.3.6.1.4.1.99999.1.2.1.1", "INTEGER", true, false, false},
		{"acmeTrap", "1.3.6.1.4.1.99999.1.0.7", "", false, false, false},
	} {
		all := l.Lookup(c.name)
		if len(all) != 1 {
			t.Errorf("%s: %+v", c.name, all)
			continue
		}
		o := all[0]
		if o.OID != c.oid || o.Syntax.Base != c.base || o.Column != c.column || o.Readable() != c.readable || o.Writable() != c.writable {
			t.Errorf("%s: %+v", c.name, o)
		}
	}
	if o, _ := l.At("1.3.6.1.4.1.99999.1.2.1.2"); o.Syntax.Type != "AcmeState" || o.Syntax.Values["running"] != 2 {
		t.Errorf("acmeState: %+v", o.Syntax)
	}
	for _, name := range []string{"loop", "lost", "nothing"} {
		if all := l.Lookup(name); len(all) > 0 {
			t.Errorf("%s: %+v", name, all)
		}
	}
	if _, err := Read(fstest.MapFS{}); err == nil {
		t.Error("a folder without modules is read without a word")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(acme)
	f.Add(root)
	f.Fuzz(func(_ *testing.T, text string) {
		t := &tree{modules: map[string]*module{}}
		t.add(parse(text))
		t.library()
	})
}
