// Package sim runs fleets of simulated equipment in one process, for the
// demonstration, for drydock sim and for tests. A device is an
// equipment.Equipment that speaks real SNMP, TFTP and FTP on an address of its
// own in 127.0.0.0/8. All share one UDP socket, the octets of images are not
// kept, and a device that does nothing has no goroutine and no timer.
//
// Devices are numbered from 1: number 3 is iad-0003 with the serial number
// DD000003, and its address is the third from Spec.First on.
//
// # Faults
//
// ParseFaults reads what goes wrong. Faults are separated by semicolons, the
// words of a fault by spaces:
//
//	dev=3 op=update fault=fail count=1; dev=5,7-9 op=backup fault=slow=20s
//
// Its words:
//
//	dev=N     which device: a number, numbers and ranges (1,4-6), or * for all
//	op=NAME   in which operation: backup, update, recover, keep, restoreFiles
//	          (also restore-files), reboot, modify; left out or *: in any
//	fault=F   what goes wrong, see below
//	count=N   how many times, and then the device is healthy; 1 where left out,
//	          0 = always
//	after=N   the first N times all is well; 0 where left out
//	cause=C   of fail and fail-silently: the MIB's cause; internalError where
//	          left out
//
// The faults:
//
//	refuse             the SET is refused with resourceUnavailable
//	fail               the operation fails, changes nothing and says so
//	fail-silently      the same without a notification
//	hang               never ends: its state says running for ever
//	slow=DURATION      takes so much longer
//	lie                says that it succeeded, and has changed nothing: backup
//	                   sent nothing, update restarted into the old version
//	truncate=N         the file ends after N octets, sent or received
//	reboot             restarts in the middle; the operation has failed
//	old-version        the loaded image does not come up: the old one runs
//	other-serial       comes back as another device
//	lose=N             loses N lines of user data of what it recovers
//	wrong-file         another device's configuration is sent, or loaded
//	no-room            the flash has no room
//	no-traps           no notification at the end
//	drop-set-response  the SET takes effect, and its answer is lost
//	drop=P             an SNMP request is lost with the probability P (0 to 1);
//	                   count counts those lost and is 0 where left out; op has
//	                   no meaning
//	late=DURATION      answers to SNMP requests come so much later; as of drop
//
// # Quirks
//
// Spec.ParseQuirks reads peculiarities of all devices, separated by spaces:
//
//	snmp=V,V             speaks these versions only: v1, v2c, v3
//	max-message=N        SNMP answers of at most N octets, from 484 on
//	silent-writes        answers nothing while it writes flash
//	engine-of-software   each software has an snmpEngineID of its own
//	traps-from=ADDRESS   notifications come from this address
//	answers-from=ADDRESS SNMP answers come from this address
//	tftp-blksize=N       asks for this blksize; for no option where left out
//	tftp-window=N        asks for this windowsize
//	tftp-room=N          longer blocks than N octets do not come through
//	tftp-to-one          block 65535 is followed by 1
//	ftp-active           opens FTP's data connections by PORT or EPRT only
package sim
