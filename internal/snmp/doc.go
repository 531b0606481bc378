// Package snmp speaks SNMP (RFC 1157, 3416, 3412, 3414): manager sessions, a
// receiver of notifications, and the agent's side. It is the one door to
// gosnmp: none of its types is seen outside.
//
// It decides nothing. A SET goes out once; whether a lost answer means a lost
// command is the caller's to find out (IsUnclear). The version and credentials
// that are given are used, and never others: no failure leads to a weaker one
// (RELIABILITY.md T19).
package snmp
