// Package personality simulates equipment of vendors' families: an SNMP agent
// whose tables behave as the DESCRIPTION clauses of the family's MIB say, with
// TFTP and FTP clients, flash, a configuration in the family's syntax, and
// restarts.
//
// A personality is written from the MIB and from what is known of the family,
// never from drydock's driver for it: where the two disagree, a test is to find
// it. Its doc comment says what it leaves out.
//
// Invariants: a SET takes all its varbinds or none; a row lives by RFC 2579
// RowStatus; what a device does after a SET is done by a goroutine that Close
// waits for.
package personality
