package driver

import (
	"maps"
	"slices"
	"time"

	"drydock/internal/procedure"
)

// operationOf is how a step's operation is done by a driver. Several of the
// procedure's operations are one operation of the driver: a verification is a
// second backup, a modification a recovery with another file.
func operationOf(op procedure.Op) (Operation, bool) {
	switch op {
	case procedure.OpPreflight, procedure.OpIdentify:
		return Identify, true
	case procedure.OpBackup, procedure.OpVerify, procedure.OpProveRestore:
		return Backup, true
	case procedure.OpKeep:
		return Keep, true
	case procedure.OpUpdate:
		return Update, true
	case procedure.OpReboot:
		return Reboot, true
	case procedure.OpRecover, procedure.OpModify:
		return Recover, true
	case procedure.OpRestoreFiles:
		return RestoreFiles, true
	}
	return "", false
}

// OperationOf is the driver's operation for one of the procedure's; false for
// those that are computed on the server.
func OperationOf(op procedure.Op) (Operation, bool) { return operationOf(op) }

// defaultTimeouts hold where a driver says nothing. They are those that work in
// the field for slow equipment.
func defaultTimeouts() map[Operation]time.Duration {
	return map[Operation]time.Duration{
		Identify: time.Minute, FreeSpace: time.Minute, Health: time.Minute, Reach: time.Minute,
		Backup: 2 * time.Minute, Keep: 10 * time.Minute, Update: 30 * time.Minute,
		Reboot: 15 * time.Minute, Recover: 5 * time.Minute, RestoreFiles: 30 * time.Minute,
	}
}

// Timeout is the predetermined time of the procedure's operation on this
// family; zero for those that are computed on the server.
func (d *Driver) Timeout(op procedure.Op) time.Duration {
	operation, ok := operationOf(op)
	if !ok {
		return 0
	}
	return d.timeouts[operation]
}

// OperationTimeout is Timeout for the driver's own operations.
func (d *Driver) OperationTimeout(op Operation) time.Duration { return d.timeouts[op] }

// RebootAfter lists the operations after which the device must be commanded to
// restart; those after which it restarts by itself are not among them.
func (d *Driver) RebootAfter() []procedure.Op { return slices.Clone(d.rebootAfter) }

// CanKeep says whether the device can store the files that loading changes, and
// put them back.
func (d *Driver) CanKeep() bool {
	return d.programs[Keep] != nil && d.programs[RestoreFiles] != nil
}

// Has says whether the driver can do op.
func (d *Driver) Has(op Operation) bool { return d.programs[op] != nil }

// Cannot says whether the family cannot do op, and the text that a person is
// shown. An operation that the driver leaves out cannot be done either.
func (d *Driver) Cannot(op Operation) (text string, cannot bool) {
	if d.Has(op) {
		return "", false
	}
	if text, said := d.cannot[op]; said {
		return text, true
	}
	return "driver " + d.name + " has no operation " + string(op), true
}

// What a family may not be able to do besides whole operations.
const (
	BootVariable   = "boot-variable"   // no object chooses the image that is started
	PartialRestore = "partial-restore" // a configuration that is recovered is merged, or only whole ones are taken
)

// Limits lists them.
func Limits() []string { return []string{BootVariable, PartialRestore} }

// Limit is the text that a person is shown of a limit; "" where the driver says
// nothing of it.
func (d *Driver) Limit(name string) string { return d.unable[name] }

// Protocols lists the transfer protocols of the family, best first.
func (d *Driver) Protocols() []string { return slices.Clone(d.protocols) }

// Files lists the files that a release may have, in the order in which the
// device wants their names.
func (d *Driver) Files() []FileRole { return slices.Clone(d.files) }

// Notifications lists the OIDs of the family's notifications that say something
// about an operation. They wake a poll, no more.
func (d *Driver) Notifications() []string { return slices.Clone(d.notifications) }

// Quirks are the family's peculiarities.
func (d *Driver) Quirks() Quirks {
	q := d.quirks
	q.SNMPVersions = slices.Clone(q.SNMPVersions)
	return q
}

// CompareRules say how two configurations of the family are compared.
func (d *Driver) CompareRules() CompareRules {
	c := CompareRules{
		Ignore: slices.Clone(d.compare.Ignore), Ordered: slices.Clone(d.compare.Ordered),
		Unordered: slices.Clone(d.compare.Unordered),
	}
	for _, rule := range d.compare.Categories {
		c.Categories = append(c.Categories, CategoryRule{rule.Category, slices.Clone(rule.Paths)})
	}
	return c
}

// ImageLines says which lines of a configuration belong to the image; Match is
// empty where none do.
func (d *Driver) ImageLines() ImageLines {
	return ImageLines{slices.Clone(d.image.Match), d.image.Role}
}

// Provisioned says where the device gets its configuration by itself; ok is
// false where it keeps one of its own.
func (d *Driver) Provisioned() (p Provisioned, ok bool) {
	if d.provisioned == nil {
		return p, false
	}
	return *d.provisioned, true
}

// Vars lists the names of Inputs.Vars that the driver reads from.
func (d *Driver) Vars() map[string]string { return maps.Clone(d.schema.vars) }
