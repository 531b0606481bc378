package personality

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"drydock/internal/snmp"
)

// Comware is a switch of H3C or HPE with HH3C-CONFIG-MAN-MIB, HH3C-FLASH-MAN-MIB
// and HH3C-SYS-MAN-MIB, and the chassis of ENTITY-MIB. What came of a request
// on the configuration stands in a table of results with indexes of its own; a
// configuration that is fetched counts from the next start on, which loads the
// main image, or the backup image where that one fails.
//
// Faults: "busy" answers one request with opDeviceBusy, "age" drops a result as
// soon as it is there, "full" has no room in flash, "checksum" finds an image
// damaged, "bad-main" cannot start the main image and takes the backup.
//
// Left out: cluster protocols, scheduled reloads, other boards.
type Comware struct {
	*Box
	requests, results, flash, images, schedules *table

	// owned by the box's lock
	running, startup string
	files            map[uint32]*comwareFile // by hh3cSysImageIndex
	runs             uint32
	nextResult       uint32
	schedule         int64
}

// comwareFile is an image in flash.
type comwareFile struct {
	name, version string
	size          int64
	main, backup  bool
}

// comwareImage tells a simulated image's version: its first line.
var comwareImage = regexp.MustCompile(`^Comware image version (.+)\n`)

// ComwareImage makes an image of that version.
func ComwareImage(version string, size int) []byte {
	head := fmt.Sprintf("Comware image version %s\n", version)
	return append([]byte(head), bytes.Repeat([]byte{0x3c}, max(0, size-len(head)))...)
}

// StartComware starts a switch.
func StartComware(ctx context.Context, o Options) (*Comware, error) {
	d := &Comware{Box: &Box{}, running: o.Config, startup: o.Config, runs: 1, files: map[uint32]*comwareFile{1: {o.Image, o.Version, 1 << 20, true, false}}}
	d.objects()
	return d, d.start(ctx, o)
}

const hh3c = "1.3.6.1.4.1.25506.2."

// Columns of the requests.
const (
	cwType, cwProtocol, cwFile, cwAddress, cwUser, cwPassword, cwNotify = 2, 3, 4, 5, 6, 7, 8 // hh3cCfgOperateEntry

	cwFlashType, cwFlashProtocol, cwFlashAddress, cwFlashUser, cwFlashPassword        = 2, 3, 4, 5, 6 // hh3cFlhOperEntry
	cwFlashSource, cwFlashDest, cwFlashStatus, cwFlashNotify, cwFlashReason           = 7, 8, 9, 10, 14
	cwInProgress, cwSuccess, cwBusy, cwFull, cwTransferError, cwChecksum, cwBadConfig = 1, 2, 8, 12, 14, 15, 20
	cwImageName, cwImageSize, cwImageLocation, cwImageType                            = 2, 3, 4, 5
)

func (d *Comware) objects() {
	d.have(
		roText("1.3.6.1.2.1.1.1.0", func() string {
			return fmt.Sprintf("HPE Comware Platform Software, Software Version %s\r\n%s", d.files[d.runs].version, d.o.Model)
		}),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.25506.11.1.181")) }),
		ro("1.3.6.1.2.1.1.3.0", func() snmp.Value { return snmp.TicksValue(d.uptime()) }),
		roText("1.3.6.1.2.1.1.5.0", func() string { return sysname(d.running) }),
		roNumber("1.3.6.1.2.1.47.1.1.1.1.5.2", func() int64 { return 3 }), // chassis
		roText("1.3.6.1.2.1.47.1.1.1.1.11.2", func() string { return d.o.Serial }),
		roText("1.3.6.1.2.1.47.1.1.1.1.13.2", func() string { return d.o.Model }),
		ro(hh3c+"4.1.1.1.0", func() snmp.Value { return snmp.TicksValue(1) }), // hh3cCfgRunModifiedLast
		ro(hh3c+"5.1.1.4.1.1.5.1.1", func() snmp.Value { return snmp.GaugeValue(uint32(d.free())) }),
		enumeration(hh3c+"3.1.3.1.0", &d.schedule, nil, 0, 1),
		command(hh3c+"3.1.3.2.0", 1, []int64{2, 3, 4}, d.mayReload, func(v int64) {
			if v == 3 {
				d.reload()
			}
		}),
	)
	integer := func(values ...int64) *column { return &column{kind: snmp.Integer, values: values} }
	text := func(least, most int) *column { return &column{kind: snmp.OctetString, length: [2]int{least, most}} }
	secret := func() *column { c := text(0, 32); c.hidden = true; return c }
	number := func() *column { return &column{kind: snmp.Integer, readOnly: true} }
	told := func() *column { return &column{kind: snmp.OctetString, readOnly: true} }
	ftp, no := snmp.IntegerValue(1), snmp.IntegerValue(2)
	protocol := integer(1, 2, 3, 4)
	protocol.def = &ftp // "The default protocol is ftp"
	notify := integer(1, 2)
	notify.def = &no
	d.requests = &table{entry: snmp.MustOID(hh3c + "4.1.2.4.1"), status: 9, most: 5, rows: map[uint32]*row{}, complete: d.completeRequest, begin: d.beginRequest,
		columns: map[uint32]*column{cwType: integer(1, 2, 3, 4, 5, 6, 7, 8), cwProtocol: protocol, cwFile: text(1, 128), cwAddress: {kind: snmp.IPAddress},
			cwUser: text(1, 40), cwPassword: secret(), cwNotify: notify}}
	d.results = &table{entry: snmp.MustOID(hh3c + "4.1.2.5.1"), rows: map[uint32]*row{}, columns: map[uint32]*column{2: number(), 3: number(), 4: number(), 8: told()}}
	d.flash = &table{entry: snmp.MustOID(hh3c + "5.1.2.1.1"), status: 12, most: 5, rows: map[uint32]*row{}, complete: d.completeFlash, begin: d.beginFlash,
		columns: map[uint32]*column{cwFlashType: integer(1, 2, 3, 4, 5, 6, 7, 8), cwFlashProtocol: protocol, cwFlashAddress: {kind: snmp.IPAddress}, cwFlashUser: text(1, 255),
			cwFlashPassword: secret(), cwFlashSource: text(1, 255), cwFlashDest: text(0, 255), cwFlashStatus: number(), cwFlashNotify: notify, cwFlashReason: told()}}
	d.images = &table{entry: snmp.MustOID(hh3c + "3.1.4.2.1"), rows: map[uint32]*row{}, lasting: true, complete: func(*row) snmp.Status { return snmp.NoError },
		columns: map[uint32]*column{cwImageName: told(), cwImageSize: number(), cwImageLocation: told(), cwImageType: integer(1, 2)}} // none and secure "forbidden to set"
	d.schedules = &table{entry: snmp.MustOID(hh3c + "3.1.3.3.1"), status: 7, rows: map[uint32]*row{1: {index: 1, status: active, cells: map[uint32]snmp.Value{2: snmp.IntegerValue(2), 3: snmp.IntegerValue(1), 4: snmp.IntegerValue(1)}}},
		lasting: true, complete: func(*row) snmp.Status { return snmp.NoError }, columns: map[uint32]*column{2: number(), 3: number(), 4: number()}}
	d.tables = []*table{d.requests, d.results, d.flash, d.images, d.schedules}
	d.showImages()
	d.settle = d.setImageTypes
}

func (d *Comware) free() int64 {
	left := d.o.Flash
	for _, f := range d.files {
		left -= f.size
	}
	return max(0, left)
}

// showImages writes the table of images from what is in flash.
func (d *Comware) showImages() {
	clear(d.images.rows)
	for i, f := range d.files {
		kind := int64(3) // none
		switch {
		case f.main && f.backup:
			kind = 5
		case f.main:
			kind = 1
		case f.backup:
			kind = 2
		}
		d.images.rows[i] = &row{index: i, cells: map[uint32]snmp.Value{cwImageName: snmp.TextValue(f.name), cwImageSize: snmp.IntegerValue(f.size),
			cwImageLocation: snmp.TextValue("flash:/"), cwImageType: snmp.IntegerValue(kind)}}
		if f.main {
			d.schedules.rows[1].put(4, snmp.IntegerValue(int64(i)))
		}
	}
}

// setImageTypes follows the rules a) and d) of hh3cSysImageType: a new main
// image is the only one, and an image may be main and backup.
func (d *Comware) setImageTypes(vars []snmp.Varbind) {
	for _, v := range vars {
		if !v.OID.HasPrefix(d.images.entry) || v.OID[len(d.images.entry)] != cwImageType {
			continue
		}
		chosen := d.files[v.OID[len(d.images.entry)+1]]
		for _, f := range d.files {
			if v.Value.Int == 1 {
				f.main = f == chosen
			} else {
				f.backup = f == chosen
			}
		}
	}
	d.showImages()
}

func (d *Comware) completeRequest(r *row) snmp.Status {
	kind := r.number(cwType)
	needsFile := kind == 3 || kind == 4 || kind == 5 || kind == 7 || kind == 8
	needsServer := kind >= 3 && kind <= 6
	if !r.has(cwType) || needsFile && !r.has(cwFile) || needsServer && !r.has(cwAddress) || needsServer && r.number(cwProtocol) == 1 && !r.has(cwUser) {
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

func (r *row) login(address, protocol, user, password uint32) login {
	server, _ := netip.AddrFromSlice(r.cells[address].Bytes)
	return login{server: server, ftp: r.number(protocol) == 1, user: r.text(user), password: r.text(password)}
}

// beginRequest makes the result's row, in progress, and does what is asked for.
func (d *Comware) beginRequest(r *row) {
	d.nextResult++
	result := &row{index: d.nextResult, cells: map[uint32]snmp.Value{2: snmp.IntegerValue(int64(r.index)), 3: snmp.IntegerValue(r.number(cwType)), 4: snmp.IntegerValue(cwInProgress), 8: snmp.TextValue("")}}
	busy := d.fault("busy") || slices.ContainsFunc(d.results.states(), func(state int64) bool { return state == cwInProgress })
	d.results.rows[result.index] = result
	if busy {
		d.finishRequest(r, result, cwBusy, "")
		return
	}
	l := r.login(cwAddress, cwProtocol, cwUser, cwPassword)
	kind, name, config := r.number(cwType), r.text(cwFile), []byte(d.running)
	d.later(func(ctx context.Context) {
		state, refused := int64(cwSuccess), ""
		var file bytes.Buffer
		switch kind {
		case 3: // running2Net
			if d.send(ctx, l, name, bytes.NewReader(config), int64(len(config))) != nil {
				state = cwTransferError
			}
		case 5: // net2Startup
			if d.fetch(ctx, l, name, &file) != nil {
				state = cwTransferError
			} else if !strings.HasSuffix(strings.TrimSpace(file.String()), "return") {
				state, refused = cwBadConfig, "the file does not end with return"
			}
		default:
			state = 3 // opInvalidOperation: this box has no more
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if kind == 5 && state == cwSuccess {
			d.startup = file.String()
		}
		d.done = append(d.done, fmt.Sprintf("config %d: %d", kind, state))
		d.finishRequest(r, result, state, refused)
	})
}

// states are the states of the results.
func (t *table) states() (states []int64) {
	for _, r := range t.rows {
		states = append(states, r.number(4))
	}
	return states
}

func (d *Comware) finishRequest(r, result *row, state int64, refused string) {
	r.busy = false
	result.put(4, snmp.IntegerValue(state))
	result.put(8, snmp.TextValue(refused))
	if r.number(cwNotify) == 1 {
		d.notify(hh3c+"4.2.2", snmp.Varbind{OID: d.results.entry.Append(3, result.index), Value: snmp.IntegerValue(r.number(cwType))},
			snmp.Varbind{OID: d.results.entry.Append(4, result.index), Value: snmp.IntegerValue(state)})
	}
	if d.fault("age") {
		delete(d.results.rows, result.index) // "flush all the existing entries"
	}
}

func (d *Comware) completeFlash(r *row) snmp.Status {
	if !r.has(cwFlashType) || !r.has(cwFlashSource) || r.number(cwFlashType) <= 3 && (!r.has(cwFlashAddress) || r.number(cwFlashProtocol) == 1 && !r.has(cwFlashUser)) {
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

func (d *Comware) beginFlash(r *row) {
	r.put(cwFlashStatus, snmp.IntegerValue(cwInProgress))
	r.put(cwFlashReason, snmp.TextValue(""))
	l := r.login(cwFlashAddress, cwFlashProtocol, cwFlashUser, cwFlashPassword)
	source, dest := r.text(cwFlashSource), r.text(cwFlashDest)
	if dest == "" {
		dest = source
	}
	kind := r.number(cwFlashType)
	d.later(func(ctx context.Context) {
		var file bytes.Buffer
		err := d.fetch(ctx, l, source, &file)
		d.mu.Lock()
		defer d.mu.Unlock()
		state, why := d.takeFile(kind, dest, file.Bytes(), err)
		r.busy = false
		r.put(cwFlashStatus, snmp.IntegerValue(state))
		r.put(cwFlashReason, snmp.TextValue(why))
		d.done = append(d.done, fmt.Sprintf("flash %d: %d", kind, state))
		if r.number(cwFlashNotify) == 1 {
			d.notify(hh3c+"5.1.3.1", snmp.Varbind{OID: d.flash.entry.Append(cwFlashStatus, r.index), Value: snmp.IntegerValue(state)})
		}
	})
}

// takeFile puts a file into flash: the status, and why it is not opSuccess.
func (d *Comware) takeFile(kind int64, name string, content []byte, err error) (state int64, why string) {
	head := comwareImage.FindSubmatch(content)
	switch {
	case kind != 2:
		return 3, "only net2FlashWithoutErase"
	case err != nil:
		return cwTransferError, "the transfer broke off"
	case d.fault("full"), int64(len(content)) > d.free():
		return cwFull, "not enough room in flash:/"
	case d.fault("checksum"), head == nil:
		return cwChecksum, "the file is damaged"
	}
	index := uint32(len(d.files) + 1)
	for i, f := range d.files {
		if f.name == name {
			index = i
		}
	}
	d.files[index] = &comwareFile{name: name, version: string(head[1]), size: int64(len(content))}
	d.showImages()
	return cwSuccess, ""
}

// mayReload: "If hh3cSysReloadSchedule is valid, but the entry is not active,
// an inconsistent value will be returned"; there is no reload on schedule here.
func (d *Comware) mayReload(v int64) snmp.Status {
	if v == 2 || v == 3 && d.schedule == 0 {
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

func (d *Comware) reload() {
	d.restart(func() {
		d.running, d.schedule = d.startup, 0
		bad := d.fault("bad-main")
		for i, f := range d.files {
			if f.main && !bad || f.backup && bad {
				d.runs = i
			}
		}
	})
}

// Version is the software that runs.
func (d *Comware) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[d.runs].version
}

// Startup is the startup configuration.
func (d *Comware) Startup() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.startup
}
