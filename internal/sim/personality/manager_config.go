package personality

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/snmp"
)

// What the two tables of operations hold, and how long a transfer may take.
const (
	configRows, resultRows, flashRows = 5, 5, 5
	transferTimeout                   = time.Minute
)

// Columns of the configuration table and of its results.
const (
	cfgType, cfgProtocol, cfgFile, cfgServer, cfgUser, cfgPassword, cfgNotify, cfgStatus, cfgPort = 2, 3, 4, 5, 6, 7, 8, 9, 10
	resOf, resType, resState, resTime, resEnd                                                     = 2, 3, 4, 5, 6
)

// ConfigOperationType.
const (
	running2Startup, startup2Running, running2Net, net2Running, net2Startup, startup2Net, running2File, file2Running = 1, 2, 3, 4, 5, 6, 7, 8
)

// States of an operation.
const (
	opInProgress, opSuccess, opInvalid, opInvalidProtocol, opInvalidSource, opInvalidDest, opInvalidServer, opBusy int64 = 1, 2, 3, 4, 5, 6, 7, 8
	opFull, opOpenError, opTransferError, opChecksum, opAuthFail, opTimeOut, opConflict                            int64 = 12, 13, 14, 15, 17, 18, 22
)

// opWords is what the MIBs say of a state.
func opWords(state int64) string {
	return map[int64]string{opInvalid: "command invalid or command/protocol/device combination unsupported", opInvalidProtocol: "invalid protocol specified",
		opInvalidSource: "invalid source file name specified", opInvalidDest: "invalid target name specified", opInvalidServer: "invalid server address specified",
		opBusy: "specified device is in use and locked by another process", opFull: "device is filled to capacity", opOpenError: "invalid file name; file not found in partition",
		opTransferError: "file transfer was unsuccessful", opChecksum: "file checksum in Flash is invalid", opAuthFail: "invalid user name or password",
		opTimeOut: "file transfer was timeout"}[state]
}

func (d *manager) configTables() (operations, results *table) {
	ftp, no := snmp.IntegerValue(1), snmp.IntegerValue(2)
	text := func(least, most int) *column { return &column{kind: snmp.OctetString, length: [2]int{least, most}} }
	number := func(values ...int64) *column { return &column{kind: snmp.Integer, values: values} }
	password := text(1, 40)
	password.hidden = true
	operations = &table{entry: snmp.MustOID(d.config + ".1.2.4.1"), status: cfgStatus, rows: map[uint32]*row{}, most: configRows, age: ageing, columns: map[uint32]*column{
		cfgType: number(upTo(d.operations)...), cfgProtocol: {kind: snmp.Integer, values: d.protocols, def: &ftp}, cfgFile: text(1, 128),
		cfgServer: {kind: snmp.IPAddress, refuse: notPermitted}, cfgUser: text(0, 40), cfgPassword: password,
		cfgNotify: {kind: snmp.Integer, values: []int64{1, 2}, def: &no}, cfgPort: {kind: snmp.Integer},
		d.addressType: number(0, 1, 2, 16), d.address: text(0, 255),
	}}
	operations.complete, operations.begin = d.configReady, d.configBegin
	agents := func(k snmp.Kind) *column { return &column{kind: k, readOnly: true} }
	results = &table{entry: snmp.MustOID(d.config + ".1.2.5.1"), rows: map[uint32]*row{}, age: ageing, columns: map[uint32]*column{
		resOf: agents(snmp.Integer), resType: agents(snmp.Integer), resState: agents(snmp.Integer), resTime: agents(snmp.TimeTicks), resEnd: agents(snmp.TimeTicks),
		d.resultText: agents(snmp.OctetString),
	}}
	return operations, results
}

func upTo(n int64) (all []int64) {
	for i := range n {
		all = append(all, i+1)
	}
	return all
}

func overNetwork(kind int64) bool { return kind >= running2Net && kind <= startup2Net }

// configReady: a transfer has a server and a name; by FTP, also who it is.
func (d *manager) configReady(r *row) snmp.Status {
	kind := r.number(cfgType)
	named := kind == running2Startup || kind == startup2Running || kind == startup2Net || r.text(cfgFile) != ""
	switch {
	case !r.has(cfgType) || !named,
		overNetwork(kind) && !peerOf(r, d.address, cfgServer).IsValid(),
		overNetwork(kind) && r.number(cfgProtocol) == 1 && (!r.has(cfgUser) || !r.has(cfgPassword)):
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

// result makes a row of results for an operation; the oldest makes room.
func (d *manager) result(r *row) *row {
	d.last++
	for len(d.results.rows) >= resultRows {
		oldest := d.last
		for n := range d.results.rows {
			oldest = min(oldest, n)
		}
		delete(d.results.rows, oldest)
	}
	res := &row{index: d.last, busy: true, cells: map[uint32]snmp.Value{resOf: snmp.IntegerValue(int64(r.index)), resType: r.cells[cfgType],
		resState: snmp.IntegerValue(opInProgress), resTime: snmp.TicksValue(0), resEnd: snmp.TicksValue(0)}}
	d.results.rows[res.index] = res
	return res
}

// configBegin carries an active row out.
func (d *manager) configBegin(r *row) {
	busy := d.fault("busy")
	for _, other := range d.results.rows {
		busy = busy || other.busy
	}
	res, began, kind := d.result(r), time.Now(), r.number(cfgType)
	d.done = append(d.done, fmt.Sprintf("configuration operation %d", kind))
	end := func(state int64) { d.configEnd(r, res, began, state) }
	switch {
	case busy:
		end(opBusy)
		return
	case overNetwork(kind) && r.number(cfgProtocol) > 2:
		end(opInvalidProtocol)
		return
	case !overNetwork(kind):
		end(d.configLocal(r))
		return
	}
	l := login{server: peerOf(r, d.address, cfgServer), ftp: r.number(cfgProtocol) == 1, user: r.text(cfgUser), password: r.text(cfgPassword)}
	content, name, fails := d.running, r.text(cfgFile), d.fault("copy")
	if kind == startup2Net {
		content = string(d.files[d.startup].content)
		if name == "" {
			name = d.files[d.startup].name
		}
	}
	var in bytes.Buffer
	d.run(r, d.aborted != 0, func(ctx context.Context) error {
		if kind == running2Net || kind == startup2Net {
			return d.send(ctx, l, name, strings.NewReader(content), int64(len(content)))
		}
		return d.fetch(ctx, l, name, &in)
	}, func(err error, stopped bool) {
		switch {
		case stopped && err != nil:
			end(d.aborted)
		case fails:
			end(opTransferError)
		case err != nil:
			end(transferState(err, kind == running2Net || kind == startup2Net, opTimeOut))
		case kind == net2Running || kind == net2Startup:
			end(d.take(kind, in.String()))
		default:
			end(opSuccess)
		}
	})
}

// transferState is the state for an error of a transfer.
func transferState(err error, out bool, timeout int64) int64 {
	text := strings.ToLower(err.Error())
	missing := strings.Contains(text, "not found") || strings.Contains(text, "550") || strings.Contains(text, "no such")
	switch {
	case fault.Is(err, fault.Denied):
		return opAuthFail
	case fault.Is(err, fault.Timeout) || errors.Is(err, context.DeadlineExceeded):
		return timeout
	case missing && out:
		return opInvalidDest
	case missing:
		return opInvalidSource
	}
	return opTransferError
}

// configLocal is what a configuration operation does without a transfer.
func (d *manager) configLocal(r *row) int64 {
	switch kind := r.number(cfgType); kind {
	case running2Startup:
		if name := r.text(cfgFile); name != "" && d.resultText == 8 { // VRP: the saved file has this name
			d.startup = d.write(name, []byte(d.running))
		} else {
			d.startup = d.write(d.files[d.startup].name, []byte(d.running))
		}
	case startup2Running:
		d.running = merged(d.running, string(d.files[d.startup].content))
	case running2File:
		d.write(r.text(cfgFile), []byte(d.running))
	default:
		f := d.files[d.index(r.text(cfgFile))]
		if f == nil {
			return opOpenError
		}
		d.running = merged(d.running, string(f.content))
	}
	return opSuccess
}

// take takes a configuration that was fetched: it replaces that of the next
// start, or is appended to the running one.
func (d *manager) take(kind int64, text string) int64 {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	switch {
	case !strings.HasPrefix(strings.TrimLeft(text, "!\n "), "#") && !strings.Contains(text, "\n#\n") || !strings.HasSuffix(strings.TrimSpace(text), "return"), d.fault("unusable"):
		return d.unusable
	case kind == net2Running:
		d.running = merged(d.running, text)
	case int64(len(text)) > d.free()+d.files[d.startup].size:
		return opFull
	default:
		d.write(d.files[d.startup].name, []byte(text))
	}
	return opSuccess
}

// configEnd is the end of an operation: its result stays, and whoever wants to
// know is told.
func (d *manager) configEnd(r, res *row, began time.Time, state int64) {
	res.put(resState, snmp.IntegerValue(state))
	res.put(resTime, snmp.TicksValue(uint32(time.Since(began)/(10*time.Millisecond))))
	res.put(resEnd, snmp.TicksValue(d.uptime()))
	if words := opWords(state); words != "" {
		res.put(d.resultText, snmp.TextValue(words))
	}
	r.end()
	res.end()
	if r.number(cfgNotify) == 1 {
		op, of := snmp.MustOID(d.config+".1.2.4.1"), d.results.entry
		vars := []snmp.Varbind{{OID: op.Append(cfgType, r.index), Value: r.cells[cfgType]}}
		for _, c := range d.notified {
			v, ok := res.cells[c]
			if !ok {
				v = snmp.TextValue("")
			}
			vars = append(vars, snmp.Varbind{OID: of.Append(c, res.index), Value: v})
		}
		d.notify(d.configDone, vars...)
	}
	if d.fault("age") {
		delete(d.results.rows, res.index)
	}
}
