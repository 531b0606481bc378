// Package campaigns conducts campaigns: it starts the runs that the rules of
// package campaign let start, hears how they end, waits for devices that do not
// answer, and keeps all of it in the store.
//
// It decides nothing about a device: that is its run's. It keeps nothing that
// the store does not have but what it can find out again: after a restart it
// reads the campaigns that are not over, looks up what became of their runs,
// and starts again what was being started, under the same request keys, so that
// no device gets a second run (RELIABILITY.md I5, I12).
package campaigns
