package agentx

import (
	"encoding/binary"
	"log/slog"
	"net"
	"path/filepath"
	"testing"
	"time"

	"drydock/internal/snmp"
)

// table is a MIB of a few instances below 1.3.9.
type table struct{ rows []snmp.Varbind }

func (t *table) Get(oid snmp.OID) snmp.Value {
	for _, r := range t.rows {
		if r.OID.Compare(oid) == 0 {
			return r.Value
		}
	}
	return snmp.Value{Kind: snmp.NoSuchInstance}
}

func (t *table) Next(oid snmp.OID) (snmp.Varbind, bool) {
	for _, r := range t.rows {
		if r.OID.Compare(oid) > 0 {
			return r, true
		}
	}
	return snmp.Varbind{}, false
}

func (t *table) Test(vars []snmp.Varbind) (snmp.Status, int) {
	for i, v := range vars {
		if t.Get(v.OID).Missing() {
			return snmp.NoCreation, i + 1
		}
	}
	return snmp.NoError, 0
}

func (t *table) Set(vars []snmp.Varbind) (snmp.Status, int) {
	for _, v := range vars {
		for i := range t.rows {
			if t.rows[i].OID.Compare(v.OID) == 0 {
				t.rows[i].Value = v.Value
			}
		}
	}
	return snmp.NoError, 0
}

var subtree = snmp.OID{1, 3, 9}

func newTable() *table {
	return &table{rows: []snmp.Varbind{
		{OID: subtree.Append(1, 0), Value: snmp.TextValue("abcde")}, {OID: subtree.Append(2, 0), Value: snmp.IntegerValue(-5)},
		{OID: subtree.Append(3, 0), Value: snmp.Counter64Value(1 << 40)}, {OID: subtree.Append(4, 0), Value: snmp.OIDValue(snmp.OID{1, 3, 6, 1, 4, 1})},
	}}
}

func newSubagent(address string) *Subagent {
	return New(Config{Network: "unix", Address: address, Subtree: subtree, Name: "test", MIB: newTable(), Uptime: func() uint32 { return 7 },
		Log: slog.New(slog.DiscardHandler)})
}

func TestValuesComeBackAsTheyWere(t *testing.T) {
	for _, v := range newTable().rows {
		var w writer
		w.varbind(v)
		r := &reader{order: binary.BigEndian, b: w.b}
		got := r.varbinds()
		if r.err != nil || len(got) != 1 || got[0].OID.Compare(v.OID) != 0 || got[0].Value.String() != v.Value.String() || got[0].Value.Kind != v.Value.Kind {
			t.Errorf("%v became %v: %v", v, got, r.err)
		}
	}
	// a master may shorten 1.3.6.1.x to its prefix, and write little-endian
	r := &reader{order: binary.LittleEndian, b: []byte{1, 4, 1, 0, 9, 0, 0, 0}}
	if oid, include := r.oid(); r.err != nil || oid.String() != "1.3.6.1.4.9" || !include {
		t.Errorf("%v %v %v", oid, include, r.err)
	}
}

// TestSubagentOutlivesItsMaster has a master that goes, comes again, and is
// told what to register each time.
func TestSubagentOutlivesItsMaster(t *testing.T) {
	address := filepath.Join(t.TempDir(), "master")
	s := newSubagent(address)
	done := make(chan error, 1)
	go func() { done <- s.Serve(t.Context()) }()
	for range 2 {
		l, err := net.Listen("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []byte{typeOpen, typeRegister} {
			h, _ := receive(t, conn)
			if h.Type != want {
				t.Fatalf("PDU %d, wanted %d", h.Type, want)
			}
			var w writer
			w.u32(0)
			w.u32(0)
			answer := header{Type: typeResponse, Flags: flagBigEndian, Session: 42, Packet: h.Packet, Payload: uint32(len(w.b))}
			if _, err := conn.Write(append(answer.append(nil), w.b...)); err != nil {
				t.Fatal(err)
			}
		}
		<-s.Ready()
		_ = conn.Close()
		_ = l.Close()
	}
}

func receive(t *testing.T, conn net.Conn) (header, []byte) {
	t.Helper()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, headerSize)
	if _, err := conn.Read(head); err != nil {
		t.Fatal(err)
	}
	h, err := parseHeader(head)
	if err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, h.Payload)
	if _, err := conn.Read(payload); err != nil {
		t.Fatal(err)
	}
	return h, payload
}

// FuzzRequest: whatever the master sends, the subagent neither panics nor
// answers with what cannot be read.
func FuzzRequest(f *testing.F) {
	var w writer
	w.oid(subtree.Append(1, 0))
	w.oid(nil)
	for _, kind := range []byte{typeGet, typeGetNext, typeGetBulk, typeTestSet, typeCommitSet, typeUndoSet, typeCleanupSet, typePing, 99} {
		f.Add(kind, byte(flagBigEndian), w.b)
	}
	f.Fuzz(func(t *testing.T, kind, flags byte, payload []byte) {
		s := newSubagent("")
		r := &reader{order: order(flags), b: payload}
		a := s.perform(header{Type: kind, Flags: flags}, r, map[uint32][]snmp.Varbind{})
		if r.err != nil {
			return // serve answers parseError
		}
		var out writer
		for _, v := range a.vars {
			out.varbind(v)
		}
		back := &reader{order: binary.BigEndian, b: out.b}
		if got := back.varbinds(); back.err != nil || len(got) != len(a.vars) {
			t.Fatalf("%d answers became %d: %v", len(a.vars), len(got), back.err)
		}
	})
}
