package personality

import (
	"context"
	"fmt"

	"drydock/internal/snmp"
)

// Comware is an H3C or HPE switch with HH3C-CONFIG-MAN-MIB, HH3C-FLASH-MAN-MIB
// and HH3C-SYS-MAN-MIB: one main board, one flash with one partition, dual
// images.
//
// From the DESCRIPTION clauses: an image is main, backup, both or none, and a
// new main or backup image takes that from the old one; none and secure cannot
// be set; the main image has a row in the schedule, made by the agent, which
// a restart makes anew; a restart needs an active schedule or is an
// inconsistentValue; operations on flash cannot be stopped; indices of files
// carry the physical index in their upper half and are never given twice.
//
// The clauses leave open what this device decides: a second operation while one
// is under way ends with opDeviceBusy; all rows go five minutes after their end.
//
// Faults: as VRP's; "bad-main" starts from the backup image.
//
// Left out: cluster protocols, SFTP, directories, standby boards and stacks,
// tags, restarts at a time, hh3cCfgExecuteOperate.
type Comware struct{ manager }

// hh3cSysImageType.
const (
	imageMain, imageBackup, imageNone, imageMainBackup = 1, 2, 3, 5
)

// comwareBoard is the main board's physical index in the upper half of an index.
const comwareBoard = 1 << 16

// ComwareImage makes an image of that version.
func ComwareImage(version string, size int) []byte { return imageHead("Comware", version, size) }

// StartComware starts a switch.
func StartComware(ctx context.Context, o Options) (*Comware, error) {
	d := &Comware{manager{Box: &Box{}, dialect: dialect{
		config: "1.3.6.1.4.1.25506.2.4", flash: "1.3.6.1.4.1.25506.2.5.1", system: "1.3.6.1.4.1.25506.2.3.1",
		configDone: "1.3.6.1.4.1.25506.2.4.2.2", flashDone: "1.3.6.1.4.1.25506.2.5.1.3.1", notified: []uint32{resTime, resState, resEnd, 7},
		protocols: upTo(4), operations: file2Running, copies: flashCopy, resultText: 7, flashText: 14, addressType: 11, address: 12, flashAddress: 16,
		flashTFTP: 2, flashOthers: 5, unusable: 20, flashTimeout: 18, physical: comwareBoard, path: "flash:/",
	}}}
	d.fill(o)
	d.files[d.image].role = imageMain
	d.fileName = func(f *flashFile) string { return f.name }
	d.fifth = d.imageType
	d.have(append(d.common(),
		roText("1.3.6.1.2.1.1.1.0", func() string {
			return fmt.Sprintf("H3C Comware Platform Software, Software Version %s\r\nH3C %s\r\nCopyright (c) New H3C Technologies", d.files[d.image].version, d.o.Model)
		}),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.25506.1.1289")) }),
		ro(d.config+".1.1.1.0", func() snmp.Value { return snmp.TicksValue(0) }), // hh3cCfgRunModifiedLast
	)...)
	operations, results := d.configTables()
	d.results, d.schedules = results, d.scheduleTable(0, func(entity int64) bool { return entity == 1 })
	complete := d.schedules.complete
	d.schedules.complete = func(r *row) snmp.Status {
		for _, other := range d.schedules.rows { // "Each entity has only one row"
			if other.index != r.index && other.number(reloadEntity) == r.number(reloadEntity) {
				return snmp.InconsistentValue
			}
		}
		return complete(r)
	}
	d.schedules.begin = func(r *row) { r.end(); d.makeMain(uint32(r.number(reloadImage))) }
	d.tables = []*table{operations, results, d.flashTable(), d.schedules}
	d.restarted = d.ownSchedule
	d.list()
	d.ownSchedule()
	return d, d.start(ctx, o)
}

// imageType is hh3cSysImageType of an image.
func (d *Comware) imageType(oid string, index uint32, f *flashFile) *scalar {
	if f.role == 0 {
		f.role = imageNone
	}
	return &scalar{oid: snmp.MustOID(oid), read: func() snmp.Value { return snmp.IntegerValue(f.role) },
		check: func(v snmp.Value) snmp.Status {
			switch {
			case v.Kind != snmp.Integer:
				return snmp.WrongType
			case v.Int != imageMain && v.Int != imageBackup: // none and secure are forbidden, the rest are not to be set
				return snmp.WrongValue
			case d.fault("role"):
				return snmp.InconsistentValue
			}
			return snmp.NoError
		},
		write: func(v snmp.Value) {
			if v.Int == imageMain {
				d.makeMain(index)
				return
			}
			d.makeBackup(f)
		}}
}

// makeMain makes an image the first of the next start. The one that was is it
// no more, and the schedule follows.
func (d *Comware) makeMain(index uint32) {
	for n, f := range d.files {
		switch {
		case n == index && f.role == imageBackup:
			f.role = imageMainBackup
		case n == index && f.role != imageMainBackup:
			f.role = imageMain
		case n != index && f.role == imageMainBackup:
			f.role = imageBackup
		case n != index && f.role == imageMain:
			f.role = imageNone
		}
	}
	d.next = index
	for _, r := range d.schedules.rows {
		if r.number(reloadEntity) == 1 {
			r.put(reloadImage, snmp.IntegerValue(int64(index)))
		}
	}
}

func (d *Comware) makeBackup(image *flashFile) {
	for _, f := range d.files {
		switch {
		case f == image && f.role == imageMain:
			f.role = imageMainBackup
		case f == image && f.role == imageNone:
			f.role = imageBackup
		case f != image && f.role == imageMainBackup:
			f.role = imageMain
		case f != image && f.role == imageBackup:
			f.role = imageNone
		}
	}
}

// ownSchedule makes the row in the schedule that the main image has.
func (d *Comware) ownSchedule() {
	d.schedules.rows[comwareBoard] = &row{index: comwareBoard, status: active, cells: map[uint32]snmp.Value{
		reloadEntity: snmp.IntegerValue(1), reloadConfig: snmp.IntegerValue(int64(d.startup)), reloadImage: snmp.IntegerValue(int64(d.next)),
		reloadReason: snmp.TextValue(""), reloadTime: snmp.OctetsValue(make([]byte, 8)),
	}}
}
