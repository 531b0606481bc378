// Package store keeps everything that must survive: devices and their sealed
// credentials, releases, sealed backups, the runs' journals with their newest
// states, questions, small settings. It runs on SQLite and on PostgreSQL; one
// conformance suite (storetest) holds both to this contract. It decides
// nothing about runs: the rules are in internal/procedure and internal/fleet.
//
// What every method promises:
//
//   - A write that returned nil is on disk (RELIABILITY.md I2): the database
//     commits synchronously, blobs are synced with their directories before the
//     row that names them.
//   - A write that returned an error left the old state, or the new one, never
//     another (I11). After an error whose outcome cannot be known, such as that
//     of a failed fsync, the store refuses everything (F20); the next Open finds
//     out what is there.
//   - Writes that run at the same time share one transaction and its fsync; one
//     that fails does not fail its neighbours.
//   - Contention (SQLITE_BUSY, serialization failure, deadlock) is retried for
//     a bounded time, then fault.Unavailable (F24). No room is fault.Full (F19).
//   - Bytes that are not what they were are fault.Corrupt, with the object's
//     name, and are never returned as good (F23).
//   - One process has a store at a time. Whoever has lost the hold cannot write,
//     even if it does not know yet: every transaction checks the hold's number.
//   - Secrets rest sealed under a key that is not in the store (T1).
//   - All methods may be called from many goroutines.
//
// Blobs without a row, left by a crash between the two, are kept: a database
// restored from an older copy (F36) would otherwise lose backups.
package store
