// Package ftp serves grants over FTP (RFC 959, 2428, 3659) on ftpserverlib, and
// has the Client that simulated equipment uses. The library is wrapped from
// both sides: in front of it every command line passes a filter that lets
// through only what a device needs, and behind it a login sees one grant as a
// file system of one file.
//
// Every user gets 331; user and password are the grant's, and the control
// peer's address must be too. PORT and EPRT lead only to that address and to
// ports from 1024 (RFC 2577; RELIABILITY.md T10). TYPE A is taken but moves no
// file, because it changes bytes.
//
// In stream mode the end of the data connection is the end of the file, so an
// upload cut by an orderly close looks whole here: only the owner of the grant
// can tell, by the file's end marker. What can be known is treated as failure:
// ABOR, a reset, a lost control connection, a slow or late transfer
// (RELIABILITY.md F15). A download counts as finished when all octets were
// handed to TCP; whether the device kept them, only the device knows.
package ftp
