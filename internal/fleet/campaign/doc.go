// Package campaign holds the rules of campaigns: which devices go in which
// wave, which of them may start now, when a wave has gone well enough for the
// next, and what stops the whole. It is pure: no clock, network, store or
// goroutine; time and what is in flight come in as values.
//
// A campaign is many runs. It starts them, in waves, within caps, windows and
// an error budget; what happens to a device is the business of its run alone.
//
// Invariant: Admit never lets more devices be in flight than a cap allows, nor
// two of a pair; it is asked inside the store's transaction that marks the
// devices as started (RELIABILITY.md I15).
package campaign
