package personality

import (
	"context"
	"fmt"

	"drydock/internal/snmp"
)

// VRP is a Huawei router with HUAWEI-CONFIG-MAN-MIB, HUAWEI-FLASH-MAN-MIB and
// HUAWEI-SYS-MAN-MIB: one main board, one flash with one partition.
//
// From the DESCRIPTION clauses: the states of configuration operations stand in
// a table of their own, the oldest of which make room; a transfer is aborted
// when its row is taken out of service; names of images contain their path; a
// schedule with an image that is not there cannot become active, and a restart
// needs an active schedule or is an inconsistentValue; after a restart the
// schedule is 0.
//
// The clauses leave open what this device decides: a second operation while one
// is under way ends with opDeviceBusy; a file that is no configuration is an
// opSetStartupFileFail; rows go five minutes after their end.
//
// Faults: "busy", "copy" and "unusable" in the configuration table; "flash
// busy", "flash", "full", "checksum" and "no image" in the flash table; "age"
// and "flash age" take rows away as they end; "schedule" refuses the restart,
// "stays" comes back with the old software.
//
// Left out: SFTP, standby boards, patches, PAF and licence files, restarts at a
// time, hwSysReloadNotification.
type VRP struct{ manager }

// VRPImage makes an image of that version.
func VRPImage(version string, size int) []byte { return imageHead("VRP", version, size) }

// StartVRP starts a router.
func StartVRP(ctx context.Context, o Options) (*VRP, error) {
	d := &VRP{manager{Box: &Box{}, dialect: dialect{
		config: "1.3.6.1.4.1.2011.6.10", flash: "1.3.6.1.4.1.2011.6.9.1", system: "1.3.6.1.4.1.2011.5.25.19.1",
		configDone: "1.3.6.1.4.1.2011.6.10.2.2", flashDone: "1.3.6.1.4.1.2011.6.9.1.3.1", notified: []uint32{resTime, resState, resEnd},
		protocols: []int64{0, 1, 2, 3}, operations: startup2Net, copies: flashDelete, resultText: 8, flashText: 20, addressType: 17, address: 18,
		flashTFTP: 3, flashOthers: 3, unusable: 26, aborted: 20, flashAborted: 19, flashTimeout: opTransferError, path: "flash:/",
	}}}
	d.fill(o)
	d.fileName = func(f *flashFile) string { return d.path + f.name }
	d.fifth = func(oid string, _ uint32, f *flashFile) *scalar {
		return roText(oid, func() string { return f.version })
	}
	d.have(append(d.common(),
		roText("1.3.6.1.2.1.1.1.0", func() string {
			return fmt.Sprintf("Huawei %s Router Huawei Versatile Routing Platform Software\r\nVRP (R) software, Version 5.170 (%s %s)\r\nCopyright (C) Huawei Technologies", d.o.Model, d.o.Model, d.files[d.image].version)
		}),
		ro("1.3.6.1.2.1.1.2.0", func() snmp.Value { return snmp.OIDValue(snmp.MustOID("1.3.6.1.4.1.2011.2.224.6")) }),
		command(d.system+".3.4.0", 1, []int64{1, 2, 3, 4}, func(v int64) snmp.Status {
			if v > 2 { // there is no standby board
				return snmp.InconsistentValue
			}
			return snmp.NoError
		}, func(v int64) {
			if v == 2 {
				d.reboot()
			}
		}),
	)...)
	operations, results := d.configTables()
	d.results, d.schedules = results, d.scheduleTable(0, func(entity int64) bool { return entity != 2 })
	d.tables = []*table{operations, results, d.flashTable(), d.schedules}
	d.list()
	return d, d.start(ctx, o)
}
