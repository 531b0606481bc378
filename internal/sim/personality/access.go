package personality

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"drydock/internal/snmp"
)

// Access is a Huawei access shelf with HUAWEI-LOAD-BACKUP-MIB: one frame, its
// control board in slot 9, two areas for programs. Files are loaded and backed
// up by requests; what was loaded takes effect when the frame is reset by
// hwFrameAdminStatus of HUAWEI-DEVICE-MIB.
//
// From the DESCRIPTION clauses: the parameter tables are indexed by frame and
// slot and have no rows to create; a request's ID cannot be set on its own and
// must be new; hwOperationInfoTable has a row for each request; a load goes into
// the area that is not active; reset(3) starts with what was newly loaded,
// resetwithoutloadeddata(9) without its data; hwDataReplaceResult tells whether
// a loaded configuration could be used.
//
// The clauses leave open what this device decides: a second request while one is
// under way is an inconsistentValue; rows of hwOperationInfoTable are gone after
// a reset. Left out: SFTP, other boards, patches, notifications, all contents
// but configuration and packet files.
type Access struct {
	*Box
	load, backup requests

	// owned by the box's lock
	areas       [2]string // versions
	area        int       // the active one
	loaded      int       // the area that a reset activates
	config      string
	next        string // a configuration that was loaded and waits for a reset
	replaced    int64  // hwDataReplaceResult
	operations  map[int64]*operation
	loadAllowed bool
}

// operation is a row of hwOperationInfoTable.
type operation struct{ kind, status, progress, failure int64 }

// requests is one of the two parameter tables, at the control board's row.
type requests struct {
	entry                                                  snmp.OID
	columns                                                map[uint32]*column
	cells                                                  map[uint32]snmp.Value
	address, mode, file, content, user, password, id, kind uint32
}

// Values of the MIB.
const (
	accessTFTP, accessFTP                                          = 1, 3
	operationInitial, operationTransferring, operationSaving       = 1, 3, 4
	operationSuccess, operationFail                                = 5, 6
	operationLoad, operationBackup                                 = 2, 3
	backupConfiguration, loadPacket, loadConfiguration             = 14, 25, 26
	codeTransfer, codeServer, codeRemoteFile, codeNoFile     int64 = 6561510, 6561620, 6561623, 6561627
	resetFrame, resetWithoutData                                   = 3, 9
	replaceSuccess, replaceFailure, replaceInvalid                 = 1, 2, 3
)

// accessPacket tells the version of a simulated packet file: its first line.
var accessPacket = regexp.MustCompile(`^MA5600 packet (\S+)\r?\n`)

// AccessPacket makes a packet file of that version.
func AccessPacket(version string, size int) []byte {
	head := fmt.Sprintf("MA5600 packet %s\n", version)
	return append([]byte(head), bytes.Repeat([]byte{0x5a}, max(0, size-len(head)))...)
}

// StartAccess starts a shelf.
func StartAccess(ctx context.Context, o Options) (*Access, error) {
	d := &Access{Box: &Box{}, areas: [2]string{o.Version, o.Version}, config: o.Config, replaced: replaceInvalid, operations: map[int64]*operation{}, loadAllowed: true}
	d.load = requests{entry: snmp.MustOID("1.3.6.1.4.1.2011.6.6.1.1.1"), address: 1, mode: 2, file: 3, content: 4, user: 8, password: 9, id: 12, kind: operationLoad,
		columns: accessColumns(1, 2, 3, 4, 8, 9, 12, []int64{1, 2, 3, 4, 5, 255})}
	d.backup = requests{entry: snmp.MustOID("1.3.6.1.4.1.2011.6.6.1.2.1"), address: 1, mode: 2, file: 3, content: 4, user: 6, password: 7, id: 9, kind: operationBackup,
		columns: accessColumns(1, 2, 3, 4, 6, 7, 9, []int64{1, 2, 3, 5, 6})}
	d.objects()
	d.judge, d.settle = d.judgeRequests, d.beginRequests
	return d, d.start(ctx, o)
}

func accessColumns(address, mode, file, content, user, password, id uint32, modes []int64) map[uint32]*column {
	return map[uint32]*column{address: {kind: snmp.IPAddress}, mode: {kind: snmp.Integer, values: modes}, file: {kind: snmp.OctetString, length: [2]int{0, 128}},
		content: {kind: snmp.Integer}, user: {kind: snmp.OctetString, length: [2]int{0, 40}},
		password: {kind: snmp.OctetString, length: [2]int{0, 40}, hidden: true}, id: {kind: snmp.Integer}}
}

func (d *Access) objects() {
	d.scalars = map[string]*scalar{}
	add := func(s *scalar) { d.scalars[s.oid.String()] = s }
	number := func(oid string, v func() int64) {
		add(&scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.IntegerValue(v()) }})
	}
	text := func(oid string, v func() string) {
		add(&scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.TextValue(v()) }})
	}
	text("1.3.6.1.2.1.1.1.0", func() string { return "Huawei Integrated Access Software" })
	add(&scalar{oid: snmp.MustOID("1.3.6.1.2.1.1.2.0"), read: func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.2011.2.123")) }})
	add(&scalar{oid: snmp.MustOID("1.3.6.1.2.1.1.3.0"), read: func() snmp.Value { return snmp.TicksValue(d.uptime()) }})
	text("1.3.6.1.2.1.1.5.0", func() string { return sysname(d.config) })
	text("1.3.6.1.4.1.2011.6.3.1.3.0", func() string { return d.areas[d.area] })      // hwSysVersion
	text("1.3.6.1.4.1.2011.6.3.3.1.1.20.0", func() string { return d.o.Serial })      // hwFramePhySerialNum
	number("1.3.6.1.4.1.2011.6.6.1.9.0", func() int64 { return d.allowed() })         // hwLoadOperFlag
	number("1.3.6.1.4.1.2011.6.6.6.3.0", func() int64 { return d.replaced })          // hwDataReplaceResult
	number("1.3.6.1.4.1.2011.6.6.9.1.1.1", func() int64 { return 1 })                 // hwMainboardID
	number("1.3.6.1.4.1.2011.6.6.9.1.2.1", func() int64 { return int64(d.area) + 1 }) // hwProagramActiveArea
	text("1.3.6.1.4.1.2011.6.6.9.1.4.1", func() string { return d.areas[0] })
	text("1.3.6.1.4.1.2011.6.6.9.1.5.1", func() string { return d.areas[1] })
	add(&scalar{oid: snmp.MustOID("1.3.6.1.4.1.2011.6.3.3.1.1.6.0"), read: func() snmp.Value { return snmp.IntegerValue(-1) }, check: checkReset, write: d.reset}) // hwFrameAdminStatus
	for _, r := range []*requests{&d.load, &d.backup} {
		r.cells = map[uint32]snmp.Value{r.address: {Kind: snmp.IPAddress, Bytes: make([]byte, 4)}, r.mode: snmp.IntegerValue(accessTFTP), r.file: snmp.TextValue(""),
			r.content: snmp.IntegerValue(-1), r.user: snmp.TextValue(""), r.password: snmp.TextValue(""), r.id: snmp.IntegerValue(-1)}
		for n, col := range r.columns {
			add(&scalar{oid: r.entry.Append(n, 0, controlSlot), check: col.check, write: func(v snmp.Value) { r.cells[n] = v },
				read: func() snmp.Value {
					if col.hidden {
						return snmp.TextValue("")
					}
					return r.cells[n]
				}})
		}
	}
}

// controlSlot is where the control board is.
const controlSlot = 9

func (d *Access) allowed() int64 {
	if d.loadAllowed && !d.busy() {
		return 1
	}
	return 2
}

func sysname(config string) string {
	for line := range strings.Lines(config) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "sysname "); ok {
			return name
		}
	}
	return "MA5600"
}

func checkReset(v snmp.Value) snmp.Status {
	switch {
	case v.Kind != snmp.Integer:
		return snmp.WrongType
	case v.Int != resetFrame && v.Int != resetWithoutData:
		return snmp.WrongValue
	}
	return snmp.NoError
}

// column gives the column of a varbind in the table, 0 if it is of another.
func (r *requests) column(v snmp.Varbind) uint32 {
	if n := len(r.entry); len(v.OID) == n+3 && v.OID.HasPrefix(r.entry) {
		return v.OID[n]
	}
	return 0
}

// judgeRequests holds the request IDs of a PDU to their clauses.
func (d *Access) judgeRequests(vars []snmp.Varbind) (snmp.Status, int) {
	for _, r := range []*requests{&d.load, &d.backup} {
		at, others := 0, 0
		next := map[uint32]snmp.Value{}
		for i, v := range vars {
			switch col := r.column(v); col {
			case 0:
			case r.id:
				at, next[col] = i+1, v.Value
			default:
				others, next[col] = others+1, v.Value
			}
		}
		if at == 0 {
			continue
		}
		value := func(col uint32) snmp.Value {
			if v, ok := next[col]; ok {
				return v
			}
			return r.cells[col]
		}
		id := next[r.id].Int
		switch {
		case id < 0:
			return snmp.WrongValue, at
		case others == 0 || d.operations[id] != nil || d.busy():
			return snmp.InconsistentValue, at
		case value(r.content).Int < 0 || len(value(r.file).Bytes) == 0:
			return snmp.InconsistentValue, at
		case r.kind == operationLoad && !d.loadAllowed:
			return snmp.ResourceUnavailable, at
		}
	}
	return snmp.NoError, 0
}

func (d *Access) busy() bool {
	for _, o := range d.operations {
		if o.status < operationSuccess {
			return true
		}
	}
	return false
}

// beginRequests starts what the PDU asked for.
func (d *Access) beginRequests(vars []snmp.Varbind) {
	for _, r := range []*requests{&d.load, &d.backup} {
		if slices.ContainsFunc(vars, func(v snmp.Varbind) bool { return r.column(v) == r.id }) {
			d.begin(r)
		}
	}
}

func (d *Access) begin(r *requests) {
	id := r.cells[r.id].Int
	o := &operation{kind: int64(r.kind), status: operationInitial}
	d.operations[id] = o
	d.show(id, o)
	content, name, mode := r.cells[r.content].Int, string(r.cells[r.file].Bytes), r.cells[r.mode].Int
	l := login{ftp: mode == accessFTP, user: string(r.cells[r.user].Bytes), password: string(r.cells[r.password].Bytes)}
	l.server, _ = netip.AddrFromSlice(r.cells[r.address].Bytes)
	d.done = append(d.done, fmt.Sprintf("request %d of content %d", r.kind, content))
	if mode != accessTFTP && mode != accessFTP || !l.server.IsValid() || l.server.IsUnspecified() {
		o.status, o.failure = operationFail, codeServer
		return
	}
	o.status = operationTransferring
	if d.fault("transfer") {
		o.status, o.failure = operationFail, codeTransfer
		return
	}
	sent := d.full()
	d.later(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var in bytes.Buffer
		var err error
		if r.kind == operationBackup {
			err = d.send(ctx, l, name, strings.NewReader(sent), int64(len(sent)))
		} else {
			err = d.fetch(ctx, l, name, &in)
		}
		d.finish(ctx, r, o, content, in.Bytes(), err)
	})
}

// finish ends an operation whose file has travelled, or has not.
func (d *Access) finish(ctx context.Context, r *requests, o *operation, content int64, file []byte, err error) {
	d.mu.Lock()
	o.progress = 50
	if err == nil {
		o.status = operationSaving
	}
	d.mu.Unlock()
	if err == nil { // flash takes its time
		t := time.NewTimer(d.o.Restart / 4)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case err != nil && r.kind == operationLoad:
		o.failure = codeNoFile
	case err != nil:
		o.failure = codeTransfer
	case r.kind == operationBackup && content != backupConfiguration, r.kind == operationLoad && !d.take(content, file):
		o.failure = codeRemoteFile
	}
	o.status, o.progress = operationSuccess, 100
	if o.failure != 0 {
		o.status = operationFail
	}
}

// take keeps a loaded file until the reset.
func (d *Access) take(content int64, file []byte) bool {
	switch content {
	case loadPacket:
		m := accessPacket.FindSubmatch(file)
		if m == nil {
			return false
		}
		d.loaded = 1 - d.area
		d.areas[d.loaded] = string(m[1])
		return true
	case loadConfiguration:
		d.next = string(file)
		return true
	}
	return false
}

// show adds the row of an operation.
func (d *Access) show(id int64, o *operation) {
	entry := snmp.MustOID("1.3.6.1.4.1.2011.6.6.4.1.1")
	for n, v := range map[uint32]func() int64{1: func() int64 { return id }, 2: func() int64 { return o.kind }, 3: func() int64 { return o.status },
		4: func() int64 { return o.progress }, 5: func() int64 { return o.failure }} {
		s := &scalar{oid: entry.Append(n, uint32(id)), read: func() snmp.Value { return snmp.IntegerValue(v()) }}
		d.scalars[s.oid.String()] = s
	}
}

// reset restarts the frame.
func (d *Access) reset(v snmp.Value) {
	withData := v.Int == resetFrame
	d.restart(func() {
		for id := range d.operations {
			for n := uint32(1); n <= 5; n++ {
				delete(d.scalars, snmp.MustOID("1.3.6.1.4.1.2011.6.6.4.1.1").Append(n, uint32(id)).String())
			}
		}
		clear(d.operations)
		d.area = d.loaded
		if d.next != "" && withData {
			d.replace(d.next)
		}
		d.next = ""
	})
}

// replace starts with a loaded configuration, if it is whole.
func (d *Access) replace(config string) {
	config = strings.ReplaceAll(config, "\r\n", "\n")
	if first, rest, _ := strings.Cut(config, "\n"); strings.HasPrefix(first, "[MA5600") {
		config = rest // the line that says which software wrote it
	}
	d.replaced = replaceFailure
	if strings.HasSuffix(strings.TrimSpace(config), "\nreturn") && !d.fault("replace") {
		d.config, d.replaced = config, replaceSuccess
	}
}

// full is the configuration as the shelf sends it.
func (d *Access) full() string { return "[" + d.areas[d.area] + ": 2051]\n" + d.config }

// Version is the program that runs.
func (d *Access) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.areas[d.area]
}

// Configuration is what the shelf runs with.
func (d *Access) Configuration() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.config
}
