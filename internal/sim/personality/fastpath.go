package personality

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"time"

	"drydock/internal/snmp"
)

// Fastpath is a switch with Broadcom FASTPATH: agentTransferUpload and
// agentTransferDownload, agentImageConfigGroup and agentSystemGroup of
// FASTPATH-SWITCHING-MIB, and the chassis of ENTITY-MIB. It has two images; what
// is downloaded goes into the named one, and the next start runs what
// agentNextActiveImage names. A configuration that is downloaded is the startup
// configuration: it counts from the next start on.
//
// Faults: "flash" cannot write flash, "crc" finds an image damaged, "save"
// cannot save the configuration, "vanish" does not answer while it writes
// flash, "stack" cannot be restarted by SNMP.
//
// Left out: transfers by SFTP and SCP, other types of files.
type Fastpath struct {
	*Box

	// owned by the box's lock
	images           map[string]string // version by name
	active, next     string
	startup, running string
	saving           int64
	out, in          *fastpathTransfer
}

// fastpathTransfer is one of the two groups.
type fastpathTransfer struct {
	mode, kind, image, status int64
	addressType               int64
	address, path, file       string
}

// agentTransferUploadStatus and agentTransferDownloadStatus.
const (
	fpNotInitiated  = 1
	fpStarting      = 2
	fpErrorStarting = 3
	fpWrongType     = 4
	fpInvalidConfig = 6
	fpWriting       = 7
	fpFlashFailed   = 8
	fpFailedCRC     = 10
	fpSuccessful    = 12
	fpFailed        = 13
)

const fastpathRoot = "1.3.6.1.4.1.4413.1.1.1."

// fastpathImage tells a simulated image's version: its first line.
var fastpathImage = regexp.MustCompile(`^FASTPATH image version (\S+)\n`)

// FastpathImage makes an image of that version.
func FastpathImage(version string, size int) []byte {
	head := fmt.Sprintf("FASTPATH image version %s\n", version)
	return append([]byte(head), bytes.Repeat([]byte{0xfa}, max(0, size-len(head)))...)
}

// StartFastpath starts a switch.
func StartFastpath(ctx context.Context, o Options) (*Fastpath, error) {
	group := func() *fastpathTransfer {
		return &fastpathTransfer{mode: 1, kind: 2, image: 1, status: fpNotInitiated, addressType: 1, address: string(make([]byte, 4))}
	}
	d := &Fastpath{Box: &Box{}, images: map[string]string{"image1": o.Version}, active: "image1", next: "image1", startup: o.Config, running: o.Config,
		saving: 1, out: group(), in: group()}
	d.objects()
	return d, d.start(ctx, o)
}

func (d *Fastpath) objects() {
	any := func(int64) snmp.Status { return snmp.NoError }
	next := octets(fastpathRoot+"2.9.3.4.0", &d.next, 32, nil)
	length := next.check
	next.check = func(v snmp.Value) snmp.Status {
		if bad := length(v); bad != snmp.NoError {
			return bad
		}
		if d.images[string(v.Bytes)] == "" {
			return snmp.WrongValue // "user assigns either image1 or image2", and there is none
		}
		return snmp.NoError
	}
	list := []*scalar{
		roText("1.3.6.1.2.1.1.1.0", func() string { return fmt.Sprintf("%s, %s, Linux 3.6.5", d.o.Model, d.images[d.active]) }),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.4413")) }),
		ro("1.3.6.1.2.1.1.3.0", func() snmp.Value { return snmp.TicksValue(d.uptime()) }),
		roNumber("1.3.6.1.2.1.47.1.1.1.1.5.1", func() int64 { return 3 }), // chassis
		roText("1.3.6.1.2.1.47.1.1.1.1.11.1", func() string { return d.o.Serial }),
		roText("1.3.6.1.2.1.47.1.1.1.1.13.1", func() string { return d.o.Model }),
		roText(fastpathRoot+"2.9.3.3.0", func() string { return d.active }),
		next,
		command(fastpathRoot+"3.1.0", 2, []int64{1, 2}, any, d.save),
		command(fastpathRoot+"3.10.0", 2, []int64{1, 2}, func(int64) snmp.Status {
			if d.fault("stack") {
				return snmp.GenErr // "not valid for stacking platforms"
			}
			return snmp.NoError
		}, d.reset),
		roNumber(fastpathRoot+"3.11.0", func() int64 { return d.saving }),
	}
	list = append(list, d.transferObjects(fastpathRoot+"2.9.1.", d.out, []int64{2, 3, 4, 5, 6, 7}, d.upload)...)
	list = append(list, d.transferObjects(fastpathRoot+"2.9.2.", d.in, []int64{2, 3}, d.download)...)
	list = append(list, enumeration(fastpathRoot+"2.9.2.10.0", &d.in.image, nil, 1, 2, 3))
	d.have(list...)
}

func (d *Fastpath) transferObjects(group string, t *fastpathTransfer, kinds []int64, begin func()) []*scalar {
	return []*scalar{
		enumeration(group+"1.0", &t.mode, nil, 1, 2, 3, 4, 5, 6),
		octets(group+"3.0", &t.path, 31, nil),
		octets(group+"4.0", &t.file, 31, nil),
		enumeration(group+"5.0", &t.kind, nil, kinds...),
		command(group+"6.0", 2, []int64{1, 2}, func(v int64) snmp.Status {
			// "must not be set to xmodem, ymodem or zmodem to initiate a transfer via SNMP"
			if v == 1 && (t.mode != 1 || d.transferring()) {
				return snmp.InconsistentValue
			}
			return snmp.NoError
		}, func(v int64) {
			if v == 1 {
				t.status = fpStarting
				begin()
			}
		}),
		roNumber(group+"7.0", func() int64 { return t.status }),
		enumeration(group+"8.0", &t.addressType, nil, 1, 2, 16),
		octets(group+"9.0", &t.address, 255, nil),
	}
}

// transferring says whether a transfer is under way: there is one at a time.
func (d *Fastpath) transferring() bool {
	return d.out.status == fpStarting || d.in.status == fpStarting || d.in.status == fpWriting
}

// peer is the server of a transfer; an address that does not fit its type is
// found out when the transfer starts.
func (t *fastpathTransfer) peer() (login, string, bool) {
	addr, ok := netip.AddrFromSlice([]byte(t.address))
	return login{server: addr}, t.path + t.file, ok && t.file != ""
}

func (d *Fastpath) save(v int64) {
	if v != 1 {
		return
	}
	if d.fault("save") {
		d.saving = 4
		return
	}
	d.startup, d.saving = d.running, 3
	d.done = append(d.done, "save")
}

func (d *Fastpath) upload() {
	t := d.out
	to, name, ok := t.peer()
	if !ok || t.kind != 2 {
		t.status = fpErrorStarting
		return
	}
	content := []byte(d.startup)
	d.later(func(ctx context.Context) {
		err := d.send(ctx, to, name, bytes.NewReader(content), int64(len(content)))
		d.mu.Lock()
		defer d.mu.Unlock()
		t.status = fpSuccessful
		if err != nil {
			t.status = fpFailed
		}
		d.done = append(d.done, "upload")
	})
}

func (d *Fastpath) download() {
	t := d.in
	from, name, ok := t.peer()
	if !ok || t.kind == 2 && t.image == 1 {
		t.status = fpErrorStarting
		return
	}
	d.later(func(ctx context.Context) {
		var file bytes.Buffer
		err := d.fetch(ctx, from, name, &file)
		d.mu.Lock()
		defer d.mu.Unlock()
		switch {
		case err != nil:
			t.status = fpFailed
		case t.kind == 3:
			d.takeConfig(file.String())
		default:
			d.takeImage(ctx, file.Bytes())
		}
	})
}

// takeConfig makes a file the startup configuration. It is called with the lock
// held.
func (d *Fastpath) takeConfig(text string) {
	if !strings.Contains(text, "\nconfigure\n") || !strings.HasSuffix(strings.TrimSpace(text), "exit") {
		d.in.status = fpInvalidConfig
		return
	}
	d.startup, d.in.status = text, fpSuccessful
	d.done = append(d.done, "config")
}

// takeImage writes an image to flash. It is called with the lock held.
func (d *Fastpath) takeImage(ctx context.Context, image []byte) {
	head := fastpathImage.FindSubmatch(image)
	switch {
	case head == nil:
		d.in.status = fpWrongType
		return
	case d.fault("crc"):
		d.in.status = fpFailedCRC
		return
	case d.fault("flash"):
		d.in.status = fpFlashFailed
		return
	}
	name := []string{"", "", "image1", "image2"}[d.in.image]
	d.in.status = fpWriting
	vanish := d.fault("vanish")
	d.up = !vanish
	d.later(func(ctx context.Context) {
		timer := time.NewTimer(d.o.Restart / 4)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		d.images[name], d.in.status, d.up = string(head[1]), fpSuccessful, true
		d.done = append(d.done, "image")
	})
}

func (d *Fastpath) reset(v int64) {
	if v != 1 {
		return
	}
	d.restart(func() {
		d.active, d.running = d.next, d.startup
		d.saving, d.out.status, d.in.status = 1, fpNotInitiated, fpNotInitiated
	})
}

// Version is the software that runs.
func (d *Fastpath) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.images[d.active]
}

// Startup is the startup configuration.
func (d *Fastpath) Startup() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.startup
}
