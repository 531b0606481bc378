// Package equipment is the device side of an update: what the simulator and
// drydock-agent have in common. An Equipment has an interface unit, which
// answers SNMP requests for the objects of DRYDOCK-EQUIPMENT-MIB, and an
// UpdateControl unit, which does what they ask for: it transmits the
// configuration, downloads and loads files, recovers a configuration, and
// determines and makes the modifications that new software needs.
//
// The package opens no socket and knows no simulation. Transfers go through a
// FileClient, notifications through a Notifier, and work that takes time is
// handed to whoever owns the goroutines (Options.Go). The SNMP protocol itself
// is elsewhere: the interface unit gets, walks and sets a tree of objects.
//
// Real equipment is a Box: then the operations are done by it, and what the
// operation table says is remembered on flash. Everything else, the interface
// unit above all, is the same code.
//
// Invariants. One operation runs at a time. What is in the Flash is whole: a
// file that did not come to its end, has a wrong digest or is for another model
// never becomes an image that can start, and a restart at any moment leaves
// either the old content or the new. A restart ends the running operation. An
// image that does not come up is left for the one that ran before it. What a
// row of the operation table says outlives restarts.
package equipment
