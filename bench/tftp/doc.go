// Command tftp measures drydock's TFTP server against tftpd-hpa, atftpd and
// dnsmasq, side by side in one run, with the same load client in a process of
// its own, on loopback in a network namespace of its own. It prints a Markdown
// table: wall seconds, the server's CPU seconds (its children's too) and octets
// per CPU second, and the ratio to the best of the others.
//
//	go run ./bench/tftp [-only NAME,…] [-rows PREFIX] [-profile FILE]
//
// It needs root (or the right to unshare a network namespace) and Debian's apt:
// the packages are unpacked below .cache/bench and not installed.
package main
