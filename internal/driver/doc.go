// Package driver is the driver language: how one family of equipment is told,
// by SNMP, to send its configuration, to fetch files and to restart. A driver
// is a YAML file; this package parses, checks and compiles it, and interprets
// its operations (DESIGN.md section 6; docs/driver-language.md is the reference
// for those who write one).
//
// It is pure. It has no clock, network, file or goroutine: the interpreter asks
// and does not do. Whoever drives a Machine carries out each Ask, gives the
// Answer with the time to Next, and goes on until AskDone:
//
//	machine, ask, err := d.Start(driver.Backup, driver.Perform, inputs, now)
//	for err == nil {
//		if done, ok := ask.(driver.AskDone); ok {
//			return done.Result
//		}
//		ask, err = machine.Next(carryOut(ask), clock())
//	}
//
// Invariants: the same inputs and answers give the same asks; every operation
// ends, by its deadline at the latest, whatever is answered; no command is
// given twice unless it is known that the first one had no effect, or the
// driver shows that a second one can have none (RELIABILITY.md I5); a
// notification only wakes a poll (I7); success of a backup needs the server's
// evidence and the device's word together.
package driver
