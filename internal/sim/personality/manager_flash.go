package personality

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"time"

	"drydock/internal/snmp"
)

// Columns of the flash table.
const (
	flhType, flhProtocol, flhServer, flhUser, flhPassword, flhSource, flhDest, flhState, flhNotify, flhTime, flhStatus, flhPort = 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
)

// Operations on flash.
const (
	net2FlashWithErase, net2FlashWithoutErase, flash2Net, flashDelete, flashRename, flashCopy = 1, 2, 3, 4, 5, 8
)

func (d *manager) flashTable() *table {
	ftp, no := snmp.IntegerValue(1), snmp.IntegerValue(2)
	text := func(least int) *column { return &column{kind: snmp.OctetString, length: [2]int{least, 255}} }
	password := text(1)
	password.hidden = true
	t := &table{entry: snmp.MustOID(d.flash + ".2.1.1"), status: flhStatus, rows: map[uint32]*row{}, most: flashRows, age: ageing, columns: map[uint32]*column{
		flhType: {kind: snmp.Integer, values: upTo(d.copies)}, flhProtocol: {kind: snmp.Integer, values: upTo(d.flashOthers), def: &ftp},
		flhServer: {kind: snmp.IPAddress}, flhUser: text(1), flhPassword: password, flhSource: text(1), flhDest: text(0),
		flhState: {kind: snmp.Integer, readOnly: true}, flhNotify: {kind: snmp.Integer, values: []int64{1, 2}, def: &no},
		flhTime: {kind: snmp.TimeTicks, readOnly: true}, flhPort: {kind: snmp.Integer}, d.flashText: {kind: snmp.OctetString, readOnly: true},
	}}
	if d.flashAddress != 0 {
		t.columns[d.flashAddress-1], t.columns[d.flashAddress] = &column{kind: snmp.Integer, values: []int64{0, 1, 2, 16}}, text(0)
	}
	// The source file "must be specified"; by FTP, the user name too.
	t.complete = func(r *row) snmp.Status {
		net := r.number(flhType) <= flash2Net
		if !r.has(flhType) || r.text(flhSource) == "" || net && r.number(flhProtocol) == 1 && r.text(flhUser) == "" {
			return snmp.InconsistentValue
		}
		return snmp.NoError
	}
	t.begin = func(r *row) { d.flashBegin(t, r) }
	return t
}

// flashBegin carries an active row out. "Once an operation has been activated,
// it cannot be stopped", but where RowStatus says that it can be.
func (d *manager) flashBegin(t *table, r *row) {
	kind, protocol, began := r.number(flhType), r.number(flhProtocol), time.Now()
	d.done = append(d.done, fmt.Sprintf("flash operation %d", kind))
	busy := d.fault("flash busy")
	for _, other := range t.rows {
		busy = busy || other != r && other.busy
	}
	r.put(flhState, snmp.IntegerValue(opInProgress))
	end := func(state int64) { d.flashEnd(t, r, began, state) }
	l := login{server: peerOf(r, d.flashAddress, flhServer), ftp: protocol == 1, user: r.text(flhUser), password: r.text(flhPassword)}
	source, dest := r.text(flhSource), r.text(flhDest)
	if dest == "" {
		dest = path.Base(source)
	}
	switch {
	case busy:
		end(opBusy)
	case kind > flash2Net:
		end(d.flashLocal(kind, source, dest))
	case protocol != 1 && protocol != d.flashTFTP:
		end(opInvalidProtocol)
	case !l.server.IsValid():
		end(opInvalidServer)
	case kind == flash2Net:
		f := d.files[d.index(source)]
		if f == nil {
			end(opOpenError)
			return
		}
		content := f.content
		d.run(r, d.flashAborted != 0, func(ctx context.Context) error {
			return d.send(ctx, l, dest, bytes.NewReader(content), int64(len(content)))
		}, func(err error, stopped bool) { end(d.flashState(err, stopped, true)) })
	default:
		var in bytes.Buffer
		d.run(r, d.flashAborted != 0, func(ctx context.Context) error { return d.fetch(ctx, l, source, &in) }, func(err error, stopped bool) {
			state := d.flashState(err, stopped, false)
			if state == opSuccess {
				state = d.flashStore(kind, dest, in.Bytes())
			}
			end(state)
		})
	}
}

func (d *manager) flashState(err error, stopped, out bool) int64 {
	switch {
	case err == nil:
		return opSuccess
	case stopped:
		return d.flashAborted
	}
	return transferState(err, out, d.flashTimeout)
}

// flashStore puts what was fetched into flash.
func (d *manager) flashStore(kind int64, dest string, content []byte) int64 {
	room := d.free()
	if old := d.files[d.index(dest)]; old != nil {
		room += old.size
	}
	switch {
	case d.fault("flash"):
		return opTransferError
	case d.fault("checksum"):
		return opChecksum
	case d.flashTFTP == 3 && d.index(dest) == d.image: // VRP: conflict between target file and system file
		return opConflict
	case kind == net2FlashWithErase:
		for n := range d.files {
			if n != d.image && n != d.startup {
				delete(d.files, n)
			}
		}
	case int64(len(content)) > room, d.fault("full"):
		return opFull
	}
	if d.fault("no image") {
		content = []byte("it is none\n")
	}
	d.write(dest, content)
	d.list()
	return opSuccess
}

// flashLocal is what an operation on flash does without a transfer.
func (d *manager) flashLocal(kind int64, source, dest string) int64 {
	n := d.index(source)
	switch {
	case n == 0:
		return opOpenError
	case kind == flashDelete && (n == d.image || n == d.startup):
		return opBusy
	case kind == flashDelete:
		delete(d.files, n)
	case kind == flashRename:
		d.files[n].name = dest
	case kind == flashCopy && d.files[n].size > d.free():
		return opFull
	case kind == flashCopy:
		copied := d.files[d.write(dest, d.files[n].content)]
		copied.size, copied.version = d.files[n].size, d.files[n].version
	default:
		return opInvalid
	}
	d.list()
	return opSuccess
}

func (d *manager) flashEnd(t *table, r *row, began time.Time, state int64) {
	r.put(flhState, snmp.IntegerValue(state))
	r.put(flhTime, snmp.TicksValue(uint32(time.Since(began)/(10*time.Millisecond))))
	if words := opWords(state); words != "" {
		r.put(d.flashText, snmp.TextValue(words))
	}
	r.end()
	if r.number(flhNotify) == 1 {
		d.notify(d.flashDone, snmp.Varbind{OID: t.entry.Append(flhState, r.index), Value: snmp.IntegerValue(state)})
	}
	if d.fault("flash age") {
		delete(t.rows, r.index)
	}
}

// list makes the files in flash the rows of the tables of images and of
// configurations.
func (d *manager) list() {
	for oid, s := range d.scalars {
		if s.listed {
			delete(d.scalars, oid)
		}
	}
	add := func(s *scalar) {
		s.listed = true
		d.scalars[s.oid.String()] = s
	}
	for n, f := range d.files {
		entry := d.system + ".5.2.1"
		if f.version != "" {
			entry = d.system + ".4.2.1"
		} else if !f.isConfig() {
			continue
		}
		add(roText(fmt.Sprintf("%s.2.%d", entry, n), func() string { return d.fileName(f) }))
		add(roNumber(fmt.Sprintf("%s.3.%d", entry, n), func() int64 { return f.size }))
		add(roText(fmt.Sprintf("%s.4.%d", entry, n), func() string { return d.path }))
		if f.version != "" {
			add(d.fifth(fmt.Sprintf("%s.5.%d", entry, n), n, f))
		}
	}
}
