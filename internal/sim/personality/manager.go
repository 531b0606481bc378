package personality

import (
	"context"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"strings"

	"drydock/internal/snmp"
)

// manager is what VRP and Comware have in common: their CONFIG-MAN, FLASH-MAN
// and SYS-MAN MIBs are of one descent, below roots of their own.
type manager struct {
	*Box
	dialect

	// owned by the box's lock
	results, schedules *table
	last               uint32 // the newest index of the result table
	files              map[uint32]*flashFile
	newest             uint32 // the newest index of files; none is given twice
	running            string // the configuration
	startup            uint32 // the file with the configuration of the next start
	image, next        uint32 // the files with the image that runs, and that of the next start
	schedule           int64

	fileName  func(*flashFile) string                              // as the tables of files have it
	restarted func()                                               // after a restart; nil: nothing
	fifth     func(oid string, index uint32, f *flashFile) *scalar // the last column of the table of images
}

// dialect is where the two families' MIBs differ.
type dialect struct {
	config, flash, system  string // OIDs of the modules' objects
	configDone, flashDone  string // OIDs of the notifications
	notified               []uint32
	protocols              []int64 // of the configuration table
	operations, copies     int64   // operation types of the configuration and flash tables: 1 to these
	resultText, flashText  uint32
	addressType, address   uint32 // columns of the configuration table
	flashTFTP, flashOthers int64  // protocols of the flash table: TFTP, and the greatest
	flashAddress           uint32 // column with an InetAddress; 0: none
	unusable               int64  // state of a file that is no configuration
	aborted, flashAborted  int64  // 0: what is under way cannot be stopped
	flashTimeout           int64
	physical               uint32 // added to the indices of files
	path                   string // of files in flash
}

// flashFile is a file in flash memory.
type flashFile struct {
	name    string
	content []byte
	size    int64
	version string // of an image; "": it is none
	role    int64  // of an image of Comware
}

func (f *flashFile) isConfig() bool {
	ext := path.Ext(f.name)
	return ext == ".cfg" || ext == ".zip"
}

// managedImage tells a simulated image's version: its first line.
var managedImage = regexp.MustCompile(`^(?:VRP|Comware) image version ([^\n]+)\n`)

// fill puts the files of a first start into flash.
func (d *manager) fill(o Options) {
	d.files = map[uint32]*flashFile{}
	d.image = d.write(o.Image, nil)
	d.files[d.image].size, d.files[d.image].version = 1<<20, o.Version
	d.startup = d.write("startup.cfg", []byte(o.Config))
	d.running, d.next = o.Config, d.image
}

// index finds a file in flash, by its name with or without its path; 0: there
// is none.
func (d *manager) index(name string) uint32 {
	if at := strings.LastIndexAny(name, ":/"); at >= 0 {
		name = name[at+1:]
	}
	for n, f := range d.files {
		if strings.EqualFold(f.name, name) {
			return n
		}
	}
	return 0
}

// write puts a file into flash. One that is replaced keeps its index.
func (d *manager) write(name string, content []byte) uint32 {
	if at := strings.LastIndexAny(name, ":/"); at >= 0 {
		name = name[at+1:]
	}
	n := d.index(name)
	if n == 0 {
		d.newest++
		n = d.physical + d.newest
		d.files[n] = &flashFile{name: name}
	}
	f := d.files[n]
	f.content, f.size, f.version = content, int64(len(content)), ""
	if head := managedImage.FindSubmatch(content); head != nil {
		f.version = string(head[1])
	}
	return n
}

func (d *manager) free() int64 {
	left := d.o.Flash
	for _, f := range d.files {
		left -= f.size
	}
	return max(0, left)
}

// common lists the objects that both families have. sysDescr and sysObjectID
// are each one's own.
func (d *manager) common() []*scalar {
	reload := d.system + ".3."
	schedule := enumeration(reload+"1.0", &d.schedule, nil)
	schedule.check = func(v snmp.Value) snmp.Status {
		switch {
		case v.Kind != snmp.Integer:
			return snmp.WrongType
		case v.Int < 0:
			return snmp.WrongValue
		}
		return snmp.NoError
	}
	limit := d.config + ".1.2."
	return []*scalar{
		ro("1.3.6.1.2.1.1.3.0", func() snmp.Value { return snmp.TicksValue(d.uptime()) }),
		roText("1.3.6.1.2.1.1.5.0", func() string { return sysname(d.running) }),
		roNumber("1.3.6.1.2.1.47.1.1.1.1.5.1", func() int64 { return 3 }), // chassis
		roText("1.3.6.1.2.1.47.1.1.1.1.11.1", func() string { return d.o.Serial }),
		roText("1.3.6.1.2.1.47.1.1.1.1.13.1", func() string { return d.o.Model }),
		roNumber(limit+"1.0", func() int64 { return configRows }),
		roNumber(limit+"3.0", func() int64 { return resultRows }),
		ro(d.flash+".1.4.1.1.5.1.1", func() snmp.Value { return snmp.GaugeValue(uint32(d.free())) }),
		schedule,
		command(reload+"2.0", 1, []int64{1, 2, 3, 4}, d.mayReload, d.reload),
	}
}

// mayReload: where the schedule is not there or not active, an inconsistent
// value is returned. A time to restart at is not simulated.
func (d *manager) mayReload(action int64) snmp.Status {
	r := d.schedules.rows[uint32(d.schedule)]
	if action == 1 || action == 2 || action == 3 && (r == nil || r.status != active || d.fault("schedule")) {
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

func (d *manager) reload(action int64) {
	if action == 4 {
		d.schedule = 0
		return
	}
	r := d.schedules.rows[uint32(d.schedule)]
	d.next = uint32(r.number(reloadImage))
	if file := uint32(r.number(reloadConfig)); file != 0 {
		d.startup = file
	}
	d.reboot()
}

// reboot restarts into what is set for the next start.
func (d *manager) reboot() {
	d.restart(func() {
		d.schedule = 0
		switch f := d.files[d.next]; {
		case f == nil || f.version == "" || d.fault("stays"):
		case d.fault("bad-main"):
			for n, f := range d.files {
				if f.role == imageBackup {
					d.image = n
				}
			}
		default:
			d.image = d.next
		}
		if f := d.files[d.startup]; f != nil {
			d.running = string(f.content)
		}
		if d.restarted != nil {
			d.restarted()
		}
	})
}

// Columns of the tables of schedules.
const (
	reloadEntity, reloadConfig, reloadImage, reloadReason, reloadTime, reloadStatus = 2, 3, 4, 5, 6, 7
)

func (d *manager) scheduleTable(most int64, entity func(int64) bool) *table {
	zero := snmp.IntegerValue(0)
	t := &table{entry: snmp.MustOID(d.system + ".3.3.1"), status: reloadStatus, rows: map[uint32]*row{}, most: int(most), columns: map[uint32]*column{
		reloadEntity: {kind: snmp.Integer}, reloadConfig: {kind: snmp.Integer, def: &zero}, reloadImage: {kind: snmp.Integer},
		reloadReason: {kind: snmp.OctetString, length: [2]int{0, 255}}, reloadTime: {kind: snmp.OctetString, length: [2]int{8, 8}},
	}}
	// "If one of the values is invalid, the row cannot be set to active."
	t.complete = func(r *row) snmp.Status {
		image, file := d.files[uint32(r.number(reloadImage))], d.files[uint32(r.number(reloadConfig))]
		if !r.has(reloadEntity) || !entity(r.number(reloadEntity)) || image == nil || image.version == "" || r.number(reloadConfig) != 0 && (file == nil || !file.isConfig()) {
			return snmp.InconsistentValue
		}
		return snmp.NoError
	}
	t.begin = func(r *row) { r.end() }
	return t
}

// peerOf is the server that a row names. "Values of 0.0.0.0 or FF.FF.FF.FF are
// not permitted."
func peerOf(r *row, columns ...uint32) netip.Addr {
	for _, c := range columns {
		if a, ok := netip.AddrFromSlice(r.cells[c].Bytes); ok && !notPermitted(r.cells[c]) {
			return a
		}
	}
	return netip.Addr{}
}

func notPermitted(v snmp.Value) bool {
	text := string(v.Bytes)
	return text == "\x00\x00\x00\x00" || text == "\xff\xff\xff\xff"
}

// run carries out the transfer of a row, without the lock. It is called with
// the lock held, and so is end.
func (d *manager) run(r *row, stoppable bool, transfer func(context.Context) error, end func(err error, stopped bool)) {
	ctx, cancel := context.WithTimeout(d.ctx, transferTimeout)
	if stoppable {
		r.cancel = cancel
	}
	d.later(func(context.Context) {
		defer cancel()
		err := transfer(ctx)
		stopped := context.Cause(ctx) == context.Canceled
		d.mu.Lock()
		defer d.mu.Unlock()
		end(err, stopped)
	})
}

// Version is the software that runs.
func (d *manager) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[d.image].version
}

// Startup is the configuration of the next start.
func (d *manager) Startup() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return string(d.files[d.startup].content)
}

// imageHead is the first line of a simulated image.
func imageHead(family, version string, size int) []byte {
	head := fmt.Sprintf("%s image version %s\n", family, version)
	return append([]byte(head), strings.Repeat("\x56", max(0, size-len(head)))...)
}
