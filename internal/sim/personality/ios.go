package personality

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"drydock/internal/fault"
	"drydock/internal/snmp"
)

// IOS is a Cisco IOS router with CISCO-CONFIG-COPY-MIB, CISCO-FLASH-MIB (one
// device with one partition), the reload of OLD-CISCO-TS-MIB, and the chassis
// of ENTITY-MIB. Its configuration merges what is copied to running-config; a
// reload runs the image that "boot system" names, the newest in flash else.
//
// Left out: rcp, scp, sftp; flash-to-server copies; MiscOp; partitions.
type IOS struct {
	*Box

	// owned by the box's lock
	files            map[string]iosFile
	startup, running string
	runs             string // the image that runs
}

// iosFile is an image in flash.
type iosFile struct {
	size    int64
	version string // "" = no image
}

// iosImage tells a simulated image's version: its first line.
var iosImage = regexp.MustCompile(`^IOS image version (\S+)\n`)

// IOSImage makes an image of that version.
func IOSImage(version string, size int) []byte {
	head := fmt.Sprintf("IOS image version %s\n", version)
	return append([]byte(head), bytes.Repeat([]byte{0xc5}, max(0, size-len(head)))...)
}

// StartIOS starts a router.
func StartIOS(ctx context.Context, o Options) (*IOS, error) {
	d := &IOS{Box: &Box{}, files: map[string]iosFile{o.Image: {1 << 20, o.Version}}, startup: o.Config, running: o.Config, runs: o.Image}
	d.objects()
	return d, d.start(ctx, o)
}

func (d *IOS) objects() {
	d.have(
		roText("1.3.6.1.2.1.1.1.0", func() string {
			return fmt.Sprintf("Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version %s, RELEASE SOFTWARE (fc1)", d.files[d.runs].version)
		}),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.9.1.1045")) }),
		ro("1.3.6.1.2.1.1.3.0", func() snmp.Value { return snmp.TicksValue(d.uptime()) }),
		roText("1.3.6.1.2.1.1.5.0", func() string { return hostname(d.running) }),
		roNumber("1.3.6.1.2.1.47.1.1.1.1.5.1", func() int64 { return 3 }), // chassis
		roText("1.3.6.1.2.1.47.1.1.1.1.11.1", func() string { return d.o.Serial }),
		roText("1.3.6.1.2.1.47.1.1.1.1.13.1", func() string { return d.o.Model }),
		ro("1.3.6.1.4.1.9.9.10.1.1.4.1.1.5.1.1", func() snmp.Value { return snmp.GaugeValue(uint32(d.free())) }),
		&scalar{oid: snmp.MustOID("1.3.6.1.4.1.9.2.9.9.0"), read: func() snmp.Value { return snmp.IntegerValue(1) }, check: d.checkReload, write: d.reload},
		&scalar{oid: snmp.MustOID("1.3.6.1.4.1.9.2.1.54.0"), read: func() snmp.Value { return snmp.IntegerValue(0) },
			check: func(v snmp.Value) snmp.Status { return integer(v) }, write: d.writeMemory},
	)
	d.tables = []*table{d.copyTable(), d.flashTable()}
}

func integer(v snmp.Value) snmp.Status {
	if v.Kind != snmp.Integer {
		return snmp.WrongType
	}
	return snmp.NoError
}

func hostname(config string) string {
	for line := range strings.Lines(config) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "hostname "); ok {
			return name
		}
	}
	return "Router"
}

func (d *IOS) free() int64 {
	left := d.o.Flash
	for _, f := range d.files {
		left -= f.size
	}
	return max(0, left)
}

// checkReload: tsMsgSend is there only where the configuration has
// "snmp-server system-shutdown".
func (d *IOS) checkReload(v snmp.Value) snmp.Status {
	switch {
	case v.Kind != snmp.Integer:
		return snmp.WrongType
	case v.Int < 1 || v.Int > 4:
		return snmp.WrongValue
	case !strings.Contains(d.running, "snmp-server system-shutdown"):
		return snmp.NotWritable
	}
	return snmp.NoError
}

func (d *IOS) reload(v snmp.Value) {
	if v.Int != 2 {
		return
	}
	d.restart(func() {
		d.running = d.startup
		if image := d.bootImage(); image != "" {
			d.runs = image
		}
	})
}

// bootImage is the image that a start loads: the first that "boot system"
// names and that is there, else the one that ran.
func (d *IOS) bootImage() string {
	for line := range strings.Lines(d.startup) {
		if words := strings.Fields(line); len(words) >= 3 && words[0] == "boot" && words[1] == "system" {
			name := path.Base(strings.ReplaceAll(words[len(words)-1], ":", "/"))
			if d.files[name].version != "" {
				return name
			}
		}
	}
	return d.runs
}

func (d *IOS) writeMemory(v snmp.Value) {
	if v.Int == 1 {
		d.startup = d.running
		d.done = append(d.done, "write memory")
	}
}

// Columns of ccCopyEntry.
const (
	ccProtocol, ccSource, ccDest, ccAddress, ccName, ccUser, ccPassword, ccNotify = 2, 3, 4, 5, 6, 7, 8, 9
	ccState, ccStarted, ccCompleted, ccCause, ccStatus, ccAddressType, ccRev1     = 10, 11, 12, 13, 14, 15, 16
)

// ConfigFileType.
const (
	networkFile, startupConfig, runningConfig = 1, 3, 4
)

func (d *IOS) copyTable() *table {
	tftpDefault, falseDefault := snmp.IntegerValue(1), snmp.IntegerValue(2)
	types := []int64{1, 2, 3, 4, 5, 6}
	t := &table{entry: snmp.MustOID("1.3.6.1.4.1.9.9.96.1.1.1.1"), status: ccStatus, rows: map[uint32]*row{}, most: 20, columns: map[uint32]*column{
		ccProtocol: {kind: snmp.Integer, values: []int64{1, 2, 3, 4, 5}, def: &tftpDefault},
		ccSource:   {kind: snmp.Integer, values: types}, ccDest: {kind: snmp.Integer, values: types},
		ccAddress: {kind: snmp.IPAddress}, ccName: {kind: snmp.OctetString, length: [2]int{0, 255}},
		ccUser: {kind: snmp.OctetString, length: [2]int{1, 40}}, ccPassword: {kind: snmp.OctetString, length: [2]int{1, 40}, hidden: true},
		ccNotify: {kind: snmp.Integer, values: []int64{1, 2}, def: &falseDefault},
		ccState:  {kind: snmp.Integer, readOnly: true}, ccStarted: {kind: snmp.TimeTicks, readOnly: true},
		ccCompleted: {kind: snmp.TimeTicks, readOnly: true}, ccCause: {kind: snmp.Integer, readOnly: true},
		ccAddressType: {kind: snmp.Integer, values: []int64{0, 1, 2, 16}}, ccRev1: {kind: snmp.OctetString, length: [2]int{0, 255}},
	}}
	t.complete, t.begin, t.age = d.copyReady, d.copyBegin, ageing
	return t
}

// copyReady: one end is a configuration of the agent, the ends differ, and a
// network file has a name and an address.
func (d *IOS) copyReady(r *row) snmp.Status {
	from, to := r.number(ccSource), r.number(ccDest)
	agent := func(n int64) bool { return n == startupConfig || n == runningConfig }
	switch {
	case !r.has(ccSource) || !r.has(ccDest) || !agent(from) && !agent(to) || from == to:
		return snmp.InconsistentValue
	case from != networkFile && to != networkFile:
		return snmp.NoError
	case r.text(ccName) == "" || !d.copyLogin(r).server.IsValid():
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

func (d *IOS) copyLogin(r *row) login {
	l := login{ftp: r.number(ccProtocol) == 2, user: r.text(ccUser), password: r.text(ccPassword)}
	raw := r.cells[ccRev1].Bytes
	if len(raw) == 0 {
		raw = r.cells[ccAddress].Bytes
	}
	if a, ok := netip.AddrFromSlice(raw); ok && !a.IsUnspecified() && a != netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		l.server = a
	}
	return l
}

// copyBegin carries an active row out.
func (d *IOS) copyBegin(r *row) {
	r.put(ccState, snmp.IntegerValue(2))
	r.put(ccStarted, snmp.TicksValue(d.uptime()))
	from, to := r.number(ccSource), r.number(ccDest)
	d.done = append(d.done, fmt.Sprintf("copy %d to %d", from, to))
	if d.fault("copy") {
		d.copyEnd(r, 1)
		return
	}
	content, l, name, protocol := d.running, d.copyLogin(r), r.text(ccName), r.number(ccProtocol)
	if from == startupConfig {
		content = d.startup
	}
	if to != networkFile && from != networkFile {
		d.apply(to, content)
		d.copyEnd(r, 0)
		return
	}
	d.later(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var err error
		var in bytes.Buffer
		switch {
		case protocol > 2:
			err = fault.New(fault.Invalid, "", "", "this protocol is not simulated")
		case to == networkFile:
			err = d.send(ctx, l, name, strings.NewReader(content), int64(len(content)))
		default:
			err = d.fetch(ctx, l, name, &in)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if err == nil && from == networkFile {
			d.apply(to, in.String())
		}
		d.copyEnd(r, copyCause(err, protocol))
	})
}

// copyCause is ConfigCopyFailCause; 0 = none.
func copyCause(err error, protocol int64) int64 {
	switch {
	case err == nil:
		return 0
	case protocol > 2:
		return 6 // unsupportedProtocol
	case fault.Is(err, fault.Timeout):
		return 3
	}
	return 2 // badFileName
}

func (d *IOS) copyEnd(r *row, cause int64) {
	r.end()
	r.put(ccCompleted, snmp.TicksValue(d.uptime()))
	if cause == 0 {
		r.put(ccState, snmp.IntegerValue(3))
		return
	}
	r.put(ccState, snmp.IntegerValue(4))
	r.put(ccCause, snmp.IntegerValue(cause))
}

// apply takes a configuration: the startup one is replaced; the running one
// gets what is new merged in, and loses what "no" stands before.
func (d *IOS) apply(to int64, content string) {
	if to == startupConfig {
		d.startup = content
		return
	}
	var lines []string
	for line := range strings.Lines(d.running) {
		if line = strings.TrimRight(line, "\r\n"); line != "end" {
			lines = append(lines, line)
		}
	}
	for line := range strings.Lines(content) {
		line = strings.TrimRight(line, "\r\n")
		if gone, ok := strings.CutPrefix(line, "no "); ok {
			lines = slices.DeleteFunc(lines, func(have string) bool { return have == gone || strings.HasPrefix(have, gone+" ") })
		} else if line != "" && line != "end" && line != "!" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	d.running = strings.Join(append(lines, "end"), "\n") + "\n"
}

// Columns of ciscoFlashCopyEntry.
const (
	fcCommand, fcProtocol, fcAddress, fcSource, fcDest, fcUser, fcStatus, fcNotify = 2, 3, 4, 5, 6, 7, 8, 9
	fcTime, fcRow, fcVerify, fcAddressType, fcRev1, fcPassword                     = 10, 11, 12, 13, 14, 15
)

func (d *IOS) flashTable() *table {
	tftpDefault, falseDefault := snmp.IntegerValue(1), snmp.IntegerValue(2)
	t := &table{entry: snmp.MustOID("1.3.6.1.4.1.9.9.10.1.2.1.1"), status: fcRow, rows: map[uint32]*row{}, most: 5, columns: map[uint32]*column{
		fcCommand: {kind: snmp.Integer, values: []int64{1, 2, 3, 4}}, fcProtocol: {kind: snmp.Integer, values: []int64{1, 2, 3, 4, 5, 6}, def: &tftpDefault},
		fcAddress: {kind: snmp.IPAddress}, fcSource: {kind: snmp.OctetString, length: [2]int{1, 255}}, fcDest: {kind: snmp.OctetString, length: [2]int{0, 255}},
		fcUser: {kind: snmp.OctetString, length: [2]int{1, 255}}, fcStatus: {kind: snmp.Integer, readOnly: true},
		fcNotify: {kind: snmp.Integer, values: []int64{1, 2}, def: &falseDefault}, fcTime: {kind: snmp.TimeTicks, readOnly: true},
		fcVerify: {kind: snmp.Integer, values: []int64{1, 2}, def: &falseDefault}, fcAddressType: {kind: snmp.Integer, values: []int64{0, 1, 2}},
		fcRev1: {kind: snmp.OctetString, length: [2]int{0, 255}}, fcPassword: {kind: snmp.OctetString, length: [2]int{1, 255}, hidden: true},
	}}
	t.complete, t.begin, t.age = flashReady, d.flashBegin, ageing
	return t
}

func flashReady(r *row) snmp.Status {
	if !r.has(fcCommand) || r.text(fcSource) == "" {
		return snmp.InconsistentValue
	}
	return snmp.NoError
}

// Values of ciscoFlashCopyStatus.
const (
	flashInProgress, flashSuccess, flashInvalidOperation, flashInvalidProtocol = 1, 2, 3, 4
	flashInvalidAddress, flashFull, flashTransferError                         = 7, 12, 14
)

func (d *IOS) flashBegin(r *row) {
	d.done = append(d.done, "flash copy")
	l := login{ftp: r.number(fcProtocol) == 4, user: r.text(fcUser), password: r.text(fcPassword)}
	raw := r.cells[fcRev1].Bytes
	if len(raw) == 0 {
		raw = r.cells[fcAddress].Bytes
	}
	l.server, _ = netip.AddrFromSlice(raw)
	name := r.text(fcDest)
	if _, after, ok := strings.Cut(name, ":"); ok {
		name = after
	}
	if name == "" {
		name = path.Base(r.text(fcSource))
	}
	switch p := r.number(fcProtocol); {
	case r.number(fcCommand) > 2:
		d.flashEnd(r, flashInvalidOperation)
		return
	case p != 1 && p != 4:
		d.flashEnd(r, flashInvalidProtocol)
		return
	case !l.server.IsValid():
		d.flashEnd(r, flashInvalidAddress)
		return
	}
	r.put(fcStatus, snmp.IntegerValue(flashInProgress))
	erase, source, room, fails := r.number(fcCommand) == 1, r.text(fcSource), d.free(), d.fault("flash")
	d.later(func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		var in bytes.Buffer
		err := d.fetch(ctx, l, source, &in)
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case err != nil || fails:
			d.flashEnd(r, flashTransferError)
		case !erase && int64(in.Len()) > room:
			d.flashEnd(r, flashFull)
		default:
			d.store(name, in.Bytes(), erase)
			d.flashEnd(r, flashSuccess)
		}
	})
}

func (d *IOS) store(name string, content []byte, erase bool) {
	if erase {
		clear(d.files)
	}
	f := iosFile{size: int64(len(content))}
	if m := iosImage.FindSubmatch(content); m != nil {
		f.version = string(m[1])
	}
	d.files[name] = f
}

func (d *IOS) flashEnd(r *row, status int64) {
	r.end()
	r.put(fcStatus, snmp.IntegerValue(status))
	r.put(fcTime, snmp.TicksValue(d.uptime()))
}

// Startup is the startup configuration.
func (d *IOS) Startup() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.startup
}

// Version is what the running image is.
func (d *IOS) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.files[d.runs].version
}
