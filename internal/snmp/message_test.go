package snmp

import (
	"bytes"
	"math"
	"net/netip"
	"reflect"
	"testing"
)

// everyValue has one varbind of each kind, at the ends of its range.
func everyValue() []Varbind {
	values := []Value{
		IntegerValue(0), IntegerValue(127), IntegerValue(128), IntegerValue(-128), IntegerValue(-129), IntegerValue(math.MinInt32), IntegerValue(math.MaxInt32),
		TextValue(""), TextValue(string(bytes.Repeat([]byte("x"), 300))), OIDValue(OID{0, 0}), OIDValue(OID{2, 999, math.MaxUint32}),
		IPValue(netip.MustParseAddr("127.0.0.9")), CounterValue(math.MaxUint32), GaugeValue(0), TicksValue(1 << 31), {Kind: Opaque, Bytes: []byte{1}},
		Counter64Value(math.MaxUint64), Counter64Value(1 << 55), {Kind: Null}, {Kind: NoSuchObject}, {Kind: NoSuchInstance}, {Kind: EndOfMibView},
	}
	var vars []Varbind
	for i, v := range values {
		vars = append(vars, Varbind{OID: OID{1, 3, 6, 1, uint32(i), math.MaxUint32 >> i}, Value: v})
	}
	return vars
}

func sampleMessages() []*message {
	vars := everyValue()
	v3 := message{Version: version3, MsgID: 7, MaxSize: 65507, Flags: flagReportable, SecurityModel: securityModelUSM,
		USM: usmParameters{EngineID: []byte{0x80, 0, 0, 1, 5}, Boots: 3, Time: math.MaxInt32, User: []byte("ann")}, ContextEngineID: []byte("engine"), ContextName: []byte("c"),
		PDU: pdu{Type: pduGetBulk, RequestID: -1, ErrorStatus: 0, ErrorIndex: 10, Varbinds: vars}}
	return []*message{
		{Version: version2c, Community: []byte("public"), PDU: pdu{Type: pduSet, RequestID: math.MaxInt32, Varbinds: vars}},
		{Version: version1, Community: []byte{}, PDU: pdu{Type: pduGet, RequestID: math.MinInt32}},
		{Version: version1, Community: []byte("public"), PDU: pdu{Type: pduTrapV1}, Trap: &trapPDU{Enterprise: OID{1, 3, 6, 1, 4, 1, 8072},
			AgentAddr: netip.MustParseAddr("127.0.0.1"), Generic: 6, Specific: 17, Timestamp: math.MaxUint32, Varbinds: vars[:3]}},
		&v3,
	}
}

func TestMessageRoundTrip(t *testing.T) {
	for i, m := range sampleMessages() {
		wire, err := m.encode()
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		got, err := decodeMessage(wire)
		if err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
		if !reflect.DeepEqual(got.PDU, m.PDU) || !reflect.DeepEqual(got.Trap, m.Trap) {
			t.Errorf("message %d: PDU is\n%+v, want\n%+v", i, got.PDU, m.PDU)
		}
		again, err := got.encode()
		if err != nil || !bytes.Equal(again, wire) {
			t.Errorf("message %d: encoded again it differs: %v\n%x\n%x", i, err, again, wire)
		}
	}
}

func TestDecodeRefusesEveryTruncation(t *testing.T) {
	for _, m := range sampleMessages() {
		wire, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		for n := range wire {
			if _, err := decodeMessage(wire[:n]); err == nil {
				t.Fatalf("the first %d octets of %d were taken", n, len(wire))
			}
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	v2c := func(pdu string) []byte { return wrapped(0x30, "\x02\x01\x01\x04\x00"+pdu) }
	get := func(vars string) []byte {
		return v2c(string(wrapped(0xa0, "\x02\x01\x01\x02\x01\x00\x02\x01\x00"+vars)))
	}
	bind := func(oid, value string) []byte {
		return get(string(wrapped(0x30, string(wrapped(0x30, string(wrapped(6, oid))+value)))))
	}
	if _, err := decodeMessage(bind("\x2b", "\x05\x00")); err != nil {
		t.Fatalf("the message that the others are made from: %v", err)
	}
	for name, wire := range map[string][]byte{
		"nothing":                {},
		"indefinite length":      []byte("\x30\x80\x00\x00"),
		"length of 5 octets":     []byte("\x30\x85\x00\x00\x00\x00\x00"),
		"huge length":            []byte("\x30\x84\xff\xff\xff\xff"),
		"version 2":              wrapped(0x30, "\x02\x01\x02\x04\x00"),
		"trap of v1 in v2c":      v2c("\xa4\x00"),
		"PDU type 9":             v2c("\xa9\x00"),
		"request ID of 5 octets": v2c("\xa0\x07\x02\x05\x01\x00\x00\x00\x00"),
		"empty integer":          v2c("\xa0\x02\x02\x00"),
		"OID cut off":            bind("\x2b\x86", "\x05\x00"),
		"sub-identifier of 2^32": bind("\x2b\x90\x80\x80\x80\x00", "\x05\x00"),
		"129 sub-identifiers":    bind("\x2b"+string(bytes.Repeat([]byte{1}, 127)), "\x05\x00"),
		"integer of 2^31":        bind("\x2b", "\x02\x05\x00\x80\x00\x00\x00"),
		"counter of 2^32":        bind("\x2b", "\x41\x05\x01\x00\x00\x00\x00"),
		"counter64 of 2^64":      bind("\x2b", "\x46\x09\x01\x00\x00\x00\x00\x00\x00\x00\x00"),
		"address of 3 octets":    bind("\x2b", "\x40\x03\x01\x02\x03"),
		"null of 1 octet":        bind("\x2b", "\x05\x01\x00"),
		"type 0x99":              bind("\x2b", "\x99\x00"),
	} {
		if _, err := decodeMessage(wire); err == nil {
			t.Errorf("%s: %x was taken", name, wire)
		}
	}
}

func wrapped(tag byte, content string) []byte {
	w := &berWriter{}
	w.octets(tag, []byte(content))
	return w.written()
}

func TestEncodeRefusesWhatBERCannotSay(t *testing.T) {
	for name, v := range map[string]Varbind{
		"first above 2":       {OID: OID{3, 1}, Value: Value{Kind: Null}},
		"second above 39":     {OID: OID{1, 40}, Value: Value{Kind: Null}},
		"too long":            {OID: make(OID, maxSubIdentifiers+1), Value: Value{Kind: Null}},
		"integer of 33 bits":  {OID: OID{1, 3}, Value: IntegerValue(1 << 31)},
		"counter of 33 bits":  {OID: OID{1, 3}, Value: Value{Kind: Counter32, Uint: 1 << 32}},
		"address of 16 bytes": {OID: OID{1, 3}, Value: IPValue(netip.MustParseAddr("::1"))},
		"no kind":             {OID: OID{1, 3}},
	} {
		m := message{Version: version2c, PDU: pdu{Type: pduGet, Varbinds: []Varbind{v}}}
		if wire, err := m.encode(); err == nil {
			t.Errorf("%s was encoded as %x", name, wire)
		}
	}
}

// FuzzDecodeMessage: no panic, and what was taken can be encoded and taken
// again.
func FuzzDecodeMessage(f *testing.F) {
	keys := testKeys(f, User{Name: "ann", AuthProtocol: "SHA-256", AuthPassword: testPass, PrivProtocol: "DES", PrivPassword: testPass})
	for _, m := range sampleMessages() {
		wire, err := m.encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
		if m.Version == version3 {
			m.Flags = flagAuth | flagPriv
			wire, err = m.seal(keys, 1)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(wire)
		}
	}
	f.Fuzz(func(t *testing.T, wire []byte) {
		m, err := decodeMessage(wire)
		if err != nil {
			return
		}
		m.verify(keys)
		if m.open(keys) != nil {
			return
		}
		m.Flags &^= flagPriv
		again, err := m.encode()
		if err != nil {
			t.Fatalf("%x was taken, but cannot be encoded: %v", wire, err)
		}
		if _, err := decodeMessage(again); err != nil {
			t.Fatalf("%x was encoded as %x: %v", wire, again, err)
		}
	})
}
