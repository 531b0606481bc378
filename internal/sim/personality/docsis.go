package personality

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"drydock/internal/snmp"
	"drydock/internal/transfer/tftp"
)

// Modem is a DOCSIS cable modem with the groups docsDevBase, docsDevSoftware and
// docsDevServer of DOCS-CABLE-DEVICE-MIB (RFC 4639). It keeps no configuration:
// at every start it fetches its provisioning file, and does not answer before
// it has it. After a download it restarts by itself.
//
// Faults: "unsigned" finds an image not signed for the modem, "stays" comes
// back with the old software.
//
// Left out: download by HTTP, docsDevEventTable, filters.
type Modem struct {
	*Box

	// owned by the box's lock
	version       string
	provisioned   string // the provisioning file that it runs with
	admin, oper   int64
	serverType    int64
	server        string // InetAddress
	file          string
	protocol      int64
	provisionFrom netip.AddrPort
	provisionFile string
}

// docsDevSwAdminStatus and docsDevSwOperStatus.
const (
	upgradeFromMgt            = 1
	allowProvisioningUpgrade  = 2
	ignoreProvisioningUpgrade = 3

	swInProgress      = 1
	swCompleteFromMgt = 3
	swFailed          = 4
	swOther           = 5
)

// modemImage tells a simulated image's model and version: its first line.
var modemImage = regexp.MustCompile(`^DOCSIS image for (\S+) version (\S+)\n`)

// ModemImage makes an image of that version, signed for that model.
func ModemImage(model, version string, size int) []byte {
	head := fmt.Sprintf("DOCSIS image for %s version %s\n", model, version)
	return append([]byte(head), bytes.Repeat([]byte{0xd0}, max(0, size-len(head)))...)
}

// StartModem starts a modem that is provisioned from a TFTP server with a file.
func StartModem(ctx context.Context, o Options, from netip.AddrPort, file string) (*Modem, error) {
	d := &Modem{Box: &Box{}, version: o.Version, admin: allowProvisioningUpgrade, oper: swOther, serverType: 1, server: string(make([]byte, 4)), protocol: 1,
		provisionFrom: from, provisionFile: file}
	d.objects()
	if err := d.start(ctx, o); err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.up = false
	d.mu.Unlock()
	d.later(func(ctx context.Context) { d.initialise(ctx, 0) })
	return d, nil
}

func (d *Modem) objects() {
	free := func() snmp.Status { // "No other docsDevSw* objects can be modified in this state"
		if d.oper == swInProgress {
			return snmp.InconsistentValue
		}
		return snmp.NoError
	}
	admin := enumeration("1.3.6.1.2.1.69.1.3.3.0", &d.admin, free, upgradeFromMgt, allowProvisioningUpgrade, ignoreProvisioningUpgrade)
	admin.write = d.setAdmin
	d.have(
		roText("1.3.6.1.2.1.1.1.0", func() string {
			return fmt.Sprintf("DOCSIS 3.0 Cable Modem <<HW_REV: 1.0; VENDOR: Simulated; BOOTR: 2.4; SW_REV: %s; MODEL: %s>>", d.version, d.o.Model)
		}),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.4491.2.4.1")) }),
		ro("1.3.6.1.2.1.1.3.0", func() snmp.Value { return snmp.TicksValue(d.uptime()) }),
		command("1.3.6.1.2.1.69.1.1.3.0", 2, []int64{1, 2}, func(int64) snmp.Status { return snmp.NoError }, func(v int64) {
			if v == 1 {
				d.reset()
			}
		}),
		roText("1.3.6.1.2.1.69.1.1.4.0", func() string { return d.o.Serial }),
		octets("1.3.6.1.2.1.69.1.3.2.0", &d.file, 64, free),
		admin,
		roNumber("1.3.6.1.2.1.69.1.3.4.0", func() int64 { return d.oper }),
		roText("1.3.6.1.2.1.69.1.3.5.0", func() string { return d.version }),
		enumeration("1.3.6.1.2.1.69.1.3.6.0", &d.serverType, free, 1, 2), // dns(16) is an error while the protocol is tftp
		octets("1.3.6.1.2.1.69.1.3.7.0", &d.server, 16, free),
		enumeration("1.3.6.1.2.1.69.1.3.8.0", &d.protocol, free, 1, 2),
		roText("1.3.6.1.2.1.69.1.4.5.0", func() string { return d.provisionFile }),
		roNumber("1.3.6.1.2.1.69.1.4.10.0", func() int64 { return 1 }),
		ro("1.3.6.1.2.1.69.1.4.11.0", func() snmp.Value { return snmp.TextValue(string(d.provisionFrom.Addr().AsSlice())) }),
	)
}

func (d *Modem) setAdmin(v snmp.Value) {
	was := d.admin
	if d.admin = v.Int; v.Int != upgradeFromMgt {
		return
	}
	d.oper = swInProgress
	d.done = append(d.done, "download")
	server, _ := netip.AddrFromSlice([]byte(d.server)) // invalid: nobody answers
	name := d.file
	d.later(func(ctx context.Context) {
		var image bytes.Buffer
		err := d.fetch(ctx, login{server: server}, name, &image)
		d.mu.Lock()
		defer d.mu.Unlock()
		head := modemImage.FindSubmatch(image.Bytes())
		if err != nil || head == nil || string(head[1]) != d.o.Model || d.fault("unsigned") {
			d.oper, d.admin = swFailed, was
			d.done = append(d.done, "download failed")
			return
		}
		d.oper, d.admin = swCompleteFromMgt, ignoreProvisioningUpgrade
		if !d.fault("stays") {
			d.version = string(head[2])
		}
		d.reset()
	})
}

// reset is called with the lock held.
func (d *Modem) reset() {
	d.up = false
	d.done = append(d.done, "restart")
	d.later(func(ctx context.Context) { d.initialise(ctx, d.o.Restart) })
}

// initialise is the modem's way from power-up to operation: it is there once it
// has its provisioning file, and tries again until it has.
func (d *Modem) initialise(ctx context.Context, wait time.Duration) {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		var file bytes.Buffer
		c := tftp.Client{LocalAddr: netip.AddrPortFrom(d.o.Address, 0)}
		if _, err := c.Get(ctx, d.provisionFrom, d.provisionFile, &file); err == nil {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.provisioned = file.String()
			d.boots++
			d.up, d.booted = true, time.Now()
			return
		}
		timer.Reset(time.Second)
	}
}

// Version is the software that runs.
func (d *Modem) Version() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.version
}

// Provisioned is the provisioning file that the modem runs with.
func (d *Modem) Provisioned() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.provisioned
}
