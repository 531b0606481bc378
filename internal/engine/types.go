package engine

import (
	"time"

	"drydock/internal/driver"
	"drydock/internal/fleet"
	"drydock/internal/migrate"
	"drydock/internal/procedure"
)

// Order asks for runs, one for each device.
type Order struct {
	Devices         []fleet.DeviceID
	Release         fleet.ReleaseID
	Goal            procedure.Goal                        // empty: an update
	Backup          fleet.BackupID                        // GoalRestore: what to recover
	Sources         map[fleet.DeviceID]fleet.BackupID     // GoalRevert: what each device recovers
	Windows         map[fleet.DeviceID]*procedure.Windows // when loading may begin; none: at any time
	Standing        []procedure.Standing
	QuestionTimeout time.Duration                  // 0: procedure.DefaultQuestionTimeout
	Timeouts        map[procedure.Op]time.Duration // those that differ from the driver's
	Protocol        string                         // empty: the driver's first that is served
	Key             string                         // the same key gives the same runs; empty: none
}

// Started says what became of an order for one device.
type Started struct {
	Device fleet.DeviceID
	Run    fleet.RunID
	Err    error
}

// Preview is what an update would do to one device, from what is known now.
type Preview struct {
	Device   fleet.DeviceID
	Model    string
	From, To string
	Bytes    fleet.Bytes
	Backup   fleet.BackupID // that the migration was rehearsed on
	Modify   Modify
	Rules    []string
	Blockers []string // why it cannot be started
	Concerns []string // what will be asked about
}

// Modify says whether a configuration must be modified for a release.
type Modify string

// The answers.
const (
	ModifyNo      Modify = "no"
	ModifyYes     Modify = "yes"
	ModifyManual  Modify = "manual"  // a person must decide
	ModifyUnknown Modify = "unknown" // there is no backup to tell by
)

// Progress of the operation that is under way.
type Progress struct {
	Op      procedure.Op
	Percent int
	Octets  int64
}

// Family describes a driver.
type Family struct {
	Name        string
	Description string
	Protocols   []string
	Operations  []string
	Cannot      map[string]string // what the family cannot do by SNMP, and why
}

// Diff compares two backups by meaning.
type Diff struct {
	A, B        fleet.BackupID
	Differences []migrate.Difference
}

// Report says what a run did to the configuration.
type Report struct {
	Run        fleet.RunID
	Migration  *migrate.Result      // nil: not assessed, or the release has no pack
	EditedBy   string               // who changed what the migration made; "" = nobody
	Edited     []migrate.Difference // what they changed
	Comparison *procedure.Comparison
	Added      []migrate.Difference // second backup against what was expected
}

func family(d *driver.Driver) Family {
	f := Family{Name: d.Name(), Description: d.Description(), Protocols: d.Protocols(), Cannot: map[string]string{}}
	for _, op := range driver.Operations() {
		if text, cannot := d.Cannot(op); !cannot {
			f.Operations = append(f.Operations, string(op))
		} else if !op.IsRead() {
			f.Cannot[string(op)] = text
		}
	}
	for _, limit := range driver.Limits() {
		if text := d.Limit(limit); text != "" {
			f.Cannot[limit] = text
		}
	}
	return f
}
